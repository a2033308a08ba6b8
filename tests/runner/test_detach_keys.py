"""Detach keys are found in whatever pieces they come, and nothing else is held back for good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose_lite.errors import UsageError
from compose_lite.runner.detach_keys import DetachScanner, parse_detach_keys


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("ctrl-p,ctrl-q", b"\x10\x11"),
        ("ctrl-a,d", b"\x01d"),
        ("ctrl-@", b"\0"),
        ("ctrl-\\", b"\x1c"),
        ("a", b"a"),
    ],
)
def test_keys(text, sent):
    assert parse_detach_keys(text) == sent


@pytest.mark.parametrize("text", ["", "ctrl-", "ctrl-pp", "shift-a", "a,,b", "ctrl-1", "é"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(UsageError, match="is no key"):
        parse_detach_keys(text)


def test_the_rest_after_the_keys_is_dropped():
    assert DetachScanner(b"\x10\x11").feed(b"ls\r\x10\x11more") == (b"ls\r", True)


def test_a_beginning_that_goes_on_otherwise_is_passed_on():
    scanner = DetachScanner(b"\x10\x11")
    assert scanner.feed(b"a\x10") == (b"a", False)
    assert scanner.feed(b"b") == (b"\x10b", False)
    assert scanner.feed(b"\x10\x10") == (b"\x10", False)
    assert scanner.feed(b"\x11") == (b"", True)


@given(st.lists(st.binary(max_size=5).map(lambda data: data.replace(b"\x11", b"")), max_size=20))
def test_what_is_typed_otherwise_arrives_unchanged(pieces):
    scanner = DetachScanner(b"\x10\x11")
    passed = [scanner.feed(piece) for piece in pieces]
    assert not any(detached for _, detached in passed)
    typed = b"".join(pieces)
    held_back = b"\x10" if typed.endswith(b"\x10") else b""
    assert b"".join(data for data, _ in passed) + held_back == typed
