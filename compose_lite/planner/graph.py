"""The graph of services: what depends on what, in which order, and where it goes round in a circle.

The orders are short loops of our own: every command needs them, and importing networkx takes longer than most
commands do. networkx answers the rare questions, from inside the functions that ask them.
"""

from __future__ import annotations

from compose_lite.errors import PlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.spec.model import Service

# Service → the services that it needs, sorted.
Graph = dict[str, tuple[str, ...]]


def service_graph(services: Mapping[str, Service]) -> Graph:
    """What each service needs: `depends_on`, shared namespaces and volumes; only services that are there."""
    return {name: _needed(services[name], services) for name in sorted(services)}


def _needed(service: Service, services: Mapping[str, Service]) -> tuple[str, ...]:
    names = {dependency.service for dependency in service.depends_on}
    names.update(peer_services(service))
    return tuple(sorted(name for name in names if name in services and name != service.name))


def peer_services(service: Service) -> tuple[str, ...]:
    """The services whose containers a container of this one is tied to by their ids."""
    lenders = (source.split(":")[0] for source in service.volumes_from if not source.startswith("container:"))
    return tuple(sorted({*service.namespace_peers(), *lenders}))


def closure(graph: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> frozenset[str]:
    """The named services with everything that they need, directly or not."""
    found: set[str] = set()
    pending = [name for name in names if name in graph]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(graph[name])
    return frozenset(found)


def ordered(graph: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> tuple[str, ...]:
    """The named services, each behind those of them that it needs; the same order for the same input.

    Raises:
        PlanError: services need each other in a circle; the message spells it out.
    """
    wanted = sorted(names)
    among = frozenset(wanted)
    done: dict[str, None] = {}
    open_: set[str] = set()
    for root in wanted:
        # An explicit stack: a chain of services may be longer than Python's recursion limit.
        stack = [(root, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                open_.discard(name)
                done[name] = None
            elif name in open_:
                raise PlanError(_circle(graph, among), code="dependency-cycle")
            elif name not in done:
                open_.add(name)
                stack.append((name, True))
                stack.extend((need, False) for need in reversed(graph[name]) if need in among)
    return tuple(done)


def dependents(graph: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The graph with its arrows turned round: service → the services that need it, sorted."""
    found: dict[str, list[str]] = {name: [] for name in graph}
    for name in sorted(graph):
        for need in graph[name]:
            found[need].append(name)
    return {name: tuple(users) for name, users in found.items()}


def _circle(graph: Mapping[str, tuple[str, ...]], among: frozenset[str]) -> str:
    import networkx

    directed: networkx.DiGraph[str] = networkx.DiGraph()
    directed.add_edges_from((name, need) for name in sorted(among) for need in graph[name] if need in among)
    edges = networkx.find_cycle(directed)
    return "services depend on each other in a circle: " + " → ".join(
        [edges[0][0], *(edge[1] for edge in edges)]
    )
