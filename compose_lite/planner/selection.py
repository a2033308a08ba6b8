"""Turns the service names of a command line into the services that it is about."""

from __future__ import annotations

from compose_lite.errors import Problem
from compose_lite.planner.graph import closure, ordered, service_graph
from compose_lite.planner.links import raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.spec.model import Project


def select(project: Project, names: Iterable[str], *, with_dependencies: bool) -> tuple[str, ...]:
    """The named services (all, if none is named), each behind those that it needs.

    Raises:
        PlanError: a name is not an active service; all such names are reported.
    """
    chosen = tuple(names)
    raise_all(unknown_services(project, chosen))
    graph = service_graph(project.services)
    wanted = frozenset(chosen or project.services)
    return ordered(graph, closure(graph, wanted) if with_dependencies else wanted)


def unknown_services(project: Project, names: Iterable[str]) -> list[Problem]:
    """A problem for each name that is not an active service of the project."""
    problems = []
    for name in names:
        if name in project.disabled_services:
            profiles = ", ".join(project.disabled_services[name].profiles)
            problems.append(
                Problem(
                    code="service-disabled",
                    message=f"service {name!r} is switched off by its profiles ({profiles})",
                    hint=f"switch one on: --profile {project.disabled_services[name].profiles[0]}",
                )
            )
        elif name not in project.services:
            known = ", ".join(project.services) or "none"
            problems.append(
                Problem(
                    code="unknown-service",
                    message=f"no such service: {name!r}",
                    hint=f"services of this project: {known}",
                )
            )
    return problems
