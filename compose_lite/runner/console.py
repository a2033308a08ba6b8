"""The user's terminal or pipes as the runner gets them: descriptors, never `sys.stdin` and its kin."""

from __future__ import annotations

import os
import select
import signal
import threading
from contextlib import contextmanager, suppress

from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any

# What ends a process without unwinding it, unless somebody listens.
_DEADLY = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Console:
    """Where a session's input comes from and where its output goes (file descriptors)."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2

    @property
    def input_is_terminal(self) -> bool:
        """Whether keys can be read one by one."""
        return os.isatty(self.stdin)

    def size(self) -> tuple[int, int] | None:
        """Return the terminal's height and width in characters, None if there is no terminal."""
        for descriptor in (self.stdout, self.stdin, self.stderr):
            try:
                width, height = os.get_terminal_size(descriptor)
            except OSError:
                continue
            if width and height:
                return height, width
        return None

    def read(self) -> bytes | None:
        """Return what was typed or piped in: `b""` at its end, None if there is nothing after all."""
        try:
            return os.read(self.stdin, 65536)
        except BlockingIOError:
            return None
        except OSError:
            return b""  # closed, or a terminal that was hung up

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data`; raises BrokenPipeError when nobody reads any more."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:  # somebody who shares the descriptor made it non-blocking
                select.select([], [descriptor], [])


@contextmanager
def raw_mode(descriptor: int) -> Iterator[None]:
    """Hand every key to the program as it is typed (Ctrl-C too); the terminal is restored in any case."""
    import termios
    import tty

    with _mode(descriptor, lambda: tty.setraw(descriptor, termios.TCSADRAIN)):
        yield


@contextmanager
def key_mode(descriptor: int) -> Iterator[None]:
    """Hand keys to the program as they are typed, unseen; Ctrl-C and Ctrl-Z stay what they are.

    The terminal is restored in any case. A shell that brings us back to the foreground has its own
    mode, so ours is set again then.
    """
    import termios

    def alter(mode: list[Any]) -> None:
        mode[3] &= ~(termios.ECHO | termios.ICANON)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0

    with _altered(descriptor, alter):
        yield


@contextmanager
def unseen_keys(descriptor: int) -> Iterator[None]:
    """Have what is typed not shown, which would get into what is drawn; otherwise like `key_mode`."""
    import termios

    def alter(mode: list[Any]) -> None:
        mode[3] &= ~termios.ECHO

    with _altered(descriptor, alter):
        yield


def suspend() -> None:
    """Stop as on Ctrl-Z, in spite of a handler for that, until somebody continues us."""
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, handler)


def in_foreground(descriptor: int) -> bool:
    """Tell whether the terminal listens to this process: a job in the background is stopped if it reads."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def _altered(descriptor: int, alter: Callable[[list[Any]], None]) -> Iterator[None]:
    """Have the terminal's mode altered meanwhile, also after a shell has brought us back with a mode of its own."""
    import termios

    def enter() -> None:
        mode = termios.tcgetattr(descriptor)
        alter(mode)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)

    def back(_number: int) -> None:
        if in_foreground(descriptor):
            enter()

    with _mode(descriptor, enter), on_signal(back, signal.SIGCONT):
        yield


@contextmanager
def _mode(descriptor: int, enter: Callable[[], None]) -> Iterator[None]:
    """Have the terminal in the mode that `enter` sets, and in its former one afterwards, however that comes."""
    import termios

    before = termios.tcgetattr(descriptor)

    def restore() -> None:
        # Whoever has been put into the background meanwhile would be stopped for changing the mode.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        with suppress(termios.error):  # the terminal is gone: hung up
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})

    with _before_death(restore):
        try:
            enter()
            yield
        finally:
            restore()


@contextmanager
def on_signal(handler: Callable[[int], None], *signals: int) -> Iterator[None]:
    """Call `handler` for these signals meanwhile; without effect outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        handler(number)

    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


@contextmanager
def _before_death(restore: Callable[[], None]) -> Iterator[None]:
    """Run `restore` before a signal that nobody handles ends the process."""

    def die(number: int) -> None:
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    unhandled = [number for number in _DEADLY if signal.getsignal(number) is signal.SIG_DFL]
    with on_signal(die, *unhandled):
        yield
