"""Plans `up`, `create` and `scale`: everything between what is observed and what the project says."""

from __future__ import annotations

from compose_lite import labels
from compose_lite.lazy_dataclasses import dataclass, replace
from compose_lite.planner.attach import move_stranger
from compose_lite.planner.draft import Draft
from compose_lite.planner.graph import Graph, closure, ordered, service_graph
from compose_lite.planner.jobs import jobs_of
from compose_lite.planner.links import (
    find_swaps,
    link_claims,
    link_names,
    link_stops,
    raise_all,
    yielding,
)
from compose_lite.planner.networks import decide_networks, emit_networks, networks_used
from compose_lite.planner.orphans import never_begun, orphan_warnings, orphans_of
from compose_lite.planner.pace import paces
from compose_lite.planner.plan import Plan
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.rollout import emit_rollout, finish_rollouts, rolls_out
from compose_lite.planner.selection import unknown_services
from compose_lite.planner.situation import (
    ServiceState,
    Situation,
    by_service,
    keeping_previous,
    update_config,
    wants_rollback,
)
from compose_lite.planner.steps import discard, emit_slots, future_refs, leaves, will_start
from compose_lite.planner.survey import needs_look, survey
from compose_lite.planner.volumes import decide_volumes, emit_volumes, in_use, volumes_used
from compose_lite.planner.waits import Waits
from compose_lite.planner.work import Gate, Work
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compose_lite.errors import Problem
    from compose_lite.planner.observed import Observed
    from compose_lite.planner.requests import Contents, UpRequest
    from compose_lite.spec.model import Project, Service


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
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
    convergence = Convergence(project, observed, request, contents, _scope(project, request))
    convergence.emit()
    return convergence.plan()


class Convergence:
    """One convergence in three steps: decide on creation, `emit` actions, number them in `plan`.

    Args:
        guests: services whose networks and volumes are provided for though they are not brought up.
    """

    def __init__(
        self,
        project: Project,
        observed: Observed,
        request: UpRequest,
        contents: Contents,
        scope: Scope,
        guests: Iterable[Service] = (),
    ) -> None:
        services = [project.services[name] for name in scope.order if project.services[name].replicas]
        services.extend(guests)
        self._request = request
        self._scope = scope
        networks, volumes = networks_used(project, services), volumes_used(project, services)
        if request.all_resources:
            networks, volumes = tuple(project.networks.values()), tuple(project.volumes.values())
        self._networks = decide_networks(project, observed, networks)
        self._volumes = decide_volumes(project, observed, volumes, destroy=request.recreate_volumes)
        raise_all((*self._networks.problems, *self._volumes.problems))
        situation = replace(
            _situation(project, observed, request, contents, scope),
            unusable=frozenset(made.network.name for made in self._networks.made if made.old is not None),
            destroyed={
                made.volume.name: made.reasons[0] for made in self._volumes.made if made.old is not None
            },
        )
        raise_all(_other_users(situation, scope.order))
        self.states: dict[str, ServiceState] = {}
        for name in scope.order:
            self.states[name] = survey(situation, project.services[name], self.states)
        self._notes: list[Problem] = []
        self._never_begun = never_begun(observed)
        self._orphans = tuple(c for c in orphans_of(project, observed) if c not in self._never_begun)
        self.work = self._start_work(situation)
        self.waits = Waits(self.work, self.states)

    def _start_work(self, situation: Situation) -> Work:
        draft, request = Draft(), self._request
        taken = frozenset(container.name for container in situation.observed.containers)
        return Work(
            project=situation.project,
            observed=situation.observed,
            draft=draft,
            start=request.start,
            rerun=self._scope.selected if request.rerun_jobs else frozenset(),
            timeout=request.timeout,
            renew_volumes=request.renew_anonymous_volumes,
            networks=emit_networks(draft, self._networks),
            volumes=emit_volumes(draft, self._volumes),
            keeping=keeping_previous(situation.project),
            undoable=any(
                wants_rollback(state.service) and any(slot.replace for slot in state.slots)
                for state in self.states.values()
            ),
            early=_early(self.states, situation, self._scope.graph),
            at_once=self._at_once(situation.project),
            swaps=find_swaps(self.states.values()),
            refs={name: future_refs(state, taken) for name, state in self.states.items()},
        )

    def _at_once(self, project: Project) -> frozenset[str]:
        if all(update_config(state.service) is None for state in self.states.values()):
            return frozenset()
        lenders = {peer for state in self.states.values() for peer in state.service.namespace_peers()}
        return yielding(project, self.states) | lenders

    def emit(self) -> None:
        """Add the actions of all services, then those of other containers that are concerned."""
        for container in self._never_begun:
            why = Why.STEP_LEFT if labels.STEP in container.labels else Why.NEVER_BEGUN
            reason = Reason(why=why, subject=container.service)
            discard(self.work, container, None, (reason,), volumes=True)
        for state in self.states.values():
            for surplus in state.surplus:
                discard(self.work, surplus.container, state.service, surplus.reasons)
            starts = any(will_start(self.work, state, slot) for slot in state.slots)
            gate = Gate()
            if starts and not self._request.no_deps:
                gate = self.waits.gate(state.service)
            if rolls_out(self.work, state):
                self._notes.extend(emit_rollout(self.work, state, gate))
            else:
                emit_slots(self.work, state, gate)
        finish_rollouts(self.work)
        if self._request.wait and self._request.start:
            self.waits.at_end(self.states, self._request.wait_timeout)
        gone = self._discard_orphans() | {container.id for container in self._never_begun}
        self._give_up_previous()
        if self.work.networks.removing:
            for container in self.work.observed.containers:
                stranger = container.oneoff or container.service not in self.states
                if stranger and container.id not in gone:
                    move_stranger(self.work, container)

    def _discard_orphans(self) -> frozenset[str]:
        if not self._request.remove_orphans:
            return frozenset()
        for container in self._orphans:
            why = Why.ONE_OFF if container.oneoff else Why.ORPHAN
            discard(self.work, container, None, (Reason(why=why, subject=container.service),))
        return frozenset(container.id for container in self._orphans)

    def _give_up_previous(self) -> None:
        """Remove kept containers of the generation before that are not wanted, or could not start any more."""
        known = self.work.project.services.keys() | self.work.project.disabled_services.keys()
        for kept in self.work.observed.previous:
            state = self.states.get(kept.service)
            if kept.id in self.work.halted:
                continue
            if state is not None:
                numbers = {slot.number for slot in state.slots}
                wanted = kept.service in self.work.keeping and kept.number in numbers
            else:
                wanted = kept.service in known or not self._request.remove_orphans
            if not wanted or leaves(self.work, kept):
                discard(self.work, kept, None, (Reason(why=Why.PREVIOUS, subject="not kept any more"),))

    def plan(self) -> Plan:
        """The plan, with the edges between services added.

        Raises:
            PlanError: the name of a container or a port is taken.
        """
        raise_all((*link_names(self.work), *link_claims(self.work)))
        tied = {name: state.service.namespace_peers() for name, state in self.states.items()}
        link_stops(self.work, self._scope.order, self._scope.graph, tied)
        warnings = [*self._networks.warnings, *self._volumes.warnings, *self._notes]
        if not self._request.ignore_orphans:
            removed = self._request.remove_orphans
            warnings.extend(orphan_warnings(self.work.project, self._orphans, removed=removed))
        return Plan(
            project=self.work.project.name,
            verb=self._request.verb,
            actions=self.work.draft.numbered(),
            unchanged=tuple(self.work.unchanged),
            warnings=tuple(warnings),
            paces=paces(self.work.project, self.work.observed),
        )


def _scope(project: Project, request: UpRequest) -> Scope:
    raise_all(unknown_services(project, request.services))
    graph = service_graph(project.services)
    selected = frozenset(request.services or project.services)
    wanted = selected if request.no_deps else closure(graph, selected)
    return Scope(order=ordered(graph, wanted), selected=selected, graph=graph)


def _situation(
    project: Project, observed: Observed, request: UpRequest, contents: Contents, scope: Scope
) -> Situation:
    return Situation(
        project=project,
        observed=observed,
        request=request,
        contents=contents,
        selected=scope.selected,
        containers=by_service(observed.containers),
        jobs=jobs_of(project),
    )


def _other_users(situation: Situation, names: Iterable[str]) -> Iterator[Problem]:
    """Containers that keep a volume from being made anew, because the plan does not deal with them."""
    services = frozenset(names)
    for container in situation.observed.containers if situation.destroyed else ():
        if container.oneoff or container.service not in services:
            for name in sorted(container.volumes & situation.destroyed.keys()):
                yield in_use(name, container.name)


def _early(
    states: Mapping[str, ServiceState], situation: Situation, graph: Mapping[str, tuple[str, ...]]
) -> frozenset[str]:
    """Services whose replaced containers stop before anything is created for them.

    A network or volume that is made anew has to be left first; so have those to stop first that need a
    service which does so.
    """
    early: set[str] = set()
    if not situation.unusable and not situation.destroyed:
        return frozenset()
    for name, state in states.items():
        replaced = [slot.current for slot in state.slots if slot.replace and slot.current is not None]
        networks = {endpoint.network for old in replaced for endpoint in old.endpoints}
        volumes = {name for old in replaced for name in old.volumes}
        leaves = networks & situation.unusable or volumes & situation.destroyed.keys()
        if leaves or any(need in early for need in graph[name]):
            early.add(name)
    return frozenset(early)
