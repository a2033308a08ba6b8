"""Shows containers' log lines: a coloured prefix that tells who wrote it, the line itself untouched."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from compose_lite.cli.views.text import RESET, VARIOUS, paint, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import BinaryIO

    from compose_lite.cli.terminal import Terminal
    from compose_lite.events import ContainerExited
    from compose_lite.runner.logs import Line, LogSource

_STDOUT, _STDERR = 1, 2
# A line that does not end its colour is not to colour those of others.
_AFTER_COLOURS = f"{RESET}\n".encode()
_stream_of = itemgetter(1)


class LogPrinter:
    """Writes batches of lines to the output streams.

    Args:
        prefix: put `web-1  | ` before each line.
        timestamps: put the daemon's time before each line.
        coloured: colour the prefixes.
        one_stream: write everything to standard output, as `logs` does, for `logs | grep`.
        write: writes whole lines to an output stream of the terminal (for somebody who draws there, too).
    """

    def __init__(
        self,
        terminal: Terminal,
        project: str,
        *,
        prefix: bool = True,
        timestamps: bool = False,
        coloured: bool = False,
        one_stream: bool = False,
        write: Callable[[BinaryIO, bytes], None] | None = None,
    ) -> None:
        self._terminal = terminal
        self._project = project
        self._with_prefix = prefix
        self._timestamps = timestamps
        self._coloured = coloured
        self._one_stream = one_stream
        self._write = write or terminal.write
        self._colours: dict[str, str] = {}
        self._prefixes: dict[LogSource, bytes] = {}
        self._width = 0

    def expect(self, sources: Iterable[LogSource]) -> None:
        """Learn who will write, so that all prefixes have the same width from the first line on."""
        self.expect_names(self.name_of(source.service, source.number, source.name) for source in sources)

    def expect_names(self, names: Iterable[str]) -> None:
        """Learn the names, as `name_of` tells them, of who will write."""
        for name in names:
            self._colour(name)
            if len(name) > self._width:
                self._width = len(name)
                self._prefixes.clear()

    def show(self, batch: Sequence[Line]) -> None:
        """Write the lines of a batch, in order, each to the stream that the container wrote it to unless there is one only."""
        self.expect({line[0] for line in batch} - self._prefixes.keys())
        if self._one_stream:
            runs = [(_STDOUT, self._joined(batch))]
        else:
            runs = [(stream, self._joined(list(lines))) for stream, lines in groupby(batch, key=_stream_of)]
        for stream, data in runs:
            self._write(self._terminal.stderr if stream == _STDERR else self._terminal.stdout, data)

    def exited(self, event: ContainerExited) -> None:
        """Tell that a container has ended."""
        _, _, number = event.container.rpartition("-")
        name = self.name_of(event.service, int(number) if number.isdigit() else 0, event.container)
        text = f"{name} exited with code {event.exit_code}{' (restarting)' if event.restarting else ''}"
        shown = paint(safe(text), self._colour(name), on=self._coloured)
        self._write(self._terminal.stdout, f"{shown}\n".encode())

    def _joined(self, lines: Sequence[Line]) -> bytes:
        prefixes = {source: self._prefix(source) for source in {line[0] for line in lines}}
        end = _AFTER_COLOURS if self._coloured and any(b"\x1b" in text for _, _, _, text in lines) else b"\n"
        if self._timestamps:
            return b"".join(
                b"%b%b %b%b" % (prefixes[source], time, text, end) for source, _, time, text in lines
            )
        return b"".join(prefixes[source] + text + end for source, _, _, text in lines)

    def _prefix(self, source: LogSource) -> bytes:
        if not self._with_prefix:
            return b""
        if source not in self._prefixes:
            name = self.name_of(source.service, source.number, source.name)
            text = f"{safe(name):<{self._width}}  | "
            self._prefixes[source] = paint(text, self._colour(name), on=self._coloured).encode()
        return self._prefixes[source]

    def name_of(self, service: str, number: int, container: str) -> str:
        """`web-1`, or the container's own name where it was given one."""
        for between in "-_":
            usual = f"{service}{between}{number}"
            if container.endswith(f"{self._project}{between}{usual}"):
                return usual
        return container

    def _colour(self, name: str) -> str:
        return self._colours.setdefault(name, VARIOUS[len(self._colours) % len(VARIOUS)])
