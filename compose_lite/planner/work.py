"""The state of a plan in the making: what later steps need to know of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compose_lite.planner.actions import ContainerRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.planner.draft import Draft
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.reasons import Reason
    from compose_lite.spec.model import Project, Service


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What a start waits for: the success of `needs`, the end of `after`."""

    needs: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(kw_only=True, slots=True)
class Work:
    """A plan in the making; nodes are handles of `draft`.

    Attributes:
        start: whether anything is to be started.
        rerun: jobs that start again although they have completed.
        timeout: seconds before a stopped container is killed.
        providing: daemon's network or volume name → node that creates it.
        removing: daemon's network name → node that removes it.
        anew: daemon's network name → why it is made anew.
        early: services whose containers stop before their successors are created.
        swaps: ids of containers that make way by taking a temporary name first.
        stops: service → (first, last) node of each stop, hooks included, that dependents' stops precede.
        halted: container id → node after which it does not run any more.
        freed: container name → node after which nobody has that name.
        claims: (name, node): actions that give a name to a container.
        prepared: service → nodes after which all is there that its replicas are stopped for.
        created: service → node of its first replica's creation, if that is made anew.
        started: service → nodes after which all its replicas have been started.
        launches: (service, container, node) of each start, for what only one container can hold.
        refs: service → its containers as they will be.
        port_holders: (protocol, port) → (container id, its name for people, host address) of those that keep it.
        unchanged: containers that nothing is done to.
    """

    project: Project
    observed: Observed
    draft: Draft
    start: bool = True
    rerun: frozenset[str] = frozenset()
    timeout: float | None = None
    renew_volumes: bool = False
    providing: Mapping[str, int] = field(default_factory=dict)
    removing: Mapping[str, int] = field(default_factory=dict)
    anew: Mapping[str, Reason] = field(default_factory=dict)
    early: frozenset[str] = frozenset()
    swaps: frozenset[str] = frozenset()
    refs: Mapping[str, tuple[ContainerRef, ...]] = field(default_factory=dict)
    stops: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    halted: dict[str, int] = field(default_factory=dict)
    freed: dict[str, int] = field(default_factory=dict)
    claims: list[tuple[str, int]] = field(default_factory=list)
    prepared: dict[str, list[int]] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    started: dict[str, list[int]] = field(default_factory=dict)
    launches: list[tuple[Service, ContainerRef, int]] = field(default_factory=list)
    port_holders: dict[tuple[str, int], list[tuple[str, str, str]]] = field(default_factory=dict)
    unchanged: list[ContainerRef] = field(default_factory=list)

    def provided(self, service: Service) -> list[int]:
        """The nodes that create the networks and volumes which the service uses."""
        if not self.providing:
            return []
        networks = (
            self.project.networks[a.network].name
            for a in service.networks
            if a.network in self.project.networks
        )
        volumes = (
            self.project.volumes[m.source].name
            for m in service.volumes
            if m.type == "volume" and m.source is not None and m.source in self.project.volumes
        )
        return [self.providing[name] for name in (*networks, *volumes) if name in self.providing]

    def release_networks(self, container: ObservedContainer, node: int) -> None:
        """Let the removal of networks wait for the node that takes the container off them."""
        for endpoint in container.endpoints:
            if endpoint.network in self.removing:
                self.draft.link(self.removing[endpoint.network], needs=[node])


def ref_of(container: ObservedContainer) -> ContainerRef:
    """The reference to an existing container."""
    return ContainerRef(
        name=container.name, service=container.service, number=container.number, id=container.id
    )
