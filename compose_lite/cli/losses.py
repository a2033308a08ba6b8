"""Asks a person before volumes are removed with their data; a script is never asked."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.cli.carry_out import Run
    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.terminal import Terminal
    from compose_lite.pipeline.means import Means
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.planner.plan import Plan


@dataclass(slots=True)
class Question:
    """Whether a plan that removes volumes may be carried out; it is asked about the very plan, under the lock.

    Attributes:
        refused: the person has said no.
    """

    ctx: Invocation
    run: Run
    project: str
    refused: bool = False

    def means(self) -> Means:
        """What the verb works with: this question comes before its plan is carried out."""
        return replace(self.run.means, review=self._review)

    def _review(self, plan: Plan) -> bool:
        from compose_lite import pipeline

        containers = pipeline.containers(self.run.means.daemon, self.project, previous=True)
        lost = volumes_lost(plan, containers)
        self.refused = bool(lost) and not agreed(
            self.ctx.terminal, "Going to remove these volumes, and the data in them:", lost
        )
        return not self.refused


def asks(terminal: Terminal) -> bool:
    """Whether there is a person who sees a question and can answer it."""
    return terminal.in_tty and terminal.err_tty


def agreed(terminal: Terminal, what: str, things: Iterable[str]) -> bool:
    """Ask on the terminal; whatever is no clear yes is a no."""
    from compose_lite.cli.views.text import safe

    for line in (what, *(f"  {thing}" for thing in things)):
        terminal.note(safe(line))
    terminal.note("Are you sure? [y/N] ", end="")
    answer = terminal.stdin.readline().decode(errors="replace").strip().lower()
    return answer in ("y", "yes")


def volumes_lost(plan: Plan, containers: Iterable[ObservedContainer]) -> list[str]:
    """The volumes that a plan removes: named ones, then anonymous ones with whose they are."""
    from compose_lite.planner import actions
    from compose_lite.planner.naming import ANONYMOUS

    steps = [planned.action for planned in plan.actions]
    removed = {step.name for step in steps if isinstance(step, actions.RemoveVolume)}
    emptied = {
        step.container.name for step in steps if isinstance(step, actions.RemoveContainer) and step.volumes
    }
    anonymous = [
        f"the anonymous volume of {container.name} at {mount.target}"
        for container in containers
        if container.name in emptied
        for mount in container.mounts
        if mount.name is not None and ANONYMOUS.fullmatch(mount.name)
    ]
    named = (name for name in removed if not ANONYMOUS.fullmatch(name))
    return [*sorted(named), *sorted(anonymous)]
