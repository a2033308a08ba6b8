"""Plans the steps of `pre_start`: what runs to its end before a service's container is started for the first time.

A container that was started once has been prepared, so a restart, or a start after a stop, runs nothing again. Steps
that are run once for the whole service are left out where a replica runs on beside the new ones.
"""

from __future__ import annotations

from compose_lite.planner.actions import RunStep
from compose_lite.planner.reasons import Reason, Why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.refs import ContainerRef
    from compose_lite.planner.situation import ServiceState
    from compose_lite.planner.work import Gate, Work


def prepare(
    work: Work, state: ServiceState, container: ContainerRef, there: list[int], gate: Gate
) -> list[int]:
    """Add the steps that the container needs, in their order and behind what its start waits for.

    Args:
        there: nodes after which the container can be started.

    Returns:
        The nodes to wait for instead.
    """
    if not state.service.pre_start or not _new(work, container):
        return there
    beside = any(slot.kept is not None and slot.kept.running for slot in state.slots)
    left = [
        work.halted[found.id]
        for found in work.observed.containers
        if found.oneoff and found.service == container.service and found.id in work.halted
    ]
    for number, hook in enumerate(state.service.pre_start):
        if beside and not hook.per_replica:
            continue
        key = (state.service.name, number)
        if key in work.steps:
            there = [*there, work.steps[key]]
            continue
        image = hook.image or state.service.image_name(work.project.name)
        step = RunStep(container=container, hook=hook, step=number, image=image, files=state.files.injected)
        reason = Reason(why=Why.HOOK, subject="pre_start")
        node = work.draft.add(step, reason, needs=[*there, *left, *gate.needs], after=gate.after)
        there = [node]
        if not hook.per_replica:
            work.steps[key] = node
    return there


def _new(work: Work, container: ContainerRef) -> bool:
    """Whether the container has never been started."""
    known = (found.state for found in work.observed.containers if found.id == container.id)
    return container.id is None or "created" in known
