"""The container of a step of `pre_start`: what it takes over from the service's container, and what is its own."""

from __future__ import annotations

from compose_lite.planner.actions import RunStep
from compose_lite.planner.refs import ContainerRef
from compose_lite.runner.init_step import request
from compose_lite.spec.model import FrozenMap, Hook, Service

SERVICE = Service(
    name="web",
    image="app",
    user="1000",
    working_dir="/srv",
    environment=FrozenMap({"A": "1", "B": "2"}),
    entrypoint=("serve",),
)
BESIDE = {
    "Id": "abc",
    "Name": "/p-web-1",
    "HostConfig": {
        "NetworkMode": "p_front",
        "ExtraHosts": ["db:10.0.0.1"],
        "CapDrop": ["ALL"],
        "Privileged": True,
    },
    "NetworkSettings": {"Networks": {"p_front": {"Aliases": ["web"]}, "p_back": {}}},
}


def body(hook: Hook, beside: dict[str, object] = BESIDE):
    ref = ContainerRef(name="p-web-1", service="web", number=1)
    return request("p", SERVICE, RunStep(container=ref, hook=hook, step=2, image=hook.image or "app"), beside)


def test_a_step_is_like_the_service_where_it_says_nothing_else():
    made = body(Hook(command=("migrate", "--all")))
    assert (made["Image"], made["Cmd"], made["User"], made["WorkingDir"]) == (
        "app",
        ["migrate", "--all"],
        "1000",
        "/srv",
    )
    assert made["Env"] == ["A=1", "B=2"]
    assert "Entrypoint" not in made
    assert made["HostConfig"]["VolumesFrom"] == ["abc"]


def test_what_a_step_says_is_its_own():
    hook = Hook(
        command=(),
        image="tool",
        user="root",
        working_dir="/",
        environment=FrozenMap({"B": "3", "C": None}),
        privileged=True,
    )
    made = body(hook)
    assert (made["Image"], made["User"], made["WorkingDir"]) == ("tool", "root", "/")
    assert made["Env"] == ["A=1", "B=3", "C"]
    assert made["HostConfig"]["Privileged"] is True
    assert "Cmd" not in made


def test_it_is_on_the_same_networks_without_the_names():
    made = body(Hook(command=("a",)))
    assert made["HostConfig"]["NetworkMode"] == "p_front"
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"p_front": {}}}
    assert made["HostConfig"]["ExtraHosts"] == ["db:10.0.0.1"]
    assert made["HostConfig"]["CapDrop"] == ["ALL"]
    assert made["HostConfig"]["Privileged"] is False


def test_in_the_hosts_network_there_is_no_endpoint():
    beside = {**BESIDE, "HostConfig": {"NetworkMode": "host"}, "NetworkSettings": {"Networks": {"host": {}}}}
    made = body(Hook(command=("a",)), beside)
    assert made["HostConfig"]["NetworkMode"] == "host"


def test_nobody_takes_it_for_a_replica():
    told = body(Hook(command=("a",)))["Labels"]
    assert told["com.docker.compose.oneoff"] == "True"
    assert told["io.compose-lite.pre-start"] == "2"
    assert "com.docker.compose.container-number" not in told
