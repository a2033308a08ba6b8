"""Every field of a service reaches a real container, and is read back as what was asked for."""

from __future__ import annotations

import dataclasses
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite.planner import effective
from compose_lite.planner.actions import ContainerRef, CreateContainer, CreateNetwork, CreateVolume
from compose_lite.planner.differences import differences
from compose_lite.planner.files import NONE
from compose_lite.runner import handlers
from compose_lite.runner.effective import of_container, of_image
from compose_lite.runner.engine import version_tuple
from compose_lite.runner.progress import silent
from compose_lite.runner.site import Containers, Site
from compose_lite.spec.model import (
    FrozenMap,
    IpamPool,
    Mount,
    Network,
    NetworkAttachment,
    Project,
    Service,
    Volume,
)
from tests.e2e.images import ensure_busybox
from tests.runner.fields import ELSEWHERE, ROWS, Row, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.runner.docker_daemon import DockerDaemon

pytestmark = pytest.mark.daemon


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
        site = self.site(Service(name="web"))
        for key, network in networks.items():
            handlers.create_network(site, CreateNetwork(key=key, name=network.name), silent)
        handlers.create_volume(site, CreateVolume(key="data", name=f"{name}_data"), silent)

    def site(self, *services: Service) -> Site:
        """A site on which the project has these services."""
        project = dataclasses.replace(
            self.project, services=FrozenMap((service.name, service) for service in services)
        )
        return Site(daemon=self.daemon, project=project, containers=Containers(self.daemon))

    def create(self, *services: Service, **action: Any) -> dict[str, Any]:
        """Create a container of the last service and return its inspection; keeps the engine's warnings."""
        site = self.site(*services)
        name = f"{self.project.name}-{services[-1].name}-{uuid.uuid4().hex[:6]}"
        ref = ContainerRef(name=name, service=services[-1].name, number=1)
        made = handlers.HANDLERS[CreateContainer](
            site, CreateContainer(container=ref, config_hash="0", **action), silent
        )
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

    def remove(self) -> None:
        """Remove all of it."""
        label = {"label": [f"com.docker.compose.project={self.project.name}"]}
        for found in self.daemon.list_containers(filters=label):
            self.daemon.remove_container(found["Id"], volumes=True, force=True)
        for network in self.project.networks.values():
            self.daemon.remove_network(network.name)
        self.daemon.remove_volume(f"{self.project.name}_data")


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    from compose_lite.runner.connect import connect_daemon

    daemon = connect_daemon()
    made = Ground(daemon)
    yield made
    made.remove()
    daemon.close()


def test_every_field_is_in_the_table() -> None:
    fields = {field.name for field in dataclasses.fields(Service)}
    tried = {"image", "networks", *(name for row in ROWS.values() for name in row.given)}

    assert tried <= fields
    assert set(ELSEWHERE) <= fields
    assert not tried & set(ELSEWHERE)
    assert fields - tried - set(ELSEWHERE) == set()


@pytest.mark.parametrize("name", ROWS)
def test_field_reaches_the_container(ground: Ground, name: str) -> None:
    row: Row = ROWS[name]
    service = ground.service(**ground.filled(dict(row.given)))

    inspected = ground.create(service)

    if row.engine and row.engine.lower() in ground.warnings.lower():
        return  # the engine can't, and says so
    shown = {path: at(inspected, path) for path in map(ground.filled, row.shown)}
    assert shown == ground.filled(dict(row.shown))
    if row.check is not None:
        row.check(_named_back(inspected, ground))


@pytest.mark.parametrize("name", ROWS)
def test_container_differs_in_nothing_from_its_service(ground: Ground, name: str) -> None:
    """What the planner expects of a service and what the runner reads off its container are the same."""
    service = ground.service(**ground.filled(dict(ROWS[name].given)))
    image = of_image(ground.daemon.inspect_image(ensure_busybox()))

    actual = of_container(ground.create(service))

    if ROWS[name].engine and ROWS[name].engine.lower() in ground.warnings.lower():
        return  # the engine can't, and says so
    expected = effective.expected(ground.project, service, files=NONE, image=image)
    assert differences(expected, actual) == ()


def test_links(ground: Ground) -> None:
    other = ground.service(name="db")
    there = ground.create(other)["Name"].removeprefix("/")

    links = ground.create(other, ground.service(links=("db:base",)))["NetworkSettings"]["Networks"]

    found = links[f"{ground.project.name}_default"]["Links"]
    assert {f"{there}:base", f"{there}:db-1", f"{there}:{there}"} <= set(found)


def test_shared_volumes_and_namespaces(ground: Ground) -> None:
    peer = ground.service(name="db", volumes=(Mount(type="volume", target="/v"),))
    there = ground.create(peer)
    ref = ContainerRef(name=there["Name"].removeprefix("/"), service="db", number=1, id=there["Id"])
    service = ground.service(
        network_mode="service:db", pid="service:db", ipc="service:db", volumes_from=("db:ro",)
    )

    host = ground.create(peer, service, peers=(ref,))["HostConfig"]

    shared = f"container:{there['Id']}"
    assert (host["NetworkMode"], host["PidMode"], host["IpcMode"]) == (shared, shared, shared)
    assert host["VolumesFrom"] == [f"{there['Id']}:ro"]


def _named_back(inspected: dict[str, Any], ground: Ground) -> dict[str, Any]:
    """The inspection with this run's names replaced by the table's placeholders."""
    text = json.dumps(inspected).replace(ground.project.name, "{project}").replace(ground.subnet, "{subnet}")
    found: dict[str, Any] = json.loads(text)
    return found


def test_this_engine_is_old_enough_for_the_table(ground: Ground) -> None:
    """The table's MAC address is where engines before API 1.44 have it."""
    assert version_tuple(ground.daemon.api_version) < (1, 44)
