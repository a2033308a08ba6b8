"""Plans replacements by `deploy.update_config`: batch by batch, with the way back kept open to the end.

How a container N takes the place of an old one O:

- `stop-first` (the default): N is created, O stops, N starts and has to be ready.
- `start-first`: N is created under a name of its own and starts beside O; only when it is ready it is
  connected anew with its service's names (the engine gives names to a connection when it is made, so this
  cuts what N itself has connected to). After `DRAIN` seconds, in which clients look the names up again,
  O gets its stop signal and its grace period. The engine can't take a running container off a name without cutting
  its connections, so O keeps the name until it stops; it should finish what it has begun, as servers do on their
  stop signal.

Ready means healthy, or running where there is no health check, and staying so for `monitor` seconds (without a
health check at least `UNPROVEN`, because a broken program often lives for a moment).

The next batch begins when the last is ready and `delay` has passed. A failure ends the rollout
(`pause`, `rollback`) or only its own replica (`continue`); `max_failure_ratio` says how many may fail.

O is kept, stopped, and N has a temporary name, until the rollouts of all services have succeeded. So going back is
starting O and removing N, whatever was killed in between; and the next `up` goes on where the last one ended: it
finds N by its name and by the label that says whom it replaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose_lite import labels
from compose_lite.errors import PlanError, Problem, Severity
from compose_lite.planner import actions
from compose_lite.planner.attach import take_names
from compose_lite.planner.draft import Draft
from compose_lite.planner.graph import peer_services
from compose_lite.planner.links import published_ports
from compose_lite.planner.naming import is_previous_name
from compose_lite.planner.plan import Plan
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.requests import RollbackRequest
from compose_lite.planner.situation import update_config, wants_rollback
from compose_lite.planner.stack import stack_of
from compose_lite.planner.steps import (
    create,
    discard,
    emit_slots,
    halt,
    inject,
    launch,
    remove_old,
    settle_name,
)
from compose_lite.planner.work import Gate, Rolled, Work, ref_of
from compose_lite.spec.model import Project, UpdateConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.planner.actions import ContainerRef
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.situation import ServiceState, Slot
    from compose_lite.spec.model import Service

DRAIN = 2.0  # seconds between a new container's taking the name and the old one's stop signal
_AT_ONCE = UpdateConfig(parallelism=0)  # for services that are only rolled out to be undoable
UNPROVEN = 5.0  # seconds for which a container without a health check has to live


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    """A replica that is rolled out: the old container and the new one."""

    slot: Slot
    old: ObservedContainer
    new: ContainerRef


def rolls_out(work: Work, state: ServiceState) -> bool:
    """Whether the service's replacements are rolled out: it says how, or a failed update is to be undone.

    Jobs are not; nor are they where containers have to stop before anything is created, or where others share the
    container's namespaces or are to have its ports: those are replaced at the same moment.
    """
    if not work.start or state.job:
        return False
    if update_config(state.service) is None and (not work.undoable or peer_services(state.service)):
        return False
    if state.service.name in work.early or state.service.name in work.at_once:
        return False
    return any(slot.replace for slot in state.slots)


def emit_rollout(work: Work, state: ServiceState, gate: Gate) -> Iterator[Problem]:
    """Add the actions that replace the service's containers; yields what to know beforehand."""
    config = update_config(state.service) or _AT_ONCE
    obstacle = _obstacle(state.service) if config.order == "start-first" else None
    if obstacle is not None:
        yield _impossible(state.service, obstacle)
    start_first = config.order == "start-first" and obstacle is None
    refs = work.refs[state.service.name]
    pairs = [
        _Pair(slot=slot, old=slot.current, new=ref)
        for slot, ref in zip(state.slots, refs, strict=True)
        if slot.replace and slot.current is not None
    ]
    emit_slots(work, state, gate, only=lambda slot: not slot.replace)
    tolerate = int((config.max_failure_ratio or 0) * len(pairs))
    carry_on = config.failure_action == "continue"
    previous: list[int] = []
    done: list[ContainerRef] = []
    for number, batch in enumerate(_batches(pairs, config.parallelism)):
        before = _gate(previous, carry_on=carry_on)
        if number and config.delay:
            pause = actions.Delay(service=state.service.name, seconds=config.delay)
            node = work.draft.add(pause, _reason("delay"), needs=before.needs, after=before.after)
            before = Gate(needs=(node,))
        ends = []
        for pair in batch:
            swap = _start_first if start_first else _stop_first
            own = swap(work, state, pair, gate, before)
            work.rolled.append(
                Rolled(slot=pair.slot, old=pair.old, new=pair.new, own=own, strict=not carry_on)
            )
            ends.append(own)
            done.append(pair.new)
        previous = [_tolerant(work, state, tuple(done), ends, tolerate)] if tolerate else ends
    work.rollout_ends.extend(previous)


def finish_rollouts(work: Work) -> None:
    """Give up the old containers, and the new ones their names, once the rollouts of all services succeeded."""
    for rolled in work.rolled:
        needs = [rolled.own, *(work.rollout_ends if rolled.strict else ())]
        after = [] if rolled.strict else work.rollout_ends
        removed = remove_old(work, rolled.slot, rolled.old, needs)
        work.draft.link(removed, after=after)
        settle_name(work, rolled.slot, rolled.new, [removed])


def _start_first(work: Work, state: ServiceState, pair: _Pair, gate: Gate, before: Gate) -> int:
    """N starts, proves itself, takes the names; then O stops. Returns the last node."""
    if not pair.old.running and pair.slot.successor is None:
        return _stop_first(work, state, pair, gate, before)  # nothing to overlap with
    there = _new(work, state, pair, named=False)
    ready = _ready(work, state, pair, _start(work, state, pair, there, gate, before))
    nodes = take_names(work, state.service, pair.new, [ready], _reason("takes the service's names"))
    if not pair.old.running:
        return nodes[0]
    pause = actions.Delay(service=state.service.name, seconds=DRAIN)
    pausing = work.draft.add(pause, _reason("clients look the name up again"), needs=nodes)
    stopped = halt(work, pair.old, state.service, (*pair.slot.replace, START_FIRST), needs=[pausing])
    return stopped[1] if stopped is not None else pausing


def _stop_first(work: Work, state: ServiceState, pair: _Pair, gate: Gate, before: Gate) -> int:
    """O stops, N starts and proves itself. Returns the last node."""
    there = _new(work, state, pair, named=True)
    if pair.slot.successor is not None and labels.UNNAMED in pair.slot.successor.labels:
        there = take_names(work, state.service, pair.new, there, _reason("takes the service's names"))
    stopped = halt(work, pair.old, state.service, pair.slot.replace, needs=there)
    if stopped is not None:
        work.draft.link(stopped[0], needs=before.needs, after=before.after)
        there = [stopped[1]]
    return _ready(work, state, pair, _start(work, state, pair, there, gate, before))


def _new(work: Work, state: ServiceState, pair: _Pair, *, named: bool) -> list[int]:
    """The nodes after which N exists with its files."""
    successor = pair.slot.successor
    if successor is None:
        there = [create(work, state, pair.slot, pair.new, named=named)]
    else:
        there = work.provided(state.service)
    if successor is None or successor.state == "created":
        there = inject(work, state, pair.new, there)
    work.prepared.setdefault(state.service.name, []).extend(there)
    return there


def _start(
    work: Work, state: ServiceState, pair: _Pair, there: list[int], gate: Gate, before: Gate
) -> list[int]:
    """Start N, unless an earlier run did; returns the nodes to wait for."""
    if pair.slot.successor is not None and pair.slot.successor.running:
        return there
    both = Gate(needs=(*gate.needs, *before.needs), after=(*gate.after, *before.after))
    return [launch(work, state, pair.new, pair.slot.replace, there, both)]


def _ready(work: Work, state: ServiceState, pair: _Pair, started: list[int]) -> int:
    action = actions.AwaitCondition(
        service=state.service.name,
        condition="service_running_or_healthy",
        containers=(pair.new,),
        hold=_hold(state.service),
    )
    return work.draft.add(action, _reason("the new container proves itself"), needs=started)


def _hold(service: Service) -> float:
    config = update_config(service)
    if config is None:
        return 0.0
    if config.monitor is not None:
        return config.monitor
    proven = service.healthcheck is not None and not service.healthcheck.disable
    return 0.0 if proven else UNPROVEN


def _tolerant(
    work: Work, state: ServiceState, new: tuple[ContainerRef, ...], ends: list[int], tolerate: int
) -> int:
    """A wait that is content if few enough of the new containers failed."""
    action = actions.AwaitCondition(
        service=state.service.name,
        condition="service_running_or_healthy",
        containers=new,
        tolerate=tolerate,
    )
    return work.draft.add(action, _reason("max_failure_ratio"), after=ends)


def _gate(nodes: list[int], *, carry_on: bool) -> Gate:
    return Gate(after=tuple(nodes)) if carry_on else Gate(needs=tuple(nodes))


def _batches(pairs: list[_Pair], parallelism: int | None) -> Iterator[list[_Pair]]:
    """Groups of `parallelism` (one if it is not said, all for 0)."""
    size = 1 if parallelism is None else parallelism or max(len(pairs), 1)
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]


def _obstacle(service: Service) -> str | None:
    """What keeps two containers of the service from running side by side."""
    if service.container_name is not None:
        return f"container_name {service.container_name!r}"
    for port in service.ports:
        if len(published_ports(port)) > 0:
            return f"host port {port.published}"
    for attachment in service.networks:
        if attachment.ipv4_address or attachment.ipv6_address or attachment.mac_address:
            return f"a fixed address on network {attachment.network!r}"
    return "a fixed MAC address" if service.mac_address else None


def _impossible(service: Service, obstacle: str) -> Problem:
    return Problem(
        code="start-first-impossible",
        message=f"service {service.name!r} is updated stop-first: only one container can have {obstacle}",
        hint="publish the port through a proxy service, or leave the fixed name, port or address out",
        location=service.location,
        path=f"services.{service.name}.deploy.update_config.order",
        severity=Severity.WARNING,
    )


def _reason(subject: str) -> Reason:
    return Reason(why=Why.ROLLOUT, subject=subject)


_NEW = Reason(why=Why.ROLLBACK, subject="what was there")
START_FIRST = _reason("its successor is ready")


def asks_for_rollback(project: Project) -> bool:
    """Whether some service wants a failed update to be undone."""
    return any(map(wants_rollback, project.services.values()))


def unfinished(observed: Observed) -> tuple[tuple[ObservedContainer, ObservedContainer], ...]:
    """The old and the new container of each replacement that has not been completed, by name of the old."""
    by_id = {container.id: container for container in observed.containers}
    pairs = [
        (by_id[replaced], container)
        for container in observed.containers
        if (replaced := container.labels.get(labels.REPLACES, "")) in by_id
    ]
    return tuple(sorted(pairs, key=lambda pair: (pair[0].name, pair[1].name)))


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
    if not pairs:
        raise PlanError(
            "there is no unfinished update to go back from, and no generation before was kept",
            hint="undo an update that has succeeded by `up` with the earlier files; "
            "`x-compose-lite: {keep_previous: true}` keeps what `rollback` needs",
            code="nothing-to-roll-back",
        )
    known = project or Project(name=observed.project, working_dir="")
    work = Work(project=known, observed=observed, draft=Draft(), timeout=request.timeout)
    for old, new in pairs:
        _go_back(work, known.services.get(old.service), old, new)
    replaced = {new.id for _, new in pairs}
    for container in observed.containers:
        if container.id in request.created - replaced:
            discard(work, container, known.services.get(container.service), (_NEW,))
    return Plan(project=observed.project, verb="rollback", actions=work.draft.numbered())


def _succeeded(observed: Observed) -> tuple[tuple[ObservedContainer, ObservedContainer], ...]:
    """The kept container of the generation before and the present one of each replica that has both."""
    present = {(c.service, c.number): c for c in observed.containers if not c.oneoff}
    pairs = [
        (kept, present[kept.service, kept.number])
        for kept in observed.previous
        if (kept.service, kept.number) in present
    ]
    return tuple(sorted(pairs, key=lambda pair: pair[0].name))


def _go_back(work: Work, service: Service | None, old: ObservedContainer, new: ObservedContainer) -> None:
    """O starts beside N, unless only one of them can run; N goes when O is ready."""
    reason = Reason(why=Why.ROLLBACK, subject=old.name)
    fixed = any(port.published is not None for port in new.ports)
    needs: list[int] = []
    if old.state not in ("running", "restarting"):
        if fixed or (service is not None and _obstacle(service) is not None):
            stopped = halt(work, new, service, (reason,))
            needs = [stopped[1]] if stopped is not None else []
        needs = [_bring_back(work, old, reason, needs)]
        ready = actions.AwaitCondition(
            service=old.service, condition="service_running_or_healthy", containers=(ref_of(old),)
        )
        needs = [work.draft.add(ready, reason, needs=needs)]
    if new.id in work.halted:
        removal = actions.RemoveContainer(container=ref_of(new), force=True)
        gone = work.draft.add(removal, reason, needs=[work.halted[new.id], *needs])
    else:
        gone = discard(work, new, service, (reason,), needs=needs)
    if is_previous_name(old.name):
        rename = actions.RenameContainer(container=ref_of(old), to=new.name)
        work.draft.add(rename, reason, needs=[gone])


def _bring_back(work: Work, old: ObservedContainer, reason: Reason, needs: list[int]) -> int:
    if old.state == "paused":
        return work.draft.add(actions.UnpauseContainer(container=ref_of(old)), reason, needs=needs)
    return work.draft.add(actions.StartContainer(container=ref_of(old)), reason, needs=needs)
