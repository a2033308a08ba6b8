"""The state of a plan in the making: what later steps need to know of earlier ones."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.planner.draft import Draft
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.reasons import Reason
    from compose_lite.planner.refs import ContainerRef
    from compose_lite.planner.situation import Slot
    from compose_lite.spec.model import Network, Project, Service, Volume


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What a start waits for: the success of `needs`, the end of `after`."""

    needs: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """The networks, or the volumes, that a plan makes; keys are the daemon's names.

    Attributes:
        creating: nodes that create one.
        removing: nodes that remove one of the same name first.
        anew: why that one has to go.
    """

    creating: Mapping[str, int] = EMPTY
    removing: Mapping[str, int] = EMPTY
    anew: Mapping[str, Reason] = EMPTY


@dataclass(frozen=True, kw_only=True, slots=True)
class Rolled:
    """A replica whose old container is kept until the rollout is over.

    Attributes:
        own: the last node of its own steps.
        strict: the old one goes only if the rollouts of all services succeed.
    """

    slot: Slot
    old: ObservedContainer
    new: ContainerRef
    own: int
    strict: bool


@dataclass(kw_only=True, slots=True)
class Work:
    """A plan in the making; nodes are handles of `draft`.

    Attributes:
        start: whether anything is to be started.
        rerun: jobs that start again although they have completed.
        timeout: seconds before a stopped container is killed.
        networks, volumes: those that the plan makes.
        keeping: services whose replaced containers are kept for a rollback.
        undoable: a service that is updated wants failures to be undone, so the old containers of all are kept till the end.
        early: services whose containers stop before their successors are created.
        swaps: ids of containers that make way by taking a temporary name first.
        stops: service → (first, last) node of each stop, hooks included, that dependents' stops precede.
        halted: container id → node after which it does not run any more.
        freed: container name → node after which nobody has that name.
        claims: (name, node): actions that give a name to a container.
        prepared: service → nodes after which all is there that its replicas are stopped for.
        created: service → node of its first replica's creation, if that is made anew.
        creations: service → nodes of all its replicas that are made anew.
        started: service → nodes after which all its replicas have been started.
        launches: (service, container, node) of each start, for what only one container can hold.
        steps: (service, step) → node of a step of `pre_start` that is run once for all of its replicas.
        refs: service → its containers as they will be.
        port_holders: (protocol, port) → (container id, its name for people, host address) of those that keep it.
        at_once: services that are never rolled out: others share their namespaces, or need their ports.
        rolled: replicas that are rolled out, to be completed at the end.
        rollout_ends: nodes after which the rollouts of all services have succeeded.
        unchanged: containers that nothing is done to.
    """

    project: Project
    observed: Observed
    draft: Draft
    start: bool = True
    rerun: frozenset[str] = frozenset()
    timeout: float | None = None
    renew_volumes: bool = False
    networks: Made = field(default_factory=Made)
    volumes: Made = field(default_factory=Made)
    keeping: frozenset[str] = frozenset()
    undoable: bool = False
    early: frozenset[str] = frozenset()
    swaps: frozenset[str] = frozenset()
    refs: Mapping[str, tuple[ContainerRef, ...]] = field(default_factory=dict)
    stops: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    halted: dict[str, int] = field(default_factory=dict)
    freed: dict[str, int] = field(default_factory=dict)
    claims: list[tuple[str, int]] = field(default_factory=list)
    prepared: dict[str, list[int]] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    creations: dict[str, list[int]] = field(default_factory=dict)
    started: dict[str, list[int]] = field(default_factory=dict)
    launches: list[tuple[Service, ContainerRef, int]] = field(default_factory=list)
    steps: dict[tuple[str, int], int] = field(default_factory=dict)
    port_holders: dict[tuple[str, int], list[tuple[str, str, str]]] = field(default_factory=dict)
    at_once: frozenset[str] = frozenset()
    rolled: list[Rolled] = field(default_factory=list)
    rollout_ends: list[int] = field(default_factory=list)
    unchanged: list[ContainerRef] = field(default_factory=list)

    def provided(self, service: Service) -> list[int]:
        """The nodes that create the networks and volumes which the service uses."""
        if not self.networks.creating and not self.volumes.creating:
            return []
        networks = self.networks.creating, self.project.networks, (a.network for a in service.networks)
        mounted = (m.source for m in service.volumes if m.type == "volume" and m.source is not None)
        volumes = self.volumes.creating, self.project.volumes, mounted
        return [*_nodes(*networks), *_nodes(*volumes)]

    def release(self, container: ObservedContainer, node: int) -> None:
        """Let removals wait for the node after which the container holds no network and no volume any more."""
        self.release_networks(container, node)
        for name in container.volumes & self.volumes.removing.keys():
            self.draft.link(self.volumes.removing[name], needs=[node])

    def release_networks(self, container: ObservedContainer, node: int) -> None:
        """Let the removal of networks wait for the node that takes the container off them."""
        for endpoint in container.endpoints:
            if endpoint.network in self.networks.removing:
                self.draft.link(self.networks.removing[endpoint.network], needs=[node])

    def loses_volume(self, container: ObservedContainer) -> bool:
        """Whether the container mounts a volume that the plan destroys: it has to go before that."""
        return not container.volumes.isdisjoint(self.volumes.removing)


def _nodes(
    creating: Mapping[str, int], known: Mapping[str, Network] | Mapping[str, Volume], keys: Iterable[str]
) -> list[int]:
    names = (known[key].name for key in keys if key in known)
    return [creating[name] for name in names if name in creating]
