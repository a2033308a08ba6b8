"""What a watch's changes do where the daemon is gone: each failure is told, and the next wish is heard."""

from __future__ import annotations

from queue import Queue
from typing import TYPE_CHECKING, Any, cast

from compose_lite.errors import DaemonUnavailable
from compose_lite.events import WatchFailed
from compose_lite.pipeline.means import Means
from compose_lite.pipeline.watching_changes import Changer
from compose_lite.pipeline.watching_files import Origin
from compose_lite.planner.requests import UpRequest
from compose_lite.spec.model import FrozenMap, Project, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.events import Event
    from compose_lite.pipeline.watching_changes import Watched
    from compose_lite.runner.daemon import Daemon

PATIENCE = 30
PROJECT = Project(
    name="p", working_dir="/", services=FrozenMap({"web": Service(name="web", image="an-image")})
)


class _Gone:
    """A daemon that does not answer."""

    address = "unix:///gone"

    def __getattr__(self, name: str) -> Any:
        raise DaemonUnavailable(f"no Docker daemon answers: {name}")


class _Heard:
    """What the changer tells the watch."""

    def __init__(self) -> None:
        self.defects: list[BaseException] = []

    def settled(self, *_: object) -> None:
        pass

    def renewed(self, _origin: Origin) -> None:
        pass

    def guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # what a watch could not go on after
            self.defects.append(error)


def test_without_a_daemon_failures_are_told_and_the_next_wish_is_heard() -> None:
    told: Queue[Event] = Queue()
    heard = _Heard()
    means = Means(daemon=cast("Daemon", _Gone()), emit=told.put, lock=False)
    changer = Changer(
        Origin(project=PROJECT), means, request=UpRequest(), prune=True, watched=cast("Watched", heard)
    )
    changer.start()
    for _ in range(2):
        changer.rebuild("web", ("/page",), since=0)
        events = [told.get(timeout=PATIENCE) for _ in ("replace", "prune")]
        assert [event.action for event in events if isinstance(event, WatchFailed)] == ["replace", "prune"]
    changer.close(PATIENCE)
    assert not heard.defects
