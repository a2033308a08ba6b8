"""A daemon that lives in memory: it carries out plans as the real one would and refuses what that refuses."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compose_lite import labels
from compose_lite.planner import actions, effective, effective_container, hashing
from compose_lite.planner.files import files_of
from compose_lite.planner.observed import (
    Observed,
    ObservedContainer,
    ObservedEndpoint,
    ObservedImage,
    ObservedMount,
    ObservedNetwork,
    ObservedPort,
    ObservedVolume,
    generations,
)
from compose_lite.spec.model import EMPTY, FrozenMap, Project, Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.planner.observed import Health, State
    from compose_lite.planner.plan import Plan, PlannedAction
    from compose_lite.planner.refs import ContainerRef

ANONYMOUS = re.compile(r"[0-9a-f]{64}")


class Refused(Exception):
    """The daemon would have answered this call with an error."""


@dataclass(kw_only=True)
class SimMount:
    """A mounted volume; `own` says that the daemon made it for this container (it goes with `rm -v`)."""

    target: str
    volume: str
    own: bool = False


@dataclass(kw_only=True)
class SimContainer:
    """A container; `endpoints` maps a network's name to the id that it was resolved to, empty before a start."""

    id: str
    name: str
    service: str
    number: int
    created: int
    image: str
    image_id: str
    labels: dict[str, str]
    oneoff: bool = False
    state: State = "created"
    health: Health | None = None
    exit_code: int | None = None
    endpoints: dict[str, str] = field(default_factory=dict)
    network_mode: str = ""
    mounts: list[SimMount] = field(default_factory=list)
    ports: tuple[ObservedPort, ...] = ()
    shares: tuple[str, ...] = ()
    effective: dict[str, object] = field(default_factory=dict)
    files_written: bool = False
    named: bool = True
    starts: int = 0

    @property
    def running(self) -> bool:
        return self.state in ("running", "paused", "restarting")


class SimulatedDaemon:
    """State of one daemon as far as one project is concerned.

    Jobs exit with 0 as soon as they are started, health checks pass at once.
    """

    def __init__(self, project: str) -> None:
        self.project = project
        self.containers: dict[str, SimContainer] = {}
        self.networks: dict[str, ObservedNetwork] = {}
        self.volumes: dict[str, ObservedVolume] = {}
        self.images: dict[str, ObservedImage] = {}
        self.clock = 0
        self.changing_calls = 0
        self.check_dependencies = False
        self._born: dict[str, str] = {}  # name at creation → id, for the plan that is being carried out

    # what the runner's observation would see

    def observe(self, *, inspected: bool = True) -> Observed:
        """The snapshot; with `inspected` every container has its effective configuration."""
        present, previous = generations(self._seen(c, inspected) for c in self.containers.values())
        return Observed(
            project=self.project,
            containers=present,
            previous=previous,
            networks=dict(self.networks),
            volumes={name: v for name, v in self.volumes.items() if not ANONYMOUS.fullmatch(name)},
            images=dict(self.images),
        )

    def _seen(self, c: SimContainer, inspected: bool) -> ObservedContainer:
        return ObservedContainer(
            id=c.id,
            name=c.name,
            service=c.service,
            number=c.number,
            oneoff=c.oneoff,
            image=c.image,
            image_id=c.image_id,
            state=c.state,
            health=c.health if c.state == "running" else None,
            exit_code=c.exit_code,
            created=c.created,
            labels=FrozenMap(c.labels),
            endpoints=tuple(
                ObservedEndpoint(network=name, network_id=id_) for name, id_ in sorted(c.endpoints.items())
            ),
            network_mode=c.network_mode,
            mounts=tuple(ObservedMount(type="volume", target=m.target, name=m.volume) for m in c.mounts),
            ports=c.ports if c.running else (),
            effective=dict(c.effective) if inspected else None,
        )

    # carrying out plans

    def apply(
        self, plan: Plan, project: Project, *, stop_after: int | None = None, seed: int | None = None
    ) -> None:
        """Carry out a plan, in the order of ids or in a random one that the edges allow, perhaps not to its end."""
        self._born = {}
        done: set[int] = set()
        waiting = list(plan.actions)
        chance = random.Random(seed)
        while waiting and (stop_after is None or len(done) < stop_after):
            ready = [p for p in waiting if done.issuperset(p.needs) and done.issuperset(p.after)]
            planned = ready[0] if seed is None else chance.choice(ready)
            waiting.remove(planned)
            self.carry_out(planned, project)
            done.add(planned.id)

    def carry_out(self, planned: PlannedAction, project: Project) -> None:
        """Carry out one action."""
        action = planned.action
        if not isinstance(action, actions.AwaitCondition):
            self.changing_calls += 1
        self.clock += 1
        name = re.sub(r"(?<!^)([A-Z])", r"_\1", type(action).__name__).lower()
        getattr(self, f"_{name}")(action, project)

    def _id(self, *parts: object) -> str:
        return hashlib.sha256("/".join(map(str, (self.clock, *parts))).encode()).hexdigest()

    def _find(self, ref: ContainerRef) -> SimContainer:
        if ref.id is not None:
            if ref.id not in self.containers:
                raise Refused(f"no such container: {ref}")
            return self.containers[ref.id]
        if ref.name not in self._born:
            raise Refused(f"not created by this plan: {ref}")
        return self.containers[self._born[ref.name]]

    def by_name(self, name: str) -> SimContainer:
        """The container of this name."""
        return next(c for c in self.containers.values() if c.name == name)

    def _name_is_free(self, name: str) -> None:
        if any(c.name == name for c in self.containers.values()):
            raise Refused(f"the container name {name!r} is in use")

    def _create_container(self, action: actions.CreateContainer, project: Project) -> None:
        self._name_is_free(action.name)
        service = project.services[action.container.service]
        peers = {ref.service: self._find(ref) for ref in action.peers}
        new = self.new_container(
            project, service, action.name, action.container.number, digest=action.config_hash, peers=peers
        )
        new.oneoff = action.oneoff is not None
        if action.peers:
            new.labels[labels.PEERS] = ",".join(f"{name}={c.id}" for name, c in sorted(peers.items()))
        if not action.named:
            new.labels[labels.UNNAMED] = "True"
            new.named = False
        if action.replaces is not None:
            old = self._find(action.replaces)
            new.labels[labels.REPLACES] = old.id
            if not action.renew_volumes:
                self._inherit(new, old)
        for target, volume in action.inherits.items():
            new.mounts.append(SimMount(target=target, volume=volume))
        for target in self.anonymous_targets(service):
            if all(m.target != target for m in new.mounts):
                volume = self._id("anonymous", new.id, target)
                self.volumes[volume] = ObservedVolume(name=volume)
                new.mounts.append(SimMount(target=target, volume=volume, own=True))
        self.containers[new.id] = new
        self._born[action.name] = new.id

    def _inherit(self, new: SimContainer, old: SimContainer) -> None:
        taken = {m.target for m in new.mounts}
        for mount in old.mounts:
            if ANONYMOUS.fullmatch(mount.volume) and mount.target not in taken:
                new.mounts.append(SimMount(target=mount.target, volume=mount.volume))

    def new_container(
        self,
        project: Project,
        service: Service,
        name: str,
        number: int,
        *,
        digest: str | None = None,
        peers: Mapping[str, SimContainer] = EMPTY,
    ) -> SimContainer:
        """A container as the runner would create it, not added yet."""
        ref = service.image_name(project.name)
        if ref not in self.images:
            raise Refused(f"no such image: {ref}")
        files = files_of(project, service, {})
        if digest is None:
            digest = hashing.service_hash(project, service, files)
        ids = {peer: c.id for peer, c in peers.items()}
        mode = service.network_mode or ""
        if mode.startswith("service:"):
            mode = f"container:{ids[mode.removeprefix('service:')]}"
        for mount in service.volumes:
            if (
                mount.type == "volume"
                and mount.source
                and self._volume(project, mount.source) not in self.volumes
            ):
                raise Refused(f"volume {mount.source} would be made without labels")
        endpoints = {} if mode else {project.networks[a.network].name: "" for a in service.networks}
        for network in endpoints:
            if network not in self.networks:
                raise Refused(f"network {network} does not exist")
        return SimContainer(
            id=self._id(name, number),
            name=name,
            service=service.name,
            number=number,
            created=self.clock,
            image=ref,
            image_id=self.images[ref].id,
            labels={
                labels.PROJECT: project.name,
                labels.SERVICE: service.name,
                labels.NUMBER: str(number),
                labels.CONFIG_HASH: digest,
                labels.HASH: hashing.label(digest),
                labels.DEPENDS_ON: ",".join(
                    f"{d.service}:{d.condition}:{str(d.restart).lower()}" for d in service.depends_on
                ),
            },
            endpoints=endpoints,
            network_mode=mode,
            mounts=[
                SimMount(target=m.target, volume=self._volume(project, m.source))
                for m in service.volumes
                if m.type == "volume" and m.source is not None
            ],
            ports=tuple(
                ObservedPort(target=p.target, protocol=p.protocol, published=int(p.published))
                for p in service.ports
                if p.published
            ),
            shares=tuple(sorted(ids[peer] for peer in service.namespace_peers())),
            effective=effective_container.expected(project, service, files=files, peers=ids),
        )

    @staticmethod
    def _volume(project: Project, key: str) -> str:
        return project.volumes[key].name if key in project.volumes else key

    @staticmethod
    def anonymous_targets(service: Service) -> list[str]:
        """Where the service has volumes without a name."""
        return [m.target for m in service.volumes if m.type == "volume" and m.source is None]

    def _inject_files(self, action: actions.InjectFiles, project: Project) -> None:
        c = self._find(action.container)
        assert c.state == "created", "files are written before the first start"
        c.files_written = True

    def _start_container(self, action: actions.StartContainer, project: Project) -> None:
        self.start(self._find(action.container), project)

    def start(self, c: SimContainer, project: Project) -> None:
        """Start a container as the engine would, with all its refusals."""
        if c.state in ("paused", "dead", "removing"):
            raise Refused(f"can't start {c.name}: {c.state}")
        if c.running:
            return
        for name, id_ in c.endpoints.items():
            if name not in self.networks or (id_ and id_ != self.networks[name].id):
                raise Refused(f"can't start {c.name}: network {name} not found")
            c.endpoints[name] = self.networks[name].id
        for id_ in c.shares:
            if id_ not in self.containers or not self.containers[id_].running:
                raise Refused(
                    f"can't start {c.name}: it shares a namespace with a container that is not running"
                )
        taken = {(p.protocol, p.published) for o in self.containers.values() if o.running for p in o.ports}
        for port in c.ports:
            if (port.protocol, port.published) in taken:
                raise Refused(f"can't start {c.name}: port {port.published} is already allocated")
        service = project.services.get(c.service)
        if service is not None and self.check_dependencies and not c.oneoff:
            self._assert_dependencies(service, project)
        c.starts += 1
        c.exit_code = None
        c.state, c.health = "running", None
        if service is not None and service.healthcheck is not None:
            c.health = "healthy"
        if service is not None and is_job(project, service):
            c.state, c.exit_code = "exited", 0

    def _assert_dependencies(self, service: Service, project: Project) -> None:
        """A service starts only behind those that it needs, once they are as it wants them."""
        for dependency in service.depends_on:
            if dependency.service in project.services and dependency.required:
                for number in range(1, 1 + project.services[dependency.service].replicas):
                    same = [
                        c
                        for c in self.containers.values()
                        if (c.service, c.number, c.oneoff) == (dependency.service, number, False)
                    ]
                    assert not same or any(self.meets(c, dependency.condition) for c in same), (
                        f"{service.name} starts before {same[0].name} is {dependency.condition}"
                    )

    def _stop_container(self, action: actions.StopContainer, project: Project) -> None:
        c = self._find(action.container)
        if c.running:
            c.state, c.exit_code = "exited", 143

    def _restart_container(self, action: actions.RestartContainer, project: Project) -> None:
        self._stop_container(actions.StopContainer(container=action.container), project)
        self._start_container(actions.StartContainer(container=action.container), project)

    def _kill_container(self, action: actions.KillContainer, project: Project) -> None:
        c = self._find(action.container)
        if not c.running:
            raise Refused(f"{c.name} is not running")
        c.state, c.exit_code = "exited", 137

    def _pause_container(self, action: actions.PauseContainer, project: Project) -> None:
        c = self._find(action.container)
        if c.state != "running":
            raise Refused(f"{c.name} is not running")
        c.state = "paused"

    def _unpause_container(self, action: actions.UnpauseContainer, project: Project) -> None:
        c = self._find(action.container)
        if c.state != "paused":
            raise Refused(f"{c.name} is not paused")
        c.state = "running"

    def _remove_container(self, action: actions.RemoveContainer, project: Project) -> None:
        c = self._find(action.container)
        if (c.running or c.state == "removing") and not action.force:
            raise Refused(f"can't remove {c.name}: it is {c.state}")
        del self.containers[c.id]
        if action.volumes:
            for mount in c.mounts:
                if mount.own:
                    self.volumes.pop(mount.volume, None)

    def _rename_container(self, action: actions.RenameContainer, project: Project) -> None:
        c = self._find(action.container)
        if c.name != action.to:
            self._name_is_free(action.to)
            c.name = action.to

    def _run_hook(self, action: actions.RunHook, project: Project) -> None:
        if self._find(action.container).state != "running":
            raise Refused(f"{action.name} does not run")

    def _run_step(self, action: actions.RunStep, project: Project) -> None:
        if self._find(action.container).state != "created":
            raise Refused(f"{action.name} has been started before")

    def _await_condition(self, action: actions.AwaitCondition, project: Project) -> None:
        for ref in action.containers:
            c = self._find(ref)
            if action.condition == "service_completed_successfully" and c.state == "running":
                c.state, c.exit_code = "exited", 0  # in time every job ends
            if not self.meets(c, action.condition):
                raise Refused(f"{ref.name} never meets {action.condition}")

    @staticmethod
    def meets(c: SimContainer, condition: str) -> bool:
        """Whether a container meets a condition."""
        if condition == "service_completed_successfully":
            return c.state == "exited" and c.exit_code == 0
        if condition == "service_healthy":
            return c.state == "running" and c.health == "healthy"
        if condition == "service_running_or_healthy":
            return c.state == "running" and c.health in (None, "healthy")
        return c.running or (c.state == "exited" and c.exit_code == 0)

    def _delay(self, action: actions.Delay, project: Project) -> None:
        assert action.seconds > 0

    def _create_network(self, action: actions.CreateNetwork, project: Project) -> None:
        network = project.networks[action.key]
        if action.name in self.networks:
            raise Refused(f"network {action.name} exists")
        self.networks[action.name] = ObservedNetwork(
            id=self._id(action.name),
            name=action.name,
            labels={
                labels.PROJECT: project.name,
                labels.NETWORK: action.key,
                labels.HASH: hashing.label(action.config_hash),
            },
            effective=effective.network(network),
        )

    def _remove_network(self, action: actions.RemoveNetwork, project: Project) -> None:
        if any(c.running and action.name in c.endpoints for c in self.containers.values()):
            raise Refused(f"network {action.name} has active endpoints")
        del self.networks[action.name]

    def _connect_network(self, action: actions.ConnectNetwork, project: Project) -> None:
        c = self._find(action.container)
        if action.network not in self.networks or action.network in c.endpoints:
            raise Refused(f"can't connect {c.name} to {action.network}")
        c.endpoints[action.network] = self.networks[action.network].id
        c.effective[f"networks.{action.network}"] = True
        c.named = action.named

    def _disconnect_network(self, action: actions.DisconnectNetwork, project: Project) -> None:
        c = self._find(action.container)
        c.endpoints.pop(action.network, None)
        c.effective.pop(f"networks.{action.network}", None)

    def _create_volume(self, action: actions.CreateVolume, project: Project) -> None:
        if action.name in self.volumes:
            raise Refused(f"volume {action.name} exists")
        volume = project.volumes[action.key]
        self.volumes[action.name] = ObservedVolume(
            name=action.name,
            labels={
                labels.PROJECT: project.name,
                labels.VOLUME: action.key,
                labels.HASH: hashing.label(action.config_hash),
            },
            driver=volume.driver or "local",
            effective=effective.volume(volume),
        )

    def _remove_volume(self, action: actions.RemoveVolume, project: Project) -> None:
        if any(m.volume == action.name for c in self.containers.values() for m in c.mounts):
            if action.keep_if_used:
                return
            raise Refused(f"volume {action.name} is in use")
        self.volumes.pop(action.name, None)

    def _remove_image(self, action: actions.RemoveImage, project: Project) -> None:
        self.images.pop(action.ref, None)

    def _pull_image(self, action: actions.PullImage, project: Project) -> None:
        self.add_image(action.ref)

    def _build_image(self, action: actions.BuildImage, project: Project) -> None:
        self.add_image(action.ref)

    def add_image(self, ref: str, generation: int | None = None) -> None:
        """Let a reference mean an image; another generation is another image."""
        digest = hashlib.sha256(f"{ref}@{generation or self.clock}".encode()).hexdigest()
        self.images[ref] = ObservedImage(ref=ref, id=f"sha256:{digest}", config={})


def is_job(project: Project, service: Service) -> bool:
    """Whether somebody waits for the service's completion."""
    return service.restart in (None, "no") and any(
        dependency.service == service.name and dependency.condition == "service_completed_successfully"
        for other in project.services.values()
        for dependency in other.depends_on
    )


def with_images(daemon: SimulatedDaemon, services: Iterable[Service]) -> SimulatedDaemon:
    """Give the daemon an image for each service."""
    for service in services:
        ref = service.image_name(daemon.project)
        if ref not in daemon.images:
            daemon.add_image(ref, generation=1)
    return daemon
