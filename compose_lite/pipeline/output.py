"""What containers write, line by line, for users of the library."""

from __future__ import annotations

from compose_lite.runner.logs import LogOptions, LogSource, as_event, read_history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compose_lite.events import LogLine
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon


def lines(
    daemon: Daemon, project: str, services: Sequence[str], *, tail: int | None, follow: bool
) -> Iterator[LogLine]:
    """The lines of the services' containers (of all, if none is named), merged by time.

    With `follow` it goes on until the last container has ended. Raises `DaemonError` where a log can't be read.
    """
    wanted = LogOptions(tail="all" if tail is None else str(tail))
    if follow:
        yield from _followed(daemon, project, services, wanted)
        return
    sources = [LogSource.of(container) for container in _chosen(daemon, project, services)]
    for batch in read_history(daemon, sources, wanted):
        yield from map(as_event, batch)


def _followed(daemon: Daemon, project: str, services: Sequence[str], wanted: LogOptions) -> Iterator[LogLine]:
    from compose_lite.runner.follow import LogFollower

    follower = LogFollower(daemon, project, services=services or None)
    found = _chosen(daemon, project, services)
    running = [container.id for container in found if container.running]
    follower.follow([LogSource.of(container) for container in found], running=running, options=wanted)
    follower.expect_no_more()
    for item in follower:
        if isinstance(item, list):
            yield from map(as_event, item)


def _chosen(daemon: Daemon, project: str, services: Sequence[str]) -> list[ObservedContainer]:
    from compose_lite.pipeline.queries import containers

    return [
        container
        for container in containers(daemon, project)
        if not container.oneoff and (not services or container.service in services)
    ]
