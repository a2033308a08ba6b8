"""What the process's streams are and can show: terminal or pipe, colours, size."""

from __future__ import annotations

import os
import sys

from compose_lite.lazy_dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

ANSI = ("never", "always", "auto")
FALLBACK_SIZE = (80, 24)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terminal:
    """The three streams of the process, as bytes, with what each can show.

    Attributes:
        out_tty, err_tty, in_tty: whether the stream is a terminal.
        out_colour, err_colour: whether colours may be written to it.
        live: whether the error stream may be redrawn in place (cursor movement).
    """

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: BinaryIO
    in_tty: bool = False
    out_tty: bool = False
    err_tty: bool = False
    out_colour: bool = False
    err_colour: bool = False
    live: bool = False

    def with_ansi(self, wish: str | None, environ: Mapping[str, str]) -> Terminal:
        """A copy that follows `--ansi` (else `COMPOSE_ANSI`), `NO_COLOR` and `TERM`."""
        mode = wish or environ.get("COMPOSE_ANSI") or "auto"
        if mode == "always":
            return replace(self, out_colour=True, err_colour=True, live=True)
        if mode == "never" or environ.get("TERM") == "dumb":
            return replace(self, out_colour=False, err_colour=False, live=False)
        coloured = not environ.get("NO_COLOR")
        return replace(
            self,
            out_colour=coloured and self.out_tty,
            err_colour=coloured and self.err_tty,
            live=self.err_tty,
        )

    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal behind the streams, or 80 by 24 if there is none."""
        for stream, is_terminal in ((self.stderr, self.err_tty), (self.stdout, self.out_tty)):
            if not is_terminal:
                continue
            try:
                columns, rows = os.get_terminal_size(stream.fileno())
            except OSError:
                continue
            if columns > 0 and rows > 0:
                return columns, rows
        return FALLBACK_SIZE

    def columns(self, *, error: bool = False) -> int | None:
        """The width of the window that one of the two output streams goes to; `None` if it goes elsewhere."""
        return self.size()[0] if (self.err_tty if error else self.out_tty) else None

    def shares_screen(self, stream: BinaryIO) -> bool:
        """Whether what is written to one of the two output streams appears where the error stream's output does."""
        if stream is self.stderr:
            return True
        if not (self.out_tty and self.err_tty):
            return False
        return os.fstat(self.stdout.fileno()).st_rdev == os.fstat(self.stderr.fileno()).st_rdev

    def write(self, stream: BinaryIO, data: bytes) -> None:
        """Write to one of the two output streams, at once."""
        stream.write(data)
        stream.flush()

    def print(self, text: str = "", *, end: str = "\n") -> None:
        """Write a line to standard output."""
        self.stdout.write((text + end).encode("utf-8", "surrogateescape"))

    def note(self, text: str = "", *, end: str = "\n") -> None:
        """Write a line for people to standard error, at once."""
        self.stdout.flush()
        self.stderr.write((text + end).encode("utf-8", "surrogateescape"))
        self.stderr.flush()

    def forget_echo(self) -> None:
        """Take the `^C` away that the terminal shows for a typed Ctrl-C, if it stands on a line of its own."""
        if self.live and self.in_tty and self.err_tty:
            self.note("\r\x1b[K", end="")

    def flush(self) -> None:
        """Write out what is still buffered."""
        self.stdout.flush()
        self.stderr.flush()

    def let_go(self) -> bool:
        """If the terminal behind the streams has hung up, have what is still written go nowhere; tells whether."""
        import termios

        gone = False
        for stream, is_terminal in ((self.stdout, self.out_tty), (self.stderr, self.err_tty)):
            if not is_terminal:
                continue
            try:
                termios.tcgetattr(stream.fileno())
            except termios.error:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
                gone = True
        return gone


def of_process() -> Terminal:
    """The terminal that this process was started with, colours not yet decided."""
    return Terminal(
        stdin=sys.stdin.buffer,
        stdout=sys.stdout.buffer,
        stderr=sys.stderr.buffer,
        in_tty=_is_tty(0),
        out_tty=_is_tty(1),
        err_tty=_is_tty(2),
    )


def _is_tty(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
