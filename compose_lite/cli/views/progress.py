"""Chooses how progress is shown, and the two plain ways: a line per step, and a line of JSON per event."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock

from compose_lite import events
from compose_lite.cli.invocation import PROGRESS
from compose_lite.cli.views import words
from compose_lite.cli.views.problems import problem_json, render_problem
from compose_lite.cli.views.text import DIM, GREEN, RED, clip, json_text, paint, safe, seconds
from compose_lite.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, BinaryIO, Protocol

    from compose_lite.cli.terminal import Terminal

    class View(Protocol):
        """Shows events; the last frame is on the screen when `close` returns."""

        def __call__(self, event: events.Event, /) -> None: ...

        def above(self, stream: BinaryIO, data: bytes, /) -> bool:
            """Write whole lines to the stream if they would collide with what is drawn; tells whether it did."""
            ...

        def aside(self, write: Callable[[], None]) -> None:
            """Call `write`, which writes whole lines to the output streams, without getting in its way."""
            ...

        def close(self) -> None: ...


def chosen_mode(wish: str | None, terminal: Terminal, environ: Mapping[str, str]) -> str:
    """The progress mode: `--progress`, else `COMPOSE_PROGRESS`, else what the error stream can show.

    Raises:
        UsageError: the variable has an unknown value.
    """
    mode = wish or environ.get("COMPOSE_PROGRESS") or "auto"
    if mode == "auto":
        return "tty" if terminal.live else "plain"
    if mode not in PROGRESS:
        raise UsageError(f"COMPOSE_PROGRESS can't be {mode!r}: it is one of {', '.join(PROGRESS)}")
    return mode


@contextmanager
def showing(mode: str, terminal: Terminal, *, title: str) -> Iterator[View]:
    """Open the view of a mode and close it whatever happens, so that the screen is left clean."""
    view = open_view(mode, terminal, title=title)
    try:
        yield view
    finally:
        view.close()


def open_view(mode: str, terminal: Terminal, *, title: str) -> View:
    """The view of a mode; who opens it closes it."""
    if mode == "tty":
        from compose_lite.cli.views.live import LiveView

        return LiveView(terminal, title=title)
    if mode == "json":
        return JsonView(terminal)
    return PlainView(terminal) if mode == "plain" else QuietView(terminal)


class _LineView:
    """A view of whole lines, which needs no care for what others write."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._started: dict[int, events.ActionStarted] = {}
        self._lock = Lock()

    def above(self, _stream: BinaryIO, _data: bytes, /) -> bool:
        """Nothing is drawn that lines could collide with."""
        return False

    def aside(self, write: Callable[[], None]) -> None:
        """Call `write` between two lines."""
        with self._lock:
            write()

    def close(self) -> None:
        """Nothing is left to show."""


# Columns that a reason has at most: `plan` tells all of a command that has changed.
_REASON = 100


class PlainView(_LineView):
    """A line when something begins, a line when it ends."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self._said: dict[int, str] = {}
        self._shown: dict[int, tuple[str, str]] = {}  # the name and the verb that an action is shown with
        self._successors = words.Successors()

    def __call__(self, event: events.Event, /) -> None:
        with self._lock:
            line = self._line(event)
            if line is not None:
                self._terminal.note(line)

    def _line(self, event: events.Event) -> str | None:
        match event:
            case events.PlanStarted():
                self._started.clear()
                self._said.clear()
            case events.ActionStarted():
                self._started[event.id] = event
                self._shown[event.id] = _, verb = self._successors.shown(event)
                reason = clip(safe(event.reason), _REASON)
                shown = paint(f"  ({reason})", DIM, on=self._coloured) if reason else ""
                return self._about(event.id, words.doing(verb)) + shown
            case events.ActionProgress() if self._is_news(event):
                self._said[event.id] = event.text
                return self._about(event.id, safe(event.text.expandtabs()))
            case events.ActionSucceeded():
                said = words.done(self._shown[event.id][1])
                if event.text and not event.changed:
                    said = event.text
                status = paint(safe(said), GREEN, on=self._coloured)
                return self._about(event.id, f"{status}  {seconds(event.seconds)}")
            case events.ActionFailed():
                return self._about(
                    event.id, paint("Error", RED, on=self._coloured) + f"  {safe(_first(event))}"
                )
            case events.Unchanged():
                return f" {words.resource(event.kind, safe(event.name))}  {words.UNCHANGED}"
            case events.Notice():
                return render_problem(event.problem, coloured=self._coloured)
            case _:
                return None
        return None

    def _is_news(self, event: events.ActionProgress) -> bool:
        """Whether a step is worth a line: mere counting, and what was just said, is not."""
        counting = event.total is not None and not self._builds(event.id)
        return event.output or (not counting and event.text != self._said.get(event.id))

    def _builds(self, action: int) -> bool:
        """Whether what is counted are a build's steps, each of which has a name, not bytes."""
        return self._started[action].verb == "build"

    @property
    def _coloured(self) -> bool:
        return self._terminal.err_colour

    def _about(self, action: int, status: str) -> str:
        resource = words.resource(self._started[action].kind, safe(self._shown[action][0]))
        return f" {resource}  {status}"


class QuietView(_LineView):
    """Shows warnings only: what a user must not miss."""

    def __call__(self, event: events.Event, /) -> None:
        if isinstance(event, events.Notice):
            with self._lock:
                self._terminal.note(render_problem(event.problem, coloured=self._terminal.err_colour))


class JsonView(_LineView):
    """A JSON object per event and line: docker compose's `id`, `status` and `text`, and ours besides."""

    def __call__(self, event: events.Event, /) -> None:
        with self._lock:
            if isinstance(event, events.ActionStarted):
                self._started[event.id] = event
            started = self._started.get(getattr(event, "id", 0))
            self._terminal.note(json_text(as_json(event, started)))


def as_json(event: events.Event, started: events.ActionStarted | None = None) -> dict[str, Any]:
    """An event as a JSON object; `started` is the beginning of the action that it is about."""
    shown: dict[str, Any] = {}
    if started is not None:
        shown["id"] = words.resource(started.kind, started.name)
        shown["status"] = _status(event, started)
    elif isinstance(event, events.Unchanged):
        shown = {"id": words.resource(event.kind, event.name), "status": words.UNCHANGED}
    shown["event"] = _NAMES[type(event)]
    if started is not None:
        shown |= {"action": started.id, "verb": started.verb, "kind": started.kind, "name": started.name}
        shown |= {"service": started.service} if started.service else {}
    return shown | _details(event)


def _status(event: events.Event, started: events.ActionStarted) -> str:
    if isinstance(event, events.ActionSucceeded):
        return words.done(started.verb)
    if isinstance(event, events.ActionFailed):
        return "Error"
    return "Skipped" if isinstance(event, events.ActionSkipped) else words.doing(started.verb)


def _details(event: events.Event) -> dict[str, Any]:
    match event:
        case events.ActionStarted():
            said = {"reason": event.reason, "becomes": event.becomes}
            return {name: value for name, value in said.items() if value}
        case events.ActionProgress():
            found = {"text": event.text, "current": event.current, "total": event.total}
            return {name: value for name, value in found.items() if value is not None}
        case events.ActionSucceeded():
            text = {"text": event.text} if event.text else {}
            return {"seconds": round(event.seconds, 3), "changed": event.changed, **text}
        case events.ActionFailed():
            return {"seconds": round(event.seconds, 3), "error": True, "text": event.report.message}
        case events.ActionSkipped():
            return {"because": event.because}
        case events.Notice():
            return problem_json(event.problem)
        case events.WatchFailed():
            return {"service": event.service, "action": event.action, "error": True, "text": _told(event)}
        case events.ContainerGivenUp():
            named = {"service": event.service, "container": event.container, "attempts": event.attempts}
            return {**named, "error": True, "text": event.report.message}
        case events.SupervisionFailed():
            return {"containers": event.containers, "error": True, "text": _told(event)}
        case _:
            return _fields(event)


def _told(event: events.WatchFailed | events.SupervisionFailed) -> str:
    told = [report.message for report in event.reports] or [one.message for one in event.problems]
    return "; ".join(told)


def _fields(event: events.Event) -> dict[str, Any]:
    return {name: _plain(getattr(event, name)) for name in event.__slots__}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _first(event: events.ActionFailed) -> str:
    return event.report.message.partition("\n")[0]


_NAMES: dict[type[Any], str] = {
    events.PlanStarted: "plan-started",
    events.ActionStarted: "action-started",
    events.ActionProgress: "action-progress",
    events.ActionSucceeded: "action-succeeded",
    events.ActionFailed: "action-failed",
    events.ActionSkipped: "action-skipped",
    events.Unchanged: "unchanged",
    events.PlanFinished: "plan-finished",
    events.LogLine: "log",
    events.ContainerExited: "container-exited",
    events.Notice: "notice",
    events.WatchStarted: "watch-started",
    events.WatchBatch: "watch-batch",
    events.WatchFailed: "watch-failed",
    events.WatchMended: "watch-mended",
    events.ContainerUnhealthy: "container-unhealthy",
    events.ContainerRevived: "container-revived",
    events.ContainerGivenUp: "container-given-up",
    events.SupervisionFailed: "supervision-failed",
}
