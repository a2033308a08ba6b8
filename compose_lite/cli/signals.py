"""Lets every signal that asks a process to end do what Ctrl-C does, so that nothing is left half done."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager

from compose_lite.cli.interrupts import as_ctrl_c

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_as_ctrl_c() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP as SIGINT meanwhile; without effect outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    before = {number: signal.signal(number, as_ctrl_c) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
