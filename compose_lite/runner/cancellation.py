"""Lets one thread, or a signal handler, give up work that others do."""

from __future__ import annotations

from compose_lite.errors import Interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Cancellation:
    """Handed to work that takes long; `cancel` makes it end soon with Interrupted."""

    def __init__(self) -> None:
        self._cancelled = False
        # Appended to and popped from without a lock, which a signal handler must not wait for.
        self._callbacks: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Give the work up; without effect on what has ended."""
        self._cancelled = True
        self._call()

    @property
    def cancelled(self) -> bool:
        """Whether the work was given up."""
        return self._cancelled

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Have `callback` called on cancellation, from any thread; at once if that has happened."""
        self._callbacks.append(callback)
        if self._cancelled:
            self._call()

    def check(self) -> None:
        """Raise Interrupted if the work was given up."""
        if self._cancelled:
            raise Interrupted("the work was given up")

    def _call(self) -> None:
        while self._callbacks:
            try:
                callback = self._callbacks.pop()
            except IndexError:
                return  # another thread took the last one
            callback()
