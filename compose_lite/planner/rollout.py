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

from compose_lite import labels
from compose_lite.errors import Problem, Severity
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner import actions
from compose_lite.planner.attach import take_names
from compose_lite.planner.graph import peer_services
from compose_lite.planner.links import published_ports
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.situation import update_config
from compose_lite.planner.steps import (
    create,
    emit_slots,
    halt,
    inject,
    launch,
    remove_old,
    settle_name,
    unpause,
)
from compose_lite.planner.work import Gate, Rolled, Work
from compose_lite.spec.model import UpdateConfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeVar

    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.planner.refs import ContainerRef
    from compose_lite.planner.situation import ServiceState, Slot
    from compose_lite.spec.model import Service

    Item = TypeVar("Item")


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
    obstacle = obstacle_of(state.service) if config.order == "start-first" else None
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
    for number, batch in enumerate(batches(pairs, config.parallelism)):
        before = behind(previous, carry_on=carry_on)
        if number and config.delay:
            before = later(work, state.service.name, config.delay, before)
        ends = []
        for pair in batch:
            swap = _start_first if start_first else _stop_first
            own = swap(work, state, pair, gate, before)
            work.rolled.append(
                Rolled(slot=pair.slot, old=pair.old, new=pair.new, own=own, strict=not carry_on)
            )
            ends.append(own)
            done.append(pair.new)
        previous = [tolerant(work, state.service.name, done, ends, tolerate)] if tolerate else ends
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
    successor = pair.slot.successor
    if successor is not None and successor.state == "paused":
        return [unpause(work, state, pair.new, there)]
    if successor is not None and successor.running:
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


def tolerant(work: Work, service: str, done: Iterable[ContainerRef], ends: list[int], tolerate: int) -> int:
    """Add a wait that is content if at most `tolerate` of the containers failed; returns the node."""
    action = actions.AwaitCondition(
        service=service,
        condition="service_running_or_healthy",
        containers=tuple(done),
        tolerate=tolerate,
    )
    return work.draft.add(action, _reason("max_failure_ratio"), after=ends)


def behind(nodes: list[int], *, carry_on: bool) -> Gate:
    """What a batch waits for: the success of the one before, or with `carry_on` only its end."""
    return Gate(after=tuple(nodes)) if carry_on else Gate(needs=tuple(nodes))


def later(work: Work, service: str, delay: float, before: Gate) -> Gate:
    """The gate behind a pause of `delay` seconds."""
    pause = actions.Delay(service=service, seconds=delay)
    return Gate(needs=(work.draft.add(pause, _reason("delay"), needs=before.needs, after=before.after),))


def batches(pairs: Sequence[Item], parallelism: int | None) -> Iterator[Sequence[Item]]:
    """Groups of `parallelism` (one if it is not said, all for 0)."""
    size = 1 if parallelism is None else parallelism or max(len(pairs), 1)
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]


def obstacle_of(service: Service) -> str | None:
    """What keeps two containers of the service from running side by side, if anything does."""
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


START_FIRST = _reason("its successor is ready")
