"""Shows containers' log lines to programs: one JSON object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.text import json_text
from compose_lite.runner.logs import as_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compose_lite.cli.terminal import Terminal
    from compose_lite.events import ContainerExited
    from compose_lite.runner.logs import Line, LogSource


class JsonLogPrinter:
    """Writes `{"service", "container", "stream", "time", "message"}`, each at once, to standard output."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def expect(self, sources: Iterable[LogSource]) -> None:
        """Nothing has to be known beforehand."""

    def show(self, batch: Sequence[Line]) -> None:
        """Write the lines of a batch, in order."""
        for line in batch:
            self._terminal.print(json_text(_data(line), compact=True))
        self._terminal.stdout.flush()

    def exited(self, event: ContainerExited) -> None:
        """Write nothing: the output is lines that containers wrote."""


def _data(line: Line) -> dict[str, str]:
    """A line as data; bytes that are not UTF-8 become replacement characters."""
    event = as_event(line)
    return {
        "service": event.service,
        "container": event.container,
        "stream": event.stream,
        "time": event.time,
        "message": event.text.decode(errors="replace"),
    }
