"""What a verb changes, as users of the library get it: the plan that was made, summed up by resource."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from compose_lite.errors import Problem
    from compose_lite.planner.interruptions import Interruption
    from compose_lite.planner.outcomes import Outcome
    from compose_lite.planner.plan import Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What would be done, or was done; `str()` of it is what the command `plan` prints.

    Attributes:
        plan: every action with its reasons, in the order in which they are done.
    """

    plan: Plan

    @property
    def empty(self) -> bool:
        """Whether nothing is to be done, or was."""
        return self.plan.empty

    @property
    def resources(self) -> tuple[Outcome, ...]:
        """What becomes of each image, network, volume and container that is touched, and why."""
        from compose_lite.planner.outcomes import outcomes

        return outcomes(self.plan)

    @property
    def summary(self) -> Mapping[str, int]:
        """How many resources are created, replaced, removed …, by that word."""
        from compose_lite.planner.outcomes import summary

        return summary(self.plan)

    @property
    def interruptions(self) -> tuple[Interruption, ...]:
        """What stops meanwhile, and for how long a service has no running replica, as far as that is known."""
        from compose_lite.planner.interruptions import interruptions

        return interruptions(self.plan, self.resources)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What should be known before it is done."""
        return self.plan.warnings

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON-ready data, by schemas/plan.schema.json."""
        from compose_lite.planner.render import to_dict

        return to_dict(self.plan)

    def __str__(self) -> str:
        from compose_lite.planner.render import text

        return text(self.plan)
