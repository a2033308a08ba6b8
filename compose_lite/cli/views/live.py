"""The live view of progress on a terminal: a line per resource, redrawn in place.

The cursor rests on the first row of the block, so that writing over it from there and erasing the rest of the
screen replaces it, whatever a resize has made of its lines; nothing has to be counted back.
"""

from __future__ import annotations

import time
from threading import Condition, Thread
from typing import TYPE_CHECKING

from compose_lite import events
from compose_lite.cli.views import words
from compose_lite.cli.views.problems import render_problem
from compose_lite.cli.views.text import (
    BOLD,
    DIM,
    GREEN,
    RED,
    YELLOW,
    clip,
    pad,
    paint,
    safe,
    seconds,
    size,
    width,
)
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compose_lite.cli.terminal import Terminal

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TICK = 0.1
_NEXT_ROW = "\x1b[K\n"
_ERASE_REST = "\x1b[K\x1b[J"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


@dataclass(slots=True)
class Line:
    """What is known about one resource."""

    kind: str
    name: str
    status: str = ""
    detail: str = ""
    state: str = "working"  # working, done, failed, cancelled, unchanged
    began: float = 0.0
    spent: float = 0.0

    def elapsed(self, now: float) -> float:
        """Seconds of work on it so far."""
        return self.spent + (now - self.began if self.state == "working" else 0.0)


class Board:
    """The lines of all resources that have been touched, fed by events; knows nothing about terminals."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.lines: dict[tuple[str, str], Line] = {}
        self.total = 0
        self.began = clock()
        self._clock = clock
        self._of_action: dict[int, tuple[Line, str]] = {}

    def take(self, event: events.Event) -> None:
        """Note what an event says."""
        match event:
            case events.PlanStarted():
                self._of_action.clear()
            case events.ActionStarted():
                self._begin(event)
            case events.Unchanged():
                self.lines[event.kind, event.name] = Line(
                    kind=event.kind, name=event.name, status=words.UNCHANGED, state="unchanged"
                )
            case events.ActionProgress() if event.id in self._of_action:
                line, verb = self._of_action[event.id]
                line.status, line.detail = words.doing(verb), _progress(event)
            case events.ActionSucceeded() if event.id in self._of_action:
                self._end(event.id, "done", "" if event.changed else event.text)
            case events.ActionFailed() if event.id in self._of_action:
                self._end(event.id, "failed", event.report.message.partition("\n")[0])
            case events.ActionSkipped() if event.id in self._of_action:
                self._end(event.id, "cancelled", "")
            case _:
                return

    def working(self) -> bool:
        """Whether a line's time is running."""
        return any(line.state == "working" for line in self.lines.values())

    def _begin(self, event: events.ActionStarted) -> None:
        line = self.lines.setdefault((event.kind, event.name), Line(kind=event.kind, name=event.name))
        if line.state != "working" or not line.status:
            line.began = self._clock()
        line.state, line.status, line.detail = "working", words.doing(event.verb), ""
        self._of_action[event.id] = (line, event.verb)

    def _end(self, action: int, state: str, detail: str) -> None:
        line, verb = self._of_action[action]
        line.spent += self._clock() - line.began if line.state == "working" else 0.0
        line.state, line.detail = state, detail
        endings = {"failed": "Error", "cancelled": "Cancelled"}
        line.status = endings.get(state, words.done(verb))


def frame(
    board: Board, *, title: str, now: float, columns: int, rows: int, coloured: bool, final: bool = False
) -> list[str]:
    """The rows that show a board in a window; the final frame has every line, whatever the height."""
    lines = list(board.lines.values())
    finished = sum(line.state != "working" for line in lines)
    head = paint(f"[+] {title} {finished}/{len(lines)}", BOLD, on=coloured)
    shown, hidden = (lines, 0) if final else _fitting(lines, rows - 2)
    names = max((width(_label(line)) for line in shown), default=0)
    room = max(12, columns - 1)
    name_room = min(names, max(8, room * 3 // 5))
    body = [_row(line, now, name_room, room, coloured) for line in shown]
    if hidden:
        body.append(paint(clip(f"   … and {hidden} more", room), DIM, on=coloured))
    return [head, *body]


def _fitting(lines: Sequence[Line], rows: int) -> tuple[list[Line], int]:
    """The lines that fit into so many rows, those that need attention first, in their old order."""
    if len(lines) <= rows:
        return list(lines), 0
    urgency = {"failed": 0, "working": 1, "cancelled": 2, "done": 3, "unchanged": 4}
    ranked = sorted(range(len(lines)), key=lambda index: (urgency[lines[index].state], index))
    kept = sorted(ranked[: max(1, rows - 1)])
    return [lines[index] for index in kept], len(lines) - len(kept)


def _row(line: Line, now: float, name_room: int, room: int, coloured: bool) -> str:
    mark, colour = _MARKS[line.state]
    if not mark:
        mark = _SPINNER[int(now / _TICK) % len(_SPINNER)]
    spent = "" if line.state == "unchanged" else seconds(line.elapsed(now))
    text_room = room - 3 - name_room - 2 - len(spent) - 2
    status = f"{line.status} {line.detail}".strip() if line.detail else line.status
    status = clip(safe(status), max(0, text_room))
    label = pad(clip(_label(line), name_room), name_room)
    painted = paint(status, *((colour,) if line.state != "working" else ()), on=coloured)
    gap = " " * max(0, 12 - width(status)) if text_room >= 12 else ""
    return f" {paint(mark, colour, on=coloured)} {label}  {painted}{gap}  {paint(spent, DIM, on=coloured)}"


def _label(line: Line) -> str:
    return words.resource(line.kind, safe(line.name))


def _progress(event: events.ActionProgress) -> str:
    if event.current is None or not event.total:
        return event.text
    share = min(100, event.current * 100 // event.total)
    return f"{event.text} {share}% of {size(event.total)}".strip()


_MARKS = {
    "working": ("", YELLOW),
    "done": ("✔", GREEN),
    "failed": ("✘", RED),
    "cancelled": ("-", YELLOW),
    "unchanged": ("✔", DIM),
}


class LiveView:
    """Draws a board on the error stream, ten times a second while something is under way."""

    def __init__(
        self, terminal: Terminal, *, title: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._terminal = terminal
        self._title = title
        self._clock = clock
        self._board = Board(clock)
        self._changed = Condition()
        self._dirty = self._closed = False
        self._above = ""
        self._rows = 0
        self._painter: Thread | None = None

    def __call__(self, event: events.Event, /) -> None:
        if isinstance(event, events.Notice):
            self.print_above(render_problem(event.problem, coloured=self._terminal.err_colour) + "\n")
            return
        with self._changed:
            self._board.take(event)
            self._dirty = True
            if self._painter is None and isinstance(event, events.ActionStarted):
                self._painter = Thread(target=self._paint, name="progress", daemon=True)
                self._painter.start()
            self._changed.notify()

    def print_above(self, text: str) -> None:
        """Write whole lines above the block; from any thread."""
        with self._changed:
            if self._painter is None:
                self._terminal.note(text, end="")
                return
            self._above += text
            self._draw()

    def aside(self, write: Callable[[], None]) -> None:
        """Take the block away, call `write`, and draw the block again below what it wrote."""
        with self._changed:
            if self._painter is None:
                write()
                return
            self._terminal.note(f"\r{_ERASE_REST}", end="")
            write()
            self._terminal.flush()
            self._draw()

    def close(self) -> None:
        """Draw the last frame for good and give the cursor back."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._painter is not None:
            self._painter.join()
            self._painter = None
            self._terminal.note(self._over(final=True) + "\n" + _SHOW, end="")
        elif self._board.lines:
            self._terminal.note(self._over(final=True), end="\n")

    def _paint(self) -> None:
        with self._changed:
            while not self._closed:
                if self._dirty or self._board.working():
                    self._draw()
                self._changed.wait(_TICK if self._board.working() else None)

    def _draw(self) -> None:
        block = self._over(final=False)
        up = f"\x1b[{self._rows - 1}A" if self._rows > 1 else ""
        self._terminal.note(f"{_HIDE}{block}\r{up}", end="")
        self._dirty = False

    def _over(self, *, final: bool) -> str:
        """The rows, to be written over the old ones: never blank in between, so nothing flickers."""
        columns, height = self._terminal.size()
        rows = frame(
            self._board,
            title=self._title,
            now=self._clock(),
            columns=columns,
            rows=height,
            coloured=self._terminal.err_colour,
            final=final,
        )
        self._rows = len(rows)
        above, self._above = self._above.replace("\n", _NEXT_ROW), ""
        return f"\r{above}{_NEXT_ROW.join(rows)}{_ERASE_REST}"
