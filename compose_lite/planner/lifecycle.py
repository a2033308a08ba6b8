"""Plans `start` and `restart`: containers that exist, without looking at their configuration.

The project may be `None`: services and what they need are then read off the containers' labels.
"""

from __future__ import annotations

from compose_lite import labels
from compose_lite.errors import Problem
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.draft import Draft
from compose_lite.planner.files import files_of
from compose_lite.planner.jobs import jobs_of
from compose_lite.planner.links import link_claims, link_stops, raise_all
from compose_lite.planner.pace import paces
from compose_lite.planner.plan import Plan
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.situation import ServiceState, Slot
from compose_lite.planner.stack import Stack, restarting_pairs, stack_of
from compose_lite.planner.steps import emit_slots, future_refs, will_start
from compose_lite.planner.waits import Waits
from compose_lite.planner.work import Gate, Work
from compose_lite.spec.model import EMPTY, Dependency, FrozenMap, Project, Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.requests import RestartRequest, ReviveRequest, StartRequest
    from compose_lite.spec.model import Condition

_CONDITIONS: dict[str, Condition] = {
    "service_started": "service_started",
    "service_healthy": "service_healthy",
    "service_completed_successfully": "service_completed_successfully",
}


def plan_start(project: Project | None, observed: Observed, request: StartRequest) -> Plan:
    """Start the services' containers, and first those that they need.

    Raises:
        PlanError: a service is unknown or has no container.
    """
    known = project or project_of_labels(observed)
    stack = stack_of(project, observed, request.services, with_dependencies=True)
    raise_all(_without_containers(known, stack, request.services or stack.order))
    jobs = jobs_of(known)
    states = {name: _state(known, stack, name, jobs) for name in stack.order}
    work = _work(known, observed, states, rerun=frozenset(request.services))
    waits = Waits(work, states)
    _emit(work, states, waits)
    if request.wait:
        waits.at_end(states, request.wait_timeout)
    return _plan(project, work, "start")


def plan_restart(project: Project | None, observed: Observed, request: RestartRequest) -> Plan:
    """Stop and start the services' containers, and those of dependents that ask for it.

    Raises:
        PlanError: a service is unknown or has no container.
    """
    known = project or project_of_labels(observed)
    spread = frozenset() if request.no_deps else restarting_pairs(project, observed)
    stack = stack_of(project, observed, request.services, with_dependents=spread)
    raise_all(_without_containers(known, stack, request.services or stack.order))
    reasons = {
        name: Reason(why=Why.REQUESTED, subject="restart")
        if not request.services or name in request.services
        else Reason(why=Why.DEPENDENCY_RESTARTED, subject=_cause(stack, name, spread))
        for name in stack.order
    }
    jobs = jobs_of(known)
    states = {name: _state(known, stack, name, jobs, reasons[name]) for name in stack.order}
    work = _work(known, observed, states, timeout=request.timeout)
    _emit(work, states, Waits(work, states))
    link_stops(work, stack.order, stack.graph)
    return _plan(project, work, "restart")


def plan_revive(project: Project | None, observed: Observed, request: ReviveRequest) -> Plan:
    """Stop and start those of the containers that are still unhealthy, and running dependents that ask for it.

    What somebody has stopped, paused or removed meanwhile, or has recovered, is left alone.
    """
    ill = {found.id: found.service for found in observed.containers if _needs_revival(found, request)}
    known = project or project_of_labels(observed)
    if not ill:
        return _plan(project, _work(known, observed, {}), "revive")
    spread = restarting_pairs(project, observed)
    stack = stack_of(project, observed, sorted(set(ill.values())), with_dependents=spread)
    jobs = jobs_of(known)
    states = {}
    for name in stack.order:
        if name in ill.values():
            state = _state(known, stack, name, jobs, Reason(why=Why.UNHEALTHY))
            chosen = [slot for slot in state.slots if slot.current is not None and slot.current.id in ill]
        else:
            reason = Reason(why=Why.DEPENDENCY_RESTARTED, subject=_cause(stack, name, spread))
            state = _state(known, stack, name, jobs, reason)
            chosen = [
                slot for slot in state.slots if slot.current is not None and slot.current.state == "running"
            ]
        states[name] = replace(state, slots=tuple(chosen))
    work = _work(known, observed, states, timeout=request.timeout)
    _emit(work, states, Waits(work, states))
    link_stops(work, stack.order, stack.graph)
    return _plan(project, work, "revive")


def _needs_revival(container: ObservedContainer, request: ReviveRequest) -> bool:
    if container.id not in request.containers or container.oneoff:
        return False
    if container.state == "exited":
        return container.id in request.fallen
    return container.state == "running" and container.health == "unhealthy"


def project_of_labels(observed: Observed) -> Project:
    """The project as far as its containers' labels tell: services and what they need."""
    services: dict[str, Service] = {}
    for container in observed.containers:
        if container.oneoff or container.service in services:
            continue
        told = container.labels.get(labels.DEPENDS_ON, "")
        services[container.service] = Service(
            name=container.service,
            image=container.image or None,
            depends_on=tuple(_dependency(entry) for entry in told.split(",") if entry),
        )
    return Project(name=observed.project, working_dir="", services=FrozenMap(sorted(services.items())))


def _dependency(entry: str) -> Dependency:
    """One entry of the label: `db:service_healthy:false`, the last part being `restart`."""
    name, condition, restart = (*entry.split(":"), "", "")[:3]
    return Dependency(
        service=name,
        condition=_CONDITIONS.get(condition, "service_started"),
        restart=restart == "true",
    )


def _without_containers(project: Project, stack: Stack, names: Iterable[str]) -> list[Problem]:
    return [
        Problem(
            code="no-container",
            message=f"service {name!r} has no container",
            hint=f"create it: compose-lite up {name}",
            path=f"services.{name}",
        )
        for name in names
        if not stack.of(name) and (name not in project.services or project.services[name].replicas)
    ]


def _cause(stack: Stack, name: str, spread: frozenset[tuple[str, str]]) -> str:
    """The service for whose sake `name` is restarted."""
    return next((need for need in stack.graph[name] if (name, need) in spread), "")


def _state(project: Project, stack: Stack, name: str, jobs: frozenset[str], *restart: Reason) -> ServiceState:
    """The service with its containers as they are, each staying."""
    service = project.services[name]
    slots = tuple(
        Slot(number=container.number, name=container.name, current=container, restart=restart)
        for container in stack.of(name)
        if container.state not in ("dead", "removing")
    )
    return ServiceState(
        service=service,
        digest="",
        files=files_of(project, service, EMPTY),
        slots=slots,
        job=name in jobs,
    )


def _work(
    project: Project,
    observed: Observed,
    states: dict[str, ServiceState],
    *,
    timeout: float | None = None,
    rerun: frozenset[str] = frozenset(),
) -> Work:
    return Work(
        project=project,
        observed=observed,
        draft=Draft(),
        timeout=timeout,
        rerun=rerun,
        refs={name: future_refs(state, ()) for name, state in states.items()},
    )


def _emit(work: Work, states: dict[str, ServiceState], waits: Waits) -> None:
    for state in states.values():
        starts = any(will_start(work, state, slot) for slot in state.slots)
        gate = waits.gate(state.service) if starts else Gate()
        emit_slots(work, state, gate)
    raise_all(link_claims(work))


def _plan(project: Project | None, work: Work, verb: str) -> Plan:
    return Plan(
        project=work.observed.project,
        verb=verb,
        actions=work.draft.numbered(),
        unchanged=tuple(work.unchanged),
        paces=paces(project, work.observed),
    )
