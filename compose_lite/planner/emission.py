"""Turns what was decided about a project into a plan: the actions of all services, and the edges between them."""

from __future__ import annotations

from compose_lite import labels
from compose_lite.planner.attach import move_stranger
from compose_lite.planner.draft import Draft
from compose_lite.planner.links import find_swaps, link_claims, link_names, link_stops, raise_all, yielding
from compose_lite.planner.pace import paces
from compose_lite.planner.plan import Plan
from compose_lite.planner.provision import emit_networks, emit_volumes
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.rollout import emit_rollout, finish_rollouts, rolls_out
from compose_lite.planner.situation import keeping_previous, update_config, wants_rollback
from compose_lite.planner.steps import discard, emit_slots, future_refs, leaves, will_start
from compose_lite.planner.waits import Waits
from compose_lite.planner.work import Gate, Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.errors import Problem
    from compose_lite.planner.decisions import Decisions
    from compose_lite.planner.situation import ServiceState, Situation
    from compose_lite.spec.model import Project


class Emission:
    """A plan in two steps: `emit` actions, number them in `plan`."""

    def __init__(self, decided: Decisions) -> None:
        self._decided = decided
        self._request = decided.situation.request
        self._notes: list[Problem] = []
        self.work = self._start_work(decided.situation)
        self.waits = Waits(self.work, decided.states)

    def _start_work(self, situation: Situation) -> Work:
        draft, request, states = Draft(), self._request, self._decided.states
        taken = frozenset(container.name for container in situation.observed.containers)
        return Work(
            project=situation.project,
            observed=situation.observed,
            draft=draft,
            start=request.start,
            rerun=situation.selected if request.rerun_jobs else frozenset(),
            timeout=request.timeout,
            renew_volumes=request.renew_anonymous_volumes,
            networks=emit_networks(draft, self._decided.networks),
            volumes=emit_volumes(draft, self._decided.volumes),
            keeping=keeping_previous(situation.project),
            undoable=any(
                wants_rollback(state.service) and any(slot.replace for slot in state.slots)
                for state in states.values()
            ),
            early=_early(states, situation, self._decided.scope.graph),
            at_once=_at_once(states, situation.project),
            swaps=find_swaps(states.values()),
            refs={name: future_refs(state, taken) for name, state in states.items()},
        )

    def emit(self) -> None:
        """Add the actions of all services, then those of other containers that are concerned."""
        states, never_begun = self._decided.states, self._decided.never_begun
        for container in never_begun:
            why = Why.STEP_LEFT if labels.STEP in container.labels else Why.NEVER_BEGUN
            reason = Reason(why=why, subject=container.service)
            discard(self.work, container, None, (reason,), volumes=True)
        for state in states.values():
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
            self.waits.at_end(states, self._request.wait_timeout)
        gone = self._discard_orphans() | {container.id for container in never_begun}
        self._give_up_previous()
        if self.work.networks.removing:
            for container in self.work.observed.containers:
                stranger = container.oneoff or container.service not in states
                if stranger and container.id not in gone:
                    move_stranger(self.work, container)

    def _discard_orphans(self) -> frozenset[str]:
        if not self._request.remove_orphans:
            return frozenset()
        for container in self._decided.orphans:
            why = Why.ONE_OFF if container.oneoff else Why.ORPHAN
            discard(self.work, container, None, (Reason(why=why, subject=container.service),))
        return frozenset(container.id for container in self._decided.orphans)

    def _give_up_previous(self) -> None:
        """Remove kept containers of the generation before that are not wanted, or could not start any more."""
        known = self.work.project.services.keys() | self.work.project.disabled_services.keys()
        for kept in self.work.observed.previous:
            state = self._decided.states.get(kept.service)
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
        decided = self._decided
        tied = {name: state.service.namespace_peers() for name, state in decided.states.items()}
        link_stops(self.work, decided.scope.order, decided.scope.graph, tied)
        return Plan(
            project=self.work.project.name,
            verb=self._request.verb,
            actions=self.work.draft.numbered(),
            unchanged=tuple(self.work.unchanged),
            warnings=decided.warnings(self._notes),
            paces=paces(self.work.project, self.work.observed),
        )


def _at_once(states: Mapping[str, ServiceState], project: Project) -> frozenset[str]:
    if all(update_config(state.service) is None for state in states.values()):
        return frozenset()
    lenders = {peer for state in states.values() for peer in state.service.namespace_peers()}
    return yielding(project, states) | lenders


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
