"""Looks at one service after the other, dependencies first, and decides what becomes of each container."""

from __future__ import annotations

from collections import defaultdict

from compose_lite import labels
from compose_lite.errors import PlanError, Problem
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner import hashing
from compose_lite.planner.divergence import divergence, hash_matches
from compose_lite.planner.files import files_of
from compose_lite.planner.graph import peer_services
from compose_lite.planner.naming import container_name, is_successor_name
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.situation import ServiceState, Situation, Slot, Surplus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.planner.requests import Contents
    from compose_lite.spec.model import Project, Service


def survey(situation: Situation, service: Service, earlier: Mapping[str, ServiceState]) -> ServiceState:
    """Decide what becomes of the service's containers; `earlier` has the services that it needs."""
    refuse_unplannable(service)
    files = files_of(situation.project, service, situation.contents)
    digest = hashing.service_hash(situation.project, service, files)
    state = ServiceState(
        service=service,
        digest=digest,
        files=files,
        job=service.name in situation.jobs,
        peers=_peer_ids(situation, service, earlier),
    )
    existing = situation.containers.get(service.name, ())
    usable = [c for c in existing if c.number >= 1 and c.state != "removing"]
    unusable = [c for c in existing if c.number < 1 or c.state == "removing"]
    surplus = [Surplus(container=c, reasons=(_unusable_reason(c),)) for c in unusable]
    numbered: defaultdict[int, list[ObservedContainer]] = defaultdict(list)
    for container in usable:
        numbered[container.number].append(container)
    kept = sorted(numbered)[: service.replicas]
    slots = []
    for number in sorted(numbered):
        if number in kept:
            slot, others = _fill(situation, state, number, numbered[number], earlier)
            slots.append(slot)
            surplus.extend(others)
        else:
            reason = Reason(why=Why.SCALED_DOWN, subject=str(service.replicas))
            surplus.extend(Surplus(container=c, reasons=(reason,)) for c in numbered[number])
    slots.extend(_missing(situation, service, kept, bool(usable)))
    slots.sort(key=lambda slot: slot.number)
    return replace(state, slots=tuple(slots), surplus=tuple(surplus))


def one_off_state(project: Project, service: Service, contents: Contents) -> ServiceState:
    """What a one-off container of the service is made from."""
    refuse_unplannable(service)
    files = files_of(project, service, contents)
    return ServiceState(service=service, digest=hashing.service_hash(project, service, files), files=files)


def refuse_unplannable(service: Service) -> None:
    """Raise `PlanError` for a service that no plan can bring up."""
    if service.container_name is not None and service.replicas > 1:
        message = (
            f"service {service.name!r} has the container name {service.container_name!r}, "
            f"so it can't have {service.replicas} containers"
        )
        hint = "remove container_name, or scale the service to 1"
        raise PlanError(problems=[_problem(service, "container-name-scaled", message, hint)])


def _problem(service: Service, code: str, message: str, hint: str) -> Problem:
    path = f"services.{service.name}"
    return Problem(code=code, message=message, hint=hint, location=service.location, path=path)


def _unusable_reason(container: ObservedContainer) -> Reason:
    if container.state == "removing":
        return Reason(why=Why.DEAD, subject="its removal did not end")
    return Reason(why=Why.DUPLICATE, subject="it has no replica number")


def _missing(situation: Situation, service: Service, kept: list[int], any_: bool) -> list[Slot]:
    """Empty slots under the lowest free numbers, as many as are wanted."""
    why = Reason(why=Why.SCALED_UP, subject=str(service.replicas)) if any_ else NO_CONTAINER
    slots: list[Slot] = []
    number, wanted = 1, service.replicas - len(kept)
    while len(slots) < wanted:
        if number not in kept:
            name = container_name(situation.project.name, service, number)
            slots.append(Slot(number=number, name=name, create=(why,)))
        number += 1
    return slots


NO_CONTAINER = Reason(why=Why.NOT_FOUND, subject="container")


def _fill(
    situation: Situation,
    state: ServiceState,
    number: int,
    candidates: list[ObservedContainer],
    earlier: Mapping[str, ServiceState],
) -> tuple[Slot, list[Surplus]]:
    """Choose which of the containers with one number stays, or which one is replaced."""
    name = container_name(situation.project.name, state.service, number)
    reasons = {c.id: _why_replace(situation, state, c, earlier) for c in candidates}
    pending = [c for c in candidates if _replaced_by(c, candidates) is not None]
    waiting = {c.id for c in pending}
    settled = [c for c in candidates if c.id not in waiting] or [pending.pop()]
    current = min(
        settled, key=lambda c: (bool(reasons[c.id]), c.name != name, not c.running, -c.created, c.id)
    )
    surplus = [
        Surplus(container=c, reasons=(Reason(why=Why.DUPLICATE),)) for c in settled if c is not current
    ]
    forced = situation.recreate(state.service.name) == "force"
    replace_ = reasons[current.id]
    if forced:
        replace_ = (Reason(why=Why.FORCED), *replace_)
    successor = None
    if replace_:
        fit = [
            c for c in pending if not reasons[c.id] and _can_continue(situation, state.service, c, current)
        ]
        successor = fit[0] if fit else None
    interrupted = Reason(why=Why.INTERRUPTED, subject=current.name)
    surplus.extend(Surplus(container=c, reasons=(interrupted,)) for c in pending if c is not successor)
    slot = Slot(number=number, name=name, current=current, successor=successor, replace=replace_)
    if not replace_:
        slot = replace(slot, restart=_why_restart(situation, state, current, earlier))
    return slot, surplus


def _replaced_by(container: ObservedContainer, siblings: list[ObservedContainer]) -> ObservedContainer | None:
    """The sibling in whose place the container was created by a replacement that did not end.

    In a rollout it may run for a while beside that one, else it has not been started.
    """
    ours = container.labels.get(labels.REPLACES)
    told = {ours, container.labels.get(labels.REPLACE)} - {None}
    for sibling in siblings:
        if sibling is container or container.state == "dead":
            continue
        if sibling.id == ours:
            return sibling
        named = sibling.id in told or sibling.name in told or is_successor_name(container.name, sibling.id)
        if named and container.state == "created":
            return sibling
    return None


def _can_continue(
    situation: Situation, service: Service, successor: ObservedContainer, current: ObservedContainer
) -> bool:
    """Whether an unfinished replacement can be finished: it was made for this one, and is on all networks."""
    if successor.labels.get(labels.REPLACES) != current.id or situation.request.renew_anonymous_volumes:
        return False
    networks = situation.project.networks
    wanted = {networks[a.network].name for a in service.networks if a.network in networks}
    attached = {endpoint.network for endpoint in successor.endpoints}
    return wanted <= attached and not attached & situation.unusable


def _why_replace(
    situation: Situation,
    state: ServiceState,
    container: ObservedContainer,
    earlier: Mapping[str, ServiceState],
) -> tuple[Reason, ...]:
    """Why the container can't stay, whatever was forced."""
    if container.state == "dead":
        return (Reason(why=Why.DEAD),)
    shared = (*_peer_reasons(state, container, earlier), *_volume_reasons(situation, container))
    if situation.recreate(state.service.name) == "never":
        return shared
    diverged = divergence(
        situation.project,
        situation.observed,
        state.service,
        container,
        digest=state.digest,
        files=state.files,
        peers=state.peers,
    )
    return diverged + shared


def _volume_reasons(situation: Situation, container: ObservedContainer) -> tuple[Reason, ...]:
    """Reasons that lie in volumes which the request gives up."""
    if not situation.destroyed:
        return ()
    return tuple(situation.destroyed[name] for name in sorted(container.volumes & situation.destroyed.keys()))


def _peer_ids(situation: Situation, service: Service, earlier: Mapping[str, ServiceState]) -> dict[str, str]:
    """Ids of the containers that the service's share with, as far as those exist and stay."""
    found = {}
    for peer in peer_services(service):
        if peer in earlier:
            kept = earlier[peer].slots[0].kept if earlier[peer].slots else None
        else:
            kept = next(iter(situation.containers.get(peer, ())), None)
        if kept is not None:
            found[peer] = kept.id
    return found


def _peer_reasons(
    state: ServiceState, container: ObservedContainer, earlier: Mapping[str, ServiceState]
) -> tuple[Reason, ...]:
    """Reasons that lie in containers whose namespaces or volumes this one shares: they are others now."""
    reasons = []
    recorded = _recorded_peers(container)
    for peer in peer_services(state.service):
        now = state.peers.get(peer)
        known = recorded.get(peer)
        shares_network = state.service.network_mode == f"service:{peer}"
        if known is None and shares_network and container.network_mode.startswith("container:"):
            known = container.network_mode.removeprefix("container:")
        if (now is None and peer in earlier) or (known is not None and known != now):
            reasons.append(Reason(why=Why.DEPENDENCY_REPLACED, subject=peer))
    return tuple(reasons)


def _recorded_peers(container: ObservedContainer) -> dict[str, str]:
    """What the label tells: `SERVICE=ID` joined by commas."""
    text = container.labels.get(labels.PEERS, "")
    pairs = (entry.partition("=") for entry in text.split(",") if entry)
    return {service: id_ for service, _, id_ in pairs}


def _why_restart(
    situation: Situation,
    state: ServiceState,
    container: ObservedContainer,
    earlier: Mapping[str, ServiceState],
) -> tuple[Reason, ...]:
    """Why a container that stays and runs has to be started anew behind the services that it needs."""
    if not container.running or not situation.request.start:
        return ()
    reasons = []
    for dependency in state.service.depends_on:
        if dependency.restart and dependency.service in earlier:
            slots = earlier[dependency.service].slots
            if any(slot.replace for slot in slots):
                reasons.append(Reason(why=Why.DEPENDENCY_REPLACED, subject=dependency.service))
            elif any(slot.restart for slot in slots):
                reasons.append(Reason(why=Why.DEPENDENCY_RESTARTED, subject=dependency.service))
    for peer in state.service.namespace_peers():
        slots = earlier[peer].slots if peer in earlier else ()
        if slots and slots[0].kept is not None and not slots[0].kept.running:
            reasons.append(Reason(why=Why.DEPENDENCY_RESTARTED, subject=peer))
    return tuple(reasons)


def needs_look(situation: Situation, service: Service) -> frozenset[str]:
    """Ids of the service's containers whose hash does not tell that they are as they should be."""
    if situation.recreate(service.name) == "never":
        return frozenset()
    files = files_of(situation.project, service, situation.contents)
    digest = hashing.service_hash(situation.project, service, files)
    return frozenset(
        container.id
        for container in situation.containers.get(service.name, ())
        if not hash_matches(container, digest) and container.state not in ("dead", "removing")
    )
