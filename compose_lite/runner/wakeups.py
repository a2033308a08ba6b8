"""Lets a loop that selects on descriptors also hear of what threads have for it."""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from compose_lite.errors import ComposeLiteError

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Feed, Json


class Wakeup:
    """A descriptor that becomes readable when any thread (or signal handler) calls `wake`."""

    __slots__ = ("_reader", "_writer")

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def fileno(self) -> int:
        return self._reader

    def wake(self) -> None:
        """Make the descriptor readable."""
        with suppress(OSError):  # full: it is readable already; closed: nobody waits any more
            os.write(self._writer, b"!")

    def clear(self) -> None:
        """Make the descriptor wait for the next `wake`."""
        with suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                pass

    def close(self) -> None:
        """Give both ends up."""
        os.close(self._reader)
        os.close(self._writer)


class EventPump:
    """Takes the daemon's events in a thread and keeps them for a loop that waits on `wakeup`.

    The feed is subscribed before this is made, so no event after that is missed.
    """

    def __init__(self, feed: Feed, wakeup: Wakeup) -> None:
        self._feed = feed
        self._wakeup = wakeup
        self._events: deque[Json] = deque()
        self._failure: ComposeLiteError | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._pump, name="events", daemon=True)
        self._thread.start()

    def take(self) -> list[Json]:
        """Return the events that came since the last call; raises what ended the feed, once they are taken."""
        taken = []
        while self._events:
            taken.append(self._events.popleft())
        if not taken and self._failure is not None:
            raise self._failure
        return taken

    def close(self) -> None:
        """End the subscription and the thread."""
        self._closing = True
        self._feed.close()
        self._thread.join()

    def _pump(self) -> None:
        try:
            for event in self._feed:
                self._events.append(event)
                self._wakeup.wake()
            failure = ComposeLiteError("the daemon ended its events: it may be shutting down")
        except ComposeLiteError as error:
            failure = error
        if not self._closing:
            self._failure = failure
            self._wakeup.wake()
