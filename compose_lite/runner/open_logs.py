"""Reads many open logs at once, as their lines arrive: in pieces of a bounded size, merged by time."""

from __future__ import annotations

import selectors
from time import monotonic, sleep, time
from typing import TYPE_CHECKING

from compose_lite.runner.logs import BLOCK, TimeMerger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compose_lite.runner.logs import Line, OpenLog
    from compose_lite.runner.wakeups import Wakeup

# History counts as read when a log has been silent this long (seconds), or has reached the present.
_SILENCE = 0.05
_CATCH_UP_LIMIT = 10.0
# The daemon sends line by line. When lines come faster than this (seconds), they are left to gather as long.
_BATCH_INTERVAL = 0.001
# What arrives at once from all logs is taken in pieces of at least this size (bytes), and of about a block together.
_LEAST_PIECE = 16 * 1024


class OpenLogs:
    """The logs that are being read; one thread uses it, and `wakeup` makes its waits end early."""

    def __init__(self, wakeup: Wakeup) -> None:
        self._wakeup = wakeup
        self._merger = TimeMerger(())
        self._read_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._selector.register(wakeup, selectors.EVENT_READ)

    def add(self, log: OpenLog) -> None:
        """Read this one too; nothing waits for its lines."""
        self._merger.add(log)
        self._merger.release(log)
        self._selector.register(log.stream, selectors.EVENT_READ, log)

    def remove(self, log: OpenLog) -> None:
        """Give a log up; lines of it that were read are still handed out."""
        log.ended = True
        self._selector.unregister(log.stream)
        log.close()

    def take(self) -> list[Line]:
        """Return the lines that are due, in order."""
        return self._merger.take()

    def newest(self, log: OpenLog) -> bytes:
        """Return the newest time read from `log`."""
        return self._merger.last(log)

    def catch_up(self, logs: Iterable[OpenLog]) -> Iterator[OpenLog]:
        """Read what was written so far, so that lines are only due once no log has older ones.

        Yields each log that something was read of; it may be left at any time.
        """
        present, begun = _stamp(time()), monotonic()
        heard = dict.fromkeys(logs, begun)
        for opened in heard:
            self._merger.add(opened)
            self._selector.register(opened.stream, selectors.EVENT_READ, opened)
        while (log := self._merger.limiting()) is not None:
            ready = log.readable(max(0.0, heard[log] + _SILENCE - monotonic()))
            heard[log] = monotonic()
            if ready:
                self._merger.push(log, log.receive())
                self._pace()
            newest = self._merger.last(log)
            if not ready or newest >= present or heard[log] > begun + _CATCH_UP_LIMIT:
                self._merger.release(log)
            yield log

    def read(self, patience: float | None) -> Iterator[OpenLog]:
        """Wait until something arrives, at most `patience` seconds, and take it; yields each log that was read.

        Nothing is read if the wakeup has been called: what it was called for comes first.
        """
        ready = [key.data for key, _ in self._selector.select(patience)]
        if None in ready:
            self._wakeup.clear()
            return
        for log in ready:
            self._merger.push(log, log.receive(max(_LEAST_PIECE, BLOCK // len(ready))))
            yield log
        self._pace()

    def close(self) -> None:
        """End; the logs are closed by those who opened them."""
        self._selector.close()

    def _pace(self) -> None:
        """Let lines gather when they come one after the other: fewer wake-ups, and an order by time."""
        now = monotonic()
        if now - self._read_at < _BATCH_INTERVAL:
            sleep(_BATCH_INTERVAL)
        self._read_at = now


def _stamp(seconds: float) -> bytes:
    """Return a moment as the daemon stamps its lines."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").encode() + b"000Z"
