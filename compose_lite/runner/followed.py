"""What a follower knows of each container, and the starts that it still has to hear of."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        "running",
        "source",
    )

    def __init__(self, source: LogSource) -> None:
        self.source = source
        self.running = False
        self.log: OpenLog | None = None
        self.exits: list[ContainerExited] = []  # its log is still being read
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
        changed = self._daemon.start_container(container)
        if changed:
            self._count(container, 1)
        return changed

    def restart_container(self, container: str, *, timeout: float | None = None) -> None:
        self._daemon.restart_container(container, timeout=timeout)
        self._count(container, 1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._daemon, name)

    def event_came(self, container: str) -> None:
        """Note that the daemon told of a start (perhaps before the call that caused it returned)."""
        self._count(container, -1)

    def any_missing(self) -> bool:
        """Tell whether the daemon still has to tell of a start."""
        with self._lock:
            return any(count > 0 for count in self._starts.values())

    def _count(self, container: str, change: int) -> None:
        with self._lock:
            self._starts[container] = self._starts.get(container, 0) + change
