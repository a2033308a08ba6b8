"""Lets one thread give up work that another one does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from compose_lite.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable


class Cancellation:
    """Handed to work that takes long; `cancel` makes it end soon with Interrupted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._callbacks: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Give the work up; without effect when it has ended."""
        with self._lock:
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Have `callback` called on cancellation; at once if that has happened."""
        with self._lock:
            if not self._cancelled:
                self._callbacks.append(callback)
                return
        callback()

    def check(self) -> None:
        """Raise Interrupted if the work was given up."""
        if self._cancelled:
            raise Interrupted("the work was given up")
