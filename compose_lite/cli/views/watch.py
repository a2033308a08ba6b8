"""Shows a watch: a line for each batch of changes, progress while containers are made, quiet otherwise."""

from __future__ import annotations

import posixpath
from threading import RLock
from typing import TYPE_CHECKING

from compose_lite import events
from compose_lite.cli.views.problems import render_problem
from compose_lite.cli.views.report import render_reports
from compose_lite.cli.views.text import BOLD, DIM, GREEN, paint, safe, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compose_lite.cli.terminal import Terminal
    from compose_lite.cli.views.progress import View

_SHOWN_PATHS = 3
_WORDS = {
    "sync": "synced",
    "exec": "ran its command",
    "restart": "restarted",
    "rebuild": "rebuilt",
    "replace": "replaced",
    "apply": "applied",
}
_FAILURES = {
    "sync": "service {} is not synced",
    "exec": "service {} has not run its command",
    "restart": "service {} is not restarted",
    "rebuild": "service {} is not rebuilt; what runs is left alone",
    "replace": "service {} could not be replaced",
    "apply": "the project's files are not applied; the stack runs on as it is",
    "prune": "the images of before are not removed",
    "connect": "what happens to containers is not known; trying again",
}
_OWN_FILES = "project files"


class WatchView:
    """An event sink for as long as a watch lasts; takes events from any thread.

    Args:
        folder: what changed files are shown relative to.
        mode: a progress mode, as `progress.chosen_mode` tells it.
        aside: called with a function that writes, so that somebody else's live view can step aside for it.
    """

    def __init__(
        self,
        terminal: Terminal,
        *,
        folder: str,
        mode: str,
        aside: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._terminal = terminal
        self._folder = folder
        self._mode = mode
        self._aside = aside or (lambda write: write())
        self._lock = RLock()
        self._progress: View | None = None

    def __call__(self, event: events.Event, /) -> None:
        with self._lock:
            if self._mode == "json":
                self._opened()(event)
                return
            match event:
                case events.WatchStarted():
                    self.say(f"Watch enabled: {safe(', '.join(event.services)) or 'project files only'}")
                case events.WatchBatch():
                    self.say(batch_line(event, folder=self._folder, coloured=self._terminal.out_colour))
                case events.WatchMended():
                    self.say(f"{_OWN_FILES}: mended")
                case events.WatchFailed():
                    self._failed(event)
                case events.LogLine():
                    who = f"{safe(event.service)}-{event.number}  | "
                    self.say(who + event.text.decode(errors="replace"))
                case _:
                    self._show_progress(event)

    def close(self) -> None:
        """Finish what is being drawn."""
        with self._lock:
            if self._progress is not None:
                self._progress.close()
                self._progress = None

    def _show_progress(self, event: events.Event) -> None:
        """Show a plan's progress in a view of its own, from its beginning to its end."""
        if self._progress is None and isinstance(event, events.Unchanged):
            return
        if isinstance(event, events.PlanStarted) or self._progress is not None:
            self._opened()(event)
        elif isinstance(event, events.Notice):
            text = render_problem(event.problem, coloured=self._terminal.err_colour)
            self._aside(lambda: self._terminal.note(text))
        if isinstance(event, events.PlanFinished):
            self.close()

    def _opened(self) -> View:
        if self._progress is None:
            from compose_lite.cli.views.progress import open_view

            self._progress = open_view(self._mode, self._terminal, title="watch")
        return self._progress

    def say(self, text: str) -> None:
        """Write whole lines to standard output."""
        if self._mode != "quiet":
            with self._lock:
                self._beside(lambda: self._terminal.print(text))

    def _failed(self, event: events.WatchFailed) -> None:
        coloured = self._terminal.err_colour
        blocks = [paint(f"{_FAILURES[event.action].format(safe(event.service))}:", BOLD, on=coloured)]
        if event.reports:
            blocks.append(render_reports(event.reports, coloured=coloured))
        blocks += [render_problem(problem, coloured=coloured) for problem in event.problems]
        self._beside(lambda: self._terminal.note("\n".join(blocks)))

    def _beside(self, write: Callable[[], None]) -> None:
        """Write whole lines next to whatever is being drawn."""

        def at_once() -> None:
            write()
            self._terminal.flush()

        (self._aside if self._progress is None else self._progress.aside)(at_once)


def batch_line(event: events.WatchBatch, *, folder: str, coloured: bool = False) -> str:
    """`web  synced 2 files, restarted  src/a.py, src/b.py  0.1s`."""
    who = safe(event.service) if event.service else _OWN_FILES
    done = ", ".join(_done(event, action) for action in event.actions)
    if event.containers > 1:
        done += f" in {event.containers} containers"
    parts = [paint(who, BOLD, on=coloured), paint(done, GREEN, on=coloured)]
    if event.paths:
        parts.append(_named(event.paths, folder))
    elif event.actions == ("sync",):
        parts.append("that it lacked")
    parts.append(paint(_time(event.seconds), DIM, on=coloured))
    return "  ".join(parts)


def _done(event: events.WatchBatch, action: str) -> str:
    if action != "sync":
        return _WORDS.get(action, action)
    counts = []
    if event.sent:
        counts.append(f"synced {event.sent} file{'s' if event.sent > 1 else ''}")
    if event.deleted:
        counts.append(f"deleted {event.deleted}")
    return ", ".join(counts)


def _named(paths: Iterable[str], folder: str) -> str:
    """The first few paths, as short as they can be told."""
    found = list(paths)
    shown = [safe(_short(path, folder)) for path in found[:_SHOWN_PATHS]]
    more = len(found) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _short(path: str, folder: str) -> str:
    relative = posixpath.relpath(path, folder) if folder else path
    return path if relative.startswith("../..") else relative


def _time(value: float) -> str:
    return f"{value * 1000:.0f}ms" if value < 1 else seconds(value)
