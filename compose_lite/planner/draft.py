"""A plan in the making: actions and edges in any order, numbered topologically at the end."""

from __future__ import annotations

import heapq

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.planner.plan import PlannedAction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.actions import Action
    from compose_lite.planner.reasons import Reason


@dataclass(kw_only=True, slots=True)
class _Node:
    action: Action
    reasons: tuple[Reason, ...]
    needs: set[int] = field(default_factory=set)
    after: set[int] = field(default_factory=set)


class Draft:
    """Collects the nodes of a plan; a node is known by its handle, a small integer."""

    def __init__(self) -> None:
        self._nodes: list[_Node] = []

    def __len__(self) -> int:
        return len(self._nodes)

    def add(
        self,
        action: Action,
        *reasons: Reason,
        needs: Iterable[int] = (),
        after: Iterable[int] = (),
    ) -> int:
        """Add an action that waits for the success of `needs` and for the end of `after`."""
        self._nodes.append(_Node(action=action, reasons=reasons, needs=set(needs), after=set(after)))
        return len(self._nodes) - 1

    def link(self, node: int, *, needs: Iterable[int] = (), after: Iterable[int] = ()) -> None:
        """Add edges to a node; one to itself is dropped."""
        found = self._nodes[node]
        found.needs.update(needs)
        found.after.update(after)
        found.needs.discard(node)
        found.after.discard(node)

    def numbered(self) -> tuple[PlannedAction, ...]:
        """The actions in a topological order that keeps the order of `add` wherever it can."""
        waiting = [len(node.needs | node.after) for node in self._nodes]
        dependents: list[list[int]] = [[] for _ in self._nodes]
        for handle, node in enumerate(self._nodes):
            for other in node.needs | node.after:
                dependents[other].append(handle)
        ready = [handle for handle, count in enumerate(waiting) if count == 0]
        number: dict[int, int] = {}
        planned: list[PlannedAction] = []
        while ready:
            handle = heapq.heappop(ready)
            node = self._nodes[handle]
            number[handle] = len(planned) + 1
            planned.append(
                PlannedAction(
                    id=number[handle],
                    action=node.action,
                    reasons=node.reasons,
                    needs=tuple(sorted(number[other] for other in node.needs)),
                    after=tuple(sorted(number[other] for other in node.after - node.needs)),
                )
            )
            for other in dependents[handle]:
                waiting[other] -= 1
                if waiting[other] == 0:
                    heapq.heappush(ready, other)
        if len(planned) != len(self._nodes):
            stuck = [self._nodes[handle].action for handle in range(len(self._nodes)) if handle not in number]
            raise AssertionError(f"the plan's actions wait for each other: {stuck}")
        return tuple(planned)
