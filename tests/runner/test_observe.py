"""What is read off the daemon's listings, and off a real daemon."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite import labels
from compose_lite.errors import NotFound
from compose_lite.planner.observed import ObservedEndpoint, ObservedMount, ObservedPort
from compose_lite.runner import effective
from compose_lite.runner.observe import container, inspect, list_projects, observe
from compose_lite.runner.parallel import gather
from compose_lite.spec.model import Healthcheck, Mount, NetworkAttachment, Port
from tests.e2e.images import ensure_busybox

if TYPE_CHECKING:
    from tests.runner.ground import Ground


def listed(**given: Any) -> dict[str, Any]:
    return {
        "Id": "0123456789abcdef",
        "Names": ["/other/alias", "/shop-web-2"],
        "State": "running",
        "Status": "Up 5 minutes",
        "Labels": {labels.SERVICE: "web", labels.NUMBER: "2", labels.ONEOFF: "False"},
        **given,
    }


@pytest.mark.parametrize(
    ("state", "status", "health", "exit_code"),
    [
        ("running", "Up 5 minutes", None, None),
        ("running", "Up 5 minutes (healthy)", "healthy", None),
        ("running", "Up Less than a second (health: starting)", "starting", None),
        ("running", "Up 3 hours (unhealthy)", "unhealthy", None),
        ("paused", "Up 3 hours (Paused)", None, None),
        ("exited", "Exited (0) 3 seconds ago", None, 0),
        ("exited", "Exited (137) Less than a second ago", None, 137),
        ("restarting", "Restarting (1) 3 seconds ago", None, None),
        ("created", "Created", None, None),
        ("dead", "Dead", None, None),
    ],
)
def test_status(state: str, status: str, health: str | None, exit_code: int | None) -> None:
    found = container(listed(State=state, Status=status))

    assert (found.state, found.health, found.exit_code) == (state, health, exit_code)


def test_names_that_links_give_are_not_the_container_s() -> None:
    assert container(listed()).name == "shop-web-2"


def test_container_without_labels() -> None:
    found = container(listed(Labels=None, Names=None))

    assert (found.service, found.number, found.oneoff, found.name) == ("", 0, False, "0123456789ab")


def test_ports_are_sorted_and_counted_once() -> None:
    ports = [
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"PrivatePort": 53, "Type": "udp"},
        {"PrivatePort": 53, "Type": "udp"},
    ]

    assert container(listed(Ports=ports)).ports == (
        ObservedPort(target=53, protocol="udp"),
        ObservedPort(target=80, published=8080, host_ip="0.0.0.0"),
        ObservedPort(target=80, published=8080, host_ip="::"),
    )


def test_mounts_and_endpoints() -> None:
    found = container(
        listed(
            Mounts=[
                {"Type": "volume", "Name": "data", "Source": "/x", "Destination": "/data", "RW": True},
                {"Type": "bind", "Source": "/srv", "Destination": "/srv", "RW": False},
            ],
            NetworkSettings={
                "Networks": {"n": {"NetworkID": "id", "Aliases": None, "IPAddress": "10.0.0.2"}}
            },
            HostConfig={"NetworkMode": "n"},
        )
    )

    assert found.mounts == (
        ObservedMount(type="volume", target="/data", name="data", source="/x"),
        ObservedMount(type="bind", target="/srv", source="/srv", read_only=True),
    )
    assert found.endpoints == (ObservedEndpoint(network="n", network_id="id", ip_address="10.0.0.2"),)
    assert found.network_mode == "n"


# configurations that this engine can't have


def test_effective_of_a_newer_engine() -> None:
    inspected = {
        "Id": "0123456789abcdef",
        "Name": "/shop-web-1",
        "Config": {
            "Hostname": "0123456789ab",
            "Labels": {labels.FILES: '{"/a": "configs.a - - 1"}', "mine": "", labels.SERVICE: "web"},
            "Healthcheck": {"Test": ["CMD", "x"], "StartInterval": 500_000_000},
        },
        "HostConfig": {
            "NetworkMode": "net-id",
            "Annotations": {"a": "b"},
            "DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["v/c=0"]}],
            "Mounts": [
                {"Type": "image", "Source": "i", "Target": "/i", "ImageOptions": {"Subpath": "s"}},
                {"Type": "volume", "Source": "a" * 64, "Target": "/v/"},
            ],
            "MemorySwappiness": -1,
            "PidsLimit": -1,
        },
        "NetworkSettings": {"Networks": {"shop_default": {"NetworkID": "net-id", "Aliases": ["web", "x"]}}},
    }

    assert effective.of_container(inspected) == {
        "annotations.a": "b",
        "devices": ("v/c=0:v/c=0:rwm",),
        "files./a": "configs.a - - 1",
        "healthcheck.start_interval": 0.5,
        "healthcheck.test": ("CMD", "x"),
        "labels.mine": "",
        "mounts./i": "image i subpath=s",
        "mounts./v": "volume",
        "networks.shop_default": True,
        "networks.shop_default.aliases": ("x",),
    }


def test_what_the_engine_adds_is_no_configuration() -> None:
    """Seen on 20.10: a started container has its host name among its aliases, `80` is exposed as it was said."""
    inspected = {
        "Id": "0" * 64,
        "Config": {"Hostname": "webby", "ExposedPorts": {"80": {}, "53/udp": {}}, "Labels": {}},
        "HostConfig": {"NetworkMode": "n"},
        "NetworkSettings": {"Networks": {"n": {"Aliases": ["x", "webby"]}}},
    }
    assert effective.of_container(inspected) == {
        "expose": ("53/udp", "80/tcp"),
        "hostname": "webby",
        "networks.n": True,
        "networks.n.aliases": ("x",),
    }


def test_a_shared_namespace_brings_its_names_along() -> None:
    inspected = {
        "Id": "0" * 64,
        "Config": {"Hostname": "webby", "Domainname": "example.invalid"},
        "HostConfig": {"NetworkMode": "container:abc"},
    }
    assert effective.of_container(inspected) == {"network_mode": "container:abc"}


def test_effective_of_a_network_and_a_volume() -> None:
    network = {
        "Driver": "bridge",
        "Internal": True,
        "EnableIPv4": False,
        "Options": {"o": "1"},
        "Labels": {labels.PROJECT: "p", "l": "2"},
        "IPAM": {
            "Driver": "default",
            "Config": [{"Subnet": "10.0.0.0/24", "Gateway": "10.0.0.1"}, {"Subnet": "10.0.1.0/24"}],
        },
    }
    volume = {"Driver": "local", "Labels": {"com.docker.volume.anonymous": ""}, "Options": {"type": "nfs"}}

    assert effective.of_network(network) == {
        "driver": "bridge",
        "internal": True,
        "enable_ipv4": False,
        "driver_opts.o": "1",
        "labels.l": "2",
        "subnet": "10.0.0.0/24",
        "gateway": "10.0.0.1",
        "pools.1.subnet": "10.0.1.0/24",
    }
    assert effective.of_volume(volume) == {"driver": "local", "driver_opts.type": "nfs"}


def test_label_that_is_not_ours_is_no_description_of_files() -> None:
    inspected = {"Id": "0" * 64, "Config": {"Labels": {labels.FILES: "not json"}}, "HostConfig": {}}

    assert effective.of_container(inspected) == {}


# side by side


class Imager:
    """A daemon that has an image, and with containerd's image store one for another platform under the same name."""

    api_version = "1.51"

    def __init__(self, *others: str) -> None:
        self._others = others

    def inspect_image(self, ref: str, *, platform: str | None = None) -> dict[str, Any]:
        if platform not in (None, *self._others):
            raise NotFound(f"no {ref} for {platform}")
        architecture = (platform or "linux/amd64").partition("/")[2]
        return {"Id": "sha256:1", "Os": "linux", "Architecture": architecture}

    def list_containers(self, **_: Any) -> list[dict[str, Any]]:
        return []

    list_networks = list_volumes = list_containers


@pytest.mark.parametrize(
    ("others", "asked", "expected"),
    [
        (["linux/arm64"], "linux/arm64", "linux/arm64"),
        ([], "linux/arm64", "linux/amd64"),
        (["linux/arm64"], "linux/amd64", "linux/amd64"),
        (["linux/arm64"], None, "linux/amd64"),
    ],
)
def test_the_image_is_the_one_for_the_platform_if_there_is_one(
    others: list[str], asked: str | None, expected: str
) -> None:
    daemon: Any = Imager(*others)
    seen = observe(daemon, "demo", images=["app"], platforms={"app": asked} if asked else {})
    assert seen.images["app"].platform == expected


def test_results_come_in_the_order_of_the_calls() -> None:
    def call(number: int) -> int:
        time.sleep(0.02 / (number + 1))
        return number

    assert gather([lambda number=number: call(number) for number in range(20)]) == list(range(20))
    assert gather([]) == []


def test_first_failure_is_raised() -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match="a"):
        gather([lambda: fail("a"), lambda: None])


# on a daemon


@pytest.mark.daemon
def test_snapshot_of_a_project(ground: Ground) -> None:
    image = ensure_busybox()
    name = ground.project.name
    service = ground.service(
        command=("sleep", "1000"),
        healthcheck=Healthcheck(test=("CMD", "true"), interval=1.0),
        ports=(Port(target=80),),
        volumes=(Mount(type="volume", source="data", target="/data"),),
        networks=(NetworkAttachment(network="default", aliases=("x",)),),
    )
    made = ground.create(service)
    ground.daemon.start_container(made["Id"])

    seen = observe(
        ground.daemon, name, images=[image, "clt/none"], networks=[f"{name}_back", "bridge"], volumes=["none"]
    )

    assert list(seen.images) == [image]
    assert seen.images[image].id == made["Image"]
    assert seen.images[image].created.startswith("20")
    assert seen.images[image].config["command"] == ("sh",)
    assert set(seen.networks) == {"bridge", f"{name}_default", f"{name}_back"}
    assert list(seen.volumes) == [f"{name}_data"]
    assert seen.foreign == ()
    (found,) = (one for one in seen.containers if one.id == made["Id"])
    assert (found.service, found.number, found.state, found.image) == ("web", 1, "running", image)
    assert found.effective is None
    assert [port.target for port in found.ports if port.published] == [80] * len(found.ports)
    assert [endpoint.network for endpoint in found.endpoints] == [f"{name}_default"]

    closer = inspect(ground.daemon, seen, [made["Id"]])

    (found,) = (one for one in closer.containers if one.id == made["Id"])
    assert found.effective["networks." + f"{name}_default.aliases"] == ("x",)
    assert found.started_at
    assert [replace(one, effective=None, started_at="") for one in closer.containers] == list(seen.containers)


@pytest.mark.daemon
def test_containers_of_others_are_seen_when_asked_for(ground: Ground) -> None:
    made = ground.create(ground.service())

    seen = observe(ground.daemon, "another-project", foreign=True)

    assert seen.containers == ()
    assert any(one.id == made["Id"] and one.project == ground.project.name for one in seen.foreign)


@pytest.mark.daemon
def test_container_that_goes_meanwhile_is_left_out(ground: Ground) -> None:
    made = ground.create(ground.service())
    seen = observe(ground.daemon, ground.project.name)
    ground.daemon.remove_container(made["Id"])

    assert made["Id"] not in [one.id for one in inspect(ground.daemon, seen, [made["Id"]]).containers]


@pytest.mark.daemon
def test_projects(ground: Ground) -> None:
    made = ground.create(ground.service(command=("sleep", "1000")))
    ground.daemon.start_container(made["Id"])
    ground.create(ground.service())

    (all_of_it,) = (
        one for one in list_projects(ground.daemon, include_stopped=True) if one.name == ground.project.name
    )
    (running,) = (one for one in list_projects(ground.daemon) if one.name == ground.project.name)

    assert all_of_it.states["created"] >= 1
    assert all_of_it.config_files == ("/srv/compose.yaml",)
    assert set(running.states) == {"running"}
