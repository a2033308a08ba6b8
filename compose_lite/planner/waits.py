"""Decides what a service's start waits for, and what the whole plan waits for at its end."""

from __future__ import annotations

from compose_lite.planner.actions import AwaitCondition
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.work import Gate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.planner.actions import WaitFor
    from compose_lite.planner.situation import ServiceState, Slot
    from compose_lite.planner.work import Work
    from compose_lite.spec.model import Dependency, Service


class Waits:
    """Makes the waiting actions of a plan, one for each condition that somebody waits for."""

    def __init__(self, work: Work, states: Mapping[str, ServiceState]) -> None:
        self._work = work
        self._states = states
        self._nodes: dict[tuple[str, str, bool], int] = {}

    def gate(self, service: Service) -> Gate:
        """What the starts of the service wait for; the services that it needs must have been emitted."""
        needs: list[int] = []
        after: list[int] = []
        for dependency in service.depends_on:
            state = self._states.get(dependency.service)
            if state is not None and state.slots:
                nodes = self._met(service, dependency, state)
                (needs if dependency.required else after).extend(nodes)
        return Gate(needs=tuple(needs), after=tuple(after))

    def _met(self, service: Service, dependency: Dependency, state: ServiceState) -> list[int]:
        """The nodes after which the dependency's condition is met; none if it is already."""
        started = self._work.started.get(dependency.service, [])
        if dependency.condition == "service_started":
            return started
        if not started and all(_satisfied(dependency.condition, slot) for slot in state.slots):
            return []
        key = (dependency.service, dependency.condition, dependency.required)
        if key not in self._nodes:
            self._nodes[key] = self._wait(
                state,
                dependency.condition,
                Reason(why=Why.DEPENDENCY, subject=service.name),
                required=dependency.required,
            )
        return [self._nodes[key]]

    def at_end(self, services: Iterable[str], timeout: float | None) -> None:
        """Wait until the services run, are healthy where they can tell, or have completed (`--wait`)."""
        for name in services:
            state = self._states[name]
            condition: WaitFor = "service_running_or_healthy"
            if state.job:
                condition = "service_completed_successfully"
            started = self._work.started.get(name, [])
            if state.slots and (started or not all(_satisfied(condition, slot) for slot in state.slots)):
                self._wait(state, condition, Reason(why=Why.REQUESTED, subject="--wait"), timeout=timeout)

    def _wait(
        self,
        state: ServiceState,
        condition: WaitFor,
        reason: Reason,
        *,
        required: bool = True,
        timeout: float | None = None,
    ) -> int:
        action = AwaitCondition(
            service=state.service.name,
            condition=condition,
            containers=self._work.refs[state.service.name],
            required=required,
            timeout=timeout,
        )
        started = self._work.started.get(state.service.name, [])
        if required:
            return self._work.draft.add(action, reason, needs=started)
        return self._work.draft.add(action, reason, after=started)


def _satisfied(condition: WaitFor, slot: Slot) -> bool:
    """Whether a replica that the plan does not start meets the condition as observed."""
    kept = slot.kept
    if kept is None:
        return False
    if condition == "service_completed_successfully":
        return kept.state == "exited" and kept.exit_code == 0
    healthy = kept.health == "healthy"
    if condition == "service_running_or_healthy":
        healthy = healthy or kept.health is None
    return kept.state == "running" and healthy
