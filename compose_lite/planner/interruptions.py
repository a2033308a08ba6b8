"""Tells what stops while a plan is carried out, and for how long a service has no running replica."""

from __future__ import annotations

from collections import Counter, defaultdict

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner import actions
from compose_lite.planner.reasons import Why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.outcomes import Outcome
    from compose_lite.planner.plan import Plan, PlannedAction

_STOPPING = (actions.StopContainer, actions.KillContainer, actions.PauseContainer, actions.RestartContainer)
# Signals that programs take as a message, not as an end.
_MESSAGES = frozenset({"HUP", "USR1", "USR2", "WINCH", "CONT"})
_STARTING = (actions.StartContainer, actions.RestartContainer, actions.UnpauseContainer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Interruption:
    """What happens to containers of a service that run, or to their networks.

    Attributes:
        text: all of it in one sentence, without the service's name.
        gap: whether there is a time at which none of the service's containers runs.
        stop_at_most: with a gap, seconds until whatever has to stop before the new start has stopped, in the worst
            case; the starts themselves and what they wait for come on top. `None` if unknown, or if none starts.
        healthy_at_least: with a gap, seconds from the new start to the first result of its health check.
    """

    service: str
    containers: tuple[str, ...]
    text: str
    gap: bool = False
    stop_at_most: float | None = None
    healthy_at_least: float | None = None

    def __str__(self) -> str:
        return f"{self.service}: {self.text}"


def interruptions(plan: Plan, found: Iterable[Outcome]) -> tuple[Interruption, ...]:
    """What stops while the plan is carried out, one entry a service, then what loses a network."""
    found = tuple(found)
    stopped: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in found:
        if outcome.service is not None and _stops(plan, outcome):
            stopped[outcome.service].append(outcome)
    running = Counter(ref.service for ref in plan.unchanged)
    stops = [
        _interruption(plan, service, group, running[service]) for service, group in sorted(stopped.items())
    ]
    return (*stops, *_disconnections(plan, found))


def _disconnections(plan: Plan, found: Iterable[Outcome]) -> list[Interruption]:
    """The containers that go on running, but lose a network meanwhile."""
    lost_ones = []
    for outcome in found:
        steps = [plan.actions[id_ - 1].action for id_ in outcome.actions]
        lost = [step.network for step in steps if isinstance(step, actions.DisconnectNetwork)]
        starts = any(isinstance(step, actions.StartContainer) for step in steps)  # it did not run before
        if lost and not starts and not _stops(plan, outcome):
            back = {step.network for step in steps if isinstance(step, actions.ConnectNetwork)}
            lost_ones += [
                Interruption(
                    service=outcome.service or "",
                    containers=(outcome.name,),
                    text=f"{outcome.name} is off the network {network}"
                    + (" until it is connected again" if network in back else ""),
                )
                for network in sorted(set(lost))
            ]
    return sorted(lost_ones, key=str)


def _stops(plan: Plan, outcome: Outcome) -> list[PlannedAction]:
    steps = (plan.actions[id_ - 1] for id_ in outcome.actions)
    return [step for step in steps if isinstance(step.action, _STOPPING) and not _mere_message(step)]


def _mere_message(step: PlannedAction) -> bool:
    action = step.action
    return isinstance(action, actions.KillContainer) and action.signal.removeprefix("SIG") in _MESSAGES


def _interruption(plan: Plan, service: str, group: list[Outcome], others: int) -> Interruption:
    names = tuple(sorted(outcome.name for outcome in group))
    stops = [step for outcome in group for step in _stops(plan, outcome)]
    if all(isinstance(step.action, actions.PauseContainer) for step in stops):
        told = f"{', '.join(names)} {'freezes' if len(names) == 1 else 'freeze'}"
    else:
        told = f"{', '.join(names)} {'stops' if len(names) == 1 else 'stop'}"
    kept_up = _kept_up(plan, service, names, stops, others)
    if kept_up:
        return Interruption(service=service, containers=names, text=f"{told}{kept_up}")
    steps = [plan.actions[id_ - 1].action for outcome in group for id_ in outcome.actions]
    if not any(isinstance(action, _STARTING) for action in steps):
        text = f"{told}; no replica runs afterwards"
        return Interruption(service=service, containers=names, text=text, gap=True)
    at_most = _stop_at_most(plan, service, stops)
    pace = plan.paces.get(service)
    at_least = pace.first_probe if pace is not None else None
    text = f"{told}; no replica runs before the new start{_until(plan, service, at_most, stops)}"
    if pace is not None and at_least is not None:
        text += f"; healthy {at_least:g} s after that at the earliest ({pace.probed_by})"
    return Interruption(
        service=service,
        containers=names,
        text=text,
        gap=True,
        stop_at_most=at_most,
        healthy_at_least=at_least,
    )


def _kept_up(
    plan: Plan, service: str, names: tuple[str, ...], stops: list[PlannedAction], others: int
) -> str:
    """Why a replica of the service runs all the time; empty if none does."""
    if all(any(reason.why is Why.ROLLOUT for reason in step.reasons) for step in stops):
        return f" once {'its successor' if len(names) == 1 else 'the successor of each'} is ready"
    together = sum(not _follows(plan, step, service) for step in stops)
    if together < len(stops):
        return f", at most {together} at a time"
    if others:
        stay = "replica stays as it is" if others == 1 else "replicas stay as they are"
        return f"; {others} other {stay}"
    return ""


def _until(plan: Plan, service: str, at_most: float | None, stops: list[PlannedAction]) -> str:
    """How long it takes to the new start, as far as it is known, and what it waits for."""
    told = ""
    if at_most is not None:
        field = "--timeout" if any(_timeout(step) is not None for step in stops) else "stop_grace_period"
        told = f": up to {at_most:g} s ({field}) and what the start takes"
    waits = " and ".join(_waits(plan, service))
    if waits:
        told += f", and until {waits}" if told else f", until {waits}"
    return told


def _stop_at_most(plan: Plan, service: str, stops: Iterable[PlannedAction]) -> float | None:
    """The longest time that stops, and delays, on the way from the service's first stop to its last start take."""
    begins = {step.id for step in stops}
    since: dict[int, float] = {}  # seconds from the first stop to the end of an action
    longest = 0.0
    for planned in plan.actions:
        before = [since[id_] for id_ in (*planned.needs, *planned.after) if id_ in since]
        if not before and planned.id not in begins:
            continue
        own = _seconds(plan, planned)
        if own is None:
            return None
        since[planned.id] = max(before, default=0.0) + own
        action = planned.action
        if isinstance(action, _STARTING) and action.container.service == service:
            longest = max(longest, since[planned.id])
    return longest


def _seconds(plan: Plan, planned: PlannedAction) -> float | None:
    """The longest time that an action takes by its nature; `None` if it is a stop of unknown length."""
    action = planned.action
    if isinstance(action, actions.Delay):
        return action.seconds
    if not isinstance(action, actions.StopContainer | actions.RestartContainer):
        return 0.0
    if action.timeout is not None:
        return action.timeout if action.timeout >= 0 else None  # negative: it is never killed
    pace = plan.paces.get(action.container.service)
    return pace.grace if pace is not None else None


def _timeout(planned: PlannedAction) -> float | None:
    action = planned.action
    return action.timeout if isinstance(action, actions.StopContainer | actions.RestartContainer) else None


def _follows(plan: Plan, step: PlannedAction, service: str) -> bool:
    """Whether a stop waits for an earlier batch of its service."""
    earlier = (plan.actions[id_ - 1].action for id_ in (*step.needs, *step.after))
    return any(
        isinstance(a, actions.AwaitCondition | actions.Delay) and a.service == service for a in earlier
    )


def _waits(plan: Plan, service: str) -> list[str]:
    """The conditions that the service's starts wait for."""
    found: dict[str, None] = {}
    for planned in plan.actions:
        if isinstance(planned.action, actions.StartContainer) and planned.action.container.service == service:
            for id_ in (*planned.needs, *planned.after):
                other = plan.actions[id_ - 1].action
                if isinstance(other, actions.AwaitCondition):
                    found[_condition(other)] = None
    return list(found)


def _condition(action: actions.AwaitCondition) -> str:
    words = {"service_healthy": "is healthy", "service_completed_successfully": "has completed"}
    return f"{action.service} {words.get(action.condition, 'runs')}"
