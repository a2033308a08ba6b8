"""Plans the calls of providers, the programs that run services instead of containers, and takes in what they say.

A provider is asked at each `up`, as with docker compose: its contract is that asking again changes nothing. What
it says reaches the services that depend on it as variables, before it is decided what becomes of their containers;
they are only replaced if what it says has changed.
"""

from __future__ import annotations

from compose_lite import labels
from compose_lite.errors import Problem, Severity
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.actions import RunProvider
from compose_lite.planner.answers import prefix
from compose_lite.planner.draft import Draft
from compose_lite.planner.graph import closure, service_graph
from compose_lite.planner.plan import Plan
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.selection import select
from compose_lite.spec.model import FrozenMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Literal

    from compose_lite.planner.answers import Said
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.spec.model import Project, Service


def call(service: Service, command: Literal["up", "stop", "down"]) -> tuple[RunProvider, Reason]:
    """The call of a service's provider, and why it is made."""
    assert service.provider is not None, "only called for services of providers"
    kind = service.provider.type
    action = RunProvider(service=service.name, provider=kind, command=command)
    return action, Reason(why=Why.PROVIDER, subject=f"{kind}: {command}")


def plan_providers(project: Project, names: Iterable[str], *, with_dependencies: bool, verb: str) -> Plan:
    """Ask the providers of the named services (all, if none is named) to bring them up, dependencies first.

    As with docker compose they are asked before any container is made, so that all of what they say is known by
    then; a provider that depends on containers does not wait for them.
    """
    draft, nodes = Draft(), dict[str, int]()
    graph = service_graph(project.services)
    for name in select(project, names, with_dependencies=with_dependencies):
        service = project.services[name]
        if service.provider is not None:
            needs = [nodes[need] for need in sorted(closure(graph, graph[name])) if need in nodes]
            action, reason = call(service, "up")
            nodes[name] = draft.add(action, reason, needs=needs)
    return Plan(project=project.name, verb=verb, actions=draft.numbered())


def dependents(project: Project) -> Iterator[tuple[Service, tuple[Service, ...]]]:
    """The services with containers that depend on services of providers, each with those."""
    for service in project.services.values():
        if service.provider is None:
            needs = (project.services.get(need.service) for need in service.depends_on)
            found = tuple(need for need in needs if need is not None and need.provider is not None)
            if found:
                yield service, found


def with_variables(project: Project, said: Mapping[str, Said]) -> tuple[Project, tuple[Problem, ...]]:
    """The project in which dependents have the variables that their providers said, and warnings about them.

    Args:
        said: by the provider's service.
    """
    changed: list[Service] = []
    warnings: list[Problem] = []
    for service, needs in dependents(project):
        answers = [(need.name, said[need.name]) for need in needs if need.name in said]
        added = {name: value for need, answer in answers for name, value in answer.variables(need).items()}
        warnings.extend(_overridden(service, answers))
        if added:
            changed.append(_with(service, added))
    return project.with_services(changed) if changed else project, tuple(warnings)


def _with(service: Service, added: Mapping[str, str]) -> Service:
    names = sorted({*service.provided, *added})
    return replace(service, environment=FrozenMap({**service.environment, **added}), provided=tuple(names))


def _overridden(service: Service, answers: Iterable[tuple[str, Said]]) -> Iterator[Problem]:
    known = dict(service.environment)
    for need, answer in answers:
        for name, value in answer.raw.items():
            if name in known and known[name] != value:
                yield Problem(
                    code="provider-overrides",
                    message=f"provider of {need!r}: its variable {name} takes the place of the one "
                    f"that service {service.name!r} has",
                    severity=Severity.WARNING,
                    path=f"services.{service.name}.environment.{name}",
                )
            known[name] = value


def unasked(plan: Plan, project: Project) -> tuple[Problem, ...]:
    """A warning for a plan that is only shown: what depends on the providers' answers."""
    asked = {step.action.service for step in plan.actions if isinstance(step.action, RunProvider)}
    names = [
        service.name for service, needs in dependents(project) if any(need.name in asked for need in needs)
    ]
    if not names:
        return ()
    message = f"the environment of {', '.join(names)} is known only once the provider has answered"
    hint = "shown is what happens if it says what it said last time"
    return (Problem(code="provider-unasked", message=message, hint=hint, severity=Severity.WARNING),)


def remembering(project: Project, observed: Observed, asked: Collection[str] = ()) -> frozenset[str]:
    """Ids of the containers from whose environment `remembered` tells what providers have said."""
    return frozenset(
        container.id
        for service, needs in dependents(project)
        if any(need.name not in asked for need in needs)
        for container in _newest(observed, service)
    )


def remembered(project: Project, observed: Observed, asked: Collection[str] = ()) -> Project:
    """The project in which dependents have the variables that their containers got from providers.

    Args:
        observed: with the configuration of the containers that `remembering` names.
        asked: services whose providers are asked: what they said last time does not matter any more.
    """
    changed = []
    for service, needs in dependents(project):
        names = [need.name for need in needs]
        for container in _newest(observed, service):
            had = _variables(container, service, names, asked)
            if had:
                changed.append(_with(service, had))
    return project.with_services(changed) if changed else project


def _newest(observed: Observed, service: Service) -> tuple[ObservedContainer, ...]:
    """The container that was made last: it has heard the latest."""
    found = observed.of_service(service.name)
    return (max(found, key=lambda c: (c.created, c.id)),) if found else ()


def _variables(
    container: ObservedContainer, service: Service, needs: Sequence[str], asked: Collection[str]
) -> dict[str, str]:
    """What the label names; without one (docker compose made it) what has a provider's prefix.

    Variables without a prefix are anybody's: they are only taken where no provider is asked.
    """
    environment = {
        key.removeprefix("environment."): str(value)
        for key, value in (container.effective or {}).items()
        if key.startswith("environment.")
    }
    silent = tuple(prefix(need) for need in needs if need not in asked)
    told = container.labels.get(labels.PROVIDED)
    if told is not None:
        names = set(told.split(","))
        if len(silent) < len(needs):
            names = {name for name in names if name.startswith(silent)}
    elif labels.HASH in container.labels:
        return {}
    else:
        names = {name for name in environment if name.startswith(silent)} - service.environment.keys()
    return {name: value for name, value in environment.items() if name in names}
