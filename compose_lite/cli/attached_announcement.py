"""Tells whose logs an attached `up` shows: before the first of their lines, however early that comes."""

from __future__ import annotations

from itertools import count, islice
from threading import Lock
from typing import TYPE_CHECKING

from compose_lite.planner.naming import container_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from compose_lite.cli.commands.up import UpOptions
    from compose_lite.spec.model import Project


class Announcement:
    """What is told once, by whichever thread gets there first; the others wait until it has been told."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._lock = Lock()
        self._made = False

    def make(self) -> None:
        """Tell it, unless that has been done."""
        with self._lock:
            if not self._made:
                self._tell()
                self._made = True


def shown_services(project: Project, options: UpOptions) -> frozenset[str]:
    """The services whose logs are shown."""
    if options.attach:
        wanted = frozenset(options.attach)
    elif options.attach_dependencies or not options.services:
        wanted = frozenset(project.services)
    else:
        wanted = frozenset(options.services)
    return frozenset(
        name
        for name in wanted - set(options.no_attach)
        if name in project.services and (project.services[name].attach or name in options.attach)
    )


def coming_up(
    project: Project, services: Collection[str], numbers: Iterable[tuple[str, int]]
) -> Sequence[tuple[str, int, str]]:
    """Service, number and name of each container that `up` will have brought up.

    Containers keep their numbers, the lowest first, and new ones get the lowest that are free.

    Args:
        numbers: service and number of each container that there is before.
    """
    there = sorted(set(numbers))
    found = []
    for name in sorted(services):
        service = project.services[name]
        replicas = service.replicas
        kept = [number for owner, number in there if owner == name][:replicas]
        new = islice((number for number in count(1) if number not in kept), replicas - len(kept))
        found += [(name, number, container_name(project.name, service, number)) for number in (*kept, *new)]
    return found
