"""Plans the way back from an update: unfinished ones, and those whose old containers were kept.

The old containers start again, beside the new ones unless only one of the two can run; the new ones go when the old
ones are ready. `deploy.rollback_config` says in which batches; without it all are brought back at once.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from compose_lite import labels
from compose_lite.errors import PlanError
from compose_lite.planner import actions
from compose_lite.planner.draft import Draft
from compose_lite.planner.naming import is_previous_name, name_before
from compose_lite.planner.pace import paces
from compose_lite.planner.plan import Plan
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.refs import ref_of
from compose_lite.planner.requests import RollbackRequest
from compose_lite.planner.rollout import batches, behind, later, obstacle_of, tolerant
from compose_lite.planner.situation import wants_rollback
from compose_lite.planner.stack import stack_of
from compose_lite.planner.steps import discard, halt
from compose_lite.planner.work import Gate, Work
from compose_lite.spec.model import Project, UpdateConfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.refs import ContainerRef
    from compose_lite.spec.model import Service

    Pair = tuple[ObservedContainer, ObservedContainer]  # the old container and the new one

_AT_ONCE = UpdateConfig(parallelism=0)
_NEW = Reason(why=Why.ROLLBACK, subject="what was there")


def asks_for_rollback(project: Project) -> bool:
    """Whether some service wants a failed update to be undone."""
    return any(map(wants_rollback, project.services.values()))


def unfinished(observed: Observed) -> tuple[Pair, ...]:
    """The old and the new container of each replacement that has not been completed, by name of the old."""
    by_id = {container.id: container for container in observed.containers}
    pairs = [
        (by_id[replaced], container)
        for container in observed.containers
        if (replaced := container.labels.get(labels.REPLACES, "")) in by_id
    ]
    return tuple(sorted(pairs, key=lambda pair: (pair[0].name, pair[1].name)))


def _succeeded(observed: Observed) -> tuple[Pair, ...]:
    """The kept container of the generation before and the present one of each replica that has both."""
    present = {(c.service, c.number): c for c in observed.containers if not c.oneoff}
    pairs = [
        (kept, present[kept.service, kept.number])
        for kept in observed.previous
        if (kept.service, kept.number) in present
    ]
    return tuple(sorted(pairs, key=lambda pair: pair[0].name))


def _back_but_for_the_name(observed: Observed) -> tuple[ObservedContainer, ...]:
    """Containers that have been brought back, by a rollback that ended before it gave them their names again."""
    replicas = [container for container in observed.containers if not container.oneoff]
    places = Counter((container.service, container.number) for container in replicas)
    return tuple(
        container
        for container in replicas
        if is_previous_name(container.name) and places[container.service, container.number] == 1
    )


def plan_rollback(
    project: Project | None, observed: Observed, request: RollbackRequest | None = None
) -> Plan:
    """Go back to the old containers of all unfinished replacements: start them, then remove the new ones.

    Where there is none, go back to the generation before, as far as it was kept.

    Raises:
        PlanError: a service is unknown, or there is nothing to go back to.
    """
    request = request or RollbackRequest()
    wanted = frozenset(request.services)
    stack_of(project, observed, wanted)
    pairs = [
        pair
        for pair in unfinished(observed) or _succeeded(observed)
        if not wanted or pair[0].service in wanted
    ]
    nameless = [c for c in _back_but_for_the_name(observed) if not wanted or c.service in wanted]
    if not pairs and not nameless:
        raise PlanError(
            "there is no unfinished update to go back from, and no generation before was kept",
            hint="undo an update that has succeeded by `up` with the earlier files; "
            "`x-compose-lite: {keep_previous: true}` keeps what `rollback` needs",
            code="nothing-to-roll-back",
        )
    known = project or Project(name=observed.project, working_dir="")
    work = Work(project=known, observed=observed, draft=Draft(), timeout=request.timeout)
    for container in nameless:
        rename = actions.RenameContainer(container=ref_of(container), to=name_before(container.name))
        work.draft.add(rename, Reason(why=Why.ROLLBACK, subject=container.name))
    pairs.sort(key=lambda pair: pair[0].service)
    for name, group in groupby(pairs, key=lambda pair: pair[0].service):
        _roll_back(work, name, known.services.get(name), list(group))
    replaced = {new.id for _, new in pairs}
    for container in observed.containers:
        if container.id in request.created - replaced:
            discard(work, container, known.services.get(container.service), (_NEW,))
    return Plan(
        project=observed.project,
        verb="rollback",
        actions=work.draft.numbered(),
        paces=paces(project, observed),
    )


def _roll_back(work: Work, name: str, service: Service | None, pairs: list[Pair]) -> None:
    """Bring the service's replicas back, batch by batch."""
    deploy = service.deploy if service is not None else None
    config = (deploy.rollback_config if deploy is not None else None) or _AT_ONCE
    tolerate = int((config.max_failure_ratio or 0) * len(pairs))
    previous: list[int] = []
    done: list[ContainerRef] = []
    for number, batch in enumerate(batches(pairs, config.parallelism)):
        before = behind(previous, carry_on=config.failure_action == "continue")
        if number and config.delay:
            before = later(work, name, config.delay, before)
        ends = [_go_back(work, service, pair, config, before) for pair in batch]
        done.extend(ref_of(old) for old, _ in batch)
        previous = [tolerant(work, name, done, ends, tolerate)] if tolerate else ends


def _go_back(work: Work, service: Service | None, pair: Pair, config: UpdateConfig, before: Gate) -> int:
    """O starts and proves itself; N goes then, or first if only one of them can run. Returns the last node of O."""
    old, new = pair
    reason = Reason(why=Why.ROLLBACK, subject=old.name)
    needs: list[int] = []
    ready: int | None = None
    if old.state not in ("running", "restarting"):
        stopped = halt(work, new, service, (reason,)) if _one_at_a_time(service, new, config) else None
        if stopped is not None:
            work.draft.link(stopped[0], needs=before.needs, after=before.after)
            needs = [stopped[1]]
        started = _bring_back(work, old, reason, needs)
        work.draft.link(started, needs=before.needs, after=before.after)
        wait = actions.AwaitCondition(
            service=old.service,
            condition="service_running_or_healthy",
            containers=(ref_of(old),),
            hold=config.monitor or 0.0,
        )
        ready = work.draft.add(wait, reason, needs=[started])
        needs = [ready]
    if new.id in work.halted:
        removal = actions.RemoveContainer(container=ref_of(new), force=True)
        gone = work.draft.add(removal, reason, needs=[work.halted[new.id], *needs])
    else:
        gone = discard(work, new, service, (reason,), needs=needs)
    if is_previous_name(old.name):
        rename = actions.RenameContainer(container=ref_of(old), to=new.name)
        work.draft.add(rename, reason, needs=[gone])
    return gone if ready is None else ready


def _one_at_a_time(service: Service | None, new: ObservedContainer, config: UpdateConfig) -> bool:
    fixed = any(port.published is not None for port in new.ports)
    return fixed or config.order == "stop-first" or (service is not None and obstacle_of(service) is not None)


def _bring_back(work: Work, old: ObservedContainer, reason: Reason, needs: list[int]) -> int:
    if old.state == "paused":
        return work.draft.add(actions.UnpauseContainer(container=ref_of(old)), reason, needs=needs)
    return work.draft.add(actions.StartContainer(container=ref_of(old)), reason, needs=needs)
