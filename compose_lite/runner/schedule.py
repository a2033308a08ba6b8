"""Keeps the books of a plan's execution: what is done, what may begin, and what can't any more."""

from __future__ import annotations

import heapq

from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.errors import FailureReport
    from compose_lite.planner.plan import Plan, PlannedAction


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An action that failed, and what is known about it."""

    planned: PlannedAction
    report: FailureReport


class Progress:
    """What is done, what may begin, and what can't any more. Only the coordinator touches it."""

    def __init__(self, plan: Plan) -> None:
        self.actions = {planned.id: planned for planned in plan.actions}
        self.busy = 0
        self.patient = 0
        self.waits = 0
        self.succeeded = 0
        self.failures: list[Failure] = []
        self.skipped: list[int] = []
        self.because: dict[int, int] = {}  # skipped action → the failed one that it needed
        self.doomed: dict[int, int | None] = {}  # action → the failed one because of which it is skipped
        self._missing = {planned.id: {*planned.needs, *planned.after} for planned in plan.actions}
        self._dependents: dict[int, list[int]] = {planned.id: [] for planned in plan.actions}
        for number, missing in self._missing.items():
            for other in missing:
                self._dependents[other].append(number)
        self.ready = [number for number, missing in sorted(self._missing.items()) if not missing]

    @property
    def under_way(self) -> bool:
        """Whether an outcome is still to come."""
        return bool(self.busy or self.patient or self.waits)

    def release(self, number: int, *, failed: int | None = None) -> None:
        """An action has ended: what waited only for it is ready, be it to begin or (`failed`) to be skipped."""
        for dependent in self._dependents[number]:
            self._missing[dependent].discard(number)
            if failed is not None and number in self.actions[dependent].needs:
                self.doomed.setdefault(dependent, failed)
            if not self._missing[dependent]:
                heapq.heappush(self.ready, dependent)
