"""The live view of progress on a terminal: a line per resource, redrawn in place at a calm pace."""

from __future__ import annotations

import time
from contextlib import ExitStack
from threading import Condition, Thread
from typing import TYPE_CHECKING, BinaryIO

from compose_lite import events
from compose_lite.cli.views.block import Block
from compose_lite.cli.views.board import TICK, Board, frame
from compose_lite.cli.views.problems import render_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.cli.terminal import Terminal

# Seconds until everything is drawn anew: a shell or a key may have written over it.
_ANEW = 1.0


class LiveView:
    """Draws a board on the error stream, at most ten times a second, and only what has changed."""

    def __init__(
        self, terminal: Terminal, *, title: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._terminal = terminal
        self._title = title
        self._clock = clock
        self._board = Board(clock)
        self._block = Block(lambda text: terminal.note(text, end=""))
        self._changed = Condition()
        self._dirty = self._closed = False
        self._above = ""
        self._anew_at = 0.0
        self._painter: Thread | None = None
        self._meanwhile = ExitStack()

    def __call__(self, event: events.Event, /) -> None:
        if isinstance(event, events.Notice):
            self.print_above(render_problem(event.problem, coloured=self._terminal.err_colour) + "\n")
            return
        with self._changed:
            self._board.take(event)
            if self._painter is None and isinstance(event, events.ActionStarted):
                self._begin()
            self._redraw()

    def print_above(self, text: str) -> None:
        """Write whole lines above the block; from any thread."""
        with self._changed:
            if self._painter is None:
                self._terminal.note(text, end="")
                return
            self._above += text
            self._redraw()

    def above(self, stream: BinaryIO, data: bytes, /) -> bool:
        """Write whole lines above the block; tells whether they are its to write, which nobody else's screen is."""
        with self._changed:
            if self._painter is None or not self._terminal.shares_screen(stream):
                return False
            self._above += data.decode("utf-8", "surrogateescape")
            self._redraw()
            return True

    def aside(self, write: Callable[[], None]) -> None:
        """Take the block away, call `write`, and draw the block again below what it wrote."""
        with self._changed:
            if self._painter is None:
                write()
                return
            self._draw()
            self._block.clear()
            write()
            self._terminal.flush()
            self._draw()

    def close(self) -> None:
        """Draw the last frame for good and give the cursor back."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._painter is not None:
            with self._meanwhile:
                try:
                    self._painter.join()
                finally:
                    self._finish()
        elif self._board.lines:
            self._terminal.note("\n".join(self._frame(self._terminal.size(), final=True)))

    def _finish(self) -> None:
        with self._changed:
            self._painter = None
            if self._above:
                self._draw()
            self._board.interrupt()
            self._block.finish(self._frame(self._terminal.size(), final=True))

    def _begin(self) -> None:
        """Draw from now on; the terminal shows no keys meanwhile, and Ctrl-Z leaves it tidy."""
        from signal import SIGTSTP

        from compose_lite.runner.console import in_foreground, on_signal, unseen_keys

        if self._terminal.in_tty and in_foreground(self._terminal.stdin.fileno()):
            self._meanwhile.enter_context(unseen_keys(self._terminal.stdin.fileno()))
            self._meanwhile.enter_context(on_signal(self._suspend, SIGTSTP))
        self._painter = Thread(target=self._paint, name="progress", daemon=True)
        self._painter.start()

    def _suspend(self, _number: int) -> None:
        """Leave what is drawn, stop, and draw again below what a shell has written meanwhile."""
        from compose_lite.runner.console import suspend

        with self._changed:
            self._block.finish(self._frame(self._terminal.size()))
            suspend()
            self._block.clear()
            self._redraw()

    def _redraw(self) -> None:
        """Have the painter draw: at once if it was at rest, else with its next picture."""
        self._dirty = True
        self._changed.notify()

    def _paint(self) -> None:
        with self._changed:
            while not self._closed:
                self._draw()
                self._changed.wait_for(lambda: self._closed, TICK)
                if not self._board.working():
                    self._changed.wait_for(lambda: self._closed or self._dirty)

    def _draw(self) -> None:
        size, now = self._terminal.size(), self._clock()
        anew = now >= self._anew_at
        self._anew_at = now + _ANEW if anew else self._anew_at
        above, self._above, self._dirty = self._above, "", False
        self._block.draw(self._frame(size), size=size, above=above, whole=anew)

    def _frame(self, size: tuple[int, int], *, final: bool = False) -> list[str]:
        return frame(
            self._board,
            title=self._title,
            now=self._clock(),
            columns=size[0],
            rows=size[1],
            coloured=self._terminal.err_colour,
            final=final,
        )
