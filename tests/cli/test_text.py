"""Small text tools: safe display, width, sizes and times in docker's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose_lite.cli.views import text
from compose_lite.cli.views.table import table
from compose_lite.cli.views.text import ago, binary_size, clip, pad, safe, seconds, shorten, size, width


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


@given(st.text(alphabet="ab漢é\u0301…"), st.integers(0, 12))
def test_shortened_text_fits(text: str, columns: int) -> None:
    assert width(shorten(text, columns)) <= columns


def test_a_shortened_name_keeps_its_end() -> None:
    assert shorten("registry/team/shop-frontend:1.2", 16) == "regi…rontend:1.2"
    assert shorten("shop-web-1", 10) == "shop-web-1"


# A black and a white ground, and those of the usual dark and light themes.
GROUNDS = (0x000000, 0x1E1E1E, 0x002B36, 0xFDF6E3, 0xFFFFFF)


def luminance(colour: int) -> float:
    """The relative luminance of an RGB colour, as WCAG defines it."""
    shares = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    red, green, blue = (s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def rgb(code: str) -> int:
    """What xterm and its kin show for `38;5;N`, N being in the cube of 6 x 6 x 6 colours."""
    cell = int(code.removeprefix("38;5;")) - 16
    red, green, blue = ((0, 95, 135, 175, 215, 255)[cell // step % 6] for step in (36, 6, 1))
    return red << 16 | green << 8 | blue


@pytest.mark.parametrize(
    "code", sorted({text.RED, text.GREEN, text.YELLOW, text.BLUE, text.MAGENTA, text.CYAN, *text.VARIOUS})
)
def test_colours_stand_out_from_dark_and_light_grounds(code: str) -> None:
    for ground in GROUNDS:
        darker, lighter = sorted((luminance(rgb(code)), luminance(ground)))
        assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_red_is_left_for_errors() -> None:
    assert text.RED not in text.VARIOUS
    assert len(set(text.VARIOUS)) == len(text.VARIOUS)


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


@given(
    rows=st.lists(st.tuples(*[st.text(alphabet="ab 漢-", max_size=70)] * 4), max_size=5),
    columns=st.integers(1, 100),
    named=st.sets(st.sampled_from("ABCD"), max_size=3),
)
def test_a_table_fits_every_window(rows: list[tuple[str, ...]], columns: int, named: set[str]) -> None:
    shown = table("ABCD", rows, columns=columns, cut=("D",), shrink=sorted(named)).split("\n")
    assert len(shown) == len(rows) + 1
    assert all(width(line) <= columns for line in shown)


def test_a_table_that_nothing_may_be_left_out_of_cuts_what_is_widest() -> None:
    rows = [("a-stack-with-a-rather-long-name-web-1", "running"), ("db-1", "running")]
    shown = table(("NAME", "STATE"), rows, columns=30)
    assert shown.splitlines() == [
        "NAME                   STATE",
        "a-sta…ong-name-web-1   running",
        "db-1                   running",
    ]


def test_a_published_port_keeps_its_numbers() -> None:
    shown = table(("NAME", "PORTS"), [("web-1", "127.0.0.1:18099->80/tcp")], columns=23)
    assert shown.splitlines() == ["NAME    PORTS", "web-1   …:18099->80/tcp"]


def test_long_text_is_cut_before_anything_is_left_out() -> None:
    rows = [("web", "12", "nginx: worker process with many words behind it")]
    headers = ("SERVICE", "PID", "CMD")
    shown = table(headers, rows, columns=40, least=4, gap=2, cut=("CMD",), shrink=("PID",))
    assert shown.splitlines() == [
        "SERVICE  PID  CMD",
        "web      12   nginx: worker process wit…",
    ]


def test_columns_that_would_say_nothing_any_more_are_left_out() -> None:
    rows = [("demo-web-1", "sh -c 'run something'", "3 minutes ago", "Up 3 minutes")]
    headers = ("NAME", "COMMAND", "CREATED", "STATUS")
    shown = table(headers, rows, columns=30, shrink=("COMMAND", "CREATED"))
    assert shown.splitlines() == ["NAME         STATUS", "demo-web-1   Up 3 minutes"]


def test_a_table_shows_no_foreign_escapes() -> None:
    assert "\x1b" not in table(("NAME",), [("\x1b[31mred",)])
