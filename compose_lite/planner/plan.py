"""A plan: actions, each with its reasons and the actions that must succeed before it."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass, replace
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.errors import Problem
    from compose_lite.planner.actions import Action
    from compose_lite.planner.pace import Pace
    from compose_lite.planner.reasons import Reason
    from compose_lite.planner.refs import ContainerRef


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedAction:
    """One node of the plan's DAG.

    Attributes:
        id: 1-based position in the plan; every id in `needs` is smaller.
        needs: ids of the actions that must have succeeded first.
        after: ids of the actions that must have ended first, whether or not they succeeded.
    """

    id: int
    action: Action
    reasons: tuple[Reason, ...]
    needs: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to do, in a topological order that is the same for the same input.

    Attributes:
        verb: the command that it was made for (`up`, `down` …).
        unchanged: containers that are as they should be.
        warnings: what the user should know before it is carried out (orphans …).
        paces: how long the services' containers may take to stop and to be healthy, by service, as far as known.
    """

    project: str
    verb: str = "up"
    actions: tuple[PlannedAction, ...] = ()
    unchanged: tuple[ContainerRef, ...] = ()
    warnings: tuple[Problem, ...] = ()
    paces: Mapping[str, Pace] = EMPTY

    @property
    def empty(self) -> bool:
        """Whether nothing is to be done."""
        return not self.actions


def joined(first: Plan, second: Plan) -> Plan:
    """One plan that does all of `first` and then `second`; project and verb are those of `second`."""
    offset = len(first.actions)
    before = tuple(planned.id for planned in first.actions)
    later = (
        replace(
            planned,
            id=planned.id + offset,
            needs=tuple(number + offset for number in planned.needs) or before,
            after=tuple(number + offset for number in planned.after),
        )
        for planned in second.actions
    )
    return replace(second, actions=(*first.actions, *later), warnings=(*first.warnings, *second.warnings))
