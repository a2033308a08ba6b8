"""Colours and cursor movement follow the options, the environment and the streams."""

import io

import pytest

from compose_lite.cli.terminal import Terminal


def seen(ansi: str | None, environ: dict[str, str], *, tty: bool) -> tuple[bool, bool]:
    streams = Terminal(
        stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO(), out_tty=tty, err_tty=tty
    ).with_ansi(ansi, environ)
    assert streams.out_colour == streams.err_colour
    return streams.out_colour, streams.live


@pytest.mark.parametrize(
    ("ansi", "environ", "tty", "colour", "live"),
    [
        (None, {}, True, True, True),
        (None, {}, False, False, False),
        ("never", {}, True, False, False),
        ("always", {}, False, True, True),
        ("auto", {"COMPOSE_ANSI": "never"}, True, True, True),
        (None, {"COMPOSE_ANSI": "never"}, True, False, False),
        (None, {"COMPOSE_ANSI": "always"}, False, True, True),
        (None, {"NO_COLOR": "1"}, True, False, True),
        (None, {"NO_COLOR": ""}, True, True, True),
        ("always", {"NO_COLOR": "1"}, False, True, True),
        (None, {"TERM": "dumb"}, True, False, False),
    ],
)
def test_ansi(ansi: str | None, environ: dict[str, str], tty: bool, colour: bool, live: bool) -> None:
    assert seen(ansi, environ, tty=tty) == (colour, live)


def test_without_a_terminal_the_size_is_the_usual_one() -> None:
    assert Terminal(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO()).size() == (80, 24)
