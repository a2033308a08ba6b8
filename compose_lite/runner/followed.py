"""What a follower knows of each container, and the starts that it still has to hear of."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.events import ContainerExited
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.logs import LogSource, OpenLog


class Followed:
    """What is known of one container."""

    __slots__ = (
        "again",
        "asked",
        "awaited",
        "deadline",
        "died_at",
        "exits",
        "gone",
        "last",
        "log",
        "new",
        "rest",
        "running",
        "source",
    )

    def __init__(self, source: LogSource) -> None:
        self.source = source
        self.running = False
        self.log: OpenLog | None = None
        self.exits: list[ContainerExited] = []  # its log is still being read
        self.rest = False  # its log has ended, and is read once more for what was not sent
        self.again = False  # it has started once more while its log was still being read
        self.asked = False  # somebody sent it a signal since it started
        self.new = False  # it was created while we listened: its log has no earlier run
        self.awaited = False  # it was created beside the one whose place it takes, and will be started
        self.gone = False
        self.died_at: str | None = None  # Unix seconds, the daemon's clock
        self.last = b""  # time of the newest line read
        self.deadline: float | None = None  # when to stop waiting for what should come (monotonic)

    @property
    def place(self) -> tuple[str, int]:
        return self.source.service, self.source.number


class StartsNoted:
    """A daemon on which every start that is asked for is noted, until its event has come."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._lock = threading.Lock()
        self._starts: dict[str, int] = {}

    def start_container(self, container: str) -> bool:
        with self._noted(container) as note:
            note.kept = self._daemon.start_container(container)
        return note.kept

    def restart_container(self, container: str, *, timeout: float | None = None) -> None:
        with self._noted(container) as note:
            self._daemon.restart_container(container, timeout=timeout)
            note.kept = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._daemon, name)

    def event_came(self, container: str) -> None:
        """Note that the daemon told of a start, be it one of ours or not."""
        with self._lock:
            left = self._starts.pop(container, 0) - 1
            if left > 0:
                self._starts[container] = left

    def events_lost(self) -> None:
        """Expect no event of the starts so far."""
        with self._lock:
            self._starts.clear()

    def any_missing(self) -> bool:
        """Tell whether the daemon still has to tell of a start."""
        return bool(self._starts)

    @contextmanager
    def _noted(self, container: str) -> Iterator[_Note]:
        """Note a start before it is asked for: its event may come before the answer does."""
        note = _Note()
        with self._lock:
            self._starts[container] = self._starts.get(container, 0) + 1
        try:
            yield note
        finally:
            if not note.kept:
                self.event_came(container)


class _Note:
    """Of a start that is being asked for; not kept, there will be no event."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept = False
