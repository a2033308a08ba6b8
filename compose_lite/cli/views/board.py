"""What is known about each resource that is being worked on, and the rows that show it in a window of any size."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from compose_lite import events
from compose_lite.cli.views import words
from compose_lite.cli.views.text import (
    BLUE,
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
    shorten,
    size,
    width,
)
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
TICK = 0.1  # seconds that each picture of the spinner stays

# Columns of a row: mark, name, status, time, and what there is room for of the details.
_MARK, _GAP, _TIME = 3, 2, 6
_STATUS = 11  # the usual words; longer ones move what is behind them
_PROGRESS, _LEAST_DETAIL = 14, 8  # `45% of 1.23GB`
_LEAST_NAME, _NAME_BESIDE_PROGRESS = 8, 20


@dataclass(slots=True)
class Line:
    """What is known about one resource."""

    kind: str
    name: str
    status: str = ""
    detail: str = ""
    steps: str = ""  # how many steps of a build have begun
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
        self._clock = clock
        self._of_action: dict[int, tuple[Line, str]] = {}
        self._successors = words.Successors()

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
                line.status = words.doing(verb)
                line.detail = _step(line, event) if verb == "build" else _progress(event)
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

    def interrupt(self) -> None:
        """Note that what is under way has been left as it is."""
        for line in self.lines.values():
            if line.state == "working":
                line.spent, line.state = line.elapsed(self._clock()), "cancelled"
                line.status, line.detail = words.INTERRUPTED, ""

    def _begin(self, event: events.ActionStarted) -> None:
        name, verb = self._successors.shown(event)
        line = self.lines.setdefault((event.kind, name), Line(kind=event.kind, name=name))
        if line.state != "working" or not line.status:
            line.began = self._clock()
        line.state, line.status, line.detail, line.steps = "working", words.doing(verb), "", ""
        self._of_action[event.id] = (line, verb)

    def _end(self, action: int, state: str, detail: str) -> None:
        line, verb = self._of_action[action]
        line.spent = line.elapsed(self._clock())
        line.state, line.detail = state, detail
        endings = {"failed": "Error", "cancelled": "Cancelled"}
        line.status = endings.get(state, words.done(verb))


def _step(line: Line, event: events.ActionProgress) -> str:
    """What a build does, or the last that it wrote, behind the number of its step."""
    if event.current is not None and event.total:
        line.steps = f"{event.current}/{event.total} "
    return line.steps + event.text


def _progress(event: events.ActionProgress) -> str:
    """How much has been done, then of what: in a narrow window the latter goes."""
    if event.current is None or not event.total:
        return event.text
    share = min(100, event.current * 100 // event.total)
    return f"{share}% of {size(event.total)}  {event.text}".rstrip()


def frame(
    board: Board, *, title: str, now: float, columns: int, rows: int, coloured: bool, final: bool = False
) -> list[str]:
    """The rows that show a board in a window, narrower and fewer than it has; the final frame has every line."""
    lines = list(board.lines.values())
    room = max(1, columns - 1)
    finished = sum(line.state != "working" for line in lines)
    head = paint(clip(f"[+] {title} {finished}/{len(lines)}", room), BOLD, on=coloured)
    if room <= _MARK:
        return [head]
    shown, hidden = (lines, []) if final else _fitting(lines, rows - 2)
    layout = _layout(lines, room)
    body = [_row(line, now, layout, coloured) for line in shown]
    if hidden:
        body.append(paint(clip(f"   … and {_summary(hidden)}", room), DIM, on=coloured))
    return [head, *body]


def _fitting(lines: Sequence[Line], rows: int) -> tuple[list[Line], list[Line]]:
    """The lines that fit into so many rows, those that need attention first, in their old order; and the others.

    A row is left for a word on the others, unless it is the only one: how many there are stands in the head.
    """
    if len(lines) <= rows:
        return list(lines), []
    ranked = sorted(range(len(lines)), key=lambda index: (_URGENCY.index(lines[index].state), index))
    kept = set(ranked[: rows - 1 if rows > 1 else max(0, rows)])
    others = [line for index, line in enumerate(lines) if index not in kept]
    return [lines[index] for index in sorted(kept)], others if rows > 1 else []


def _summary(lines: Iterable[Line]) -> str:
    """`7 done, 5 unchanged`."""
    counts = Counter(line.state for line in lines)
    return ", ".join(f"{counts[state]} {state}" for state in _URGENCY if counts[state])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    """How many columns each part of a row has, 0 if it is left out; `kinds` tells whether names have theirs."""

    kinds: bool
    name: int
    status: int
    time: int = 0
    detail: int = 0


def _layout(lines: Sequence[Line], room: int) -> _Layout:
    """The parts of all rows in a window: details give way first, then kinds, times, and a part of names.

    How far a pull or a build has come is worth more than the whole name of an image.
    """
    status = max(_STATUS, *(width(line.status) for line in lines), 0)
    beside = room - _MARK - _GAP - status  # what there is for the name and what is behind the status
    timed = beside - _GAP - _TIME
    progress = _GAP + _PROGRESS if any(line.kind == "image" for line in lines) else 0
    name = 0
    for kinds in (True, False):
        name = max((width(_label(line, kinds=kinds)) for line in lines), default=0)
        if name <= timed - progress:
            return _Layout(kinds=kinds, name=name, status=status, time=_TIME, detail=timed - name - _GAP)
    if progress and timed - progress >= _NAME_BESIDE_PROGRESS:
        return _Layout(kinds=False, name=timed - progress, status=status, time=_TIME, detail=_PROGRESS)
    if name <= timed:
        return _Layout(kinds=False, name=name, status=status, time=_TIME)
    if beside >= _LEAST_NAME:
        return _Layout(kinds=False, name=min(name, beside), status=status)
    name = max(0, min(_LEAST_NAME, room - _MARK))
    return _Layout(kinds=False, name=name, status=max(0, room - _MARK - name - _GAP))


def _row(line: Line, now: float, layout: _Layout, coloured: bool) -> str:
    mark, colour = _MARKS[line.state]
    mark = paint(mark or _SPINNER[int(now / TICK) % len(_SPINNER)], colour, on=coloured)
    name = pad(shorten(_label(line, kinds=layout.kinds), layout.name), layout.name)
    parts = [f" {mark} {name}"]
    if layout.status:
        status = pad(clip(safe(line.status), layout.status), layout.status)
        parts.append(paint(status, colour, on=coloured and line.state == "failed"))
    if layout.time:
        spent = "" if line.state == "unchanged" else seconds(line.elapsed(now))
        parts.append(paint(f"{spent:>{_TIME}}", DIM, on=coloured and bool(spent)))
    if line.detail and layout.detail >= _LEAST_DETAIL:
        parts.append(clip(safe(line.detail), layout.detail))
    return (" " * _GAP).join(parts).rstrip()


def _label(line: Line, *, kinds: bool) -> str:
    name = safe(line.name)
    return words.resource(line.kind, name) if kinds else name


# By state: the mark (a spinner where there is none) and its colour, which never tells more than the words do.
_MARKS = {
    "working": ("", BLUE),
    "done": ("✔", GREEN),
    "failed": ("✘", RED),
    "cancelled": ("-", YELLOW),
    "unchanged": ("✔", DIM),
}
# Which lines are shown rather than others where not all fit.
_URGENCY = ("failed", "working", "cancelled", "done", "unchanged")
