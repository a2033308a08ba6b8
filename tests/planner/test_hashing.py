"""The configuration hash: what changes it, what does not, and that it never changes by itself."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from compose_lite.planner.files import files_of
from compose_lite.planner.hashing import network_hash, service_hash, volume_hash
from compose_lite.spec.model import (
    Build,
    Dependency,
    Deploy,
    FileGrant,
    FileObject,
    FrozenMap,
    Healthcheck,
    Hook,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    Project,
    ResourceLimits,
    RestartPolicy,
    Service,
    UpdateConfig,
    Volume,
    WatchRule,
)

PROJECT = Project(
    name="p",
    working_dir="/src",
    networks=FrozenMap({"default": Network(key="default", name="p_default")}),
    volumes=FrozenMap({"data": Volume(key="data", name="p_data")}),
    secrets=FrozenMap(
        {"s": FileObject(key="s", name="s", content="x"), "f": FileObject(key="f", name="f", file="/src/f")}
    ),
)
SERVICE = Service(
    name="web",
    image="web:1",
    command=("run",),
    environment=FrozenMap({"A": "1"}),
    networks=(NetworkAttachment(network="default"),),
    volumes=(Mount(type="volume", source="data", target="/data"),),
)


def hashed(service=SERVICE, project=PROJECT, contents=None):
    return service_hash(project, service, files_of(project, service, contents or {}))


def test_it_is_the_same_for_ever():
    """A container must not be replaced because the tool was updated: this value may change only with VERSION."""
    assert hashed() == "a639c79a85e5b28ab2602625b018ce225c4fb3608b7297858097551ce2d63326"


# What never reaches the container.
IGNORED = {
    "scale": 3,
    "depends_on": (Dependency(service="db"),),
    "profiles": ("x",),
    "build": Build(context="/src"),
    "pull_policy": "always",
    "watch": (WatchRule(path="/src", action="rebuild"),),
    "attach": False,
    "container_name": "site",
    "provided": ("DB_URL",),
    "post_start": (Hook(command=("a",)),),
    "pre_stop": (Hook(command=("a",)),),
    "deploy": Deploy(replicas=3, update_config=UpdateConfig(parallelism=2)),
    "extensions": FrozenMap({"x-a": 1}),
}
# What does.
COUNTED = {
    "image": "web:2",
    "command": (),
    "entrypoint": ("sh",),
    "environment": FrozenMap({"A": "2"}),
    "labels": FrozenMap({"l": "1"}),
    "networks": (NetworkAttachment(network="default", aliases=("a",)),),
    "network_mode": "host",
    "ports": (Port(target=80),),
    "volumes": (Mount(type="volume", source="data", target="/other"),),
    "healthcheck": Healthcheck(test=("CMD", "true")),
    "restart": "always",
    "deploy": Deploy(limits=ResourceLimits(memory=1)),
    "init": False,
    "secrets": (FileGrant(source="s", target="/s"),),
    "pre_start": (Hook(command=("a",)),),
    "mem_limit": 1,
    "platform": "linux/arm64",
}


@pytest.mark.parametrize("name", IGNORED)
def test_what_never_reaches_the_container_does_not_count(name):
    assert hashed(replace(SERVICE, **{name: IGNORED[name]})) == hashed()


@pytest.mark.parametrize("name", COUNTED)
def test_what_reaches_the_container_counts(name):
    assert hashed(replace(SERVICE, **{name: COUNTED[name]})) != hashed()


def test_the_restart_policy_of_deploy_counts():
    policy = Deploy(restart_policy=RestartPolicy(condition="any"))
    assert hashed(replace(SERVICE, deploy=policy)) != hashed()


def test_contents_count_whether_mounted_or_written():
    for name in ("s", "f"):
        service = replace(SERVICE, secrets=(FileGrant(source=name, target="/run/secrets/x"),))
        place = f"secrets.{name}"
        assert hashed(service, contents={place: "1"}) != hashed(service, contents={place: "2"})


def test_the_daemons_name_of_a_volume_counts():
    other = replace(PROJECT, volumes=FrozenMap({"data": Volume(key="data", name="elsewhere")}))
    assert hashed(project=other) != hashed()


def test_the_order_of_mappings_does_not_count():
    one = replace(SERVICE, environment=FrozenMap({"A": "1", "B": "2"}))
    other = replace(SERVICE, environment=FrozenMap({"B": "2", "A": "1"}))
    assert hashed(one) == hashed(other)


def test_a_field_that_is_not_set_adds_nothing():
    """So a field that a later version knows does not change the hash of those who don't use it."""
    bare = Service(name="web")
    assert {f.name for f in fields(Service) if getattr(bare, f.name) is not f.default} == {"name"}
    assert hashed(replace(bare, name="a")) != hashed(replace(bare, name="b"))


def test_networks_and_volumes():
    network = Network(key="back", name="p_back")
    assert network_hash(network) == network_hash(replace(network, location=None))
    assert network_hash(network) != network_hash(replace(network, internal=True))
    volume = Volume(key="data", name="p_data")
    assert volume_hash(volume) == volume_hash(replace(volume, protected=True))
    assert volume_hash(volume) != volume_hash(replace(volume, driver_opts=FrozenMap({"o": "1"})))
