"""A trial has nothing that only one stack at a time can have."""

import pytest

from compose_lite.errors import PlanError
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.trial import trial_project
from compose_lite.spec.model import (
    Build,
    Deploy,
    FrozenMap,
    IpamPool,
    Network,
    NetworkAttachment,
    Project,
    RestartPolicy,
    Volume,
)
from tests.planner.stacks import project, service

POOLS = (IpamPool(subnet="10.1.2.0/24"),)


def trial(of: Project, name: str = "tests") -> Project:
    return trial_project(of, name, slug="0123ab")


def test_it_has_a_name_of_its_own() -> None:
    assert trial(project(service("tests"))).name == f"{project(service('tests')).name}-test-0123ab"


def test_ports_are_not_published_but_stay_known() -> None:
    found = trial(project(service("tests"), service("db", port=5432))).services["db"]
    assert found.ports == ()
    (port,) = service("db", port=5432).ports
    assert found.expose == (f"{port.target}/tcp",)


def test_a_container_name_becomes_an_alias() -> None:
    found = trial(project(service("tests"), service("db", container_name="mydb"))).services["db"]
    assert found.container_name is None
    assert [(at.network, at.aliases) for at in found.networks] == [("default", ("mydb",))]


def test_networks_and_volumes_are_its_own_unless_they_are_external() -> None:
    original = replace(
        project(service("tests")),
        networks=FrozenMap(
            default=Network(key="default", name="shop_default"),
            front=Network(key="front", name="front", ipam_pools=POOLS),
            theirs=Network(key="theirs", name="theirs", external=True),
        ),
        volumes=FrozenMap(
            data=Volume(key="data", name="precious", protected=True),
            models=Volume(key="models", name="models", external=True),
        ),
    )
    found = trial(original)
    assert {key: network.name for key, network in found.networks.items()} == {
        "default": f"{found.name}_default",
        "front": f"{found.name}_front",
        "theirs": "theirs",
    }
    assert found.networks["front"].ipam_pools == ()
    assert found.volumes["data"] == Volume(key="data", name=f"{found.name}_data")
    assert found.volumes["models"].name == "models"


def test_a_subnet_stays_where_a_service_has_an_address_in_it() -> None:
    fixed = replace(service("db"), networks=(NetworkAttachment(network="front", ipv4_address="10.1.2.3"),))
    front = Network(key="front", name="front", ipam_pools=POOLS)
    found = trial(project(service("tests"), fixed, networks={"front": front}))
    assert found.networks["front"].ipam_pools == POOLS


def test_what_was_built_for_the_original_is_used() -> None:
    original = project(service("tests", image=None, build=Build(context="/src")))
    found = trial(original).services["tests"]
    assert found.image == f"{original.name}-tests"
    assert found.pull_policy == "never"


def test_the_service_runs_once() -> None:
    of = service("tests", restart="always", scale=3, deploy=Deploy(restart_policy=RestartPolicy()))
    found = trial_project(project(of), "tests", slug="x", command=("pytest", "-q")).services["tests"]
    assert (found.restart, found.replicas, found.command) == (None, 1, ("pytest", "-q"))
    assert found.deploy is not None
    assert found.deploy.restart_policy is None


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(PlanError, match="tets"):
        trial(project(service("tests")), "tets")
