"""Plans `up`, `create` and `scale`: everything between what is observed and what the project says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose_lite.planner.attach import move_stranger
from compose_lite.planner.draft import Draft
from compose_lite.planner.graph import Graph, closure, ordered, service_graph
from compose_lite.planner.links import find_swaps, link_claims, link_names, link_stops, raise_all
from compose_lite.planner.networks import NetworkDecisions, decide_networks, emit_networks, networks_used
from compose_lite.planner.orphans import orphan_warnings, orphans_of
from compose_lite.planner.plan import Plan
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.selection import unknown_services
from compose_lite.planner.steps import discard, emit_slot, future_refs, will_start
from compose_lite.planner.survey import ServiceState, Situation, by_service, jobs_of, needs_look, survey
from compose_lite.planner.volumes import decide_volumes, emit_volumes, volumes_used
from compose_lite.planner.waits import Waits
from compose_lite.planner.work import Gate, Work
from compose_lite.spec.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.errors import Problem
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.requests import Contents, UpRequest
    from compose_lite.spec.model import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scope:
    """Which services the request is about, each behind those that it needs."""

    order: tuple[str, ...]
    selected: frozenset[str]
    graph: Graph


def needs_inspection(
    project: Project, observed: Observed, request: UpRequest, contents: Contents = EMPTY
) -> frozenset[str]:
    """Ids of the containers whose labels don't show that they are as they should be.

    `plan_up` is right about them, and can say what differs, only if they (and their services' images) have
    been inspected.
    """
    scope = _scope(project, request)
    situation = _situation(project, observed, request, contents, scope)
    return frozenset().union(*(needs_look(situation, project.services[name]) for name in scope.order))


def plan_up(project: Project, observed: Observed, request: UpRequest, contents: Contents = EMPTY) -> Plan:
    """What has to be done so that the project's services are as the files say.

    Raises:
        PlanError: a service is unknown, an external network or volume is missing, a name is taken …; all
            that was found.
    """
    scope = _scope(project, request)
    services = [project.services[name] for name in scope.order if project.services[name].replicas]
    networks = decide_networks(project, observed, networks_used(project, services))
    volumes = decide_volumes(
        project, observed, volumes_used(project, services), destroy=request.recreate_volumes
    )
    raise_all((*networks.problems, *volumes.problems))
    unusable = frozenset(made.network.name for made in networks.made if made.old is not None)
    situation = _situation(project, observed, request, contents, scope, unusable)
    states: dict[str, ServiceState] = {}
    for name in scope.order:
        states[name] = survey(situation, project.services[name], states)

    draft = Draft()
    creating, removing = emit_networks(draft, networks)
    made_volumes, _ = emit_volumes(draft, volumes)
    work = Work(
        project=project,
        observed=observed,
        draft=draft,
        start=request.start,
        rerun=scope.selected if request.rerun_jobs else frozenset(),
        timeout=request.timeout,
        renew_volumes=request.renew_anonymous_volumes,
        providing={**creating, **made_volumes},
        removing=removing,
        early=_early(states, unusable, scope.graph),
        swaps=find_swaps(states.values()),
        refs={name: future_refs(state) for name, state in states.items()},
    )
    orphans = orphans_of(project, observed)
    _emit_services(work, states, request)
    _emit_others(work, states, orphans if request.remove_orphans else ())
    raise_all(link_names(work))
    tied = {name: state.service.namespace_peers() for name, state in states.items()}
    link_stops(work, scope.order, scope.graph, tied)
    link_claims(work)
    return Plan(
        project=project.name,
        verb=request.verb,
        actions=draft.numbered(),
        unchanged=tuple(work.unchanged),
        warnings=(*_warnings(networks, volumes.warnings), *_about_orphans(project, request, orphans)),
    )


def _scope(project: Project, request: UpRequest) -> _Scope:
    raise_all(unknown_services(project, request.services))
    graph = service_graph(project.services)
    selected = frozenset(request.services or project.services)
    wanted = selected if request.no_deps else closure(graph, selected)
    return _Scope(order=ordered(graph, wanted), selected=selected, graph=graph)


def _situation(
    project: Project,
    observed: Observed,
    request: UpRequest,
    contents: Contents,
    scope: _Scope,
    unusable: frozenset[str] = frozenset(),
) -> Situation:
    return Situation(
        project=project,
        observed=observed,
        request=request,
        contents=contents,
        selected=scope.selected,
        containers=by_service(observed.containers),
        unusable=unusable,
        jobs=jobs_of(project),
    )


def _early(
    states: Mapping[str, ServiceState], unusable: frozenset[str], graph: Mapping[str, tuple[str, ...]]
) -> frozenset[str]:
    """Services whose replaced containers stop before anything is created for them.

    A network that is made anew has to be left first; so have those to stop first that need a service
    which does so.
    """
    early: set[str] = set()
    if not unusable:
        return frozenset()
    for name, state in states.items():
        replaced = [slot.current for slot in state.slots if slot.replace and slot.current is not None]
        leaves = any(endpoint.network in unusable for old in replaced for endpoint in old.endpoints)
        if leaves or any(need in early for need in graph[name]):
            early.add(name)
    return frozenset(early)


def _emit_services(work: Work, states: Mapping[str, ServiceState], request: UpRequest) -> None:
    waits = Waits(work, states)
    for state in states.values():
        for surplus in state.surplus:
            discard(work, surplus.container, state.service, surplus.reasons)
        starts = any(will_start(work, state, slot) for slot in state.slots)
        gate = waits.gate(state.service) if starts and not request.no_deps else Gate()
        for slot in state.slots:
            emit_slot(work, state, slot, gate)
    if request.wait and request.start:
        waits.at_end(states, request.wait_timeout)


def _emit_others(
    work: Work, states: Mapping[str, ServiceState], discarded: Iterable[ObservedContainer]
) -> None:
    """Containers of no service of the plan: orphans go, others keep up with networks that are made anew."""
    gone = set()
    for container in discarded:
        gone.add(container.id)
        reason = Reason(why=Why.ONE_OFF if container.oneoff else Why.ORPHAN, subject=container.service)
        discard(work, container, None, (reason,))
    if work.removing:
        for container in work.observed.containers:
            if container.id not in gone and (container.oneoff or container.service not in states):
                move_stranger(work, container)


def _warnings(networks: NetworkDecisions, volumes: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return (*networks.warnings, *volumes)


def _about_orphans(
    project: Project, request: UpRequest, orphans: tuple[ObservedContainer, ...]
) -> tuple[Problem, ...]:
    return () if request.ignore_orphans else orphan_warnings(project, orphans)
