"""What teardown and lifecycle verbs know of a stack: its files, or only what the daemon's labels tell."""

from __future__ import annotations

from collections import defaultdict

from compose_lite import labels
from compose_lite.errors import Problem
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner.graph import Graph, closure, dependents, ordered, service_graph
from compose_lite.planner.links import raise_all
from compose_lite.planner.selection import unknown_services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.spec.model import Project, Service


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """The services of a project in an order in which each is behind those that it needs.

    Attributes:
        order: the services that the request is about; without files all that have containers.
        selected: whether services were named.
        containers: service → all its containers, one-offs included.
    """

    project: Project | None
    observed: Observed
    order: tuple[str, ...]
    selected: bool
    graph: Graph
    containers: dict[str, list[ObservedContainer]]

    def service(self, name: str) -> Service | None:
        """The service as the files have it, if they do."""
        return self.project.services.get(name) if self.project is not None else None

    def of(self, name: str, *, oneoffs: bool = False) -> list[ObservedContainer]:
        """The service's containers by number, one-offs last and only if wanted."""
        found = self.containers.get(name, [])
        return [container for container in found if oneoffs or not container.oneoff]


def stack_of(
    project: Project | None,
    observed: Observed,
    services: Iterable[str],
    *,
    with_dependencies: bool = False,
    with_dependents: frozenset[tuple[str, str]] | None = None,
) -> Stack:
    """The stack as far as a request for these services (all, if none is named) is concerned.

    Args:
        with_dependencies: also what the named services need.
        with_dependents: (service, needed service) pairs by which the selection spreads to dependents.

    Raises:
        PlanError: a named service is in neither the files nor, without files, the daemon.
    """
    containers: defaultdict[str, list[ObservedContainer]] = defaultdict(list)
    for container in sorted(observed.containers, key=lambda c: (c.oneoff, c.number, c.created, c.name)):
        containers[container.service].append(container)
    graph = service_graph(project.services) if project is not None else _graph_of_labels(containers)
    chosen = tuple(services)
    if project is not None:
        raise_all(unknown_services(project, chosen))
    else:
        raise_all(_unknown(name, containers) for name in chosen if name not in containers)
    wanted = frozenset(chosen or graph)
    if with_dependencies:
        wanted = closure(graph, wanted)
    if with_dependents is not None:
        users = dependents(graph)
        spread = {
            name: tuple(user for user in users[name] if (user, name) in with_dependents) for name in graph
        }
        wanted = closure(spread, wanted)
    return Stack(
        project=project,
        observed=observed,
        order=ordered(graph, wanted),
        selected=bool(chosen),
        graph=graph,
        containers=dict(containers),
    )


def _graph_of_labels(containers: dict[str, list[ObservedContainer]]) -> Graph:
    """The graph that the containers' `depends_on` labels tell: `db:service_healthy:false,…`."""
    graph: Graph = {}
    for name in sorted(containers):
        needed = {
            entry.partition(":")[0]
            for container in containers[name]
            for entry in container.labels.get(labels.DEPENDS_ON, "").split(",")
        }
        graph[name] = tuple(sorted(need for need in needed if need in containers and need != name))
    return graph


def restarting_pairs(project: Project | None, observed: Observed) -> frozenset[tuple[str, str]]:
    """(service, needed service) where `depends_on` says `restart: true`, from the files or the labels."""
    if project is not None:
        return frozenset(
            (service.name, dependency.service)
            for service in project.services.values()
            for dependency in service.depends_on
            if dependency.restart
        )
    return frozenset(
        (container.service, parts[0])
        for container in observed.containers
        for entry in container.labels.get(labels.DEPENDS_ON, "").split(",")
        if (parts := entry.split(":"))[-1] == "true" and len(parts) > 1
    )


def _unknown(name: str, containers: dict[str, list[ObservedContainer]]) -> Problem:
    known = ", ".join(sorted(containers)) or "none"
    return Problem(
        code="unknown-service",
        message=f"the project has no containers of a service {name!r}",
        hint=f"services with containers: {known}",
    )
