"""Shows a supervision beside the log lines: a line when a container will be restarted, and one when it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite import events
from compose_lite.cli.views.problems import render_problem
from compose_lite.cli.views.report import render_report, render_reports
from compose_lite.cli.views.text import BOLD, GREEN, YELLOW, json_text, paint, safe, seconds

if TYPE_CHECKING:
    from collections.abc import Callable


class SupervisionView:
    """An event sink for as long as a supervision lasts; takes events from any thread.

    Args:
        say: writes whole lines, given without the last line end.
        mode: a progress mode, as `progress.chosen_mode` tells it; `quiet` shows failures only.
    """

    def __init__(self, say: Callable[[str], None], *, mode: str, coloured: bool) -> None:
        self._say = say
        self._mode = mode
        self._coloured = coloured

    def __call__(self, event: events.Event, /) -> None:
        if self._mode == "json":
            from compose_lite.cli.views.progress import as_json

            self._say(json_text(as_json(event)))
        elif text := self._text(event):
            self._say(text)

    def _text(self, event: events.Event) -> str:
        coloured = self._coloured
        match event:
            case events.ContainerUnhealthy() if self._mode != "quiet":
                return unhealthy_line(event, coloured=coloured)
            case events.ContainerRevived() if self._mode != "quiet":
                done = paint("restarted", GREEN, on=coloured)
                return f"{_name(event.container, coloured)}  {done}  {seconds(event.seconds)}"
            case events.ContainerGivenUp():
                return render_report(event.report, coloured=coloured)
            case events.SupervisionFailed():
                return _failure(event, coloured=coloured)
            case events.Notice():
                return render_problem(event.problem, coloured=coloured)
            case _:
                return ""


def unhealthy_line(event: events.ContainerUnhealthy, *, coloured: bool = False) -> str:
    """`shop-web-1  unhealthy, restart 2 of 5 in 2.0s  exit code 1: connection refused`."""
    state = paint("unhealthy", YELLOW, on=coloured)
    parts = [
        _name(event.container, coloured),
        f"{state}, restart {event.attempt} of {event.attempts} in {seconds(event.delay)}",
    ]
    first, *more = event.probe.splitlines() or [""]
    if first:
        parts.append(safe(first) + (" …" if more else ""))
    return "  ".join(parts)


def _failure(event: events.SupervisionFailed, *, coloured: bool) -> str:
    what = "what happens to containers is not known; trying again"
    if event.containers:
        what = f"not restarted: {safe(', '.join(event.containers))}"
    blocks = [paint(f"{what}:", BOLD, on=coloured)]
    if event.reports:
        blocks.append(render_reports(event.reports, coloured=coloured))
    blocks += [render_problem(problem, coloured=coloured) for problem in event.problems]
    return "\n".join(blocks)


def _name(container: str, coloured: bool) -> str:
    return paint(safe(container), BOLD, on=coloured)
