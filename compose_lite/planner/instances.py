"""Allocates host ports to an instance, so that the same files run side by side.

No state is kept for it: an instance's containers say in a label which ports they got, and one without containers
gets the ports that a digest of its name leads to, or the next free ones.
"""

from __future__ import annotations

import hashlib

from compose_lite import labels
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.links import published_ports
from compose_lite.spec.model import FrozenMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from compose_lite.planner.observed import Observed
    from compose_lite.spec.model import Port, Project, Service

    # A host port and its protocol.
    HostPort = tuple[int, str]
    Taken = Callable[[int, str], bool]

# Below what Linux gives to outgoing connections (32768 and up), above what services usually listen on.
ALLOCATED = range(20000, 32000)


def allocated(project: Project, observed: Observed, listens: Taken) -> Project:
    """The project with a host port of the instance's own for each that the files fix.

    What the project's containers have got is kept, as long as nobody else holds it. Addresses (`127.0.0.1:`) stay;
    a port that the engine may choose is left to it.

    Args:
        listens: whether a process of the machine listens on a port.
    """
    mine = {(p.published, p.protocol) for c in observed.containers if c.running for p in c.ports}
    used = set(_of_others(observed))

    def free(port: int, protocol: str) -> bool:
        return (port, protocol) not in used and ((port, protocol) in mine or not listens(port, protocol))

    known = {name: dict(_got(observed, name)) for name in project.services}
    chosen: dict[tuple[str, str], int] = {}
    wanted = [(name, port) for name, service in project.services.items() for port in _fixed(service)]
    for fresh in (False, True):  # first those that have a port already: nobody takes it from them
        for name, port in wanted:
            place = (name, _key(port))
            before = known[name].get(place[1])
            if place in chosen or (before is None) != fresh:
                continue
            candidates = [*([before] if before is not None else []), *_candidates(project.name, name, port)]
            number = next((c for c in candidates if free(c, port.protocol)), None)
            if number is not None:
                chosen[place] = number
                used.add((number, port.protocol))
    return project.with_services(
        _with_ports(
            service, project.instance, {key: n for (name, key), n in chosen.items() if name == service.name}
        )
        for service in project.services.values()
    )


def parse(told: str) -> Iterator[tuple[str, int]]:
    """The entries of the label: the files' port with its protocol, and the host port that was got for it."""
    for entry in filter(None, told.split(",")):
        key, _, number = entry.partition("=")
        if number.isdigit():
            yield key, int(number)


def _got(observed: Observed, service: str) -> Iterator[tuple[str, int]]:
    for container in observed.of_service(service):
        yield from parse(container.labels.get(labels.PORTS, ""))


def _of_others(observed: Observed) -> Iterator[HostPort]:
    """The ports that containers of others hold, or were allocated."""
    for container in observed.foreign:
        for port in container.ports:
            if port.published is not None:
                yield port.published, port.protocol
        for key, number in parse(container.allocated):
            yield number, key.rpartition("/")[2]


def _fixed(service: Service) -> list[Port]:
    """The service's ports that would collide with those of another instance."""
    one = [port for port in service.ports if len(published_ports(port)) == 1]
    if service.replicas > 1:
        return one  # of a range each replica takes one: that is left to the engine
    return [port for port in service.ports if published_ports(port)]


def _key(port: Port) -> str:
    return f"{port.published}/{port.protocol}"


def _candidates(project: str, service: str, port: Port) -> Iterator[int]:
    """The numbers to try: all of a range of the files, or of ours, from where the digest points."""
    span = published_ports(port)
    numbers = span if len(span) > 1 else ALLOCATED
    digest = hashlib.sha256(f"{project}\0{service}\0{_key(port)}".encode()).digest()
    first = int.from_bytes(digest[:8], "big") % len(numbers)
    yield from numbers[first:]
    yield from numbers[:first]


def _with_ports(service: Service, instance: str, got: Mapping[str, int]) -> Service:
    told = ",".join(f"{key}={number}" for key, number in sorted(got.items()))
    marks = {labels.INSTANCE: instance, **({labels.PORTS: told} if told else {})}
    ports = tuple(
        replace(port, published=str(got[_key(port)])) if _key(port) in got else port for port in service.ports
    )
    return replace(service, ports=ports, labels=FrozenMap({**service.labels, **marks}))
