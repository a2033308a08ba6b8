"""How a plan is shown: as text, as data that its schema describes, and what it interrupts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from compose_lite.planner.converge import plan_up
from compose_lite.planner.images import plan_images
from compose_lite.planner.lifecycle import plan_restart
from compose_lite.planner.plan import Plan
from compose_lite.planner.render import summary_line, text, to_dict
from compose_lite.planner.requests import DownRequest, ImagesRequest, RestartRequest, UpRequest
from compose_lite.planner.teardown import plan_down
from compose_lite.spec.model import FrozenMap, IpamPool, Network
from tests.fakes.simulated_daemon import with_images
from tests.planner.stacks import daemon_for, project, running, service, up

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "plan.schema.json").read_text())
STACK = project(
    service("db", volumes={"/data": "data"}, healthy=True),
    service("web", needs={"db": "healthy"}, scale=2, environment=FrozenMap({"PORT": "80"})),
    service("gone"),
)


def changed():
    return project(
        STACK.services["db"],
        replace(STACK.services["web"], scale=3, environment=FrozenMap({"PORT": "8080"})),
        service("cron"),
    )


def plan_of_changes() -> Plan:
    return plan_up(changed(), running(STACK).observe(), UpRequest(remove_orphans=True))


def test_text_groups_by_resource_and_sums_up():
    assert text(plan_of_changes()) == (
        "Service cron\n"
        "  + p-cron-1  create   no container yet\n"
        "\n"
        "Service web\n"
        "  ± p-web-1  replace  environment.PORT: 80 → 8080\n"
        "  ± p-web-2  replace  environment.PORT: 80 → 8080\n"
        "  + p-web-3  create   scaled up to 3\n"
        "\n"
        "Service gone\n"
        "  - p-gone-1  remove   service gone is not in the project\n"
        "\n"
        "Interruptions\n"
        "  gone: p-gone-1 stops; no replica runs afterwards\n"
        "  web: p-web-1, p-web-2 stop; no replica runs before the new start: "
        "up to 10 s (stop_grace_period) and what the start takes\n"
        "\n"
        "2 to create, 2 to replace, 1 to remove, 1 unchanged\n"
    )


def test_text_of_nothing_is_the_summary():
    assert text(plan_up(STACK, running(STACK).observe(), UpRequest())) == (
        "0 to create, 0 to replace, 0 to remove, 4 unchanged\n"
    )


def test_the_summary_tells_other_changes_only_where_there_are_any():
    plan = plan_restart(STACK, running(STACK).observe(), RestartRequest(services=("gone",)))
    assert summary_line(plan) == "0 to create, 0 to replace, 0 to remove, 1 to restart, 0 unchanged"


def test_an_interruption_names_what_the_start_waits_for():
    daemon = running(STACK)
    daemon.by_name("p-db-1").health = "starting"
    plan = plan_up(changed(), daemon.observe(), UpRequest())
    assert "what the start takes, and until db is healthy" in text(plan)


def test_replicas_that_stay_are_told():
    stack = project(service("web", scale=2))
    daemon = running(stack)
    old = daemon.by_name("p-web-2")
    old.image_id = "sha256:old"
    assert "web: p-web-2 stops; 1 other replica stays as it is" in text(
        plan_up(stack, daemon.observe(), UpRequest())
    )


def test_a_container_that_loses_its_network_meanwhile_is_told():
    old, new = (
        Network(key="back", name="p_back", ipam_pools=(IpamPool(subnet=f"10.{n}.0.0/24"),)) for n in "12"
    )
    before, after = (project(service("web", networks=["back"]), networks={"back": n}) for n in (old, new))
    plan = plan_up(after, running(before).observe(), UpRequest())
    assert "web: p-web-1 is off the network p_back until it is connected again" in text(plan)


def interrupted_twice():
    daemon = with_images(running(STACK), changed().services.values())
    daemon.apply(plan_up(changed(), daemon.observe(), UpRequest()), changed(), stop_after=3)
    return plan_up(changed(), daemon.observe(), UpRequest())


def moved_network():
    daemon = running(STACK)
    daemon.networks["p_default"] = replace(
        daemon.networks["p_default"],
        labels={**daemon.networks["p_default"].labels, "io.compose-lite.hash": "1:x"},
    )
    return plan_up(STACK, daemon.observe(), UpRequest())


@pytest.mark.parametrize(
    "make",
    [
        plan_of_changes,
        interrupted_twice,
        moved_network,
        lambda: plan_up(STACK, daemon_for(STACK).observe(), UpRequest(wait=True)),
        lambda: plan_down(STACK, running(STACK).observe(), DownRequest(volumes=True, rmi="all")),
        lambda: plan_images(STACK, replace(daemon_for(STACK).observe(), images={}), ImagesRequest()),
        lambda: Plan(project="p"),
    ],
)
def test_the_data_is_what_the_schema_says(make):
    told = to_dict(make())
    jsonschema.validate(json.loads(json.dumps(told)), SCHEMA)
    text(make())


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_each_change_names_its_actions():
    told = to_dict(plan_of_changes())
    web = next(change for change in told["changes"] if change["name"] == "p-web-1")
    assert (web["change"], web["service"]) == ("replace", "web")
    verbs = [told["actions"][id_ - 1]["action"] for id_ in web["actions"]]
    assert verbs == [
        "CreateContainer",
        "StopContainer",
        "RemoveContainer",
        "RenameContainer",
        "StartContainer",
    ]


def test_an_unfinished_replacement_is_still_one_replacement():
    daemon = running(project(service("web")))
    stack = project(service("web", environment=FrozenMap({"A": "1"})))
    daemon.apply(plan_up(stack, daemon.observe(), UpRequest()), stack, stop_after=1)
    told = to_dict(plan_up(stack, daemon.observe(), UpRequest()))
    assert [(change["name"], change["change"]) for change in told["changes"]] == [("p-web-1", "replace")]


def test_secrets_are_hidden_in_all_forms():
    stack = project(service("web", environment=FrozenMap({"DB_PASSWORD": "geheim"})))
    daemon = running(project(service("web")))
    plan = plan_up(stack, daemon.observe(), UpRequest())
    assert "geheim" not in text(plan) + json.dumps(to_dict(plan)) + repr(plan)
    up(daemon, stack)
    assert all("geheim" not in value for c in daemon.containers.values() for value in c.labels.values())
