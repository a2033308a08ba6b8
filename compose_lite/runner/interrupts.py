"""Turns Ctrl-C into a request to stop while a plan is carried out, so that it never tears the bookkeeping."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


@contextmanager
def on_interrupt(first: Callable[[], None], second: Callable[[], None]) -> Iterator[None]:
    """Call `first` on the first SIGINT and `second` on any further one, instead of raising KeyboardInterrupt.

    Only in the main thread, and only where nobody else has taken the signal.
    """
    free = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not free or threading.current_thread() is not threading.main_thread():
        yield
        return
    reactions = iter((first,))

    def react(_number: int, _frame: FrameType | None) -> None:
        next(reactions, second)()

    signal.signal(signal.SIGINT, react)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
