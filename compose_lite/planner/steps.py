"""Turns what was decided about containers into actions, in an order that survives a kill at any point.

A replacement creates the new container under a temporary name, then stops and removes the old one, renames
and starts the new: whatever happens in between, either the old container is still there or the new one
already holds its anonymous volumes, and the names and labels tell the next run how to go on.
"""

from __future__ import annotations

from compose_lite import labels
from compose_lite.errors import PlanError
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner import actions
from compose_lite.planner.attach import reattach, take_names
from compose_lite.planner.graph import peer_services
from compose_lite.planner.init_steps import prepare
from compose_lite.planner.naming import ANONYMOUS, aside_name, birth_name, previous_name
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.refs import ContainerRef, ref_of
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import TypedDict

    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.planner.refs import BoundFile
    from compose_lite.planner.situation import ServiceState, Slot
    from compose_lite.planner.work import Gate, Work
    from compose_lite.spec.model import Service

    class _Creation(TypedDict):
        config_hash: str
        image_id: str
        peers: tuple[ContainerRef, ...]
        bound: tuple[BoundFile, ...]
        holders: tuple[str, ...]
        files: Mapping[str, str]


INTERRUPTED = Reason(why=Why.INTERRUPTED)


def future_refs(state: ServiceState, taken: Collection[str]) -> tuple[ContainerRef, ...]:
    """The service's containers as they will be when the plan is done, under the names of their creation.

    Args:
        taken: names that containers of the project have now.
    """
    return tuple(_future_ref(state, slot, taken) for slot in state.slots)


def _future_ref(state: ServiceState, slot: Slot, taken: Collection[str]) -> ContainerRef:
    existing = slot.kept or slot.successor
    if existing is not None:
        return ref_of(existing)
    replaced = slot.current.id if slot.current is not None else None
    name = birth_name(slot.name, replaced, state.digest, taken)
    return ContainerRef(name=name, service=state.service.name, number=slot.number)


def will_start(work: Work, state: ServiceState, slot: Slot) -> bool:
    """Whether the replica is going to be started: it is new, does not run, or is to be restarted."""
    if not work.start:
        return False
    kept = slot.kept
    if kept is None or slot.restart:
        return True
    return kept.state in ("created", "exited") and (
        state.service.name in work.rerun or not state.completed(slot)
    )


def halt(
    work: Work,
    container: ObservedContainer,
    service: Service | None,
    reasons: Iterable[Reason],
    *,
    needs: Iterable[int] = (),
) -> tuple[int, int] | None:
    """Stop a container if it runs, behind its service's hooks; returns the first and the last node."""
    if not container.running:
        return None
    ref, before, first = ref_of(container), list(needs), len(work.draft)
    if service is not None and container.state == "running":
        for hook in service.pre_stop:
            action = actions.RunHook(container=ref, hook=hook, event="pre_stop")
            before = [work.draft.add(action, Reason(why=Why.HOOK, subject="pre_stop"), needs=before)]
    stop = actions.StopContainer(container=ref, timeout=work.timeout)
    node = work.draft.add(stop, *reasons, needs=before)
    work.halted[container.id] = node
    return first, node


def discard(
    work: Work,
    container: ObservedContainer,
    service: Service | None,
    reasons: tuple[Reason, ...],
    *,
    volumes: bool = False,
    spare: bool = False,
    needs: Iterable[int] = (),
) -> int:
    """Stop and remove a container; returns the last node.

    With `spare` it is left alone if somebody starts it before its turn comes.
    """
    before = list(needs)
    stopped = halt(work, container, service, reasons, needs=before)
    # A dead container needs force, and can't be started.
    force = not spare or container.state == "dead"
    removal = actions.RemoveContainer(container=ref_of(container), volumes=volumes, force=force, spare=spare)
    removed = work.draft.add(removal, *reasons, needs=before if stopped is None else [stopped[1]])
    work.halted.setdefault(container.id, removed)
    work.freed[container.name] = removed
    work.release(container, removed)
    return removed


def _stop_to_return(
    work: Work,
    container: ObservedContainer,
    service: Service,
    reasons: Iterable[Reason],
    needs: Iterable[int] = (),
) -> list[int]:
    """Stop a container that starts again or is replaced: behind those that need it, see `links.link_stops`."""
    stopped = halt(work, container, service, reasons, needs=needs)
    if stopped is None:
        return []
    work.stops.setdefault(service.name, []).append(stopped)
    return [stopped[1]]


def emit_slots(
    work: Work, state: ServiceState, gate: Gate, *, only: Callable[[Slot], bool] | None = None
) -> None:
    """Add the actions that bring the service's replicas (`only` some of them) to where they should be."""
    for slot, ref in zip(state.slots, work.refs[state.service.name], strict=True):
        if only is not None and not only(slot):
            continue
        if slot.kept is None:
            _make(work, state, slot, ref, gate)
        else:
            _keep(work, state, slot, slot.kept, gate)


def _make(work: Work, state: ServiceState, slot: Slot, new: ContainerRef, gate: Gate) -> None:
    """A new container, perhaps in the place of an old one."""
    old, service = slot.current, state.service
    reasons = slot.replace or slot.create
    stopped: list[int] = []
    if old is not None and service.name in work.early:
        stopped = _stop_to_return(work, old, service, reasons)
        for node in stopped:
            work.release_networks(old, node)
    lost = old is not None and work.loses_volume(old)
    gone: list[int] = []
    if old is not None and lost:
        gone = [remove_old(work, slot, old, stopped)]
        work.release(old, gone[0])
    there = work.provided(service) if slot.successor is not None else [create(work, state, slot, new)]
    if slot.successor is None or slot.successor.state == "created":
        there = inject(work, state, new, there)
    if slot.successor is not None and labels.UNNAMED in slot.successor.labels:
        there = take_names(work, service, new, there, INTERRUPTED)
    work.prepared.setdefault(service.name, []).extend(there)
    if old is not None and not lost:
        if service.name not in work.early:
            stopped = _stop_to_return(work, old, service, reasons, there)
        there = [remove_old(work, slot, old, [*there, *stopped])]
    if new.name != slot.name:
        there = settle_name(work, slot, new, [*gone, *there])
        new = replace(new, called=slot.name)
    if work.start and slot.successor is not None and slot.successor.state == "paused":
        unpause(work, state, new, there)
    elif work.start:
        launch(work, state, new, reasons, there, gate)


def remove_old(work: Work, slot: Slot, old: ObservedContainer, needs: list[int]) -> int:
    """Remove a container that is replaced, or keep it as the generation before; its volumes stay."""
    if keepable(work, old, slot.name):
        return _set_aside(work, slot, old, needs)
    removal = actions.RemoveContainer(container=ref_of(old), force=old.state == "dead")
    removed = work.draft.add(removal, *slot.replace, needs=needs)
    work.halted.setdefault(old.id, removed)
    work.freed[old.name] = removed
    return removed


def keepable(work: Work, container: ObservedContainer, name: str) -> bool:
    """Whether a container whose place is `name` is to be kept, and could start again later."""
    if container.service not in work.keeping or container.state in ("created", "dead"):
        return False
    return not leaves(work, container) and container.name != previous_name(name)


def leaves(work: Work, container: ObservedContainer) -> bool:
    """Whether the plan makes a network or volume anew that the container uses."""
    networks = (endpoint.network for endpoint in container.endpoints)
    return work.loses_volume(container) or any(name in work.networks.removing for name in networks)


def _set_aside(work: Work, slot: Slot, old: ObservedContainer, needs: list[int]) -> int:
    """Keep a stopped container under another name, in the place of the one that was kept there."""
    for kept in work.observed.previous:
        if (kept.service, kept.number) == (old.service, old.number):
            reason = Reason(why=Why.PREVIOUS, subject=f"{old.name} takes its place")
            needs = [discard(work, kept, None, (reason,), needs=needs)]
    aside = actions.RenameContainer(container=ref_of(old), to=previous_name(slot.name), previous=True)
    node = work.draft.add(aside, *slot.replace, needs=needs)
    work.halted.setdefault(old.id, node)
    work.freed[old.name] = node
    work.claims.append((aside.to, node))
    return node


def create(work: Work, state: ServiceState, slot: Slot, new: ContainerRef, *, named: bool = True) -> int:
    """Create the container that will have the slot; returns the node."""
    old = slot.current
    lost = old is not None and work.loses_volume(old)
    action = actions.CreateContainer(
        container=new,
        final_name=slot.name,
        replaces=ref_of(old) if old is not None and not lost else None,
        named=named,
        renew_volumes=work.renew_volumes,
        inherits=anonymous_volumes(old) if old is not None and lost and not work.renew_volumes else EMPTY,
        **_creation(work, state),
    )
    node = _add_creation(work, state, action, slot.replace or slot.create)
    work.creations.setdefault(state.service.name, []).append(node)
    if slot is state.slots[0]:
        work.created[state.service.name] = node
    return node


def anonymous_volumes(container: ObservedContainer) -> Mapping[str, str]:
    """Target → name of each volume of the container that nobody named."""
    return {
        mount.target: mount.name
        for mount in container.mounts
        if mount.type == "volume" and mount.name is not None and ANONYMOUS.fullmatch(mount.name)
    }


def create_one_off(
    work: Work, state: ServiceState, new: ContainerRef, kind: actions.OneOff, reason: Reason
) -> list[int]:
    """Create a one-off container with its files; returns the node after which it can be started."""
    action = actions.CreateContainer(
        container=new, final_name=new.name, oneoff=kind, **_creation(work, state)
    )
    return inject(work, state, new, [_add_creation(work, state, action, (reason,))])


def _creation(work: Work, state: ServiceState) -> _Creation:
    """What every creation of the service's containers has in common."""
    image = work.observed.images.get(state.service.image_name(work.project.name))
    return {
        "config_hash": state.digest,
        "image_id": image.id if image is not None else "",
        "peers": tuple(_peer(work, state, peer) for peer in peer_services(state.service)),
        "bound": state.files.bound,
        "holders": state.files.holders,
        "files": state.files.described,
    }


def _peer(work: Work, state: ServiceState, peer: str) -> ContainerRef:
    """The container of another service to share with: its first."""
    known = work.refs.get(peer) or tuple(ref_of(c) for c in work.observed.of_service(peer))
    if not known:
        raise PlanError(
            f"service {state.service.name!r} shares with {peer!r}, which has no container",
            hint=f"create it too: leave out --no-deps, or scale {peer} to 1",
            code="peer-missing",
        )
    return known[0]


def _add_creation(
    work: Work, state: ServiceState, action: actions.CreateContainer, reasons: tuple[Reason, ...]
) -> int:
    """Add the creation behind the networks, volumes and containers that it refers to."""
    peers = [work.created[peer.service] for peer in action.peers if peer.service in work.created]
    linked = [node for link in state.service.links for node in work.creations.get(link.split(":")[0], ())]
    node = work.draft.add(action, *reasons, needs=[*work.provided(state.service), *peers, *linked])
    work.claims.append((action.name, node))
    return node


def inject(work: Work, state: ServiceState, container: ContainerRef, there: list[int]) -> list[int]:
    """Write the service's files, if it has any to write; returns the nodes to wait for."""
    if not state.files.injected:
        return there
    action = actions.InjectFiles(container=container, files=state.files.injected)
    names = ", ".join(file.source for file in state.files.injected)
    return [work.draft.add(action, Reason(why=Why.FILES, subject=names), needs=there)]


def settle_name(work: Work, slot: Slot, new: ContainerRef, needs: list[int]) -> list[int]:
    """Give the container that was created under a temporary name its own."""
    replaced = ref_of(slot.current) if slot.current is not None else None
    rename = actions.RenameContainer(container=new, to=slot.name, replaces=replaced)
    node = work.draft.add(rename, *(slot.replace or slot.create), needs=needs)
    work.claims.append((slot.name, node))
    return [node]


def _keep(work: Work, state: ServiceState, slot: Slot, kept: ObservedContainer, gate: Gate) -> None:
    """A container that stays: put right what is wrong about it."""
    ref, size = ref_of(kept), len(work.draft)
    there: list[int] = []
    if slot.restart:
        prepared = _prepared(work, state.service)
        there = _stop_to_return(work, kept, state.service, slot.restart, prepared)
    there = reattach(work, state.service, kept, there)
    if labels.UNNAMED in kept.labels and kept.name != slot.name:
        there = take_names(work, state.service, ref, there, INTERRUPTED)
    if kept.name != slot.name:
        there = _rename(work, kept, slot.name, there)
        ref = replace(ref, called=slot.name)
    if will_start(work, state, slot):
        if kept.state == "created":
            there = inject(work, state, ref, there)
        launch(work, state, ref, slot.restart or (_idle(kept),), there, gate)
    elif kept.state == "paused" and work.start:
        unpause(work, state, ref, there)
    if len(work.draft) == size:
        work.unchanged.append(ref)


def unpause(work: Work, state: ServiceState, container: ContainerRef, there: list[int]) -> int:
    """Let a paused container go on; returns the node."""
    action = actions.UnpauseContainer(container=container)
    node = work.draft.add(action, Reason(why=Why.PAUSED), needs=there)
    work.started.setdefault(state.service.name, []).append(node)
    return node


def _prepared(work: Work, service: Service) -> list[int]:
    """What has to be there before a service is stopped for the sake of those that it needs."""
    if service.name in work.early:
        return []
    causes = {need.service for need in service.depends_on if need.restart} | set(service.namespace_peers())
    nodes = [node for cause in sorted(causes) for node in work.prepared.get(cause, ())]
    work.prepared[service.name] = nodes
    return nodes


def _idle(container: ObservedContainer) -> Reason:
    told = container.state if container.exit_code is None else f"{container.state} ({container.exit_code})"
    return Reason(why=Why.NOT_RUNNING, subject=told)


def _rename(work: Work, container: ObservedContainer, name: str, there: list[int]) -> list[int]:
    """Give the container its name; by way of a temporary one where names go round in a circle."""
    reason = Reason(why=Why.RENAMED, subject=container.name)
    ref = ref_of(container)
    if container.id in work.swaps:
        aside = actions.RenameContainer(container=ref, to=aside_name(container.id, name))
        there = [work.draft.add(aside, reason, needs=there)]
        work.freed[container.name] = there[0]
    node = work.draft.add(actions.RenameContainer(container=ref, to=name), reason, needs=there)
    work.freed.setdefault(container.name, node)
    work.claims.append((name, node))
    return [node]


def launch(
    work: Work,
    state: ServiceState,
    container: ContainerRef,
    reasons: tuple[Reason, ...],
    there: list[int],
    gate: Gate,
) -> int:
    """Start a container behind its dependencies and `pre_start`, then run its hooks; returns the last node."""
    there = prepare(work, state, container, there, gate)
    start = work.draft.add(
        actions.StartContainer(container=container), *reasons, needs=[*there, *gate.needs], after=gate.after
    )
    work.launches.append((state.service, container, start))
    last = start
    for hook in state.service.post_start:
        action = actions.RunHook(container=container, hook=hook, event="post_start")
        last = work.draft.add(action, Reason(why=Why.HOOK, subject="post_start"), needs=[last])
    work.started.setdefault(state.service.name, []).append(last)
    return last
