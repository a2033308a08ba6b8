"""Plans what takes a stack down or holds it: `down`, `stop`, `rm`, `kill`, `pause`, `unpause`.

The project may be `None`: the stack is then known from its labels alone, hooks and protections are not.
"""

from __future__ import annotations

from compose_lite import labels
from compose_lite.errors import Problem, Severity
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner import actions
from compose_lite.planner.draft import Draft
from compose_lite.planner.graph import closure
from compose_lite.planner.links import link_stops
from compose_lite.planner.naming import ANONYMOUS
from compose_lite.planner.orphans import orphan_warnings, orphans_of
from compose_lite.planner.pace import paces
from compose_lite.planner.plan import Plan
from compose_lite.planner.providers import call
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.refs import ref_of
from compose_lite.planner.stack import Stack, stack_of
from compose_lite.planner.steps import discard, halt
from compose_lite.planner.volumes import protected, protected_by_label
from compose_lite.planner.work import Work
from compose_lite.spec.model import EMPTY, Project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Literal

    from compose_lite.planner.actions import Action
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.requests import (
        DownRequest,
        KillRequest,
        PauseRequest,
        RemoveRequest,
        StopRequest,
        UnpauseRequest,
    )


def plan_down(project: Project | None, observed: Observed, request: DownRequest) -> Plan:
    """Stop and remove the containers, dependents first, then networks, and what else was asked for."""
    observed = observed.of_all_generations()
    stack = stack_of(project, observed, request.services)
    work = _work(stack, request.timeout)
    reason = Reason(why=Why.REQUESTED, subject="down")
    removed = _discard_services(work, stack, reason, volumes=request.volumes)
    warnings: list[Problem] = []
    if project is not None and not stack.selected:
        orphans = [c for c in orphans_of(project, observed) if c.id not in removed]
        if request.remove_orphans:
            for container in orphans:
                why = Reason(why=Why.ORPHAN, subject=container.service)
                removed[container.id] = discard(work, container, None, (why,), volumes=request.volumes)
        warnings.extend(orphan_warnings(project, orphans, removed=request.remove_orphans))
    _call_providers(work, stack, "down", removed)
    warnings.extend(_remove_networks(work, stack, removed, reason))
    if request.volumes:
        warnings.extend(_remove_volumes(work, stack, removed))
    if request.rmi is not None:
        _remove_images(work, stack, removed, request.rmi)
    link_stops(work, stack.order, stack.graph)
    return _plan(project, work, "down", warnings)


def plan_stop(project: Project | None, observed: Observed, request: StopRequest) -> Plan:
    """Stop the services' running containers, dependents first."""
    stack = stack_of(project, observed, request.services)
    work = _work(stack, request.timeout)
    for name in reversed(stack.order):
        for container in stack.of(name):
            stopped = halt(work, container, stack.service(name), (Reason(why=Why.REQUESTED, subject="stop"),))
            if stopped is None:
                work.unchanged.append(ref_of(container))
            else:
                work.stops.setdefault(name, []).append(stopped)
    _call_providers(work, stack, "stop")
    link_stops(work, stack.order, stack.graph)
    return _plan(project, work, "stop")


def plan_rm(project: Project | None, observed: Observed, request: RemoveRequest) -> Plan:
    """Remove the services' stopped containers; the running ones too if they are to be stopped first."""
    stack = stack_of(project, observed, request.services)
    work = _work(stack, None)
    reason = Reason(why=Why.REQUESTED, subject="rm")
    removed = _discard_services(
        work, stack, reason, volumes=request.volumes, running=request.stop, oneoffs=False
    )
    if request.volumes:
        _remove_inherited(work, stack, removed)
    link_stops(work, stack.order, stack.graph)
    return _plan(project, work, "rm")


def plan_kill(project: Project | None, observed: Observed, request: KillRequest) -> Plan:
    """Send a signal to the services' running containers, all at once."""

    def kill(container: ObservedContainer) -> Action | None:
        if not container.running:
            return None
        return actions.KillContainer(container=ref_of(container), signal=request.signal)

    others: tuple[ObservedContainer, ...] = ()
    if project is not None and request.remove_orphans and not request.services:
        others = tuple(c for c in orphans_of(project, observed) if not c.oneoff)
    return _for_each(project, observed, request.services, "kill", kill, others)


def plan_pause(project: Project | None, observed: Observed, request: PauseRequest) -> Plan:
    """Freeze the services' running containers."""

    def pause(container: ObservedContainer) -> Action | None:
        if container.state != "running":
            return None
        return actions.PauseContainer(container=ref_of(container))

    return _for_each(project, observed, request.services, "pause", pause)


def plan_unpause(project: Project | None, observed: Observed, request: UnpauseRequest) -> Plan:
    """Thaw the services' paused containers."""

    def unpause(container: ObservedContainer) -> Action | None:
        if container.state != "paused":
            return None
        return actions.UnpauseContainer(container=ref_of(container))

    return _for_each(project, observed, request.services, "unpause", unpause)


def _call_providers(
    work: Work, stack: Stack, command: Literal["stop", "down"], removed: Mapping[str, int] = EMPTY
) -> None:
    """Have the providers of services do the same, each behind the containers that depend on it."""
    for name in reversed(stack.order):
        service = stack.service(name)
        if service is not None and service.provider is not None:
            users = [user for user in stack.order if name in closure(stack.graph, [user])]
            gone = [removed[c.id] for user in users for c in stack.of(user) if c.id in removed]
            action, reason = call(service, command)
            node = work.draft.add(action, reason, after=gone)
            work.stops.setdefault(name, []).append((node, node))


def _for_each(
    project: Project | None,
    observed: Observed,
    services: Iterable[str],
    verb: str,
    act: Callable[[ObservedContainer], Action | None],
    others: Iterable[ObservedContainer] = (),
) -> Plan:
    """One independent action for each container of the services that it applies to."""
    stack = stack_of(project, observed, services)
    work = _work(stack, None)
    concerned = [container for name in stack.order for container in stack.of(name)]
    for container in (*concerned, *others):
        action = act(container)
        if action is None:
            work.unchanged.append(ref_of(container))
        else:
            work.draft.add(action, Reason(why=Why.REQUESTED, subject=verb))
    return _plan(project, work, verb)


def _work(stack: Stack, timeout: float | None) -> Work:
    project = stack.project or Project(name=stack.observed.project, working_dir="")
    return Work(project=project, observed=stack.observed, draft=Draft(), timeout=timeout)


def _plan(project: Project | None, work: Work, verb: str, warnings: Iterable[Problem] = ()) -> Plan:
    return Plan(
        project=work.observed.project,
        verb=verb,
        actions=work.draft.numbered(),
        unchanged=tuple(work.unchanged),
        warnings=tuple(warnings),
        paces=paces(project, work.observed),
    )


def _discard_services(
    work: Work, stack: Stack, reason: Reason, *, volumes: bool, running: bool = True, oneoffs: bool = True
) -> dict[str, int]:
    """Remove the services' containers, dependents first; returns container id → last node."""
    removed: dict[str, int] = {}
    for name in reversed(stack.order):
        for container in stack.of(name, oneoffs=oneoffs):
            if container.running and not running:
                work.unchanged.append(ref_of(container))
                continue
            first = len(work.draft)
            last = discard(
                work, container, stack.service(name), (reason,), volumes=volumes, spare=not running
            )
            removed[container.id] = last
            if container.running:
                work.stops.setdefault(name, []).append((first, work.halted[container.id]))
    return removed


def _remove_networks(work: Work, stack: Stack, removed: dict[str, int], reason: Reason) -> Iterable[Problem]:
    """Remove the project's networks that nothing of the project stays on."""
    concerned = _networks_of(stack) if stack.selected else None
    users: dict[str, list[ObservedContainer]] = {}
    for container in stack.observed.containers:
        for endpoint in container.endpoints:
            users.setdefault(endpoint.network, []).append(container)
    for name in sorted(stack.observed.networks):
        network = stack.observed.networks[name]
        attached = users.get(name, [])
        if network.labels.get(labels.PROJECT) != stack.observed.project:
            continue
        if concerned is not None and name not in concerned:
            continue
        staying = [container.name for container in attached if container.id not in removed]
        if staying:
            if not stack.selected:
                yield _still_used("network", name, staying)
            continue
        action = actions.RemoveNetwork(id=network.id, name=name, keep_if_used=True)
        work.draft.add(action, reason, needs=[removed[container.id] for container in attached])


def _networks_of(stack: Stack) -> frozenset[str]:
    """Names of the networks that the selected services' containers are on."""
    return frozenset(
        endpoint.network
        for name in stack.order
        for container in stack.of(name, oneoffs=True)
        for endpoint in container.endpoints
    )


def _remove_volumes(work: Work, stack: Stack, removed: dict[str, int]) -> Iterable[Problem]:
    """Remove the project's own volumes that were declared, unless protected or used by what stays."""
    yield from _named_volumes(work, stack, removed)
    _remove_inherited(work, stack, removed)


def _named_volumes(work: Work, stack: Stack, removed: dict[str, int]) -> Iterable[Problem]:
    users = _volume_users(stack)
    declared = {} if stack.project is None else {v.name: v for v in stack.project.volumes.values()}
    mounted = {name for name, by in users.items() if any(c.id in removed for c in by)}
    reason = Reason(why=Why.REQUESTED, subject="down --volumes")
    for name in sorted(stack.observed.volumes):
        volume = declared.get(name)
        if volume is not None and volume.external:
            continue
        if stack.selected and name not in mounted:
            continue
        ours = stack.observed.volumes[name].labels.get(labels.PROJECT) == stack.observed.project
        staying = [container.name for container in users.get(name, ()) if container.id not in removed]
        if not ours or (stack.project is not None and volume is None):
            if volume is not None or ours:
                yield _kept_volume(name, ours=ours)
        elif volume is not None and volume.protected:
            yield replace(protected(volume), severity=Severity.WARNING)
        elif volume is None and labels.PROTECTED in stack.observed.volumes[name].labels:
            yield replace(protected_by_label(name), severity=Severity.WARNING)
        elif staying:
            yield _still_used("volume", name, staying)
        else:
            needs = [removed[container.id] for container in users.get(name, ())]
            work.draft.add(actions.RemoveVolume(name=name, keep_if_used=True), reason, needs=needs)


def _remove_inherited(work: Work, stack: Stack, removed: dict[str, int]) -> None:
    """Remove anonymous volumes that replacements handed down: the daemon takes them for named ones."""
    named = stack.observed.volumes.keys()
    needs: dict[str, list[int]] = {}
    for container in stack.observed.containers:
        inherits = labels.REPLACES in container.labels or labels.REPLACE in container.labels
        if container.id in removed and inherits:
            for name in container.volumes - named:
                if ANONYMOUS.fullmatch(name):
                    needs.setdefault(name, []).append(removed[container.id])
    reason = Reason(why=Why.REQUESTED, subject="--volumes")
    for name in sorted(needs):
        work.draft.add(actions.RemoveVolume(name=name, keep_if_used=True), reason, needs=needs[name])


def _volume_users(stack: Stack) -> dict[str, list[ObservedContainer]]:
    users: dict[str, list[ObservedContainer]] = {}
    for container in stack.observed.containers:
        for name in container.volumes:
            users.setdefault(name, []).append(container)
    return users


def _remove_images(work: Work, stack: Stack, removed: dict[str, int], which: Literal["local", "all"]) -> None:
    """Remove the services' images behind the containers that were made from them."""
    reason = Reason(why=Why.REQUESTED, subject=f"down --rmi {which}")
    wanted: dict[str, list[int]] = {}
    for name in stack.order:
        for ref in _image_refs(stack, name, which):
            nodes = [removed[container.id] for container in stack.of(name, oneoffs=True)]
            wanted.setdefault(ref, []).extend(nodes)
    for ref in sorted(wanted):
        work.draft.add(actions.RemoveImage(ref=ref, keep_if_used=True), reason, needs=wanted[ref])


def _image_refs(stack: Stack, name: str, which: Literal["local", "all"]) -> set[str]:
    """References of the service's images; `local` are those that the file gives no name."""
    service = stack.service(name)
    given_no_name = {f"{stack.observed.project}{between}{name}" for between in "-_"}
    if service is not None:
        ref = service.image_name(stack.observed.project)
        named = service.image is not None
        return {ref} if ref in stack.observed.images and (which == "all" or not named) else set()
    refs = {container.image for container in stack.of(name, oneoffs=True) if container.image}
    return refs if which == "all" else {ref for ref in refs if ref.removesuffix(":latest") in given_no_name}


def _still_used(kind: str, name: str, users: list[str]) -> Problem:
    return Problem(
        code=f"{kind}-in-use",
        message=f"{kind} {name!r} is kept: {', '.join(sorted(users))} still uses it",
        hint="containers behind a profile need that profile, those of no service --remove-orphans",
        severity=Severity.WARNING,
    )


def _kept_volume(name: str, *, ours: bool) -> Problem:
    why = "the files do not declare it any more" if ours else "it was not made for this project"
    return Problem(
        code="volume-kept",
        message=f"volume {name!r} is kept: {why}",
        hint=f"to remove it, with its data: docker volume rm {name}",
        severity=Severity.WARNING,
    )
