"""Decides what becomes of networks, volumes and containers, before any action is thought of."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass, replace
from compose_lite.planner.graph import Graph, closure, ordered, service_graph
from compose_lite.planner.jobs import jobs_of
from compose_lite.planner.links import raise_all
from compose_lite.planner.networks import NetworkDecisions, decide_networks, networks_used
from compose_lite.planner.orphans import never_begun, orphan_warnings, orphans_of
from compose_lite.planner.selection import unknown_services
from compose_lite.planner.situation import ServiceState, Situation, by_service
from compose_lite.planner.survey import survey
from compose_lite.planner.volumes import VolumeDecisions, decide_volumes, in_use, volumes_used

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compose_lite.errors import Problem
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.requests import Contents, UpRequest
    from compose_lite.planner.situation import Slot
    from compose_lite.spec.model import Project, Service


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which services the request is about, each behind those that it needs."""

    order: tuple[str, ...]
    selected: frozenset[str]
    graph: Graph


@dataclass(frozen=True, kw_only=True, slots=True)
class Decisions:
    """What becomes of everything that the request is about.

    Attributes:
        states: by service, each behind those that it needs.
        never_begun: containers of one-offs and steps that nobody is going to start.
        orphans: containers of services that the files don't have.
    """

    scope: Scope
    situation: Situation
    networks: NetworkDecisions
    volumes: VolumeDecisions
    states: Mapping[str, ServiceState]
    never_begun: tuple[ObservedContainer, ...] = ()
    orphans: tuple[ObservedContainer, ...] = ()

    def warnings(self, more: Iterable[Problem] = ()) -> tuple[Problem, ...]:
        """What the user should know before the plan is carried out."""
        request = self.situation.request
        found = [*self.networks.warnings, *self.volumes.warnings, *more]
        if not request.ignore_orphans:
            removed = request.remove_orphans
            found.extend(orphan_warnings(self.situation.project, self.orphans, removed=removed))
        return tuple(found)

    def settled(self) -> tuple[ObservedContainer, ...] | None:
        """The containers of all replicas if they are as they should be, and so is all else.

        `None` says that actions may be needed; that they are not can turn out then.
        """
        request = self.situation.request
        if (
            self.networks.made
            or self.volumes.made
            or self.never_begun
            or self.situation.observed.previous
            or (request.remove_orphans and self.orphans)
            or request.wait
            or request.rerun_jobs
            or any(state.surplus for state in self.states.values())
        ):
            return None
        kept = [
            _at_rest(self.situation, state, slot) for state in self.states.values() for slot in state.slots
        ]
        return None if None in kept else tuple(filter(None, kept))


def decide(
    project: Project,
    observed: Observed,
    request: UpRequest,
    contents: Contents,
    scope: Scope,
    guests: Iterable[Service] = (),
) -> Decisions:
    """Compare what there should be with what there is.

    Args:
        guests: services whose networks and volumes are provided for though they are not brought up.

    Raises:
        PlanError: an external network or volume is missing, a volume is in use …; all that was found.
    """
    services = [project.services[name] for name in scope.order if project.services[name].replicas]
    services.extend(guests)
    networks, volumes = networks_used(project, services), volumes_used(project, services)
    if request.all_resources:
        networks, volumes = tuple(project.networks.values()), tuple(project.volumes.values())
    of_networks = decide_networks(project, observed, networks)
    of_volumes = decide_volumes(project, observed, volumes, destroy=request.recreate_volumes)
    raise_all((*of_networks.problems, *of_volumes.problems))
    situation = replace(
        situation_of(project, observed, request, contents, scope),
        unusable=frozenset(made.network.name for made in of_networks.made if made.old is not None),
        destroyed={made.volume.name: made.reasons[0] for made in of_volumes.made if made.old is not None},
    )
    raise_all(_other_users(situation, scope.order))
    states: dict[str, ServiceState] = {}
    for name in scope.order:
        states[name] = survey(situation, project.services[name], states)
    begun_by_nobody = never_begun(observed)
    return Decisions(
        scope=scope,
        situation=situation,
        networks=of_networks,
        volumes=of_volumes,
        states=states,
        never_begun=tuple(begun_by_nobody),
        orphans=tuple(c for c in orphans_of(project, observed) if c not in begun_by_nobody),
    )


def scope_of(project: Project, request: UpRequest) -> Scope:
    """The services of the request; raises `PlanError` for unknown ones."""
    raise_all(unknown_services(project, request.services))
    graph = service_graph(project.services)
    selected = frozenset(request.services or project.services)
    wanted = selected if request.no_deps else closure(graph, selected)
    return Scope(order=ordered(graph, wanted), selected=selected, graph=graph)


def situation_of(
    project: Project, observed: Observed, request: UpRequest, contents: Contents, scope: Scope
) -> Situation:
    """What a survey of these services looks at."""
    return Situation(
        project=project,
        observed=observed,
        request=request,
        contents=contents,
        selected=scope.selected,
        containers=by_service(observed.containers),
        jobs=jobs_of(project),
    )


def _other_users(situation: Situation, names: Iterable[str]) -> Iterator[Problem]:
    """Containers that keep a volume from being made anew, because the plan does not deal with them."""
    services = frozenset(names)
    for container in situation.observed.containers if situation.destroyed else ():
        if container.oneoff or container.service not in services:
            for name in sorted(container.volumes & situation.destroyed.keys()):
                yield in_use(name, container.name)


def _at_rest(situation: Situation, state: ServiceState, slot: Slot) -> ObservedContainer | None:
    """The replica's container if nothing is to be done about it, or to be looked at."""
    kept = slot.kept
    if kept is None or slot.restart or kept.name != slot.name:
        return None
    rests = kept.state == "running" or state.completed(slot)
    return kept if rests and _attached(situation, state.service, kept) else None


def _attached(situation: Situation, service: Service, container: ObservedContainer) -> bool:
    """Whether the container is on its service's networks."""
    if service.network_mode is not None:
        return True
    on = {endpoint.network: endpoint.network_id for endpoint in container.endpoints}
    there, known = situation.observed.networks, situation.project.networks
    names = [known[a.network].name for a in service.networks if a.network in known]
    return all(name in there and on.get(name) == there[name].id for name in names)
