"""A project with networks and a volume on the real daemon, in which services are tried."""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from compose_lite.errors import DaemonError, NotFound
from compose_lite.planner.actions import CreateContainer, CreateNetwork, CreateVolume
from compose_lite.planner.refs import ContainerRef
from compose_lite.runner import handlers
from compose_lite.runner.engine import frames
from compose_lite.runner.parallel import gather
from compose_lite.runner.progress import silent
from compose_lite.runner.site import Containers, Outcome, Site
from compose_lite.spec.model import FrozenMap, IpamPool, Network, NetworkAttachment, Project, Service, Volume
from tests.e2e.images import ensure_busybox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.runner.docker_daemon import DockerDaemon


class Ground:
    """A project with two networks and a volume, in which services are tried one after the other."""

    def __init__(self, daemon: DockerDaemon) -> None:
        self.daemon = daemon
        name = f"clf-{uuid.uuid4().hex[:10]}"
        self.subnet = f"10.{int(name[4:6], 16)}.{int(name[6:8], 16)}"
        networks = {
            "default": Network(key="default", name=f"{name}_default"),
            "back": Network(
                key="back", name=f"{name}_back", ipam_pools=(IpamPool(subnet=f"{self.subnet}.0/24"),)
            ),
        }
        self.project = Project(
            name=name,
            working_dir="/srv",
            compose_files=("/srv/compose.yaml",),
            networks=FrozenMap(networks),
            volumes=FrozenMap({"data": Volume(key="data", name=f"{name}_data")}),
        )
        for key, network in networks.items():
            self.carry_out(CreateNetwork(key=key, name=network.name))
        self.carry_out(CreateVolume(key="data", name=f"{name}_data"))

    def site(
        self,
        *services: Service,
        daemon: DockerDaemon | None = None,
        contents: Mapping[str, bytes] | None = None,
    ) -> Site:
        """A site on which the project has these services."""
        project = dataclasses.replace(
            self.project, services=FrozenMap((service.name, service) for service in services)
        )
        port = daemon or self.daemon
        return Site(daemon=port, project=project, containers=Containers(port), contents=contents or {})

    def carry_out(self, action: Any, site: Site | None = None) -> Outcome:
        """Carry one action out."""
        return handlers.HANDLERS[type(action)](site or self.site(), action, silent)

    def ref(self, service: str = "web", number: int = 1, **known: Any) -> ContainerRef:
        """A container that this test may make; its name is free."""
        name = f"{self.project.name}-{service}-{uuid.uuid4().hex[:6]}"
        return ContainerRef(**{"name": name, "service": service, "number": number, **known})

    def create(self, *services: Service, **action: Any) -> dict[str, Any]:
        """Create a container of the last service and return its inspection; keeps the engine's warnings."""
        site = self.site(*services)
        ref = self.ref(services[-1].name)
        made = self.carry_out(CreateContainer(container=ref, config_hash="0", **action), site)
        self.warnings = "; ".join(made.warnings)
        return self.daemon.inspect_container(site.containers.id(ref))

    def service(self, **given: Any) -> Service:
        """A service named web with these fields."""
        attached = () if "network_mode" in given else (NetworkAttachment(network="default"),)
        return Service(**{"name": "web", "image": ensure_busybox(), "networks": attached, **given})

    def filled(self, value: Any) -> Any:
        """The value with the places of the table filled in."""
        if isinstance(value, str):
            return value.replace("{project}", self.project.name).replace("{subnet}", self.subnet)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value)]
            return dataclasses.replace(value, **{name: self.filled(getattr(value, name)) for name in names})
        if isinstance(value, FrozenMap):
            return FrozenMap((key, self.filled(item)) for key, item in value.items())
        if isinstance(value, dict):
            return {self.filled(key): self.filled(item) for key, item in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(map(self.filled, value))
        return value

    def exec(self, container: str, script: str, *, user: str = "") -> str:
        """What a script prints in a running container; an error if it fails."""
        body = {"Cmd": ["sh", "-c", script], "User": user, "AttachStdout": True, "AttachStderr": True}
        exec_id = self.daemon.create_exec(container, body)
        stream = self.daemon.start_exec(exec_id, tty=False)
        text = b"".join(chunk for _, chunk in frames(iter(stream.read, b""))).decode()
        stream.close()
        assert self.daemon.inspect_exec(exec_id)["ExitCode"] == 0, text
        return text

    def remove(self) -> None:
        """Remove all of it."""
        label = {"label": [f"com.docker.compose.project={self.project.name}"]}
        found = self.daemon.list_containers(filters=label)
        gather([partial(self._remove_container, one["Id"]) for one in found])
        for network in self.daemon.list_networks(filters=label):
            with contextlib.suppress(DaemonError):
                self.daemon.remove_network(network["Id"])
        for volume in self.daemon.list_volumes(filters=label):
            with contextlib.suppress(DaemonError):
                self.daemon.remove_volume(volume["Name"])

    def _remove_container(self, container: str) -> None:
        with contextlib.suppress(NotFound):
            self.daemon.remove_container(container, volumes=True, force=True)
