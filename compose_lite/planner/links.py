"""Adds the edges that no single service knows of: names, ports and addresses that only one can hold, stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.errors import PlanError, Problem
from compose_lite.spec.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.planner.survey import ServiceState
    from compose_lite.planner.work import Work
    from compose_lite.spec.model import Port, Service

# What only one running container can hold: ("port", "tcp", 8080) or ("address", network, "10.0.0.2").
Claim = tuple[str, str, int | str]


def find_swaps(states: Iterable[ServiceState]) -> frozenset[str]:
    """Ids of containers that have to take a temporary name first, because renames form a circle."""
    wanted: dict[str, tuple[str, str]] = {}
    for state in states:
        for slot in state.slots:
            if slot.kept is not None and slot.kept.name != slot.name:
                wanted[slot.kept.name] = (slot.name, slot.kept.id)
    swaps: set[str] = set()
    seen: set[str] = set()
    for start in sorted(wanted):
        path: dict[str, str] = {}
        name = start
        while name in wanted and name not in seen:
            seen.add(name)
            path[name] = wanted[name][1]
            name = wanted[name][0]
        if name in path:
            swaps.add(path[name])
    return frozenset(swaps)


def link_names(work: Work) -> list[Problem]:
    """Let each action that gives a name wait until nobody has it; returns the names that nobody gives up."""
    holders = {container.name: container for container in work.observed.containers}
    foreign = {container.name: container for container in work.observed.foreign}
    problems = []
    for name, node in work.claims:
        if name in work.freed:
            work.draft.link(node, needs=[work.freed[name]])
        elif name in holders:
            problems.append(_taken(name, f"the container of service {holders[name].service!r}"))
        elif name in foreign:
            owner = foreign[name].project
            problems.append(
                _taken(name, f"project {owner!r}" if owner else "a container outside of any project")
            )
    return problems


def _taken(name: str, holder: str) -> Problem:
    return Problem(
        code="container-name-taken",
        message=f"the container name {name!r} is taken by {holder}",
        hint=f"remove that container (docker rm -f {name}), or choose another name",
    )


def link_stops(
    work: Work,
    order: Iterable[str],
    graph: Mapping[str, tuple[str, ...]],
    tied: Mapping[str, tuple[str, ...]] = EMPTY,
) -> None:
    """Stop what needs a service before the service itself; where it is tied to it, only after success.

    Args:
        order: services, each behind those that it needs.
        tied: service → services whose namespaces it shares.
    """
    # Where nothing of a service stops, those that need it count for it.
    last: dict[str, list[int]] = {}
    users: dict[str, list[str]] = {}
    for name in reversed(tuple(order)):
        above = [node for user in users.get(name, ()) for node in last[user]]
        stops = work.stops.get(name, [])
        for first, stop in stops:
            work.draft.link(first, after=above)
            for user in users.get(name, ()):
                if name in tied.get(user, ()):
                    work.draft.link(stop, needs=last[user])
        last[name] = [stop for _, stop in stops] or above
        for need in graph[name]:
            users.setdefault(need, []).append(name)


def link_claims(work: Work) -> None:
    """Let each start wait until other containers that the plan stops have let go of ports and addresses."""
    if not work.launches or not work.halted:
        return
    held: dict[Claim, list[tuple[str, int]]] = {}
    for container in work.observed.containers:
        node = work.halted.get(container.id)
        if node is not None:
            for claim in _held(container):
                held.setdefault(claim, []).append((container.id, node))
    for service, ref, start in work.launches:
        for claim in _wanted(work, service):
            nodes = [node for holder, node in held.get(claim, ()) if holder != ref.id]
            work.draft.link(start, needs=nodes)


def _held(container: ObservedContainer) -> Iterator[Claim]:
    for port in container.ports:
        if port.published is not None:
            yield ("port", port.protocol, port.published)
    for endpoint in container.endpoints:
        if endpoint.ip_address:
            yield ("address", endpoint.network, endpoint.ip_address)


def _wanted(work: Work, service: Service) -> Iterator[Claim]:
    for port in service.ports:
        yield from (("port", port.protocol, number) for number in published_ports(port))
    for attachment in service.networks:
        if attachment.ipv4_address and attachment.network in work.project.networks:
            yield ("address", work.project.networks[attachment.network].name, attachment.ipv4_address)


def published_ports(port: Port) -> range:
    """The host ports that a port may take; none if any free one will do."""
    if not port.published or port.published == "0":
        return range(0)
    first, _, last = port.published.partition("-")
    return range(int(first), int(last or first) + 1)


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise `PlanError` with the problems, if there are any."""
    found = tuple(problems)
    if found:
        raise PlanError(problems=found)
