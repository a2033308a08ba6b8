"""Shows a plan: as text for people, as data for programs, and in a terse form for tests and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.planner import actions
from compose_lite.planner.interruptions import Interruption, interruptions
from compose_lite.planner.outcomes import Outcome, outcomes, summary
from compose_lite.planner.reasons import text as reason_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.errors import Problem
    from compose_lite.planner.plan import Plan, PlannedAction
    from compose_lite.planner.reasons import Reason

FORMAT_VERSION = 2  # of schemas/plan.schema.json

_MARKS = {
    "create": "+",
    "replace": "±",
    "remove": "-",
    "build": "*",
    "pull": "↓",
    "provide": "±",
    "release": "-",
}
_HEADINGS = {"image": "Images", "network": "Networks", "volume": "Volumes"}


def text(plan: Plan) -> str:
    """The plan as `plan` prints it: what becomes of each resource and why, what stops, and a summary line."""
    return "\n".join(text_lines(plan)) + "\n"


def text_lines(plan: Plan) -> list[str]:
    """The lines of `text`, with names as the daemon tells them: who shows them has to make them harmless."""
    lines: list[str] = []
    found = outcomes(plan)
    for heading, group in _groups(found):
        lines.append(heading)
        width = max(len(outcome.name) for outcome in group)
        lines.extend(_line(outcome, width) for outcome in group)
        lines.append("")
    stops = interruptions(plan, found)
    if stops:
        lines.extend(["Interruptions", *(f"  {line}" for line in stops), ""])
    lines.extend(f"warning: {_told(problem)}" for problem in plan.warnings)
    lines.append(summary_line(plan))
    return lines


def summary_line(plan: Plan) -> str:
    """`2 to create, 1 to replace, 0 to remove, 5 unchanged`, with other changes where there are any."""
    counts = summary(plan)
    always = ("create", "replace", "remove")
    parts = [f"{counts[change]} to {change}" for change in always]
    parts.extend(f"{count} to {change}" for change, count in counts.items() if change not in always and count)
    return ", ".join([*parts, f"{len(plan.unchanged)} unchanged"])


def terse(plan: Plan) -> str:
    """One line an action: `[3] create container web-1 <- [1] ~[2] (no container yet)`.

    The arrow names the actions that must have succeeded, the tilde those that must only have ended.
    """
    return "\n".join(_terse(planned) for planned in plan.actions)


def _terse(planned: PlannedAction) -> str:
    action = planned.action
    words = [f"[{planned.id}]", action.verb, action.kind, action.name, *_details(action)]
    edges = [f"[{other}]" for other in planned.needs] + [f"~[{other}]" for other in planned.after]
    if edges:
        words.extend(["<-", *edges])
    if planned.reasons:
        words.append(f"({'; '.join(reason_text(reason) for reason in planned.reasons)})")
    return " ".join(words)


def _details(action: actions.Action) -> list[str]:
    """What the kinds of actions say beyond verb and name."""
    match action:
        case actions.RenameContainer(to=to):
            return ["to", to]
        case actions.AwaitCondition(condition=condition):
            return [condition.removeprefix("service_")]
        case actions.Delay(seconds=seconds):
            return [f"{seconds:g} s"]
        case actions.ConnectNetwork(network=network):
            return ["to", network]
        case actions.DisconnectNetwork(network=network):
            return ["from", network]
        case actions.CreateContainer(replaces=replaced) if replaced is not None:
            return ["for", replaced.name]
        case actions.RunHook(event=event):
            return [event]
        case actions.RunStep(step=step):
            return [f"pre_start[{step}]"]
        case actions.RunProvider(provider=provider):
            return ["by", provider]
        case actions.RemoveContainer(volumes=True):
            return ["with volumes"]
    return []


def _groups(found: Iterable[Outcome]) -> list[tuple[str, list[Outcome]]]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in found:
        heading = _HEADINGS.get(outcome.kind, f"Service {outcome.service}")
        groups.setdefault(heading, []).append(outcome)
    things = [heading for heading in _HEADINGS.values() if heading in groups]
    services = [heading for heading in groups if heading not in things]
    return [(heading, groups[heading]) for heading in (*things, *services)]


def _line(outcome: Outcome, width: int) -> str:
    mark = _MARKS.get(outcome.change, "~")
    reasons = "; ".join(reason_text(reason) for reason in outcome.reasons)
    return f"  {mark} {outcome.name:<{width}}  {outcome.change:<8} {reasons}".rstrip()


def _told(problem: Problem) -> str:
    return problem.message if problem.hint is None else f"{problem.message} ({problem.hint})"


def to_dict(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-ready data, see `schemas/plan.schema.json`."""
    found = outcomes(plan)
    return {
        "version": FORMAT_VERSION,
        "project": plan.project,
        "verb": plan.verb,
        "summary": {**summary(plan), "unchanged": len(plan.unchanged)},
        "changes": [_outcome(outcome) for outcome in found],
        "interruptions": [_interruption(one) for one in interruptions(plan, found)],
        "actions": [_action(planned) for planned in plan.actions],
        "unchanged": [ref.name for ref in plan.unchanged],
        "warnings": [
            {"code": problem.code, "message": problem.message, "hint": problem.hint, "path": problem.path}
            for problem in plan.warnings
        ],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": outcome.kind,
        "name": outcome.name,
        "service": outcome.service,
        "change": outcome.change,
        "reasons": [_reason(reason) for reason in outcome.reasons],
        "actions": list(outcome.actions),
    }


def _interruption(told: Interruption) -> dict[str, Any]:
    return {
        "service": told.service,
        "containers": list(told.containers),
        "text": told.text,
        "gap": told.gap,
        "stop_at_most": told.stop_at_most,
        "healthy_at_least": told.healthy_at_least,
    }


def _action(planned: PlannedAction) -> dict[str, Any]:
    action = planned.action
    container = getattr(action, "container", None)
    return {
        "id": planned.id,
        "action": type(action).__name__,
        "kind": action.kind,
        "name": action.name,
        "service": container.service if container is not None else getattr(action, "service", None),
        "details": " ".join(_details(action)),
        "reasons": [_reason(reason) for reason in planned.reasons],
        "needs": list(planned.needs),
        "after": list(planned.after),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.why.value,
        "text": reason_text(reason),
        "subject": reason.subject,
        "changes": [{"path": c.path, "old": c.old, "new": c.new} for c in reason.changes],
    }
