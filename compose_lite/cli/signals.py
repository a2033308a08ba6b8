"""Lets every signal that asks a process to end do what Ctrl-C does, so that nothing is left half done."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_as_ctrl_c() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP as SIGINT meanwhile; without effect outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        # Called, not raised as a signal: a background job ignores SIGINT, but not these.
        react = signal.getsignal(signal.SIGINT)
        if not callable(react):
            raise KeyboardInterrupt
        react(number, frame)

    before = {number: signal.signal(number, interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
