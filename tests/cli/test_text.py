"""Small text tools: safe display, width, sizes and times in docker's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose_lite.cli.views.table import table
from compose_lite.cli.views.text import ago, binary_size, clip, pad, safe, seconds, size, width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-1", "web-1"),
        ("grün ✔", "grün ✔"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("a\x9bb", "a\\x9bb"),
        ("a\u202eb", "a\\u202eb"),
    ],
)
def test_safe(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text())
def test_safe_text_has_no_control_characters(text: str) -> None:
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in safe(text))


@given(st.text(alphabet="ab漢é\u0301…"), st.integers(0, 12))
def test_clipped_text_fits(text: str, columns: int) -> None:
    assert width(clip(text, columns)) <= columns
    assert width(pad(clip(text, columns), columns)) == columns


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (0.2, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (61, "About a minute"),
        (125, "2 minutes"),
        (3600, "About an hour"),
        (2 * 3600, "2 hours"),
        (47.4 * 3600, "47 hours"),
        (3 * 86400, "3 days"),
        (15 * 86400, "2 weeks"),
        (70 * 86400, "2 months"),
        (800 * 86400, "2 years"),
    ],
)
def test_ago(elapsed: float, words: str) -> None:
    assert ago(elapsed) == words


def test_sizes_and_seconds() -> None:
    assert [size(value) for value in (0, 999, 1984222, 2.5e9)] == ["0B", "999B", "1.98MB", "2.5GB"]
    assert [binary_size(value) for value in (0, 811008, 25275650048)] == ["0B", "792KiB", "23.54GiB"]
    assert [seconds(value) for value in (0.04, 59.94, 65, 7260)] == ["0.0s", "59.9s", "1m05s", "2h01m"]


def test_a_table_pads_its_columns() -> None:
    shown = table(("NAME", "STATUS", "PORTS"), [("demo-web-1", "Up", ""), ("db", "Exited (1)", "80/tcp")])
    assert shown.splitlines() == [
        "NAME         STATUS       PORTS",
        "demo-web-1   Up           ",
        "db           Exited (1)   80/tcp",
    ]


def test_a_table_gives_way_in_a_narrow_window() -> None:
    rows = [("demo-web-1", "a very long command line that nobody can read", "Up 3 minutes")]
    shown = table(("NAME", "COMMAND", "STATUS"), rows, columns=50, shrink=("COMMAND", "STATUS"))
    assert all(width(line) <= 50 for line in shown.splitlines())
    assert "demo-web-1" in shown
    assert "…" in shown


def test_columns_that_would_say_nothing_any_more_are_left_out() -> None:
    rows = [("demo-web-1", "sh -c 'run something'", "3 minutes ago", "Up 3 minutes")]
    headers = ("NAME", "COMMAND", "CREATED", "STATUS")
    shown = table(headers, rows, columns=30, shrink=("COMMAND", "CREATED"))
    assert shown.splitlines() == ["NAME         STATUS", "demo-web-1   Up 3 minutes"]


def test_a_table_shows_no_foreign_escapes() -> None:
    assert "\x1b" not in table(("NAME",), [("\x1b[31mred",)])
