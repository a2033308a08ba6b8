"""Sums a plan up: what becomes of each image, network, volume and container, and what stops meanwhile."""

from __future__ import annotations

from collections import Counter

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.planner import actions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.actions import Action
    from compose_lite.planner.plan import Plan
    from compose_lite.planner.reasons import Reason
    from compose_lite.planner.refs import ContainerRef

# A change that includes another comes before it: a container that is renamed on its way to a start is started.
CHANGES = (
    "pull", "build", "replace", "create", "remove", "restart", "start", "stop", "kill", "pause", "unpause",
    "rename", "connect", "disconnect", "provide", "release",
)  # fmt: skip
_STEPS: dict[type[Action], str] = {
    actions.PullImage: "pull",
    actions.BuildImage: "build",
    actions.RemoveImage: "remove",
    actions.CreateNetwork: "create",
    actions.RemoveNetwork: "remove",
    actions.CreateVolume: "create",
    actions.RemoveVolume: "remove",
    actions.CreateContainer: "create",
    actions.RemoveContainer: "remove",
    actions.StartContainer: "start",
    actions.StopContainer: "stop",
    actions.RestartContainer: "restart",
    actions.KillContainer: "kill",
    actions.PauseContainer: "pause",
    actions.UnpauseContainer: "unpause",
    actions.RenameContainer: "rename",
    actions.ConnectNetwork: "connect",
    actions.DisconnectNetwork: "disconnect",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a plan does to one resource; `change` is one of `CHANGES`, `actions` are the plan's ids."""

    kind: str
    name: str
    service: str | None
    change: str
    reasons: tuple[Reason, ...]
    actions: tuple[int, ...]


@dataclass(kw_only=True, slots=True)
class _Gathered:
    """The steps that concern one resource."""

    kind: str
    name: str
    service: str | None
    steps: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)


def outcomes(plan: Plan, only: frozenset[int] | None = None) -> tuple[Outcome, ...]:
    """What becomes of each resource that the plan touches, in the order in which it first does.

    Args:
        only: ids of the actions to look at; `None` for all.
    """
    aliases = _aliases(plan)
    gathered: dict[tuple[str, str], _Gathered] = {}
    for planned in plan.actions:
        step = _step(planned.action)
        if step is None or (only is not None and planned.id not in only):
            continue
        kind, name = planned.action.kind, planned.action.name
        container: ContainerRef | None = getattr(planned.action, "container", None)
        if container is not None:
            name = aliases.get(container.name, container.name)
        service = container.service if container is not None else None
        if isinstance(planned.action, actions.RunProvider):
            service = planned.action.service
        found = gathered.setdefault((kind, name), _Gathered(kind=kind, name=name, service=service))
        found.steps.append(step)
        found.reasons.extend(reason for reason in planned.reasons if reason not in found.reasons)
        found.actions.append(planned.id)
    return tuple(_sum_up(found) for found in gathered.values())


def _step(action: Action) -> str | None:
    if isinstance(action, actions.RenameContainer) and action.previous:
        return "remove"  # from its place
    if isinstance(action, actions.RunProvider):
        return action.verb
    return _STEPS.get(type(action))


def _aliases(plan: Plan) -> dict[str, str]:
    """Names at the time of an action → the name that the container has, or that its successor has, in the end."""
    found: dict[str, str] = {}
    for planned in plan.actions:
        match planned.action:
            case actions.CreateContainer(container=container, final_name=final, replaces=old):
                found[container.name] = final or container.name
                if old is not None:
                    found[old.name] = final
            case actions.RenameContainer(container=container, to=to, replaces=old):
                found[container.name] = to
                if old is not None:
                    found[old.name] = to
    return found


def _sum_up(found: _Gathered) -> Outcome:
    return Outcome(
        kind=found.kind,
        name=found.name,
        service=found.service,
        change=_change(found.steps),
        reasons=tuple(found.reasons),
        actions=tuple(found.actions),
    )


def _change(steps: list[str]) -> str:
    """The one word for several steps."""
    if "remove" in steps and ("create" in steps or "rename" in steps):
        return "replace"
    if "stop" in steps and "start" in steps:
        return "restart"
    return min(steps, key=CHANGES.index)


def summary(plan: Plan) -> dict[str, int]:
    """How many resources are to be created, replaced, removed … (in the order of `CHANGES`)."""
    counts = Counter(outcome.change for outcome in outcomes(plan))
    return {change: counts[change] for change in CHANGES}
