"""The live view: what its rows say in windows of every size, and what is left of it on the screen."""

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose_lite import events
from compose_lite.cli.terminal import Terminal
from compose_lite.cli.views.block import Block, fitting
from compose_lite.cli.views.board import Board, frame
from compose_lite.cli.views.live import LiveView
from compose_lite.cli.views.progress import showing
from compose_lite.cli.views.text import width
from compose_lite.errors import FailureReport, Problem, Severity

SHOW_CURSOR = "\x1b[?25h"


def started(number: int, verb: str, name: str, kind: str = "container") -> events.Event:
    return events.ActionStarted(id=number, verb=verb, kind=kind, name=name, service="web")


def done(number: int) -> events.Event:
    return events.ActionSucceeded(id=number, seconds=1)


def failed(number: int, message: str) -> events.Event:
    return events.ActionFailed(id=number, seconds=1, report=FailureReport(message=message))


def unchanged(name: str) -> events.Event:
    return events.Unchanged(kind="container", name=name, service="web")


STORY: list[events.Event] = [
    events.PlanStarted(actions=3),
    unchanged("demo-db-1"),
    started(1, "create", "demo-web-1"),
    done(1),
    started(2, "wait for", "db", kind="service"),
    events.ActionProgress(id=2, text="demo-db-1 is starting"),
    failed(2, "demo-db-1 is unhealthy\nmore"),
    events.Notice(problem=Problem(code="orphan", message="an orphan", severity=Severity.WARNING)),
]


def board(*story: events.Event) -> Board:
    made = Board(lambda: 10.0)
    for event in story:
        made.take(event)
    return made


def rows(
    of: Board, *, columns: int = 80, height: int = 24, final: bool = False, coloured: bool = False
) -> list[str]:
    return frame(of, title="up", now=12.5, columns=columns, rows=height, coloured=coloured, final=final)


def last_row(*story: events.Event, columns: int = 80) -> str:
    return rows(board(*story), columns=columns)[-1]


# rows


def test_a_frame_has_a_line_for_each_resource() -> None:
    assert rows(board(*STORY)) == [
        "[+] up 3/3",
        " ✔ Container demo-db-1   Unchanged",
        " ✔ Container demo-web-1  Created        0.0s",
        " ✘ Service db            Error          0.0s  demo-db-1 is unhealthy",
    ]


def test_steps_of_one_resource_share_a_line_and_time_runs_on() -> None:
    made = board(started(1, "create", "demo-web-1"), done(1), started(2, "start", "demo-web-1"))
    assert rows(made)[0] == "[+] up 0/1"
    assert rows(made)[1].split() == ["⠴", "Container", "demo-web-1", "Starting", "2.5s"]


def test_a_container_and_its_successor_share_a_line() -> None:
    new = {"kind": "container", "name": "0123456789ab_demo-web-1", "becomes": "demo-web-1", "service": "web"}
    made = board(
        started(1, "stop", "demo-web-1"),
        done(1),
        events.ActionStarted(id=2, verb="create", **new),
        done(2),
        events.ActionStarted(id=3, verb="rename", **new),
        done(3),
    )
    assert rows(made)[1:] == [" ✔ Container demo-web-1  Replaced       0.0s"]


def test_a_successor_that_is_removed_again_does_not_look_like_a_removal() -> None:
    name = "0123456789ab_demo-web-1"
    begun = events.ActionStarted(id=1, verb="create", kind="container", name=name, becomes="demo-web-1")
    shown = last_row(begun, done(1), events.PlanStarted(actions=1), started(2, "remove", name), done(2))
    assert shown == " ✔ Container demo-web-1  Undone         0.0s"


def test_a_pull_tells_how_much_has_come_first() -> None:
    progress = events.ActionProgress(id=1, text="Downloading, 1 of 4 layers done", current=30, total=120)
    assert last_row(started(1, "pull", "db", kind="image"), progress) == (
        " ⠴ Image db  Pulling        2.5s  25% of 120B  Downloading, 1 of 4 layers done"
    )


def test_a_build_tells_its_step_and_what_it_writes() -> None:
    begun = started(1, "build", "shop-web", kind="image")
    step = events.ActionProgress(id=1, text="RUN make", current=2, total=5)
    output = events.ActionProgress(id=1, text="cc web.c", output=True)
    assert last_row(begun, step).endswith("Building       2.5s  2/5 RUN make")
    assert last_row(begun, step, output).endswith("Building       2.5s  2/5 cc web.c")


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (80, " ⠴ Container shop-frontend-1  Starting       2.5s  waits for a port"),
        (60, " ⠴ Container shop-frontend-1  Starting       2.5s  waits f…"),
        (50, " ⠴ Container shop-frontend-1  Starting       2.5s"),
        (40, " ⠴ shop-frontend-1  Starting       2.5s"),
        (32, " ⠴ shop-frontend-1  Starting"),
        (28, " ⠴ sh…ontend-1  Starting"),
        (20, " ⠴ s…tend-1  Start…"),
        (12, " ⠴ s…tend-1"),
        (4, "[+…"),
    ],
)
def test_what_tells_least_gives_way_in_a_narrow_window(columns: int, shown: str) -> None:
    story = (started(1, "start", "shop-frontend-1"), events.ActionProgress(id=1, text="waits for a port"))
    assert last_row(*story, columns=columns) == shown


def test_progress_is_worth_more_than_the_whole_name_of_an_image() -> None:
    name = "registry.example.com/department/team/shop-frontend:2026-11-21"
    progress = events.ActionProgress(id=1, text="Downloading", current=30, total=120)
    shown = last_row(started(1, "pull", name, kind="image"), progress)
    assert shown == " ⠴ registry.exa…m/shop-frontend:2026-11-21  Pulling        2.5s  25% of 120B  …"


@given(
    names=st.lists(
        st.text(alphabet="ab-漢é\u0301", min_size=1, max_size=90), min_size=1, max_size=40, unique=True
    ),
    columns=st.integers(1, 120),
    height=st.integers(1, 50),
    coloured=st.booleans(),
)
def test_a_frame_fits_every_window(names: list[str], columns: int, height: int, coloured: bool) -> None:
    story: list[events.Event] = []
    for number, name in enumerate(names):
        story += [started(number, "disconnect", name), events.ActionProgress(id=number, text="漢字" * 30)]
    story += [failed(number, "no") for number in range(0, len(names), 3)]
    shown = rows(board(*story), columns=columns, height=height, coloured=coloured)
    assert len(shown) < max(height, 2)
    assert all(width(re.sub("\x1b[^m]*m", "", row)) < max(columns, 2) for row in shown)


def test_what_does_not_fit_is_summed_up_and_what_needs_attention_is_shown() -> None:
    story: list[events.Event] = [unchanged("old")]
    for number in range(1, 10):
        story += [started(number, "start", f"c{number}"), done(number)]
    story += [started(10, "start", "slow"), started(11, "start", "bad"), failed(11, "no")]
    shown = rows(board(*story), height=6)
    assert [row.split()[:3] for row in shown[1:-1]] == [
        ["✔", "Container", "c1"],
        ["⠴", "Container", "slow"],
        ["✘", "Container", "bad"],
    ]
    assert shown[-1] == "   … and 8 done, 1 unchanged"


def test_the_last_frame_has_every_line() -> None:
    many = [started(number, "start", f"c{number}") for number in range(1, 31)]
    assert len(rows(board(*many), height=5, final=True)) == 31


def test_what_was_left_under_way_is_called_interrupted() -> None:
    made = board(started(1, "pull", "db", kind="image"), started(2, "pull", "web", kind="image"), done(2))
    made.interrupt()
    assert rows(made, final=True) == [
        "[+] up 2/2",
        " - Image db   Interrupted    0.0s",
        " ✔ Image web  Pulled         0.0s",
    ]


def test_names_cannot_steer_the_terminal() -> None:
    assert all("\x1b" not in row for row in rows(board(started(1, "create", "web\x1b[2J"))))


# the block


class Screen:
    """A terminal's screen that counts what is written to it."""

    def __init__(self, columns: int = 40, height: int = 10) -> None:
        self._screen = pyte.Screen(columns, height)
        self._stream = pyte.Stream(self._screen)
        self.written = ""

    def write(self, text: str) -> None:
        self.written += text
        self._stream.feed(text.replace("\n", "\r\n"))

    @property
    def size(self) -> tuple[int, int]:
        return self._screen.columns, self._screen.lines

    @property
    def lines(self) -> list[str]:
        found = [line.rstrip() for line in self._screen.display]
        while found and not found[-1]:
            found.pop()
        return found

    @property
    def cursor(self) -> tuple[int, bool]:
        """Its row, and whether it is seen."""
        return self._screen.cursor.y, not self._screen.cursor.hidden


ROWS = st.lists(st.sampled_from(["", "a", "bb 漢", "ccc ccc", "d" * 39]), min_size=1, max_size=9)


@given(frames=st.lists(st.tuples(ROWS, st.sampled_from(["", "log\n", "x" * 40 + "\n" + "y" * 95 + "\n"]))))
def test_the_screen_shows_the_last_frame_below_all_lines(frames: list[tuple[list[str], str]]) -> None:
    screen = Screen()
    block = Block(screen.write)
    expected: list[str] = []
    begin = 0
    for shown, above in frames:
        block.draw(shown, size=screen.size, above=above)
        lines = above.splitlines()
        expected += [line[at : at + 40] for line in lines for at in range(0, len(line), 40)]
        whole = [*expected, *shown]
        while whole and not whole[-1]:
            whole.pop()
        begin = max(begin, len(expected) + len(shown) - 10)
        assert screen.lines == whole[begin:]
        assert screen.cursor == (len(expected) - begin, False)


def test_only_rows_that_changed_are_written_and_nothing_is_erased() -> None:
    screen = Screen()
    block = Block(screen.write)
    block.draw(["head", "one", "two", "three"], size=screen.size)
    screen.written = ""
    block.draw(["head", "one", "TWO", "three"], size=screen.size)
    assert "one" not in screen.written
    assert "three" not in screen.written
    assert "\x1b[J" not in screen.written
    assert screen.lines == ["head", "one", "TWO", "three"]


def test_a_finished_block_stays_and_the_cursor_is_below_it() -> None:
    screen = Screen()
    block = Block(screen.write)
    block.draw(["head", "one", "two"], size=screen.size)
    screen.write("^C")
    block.finish(["head", "last"])
    assert screen.lines == ["head", "last"]
    assert screen.cursor == (2, True)


def test_lines_for_a_block_are_cut_to_the_window() -> None:
    assert fitting(["abcdef", "b", "c", "d"], (5, 4)) == ["abc…", "b", "… a…"]
    assert fitting(["a", "b"], (80, 2)) == ["a"]
    assert fitting(["a"], (80, 24)) == ["a"]


# the view


def terminal(*, live: bool = True, out_tty: bool = False) -> Terminal:
    return Terminal(
        stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO(), live=live, err_tty=live, out_tty=out_tty
    )


def written(of: Terminal) -> str:
    return raw(of).decode(errors="replace")


def raw(of: Terminal) -> bytes:
    assert isinstance(of.stderr, io.BytesIO)
    return of.stderr.getvalue()


def screen_after(out: Terminal) -> list[str]:
    screen = Screen(80, 24)
    screen.write(written(out))
    return screen.lines


@contextmanager
def live(out: Terminal) -> Iterator[LiveView]:
    view = LiveView(out, title="up", clock=lambda: 0.0)
    try:
        yield view
    finally:
        view.close()


def test_the_live_view_leaves_one_clean_block_and_the_cursor() -> None:
    out = terminal()
    with live(out) as view:
        for event in STORY:
            view(event)
        view.aside(lambda: out.stderr.write(b"web-1  | hello\n") and None)
        assert view.above(out.stderr, b"web-1  | \xff bye\n")
    assert b"| \xff bye" in raw(out)
    assert screen_after(out) == [
        "warning: an orphan",
        "web-1  | hello",
        "web-1  | \ufffd bye",
        "[+] up 3/3",
        " ✔ Container demo-db-1   Unchanged",
        " ✔ Container demo-web-1  Created        0.0s",
        " ✘ Service db            Error          0.0s  demo-db-1 is unhealthy",
    ]
    assert written(out).endswith(SHOW_CURSOR)


def test_lines_for_another_screen_are_not_the_views() -> None:
    out = terminal()
    with live(out) as view:
        assert not view.above(out.stderr, b"nothing is drawn yet\n")
        view(started(1, "start", "demo-web-1"))
        assert not view.above(out.stdout, b"to a file\n")
        assert view.above(out.stderr, b"to the screen\n")
    assert screen_after(out)[0] == "to the screen"


def interrupted_progress(out: Terminal) -> None:
    with showing("tty", out, title="up") as view:
        view(started(1, "start", "demo-web-1"))
        raise KeyboardInterrupt


def test_the_live_view_is_closed_after_an_error() -> None:
    out = terminal()
    with pytest.raises(KeyboardInterrupt):
        interrupted_progress(out)
    assert written(out).endswith(SHOW_CURSOR)
    assert screen_after(out)[1].split()[:4] == ["-", "Container", "demo-web-1", "Interrupted"]


def test_nothing_is_drawn_if_nothing_happened() -> None:
    out = terminal()
    with showing("tty", out, title="up"):
        pass
    assert written(out) == ""


def test_what_did_not_change_is_said_even_if_nothing_was_done() -> None:
    out = terminal()
    with showing("tty", out, title="up") as view:
        view(unchanged("demo-db-1"))
    assert written(out) == "[+] up 1/1\n ✔ Container demo-db-1  Unchanged\n"


def test_a_storm_of_events_is_drawn_at_a_calm_pace() -> None:
    out = terminal()
    with live(out) as view:
        begun = time.monotonic()
        for number in range(2000):
            view(started(number, "start", f"c{number}"))
        elapsed = time.monotonic() - begun
        drawn = written(out).count("[+] up")
    assert drawn <= elapsed / 0.1 + 2


def test_the_painter_ends_with_the_view() -> None:
    view = LiveView(terminal(), title="up")
    view(started(1, "start", "demo-web-1"))
    view.close()
    assert view._painter is None
