"""Adds the edges that no single service knows of: names, ports and addresses that only one can hold, stops."""

from __future__ import annotations

from compose_lite.errors import PlanError, Problem
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.planner.refs import ContainerRef
    from compose_lite.planner.situation import ServiceState
    from compose_lite.planner.work import Work
    from compose_lite.spec.model import Port, Project, Service

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
    problems: list[Problem] = []
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


def yielding(project: Project, states: Mapping[str, ServiceState]) -> frozenset[str]:
    """Services whose replaced containers hold a port, an address or a name that another container is to have.

    They have to give it up at once: what waits for the other container might be what their rollout waits for.
    """
    wanted: dict[Claim, set[str]] = {}
    owners: dict[str, tuple[str, int]] = {}
    for name, state in states.items():
        owners.update((slot.name, (name, slot.number)) for slot in state.slots)
        for claim in _wanted(project, state.service) if state.slots else ():
            wanted.setdefault(claim, set()).add(name)
    return frozenset(
        name
        for name, state in states.items()
        for slot in state.slots
        if slot.replace and slot.current is not None
        if owners.get(slot.current.name, (name, slot.number)) != (name, slot.number)
        or any(wanted.get(claim, set()) - {name} for claim in _held(slot.current))
    )


def link_claims(work: Work) -> list[Problem]:
    """Let each start wait until containers that the plan stops have let go of ports and addresses.

    Returns the ports that somebody else holds on to, or that several containers would want.
    """
    held = _held_claims(work)
    problems: list[Problem] = []
    wanted_by: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for service, ref, start in work.launches:
        for port in service.ports:
            problems.extend(_port_problems(work, port, service, ref, wanted_by))
        for claim in _wanted(work.project, service):
            nodes = [node for holder, node in held.get(claim, ()) if holder != ref.id]
            work.draft.link(start, needs=nodes)
    return problems


def _held_claims(work: Work) -> dict[Claim, list[tuple[str, int]]]:
    """What containers hold that the plan stops: (container id, node after which it is free)."""
    held: dict[Claim, list[tuple[str, int]]] = {}
    for container in work.observed.containers if work.launches and work.halted else ():
        node = work.halted.get(container.id)
        if node is not None:
            for claim in _held(container):
                held.setdefault(claim, []).append((container.id, node))
    return held


def _held(container: ObservedContainer) -> Iterator[Claim]:
    for port in container.ports:
        if port.published is not None:
            yield ("port", port.protocol, port.published)
    for endpoint in container.endpoints:
        if endpoint.ip_address:
            yield ("address", endpoint.network, endpoint.ip_address)


def _wanted(project: Project, service: Service) -> Iterator[Claim]:
    for port in service.ports:
        numbers = published_ports(port)
        if len(numbers) == 1:  # of a range the engine takes one that is free
            yield ("port", port.protocol, numbers[0])
    for attachment in service.networks:
        if attachment.ipv4_address and attachment.network in project.networks:
            yield ("address", project.networks[attachment.network].name, attachment.ipv4_address)


def _port_problems(
    work: Work,
    port: Port,
    service: Service,
    ref: ContainerRef,
    wanted_by: dict[tuple[str, int], list[tuple[str, str]]],
) -> Iterator[Problem]:
    """Why the container can't publish the port, if the port is a fixed one."""
    numbers = published_ports(port)
    if len(numbers) != 1:
        return
    # A set: the daemon lists a port once for IPv4 and once for IPv6.
    for holder, owner in sorted(set(_holders(work, port, numbers[0]))):
        if holder != ref.id:
            yield _port_taken(service, numbers[0], owner)
    wishes = wanted_by.setdefault((port.protocol, numbers[0]), [])
    for other, host_ip in wishes:
        clash = other != service.name and _overlap(host_ip, port.host_ip or "")
        # A job may let go of the port before the other one starts.
        if clash and not (_awaited_to_end(work, other) or _awaited_to_end(work, service.name)):
            yield _port_wanted(service, numbers[0], other)
    wishes.append((service.name, port.host_ip or ""))
    if len(work.refs.get(service.name, ())) > 1:
        yield _port_scaled(service, numbers[0], len(work.refs[service.name]))


def _awaited_to_end(work: Work, name: str) -> bool:
    return any(
        need.service == name and need.condition == "service_completed_successfully"
        for service in work.project.services.values()
        for need in service.depends_on
    )


def _holders(work: Work, port: Port, number: int) -> Iterator[tuple[str, str]]:
    """Running containers that publish the port and that the plan does not stop: (id, how to call them)."""
    if not work.port_holders:
        work.port_holders.update(_running_publishers(work))
    for holder, owner, host_ip in work.port_holders.get((port.protocol, number), ()):
        if _overlap(host_ip, port.host_ip or ""):
            yield holder, owner


def _running_publishers(work: Work) -> dict[tuple[str, int], list[tuple[str, str, str]]]:
    found: dict[tuple[str, int], list[tuple[str, str, str]]] = {("", 0): []}
    inside = [
        (c.id, f"container {c.name!r} of this project", c.ports)
        for c in work.observed.containers
        if c.running and c.id not in work.halted
    ]
    outside = [
        (c.id, f"container {c.name!r}" + (f" of project {c.project!r}" if c.project else ""), c.ports)
        for c in work.observed.foreign
        if c.running
    ]
    for holder, owner, ports in (*inside, *outside):
        for port in ports:
            if port.published is not None:
                key = (port.protocol, port.published)
                found.setdefault(key, []).append((holder, owner, port.host_ip))
    return found


def _overlap(one: str, other: str) -> bool:
    """Whether two host addresses can't both have a port."""
    everywhere = ("", "0.0.0.0", "::")
    return one == other or one in everywhere or other in everywhere


def _port_taken(service: Service, number: int, owner: str) -> Problem:
    return Problem(
        code="port-in-use",
        message=f"port {number}, which service {service.name!r} publishes, is in use by {owner}",
        hint="stop that container, or publish another port",
        location=service.location,
        path=f"services.{service.name}.ports",
    )


def _port_wanted(service: Service, number: int, other: str) -> Problem:
    return Problem(
        code="port-twice",
        message=f"services {other!r} and {service.name!r} both publish port {number}",
        hint="publish another port of one of them, or leave the host port out to get a free one",
        location=service.location,
        path=f"services.{service.name}.ports",
    )


def _port_scaled(service: Service, number: int, replicas: int) -> Problem:
    return Problem(
        code="port-scaled",
        message=f"port {number} of service {service.name!r} can't be published by {replicas} containers",
        hint="publish a range of ports, or leave the host port out to get a free one for each",
        location=service.location,
        path=f"services.{service.name}.ports",
    )


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
