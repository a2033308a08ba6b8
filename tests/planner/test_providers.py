"""Services that providers run: when they are asked, and what becomes of those that depend on them."""

from __future__ import annotations

import pytest

from compose_lite import labels
from compose_lite.errors import PlanError
from compose_lite.planner.answers import Said
from compose_lite.planner.observed import Observed, ObservedContainer
from compose_lite.planner.oneoff import one_off_project
from compose_lite.planner.providers import (
    plan_providers,
    remembered,
    remembering,
    unasked,
    with_variables,
)
from compose_lite.planner.render import terse
from compose_lite.planner.requests import DownRequest, RunRequest, StopRequest
from compose_lite.planner.teardown import plan_down, plan_stop
from compose_lite.spec.model import FrozenMap, Provider
from tests.planner.stacks import daemon_for, project, service, told, up

DEMO = Provider(type="demo")


def provided(name, **fields):
    return service(name, provider=DEMO, networks=(), **fields)


STACK = project(
    provided("db", needs=["account"]),
    provided("account"),
    provided("mail"),
    service("app", needs=["db"], environment=FrozenMap({"A": "1"})),
    service("other"),
)


def asked(stack=STACK, *names, with_dependencies=True):
    return terse(plan_providers(stack, names, with_dependencies=with_dependencies, verb="up")).splitlines()


def seen(container_labels, **environment):
    effective = {f"environment.{name.replace('__', '-')}": value for name, value in environment.items()}
    container = ObservedContainer(
        id="1", name="p-app-1", service="app", number=1, labels=container_labels, effective=effective
    )
    return Observed(project="p", containers=(container,))


def test_providers_are_asked_dependencies_first():
    assert asked() == [
        "[1] provide service account by demo (provider demo: up)",
        "[2] provide service db by demo <- [1] (provider demo: up)",
        "[3] provide service mail by demo (provider demo: up)",
    ]


def test_only_the_providers_of_what_is_brought_up_are_asked():
    assert asked(STACK, "other") == []
    assert len(asked(STACK, "app")) == 2
    assert asked(STACK, "app", with_dependencies=False) == []


def test_dependents_get_what_a_provider_says_under_the_name_of_its_service():
    said = {"db": Said(prefixed={"URL": "x://y"}, raw={"TOKEN": "t"}), "mail": Said(prefixed={"URL": "z"})}
    stack, warnings = with_variables(STACK, said)
    app = stack.services["app"]
    assert dict(app.environment) == {"A": "1", "DB_URL": "x://y", "TOKEN": "t"}
    assert app.provided == ("DB_URL", "TOKEN")
    assert stack.services["other"] == STACK.services["other"]
    assert warnings == ()


def test_a_variable_without_prefix_that_takes_anothers_place_is_told():
    _, warnings = with_variables(STACK, {"db": Said(raw={"A": "2"})})
    assert [(one.code, one.path) for one in warnings] == [
        ("provider-overrides", "services.app.environment.A")
    ]
    assert "'2'" not in warnings[0].message
    _, warnings = with_variables(STACK, {"db": Said(raw={"A": "1"})})
    assert warnings == ()


def test_what_was_said_last_time_is_read_from_the_container():
    found = seen({labels.HASH: "1:x", labels.PROVIDED: "DB_URL,TOKEN"}, DB_URL="u", TOKEN="t", DB_OLD="o")
    assert remembering(STACK, found) == {"1"}
    assert dict(remembered(STACK, found).services["app"].environment) == {
        "A": "1",
        "DB_URL": "u",
        "TOKEN": "t",
    }


def test_of_a_container_of_docker_compose_the_prefix_tells():
    found = seen({}, DB_URL="u", TOKEN="t", A="9")
    assert dict(remembered(STACK, found).services["app"].environment) == {"A": "1", "DB_URL": "u"}


def test_what_an_asked_provider_said_last_time_does_not_matter():
    found = seen({labels.PROVIDED: "DB_URL"}, DB_URL="u")
    assert remembering(STACK, found, asked={"db"}) == frozenset()
    assert remembered(STACK, found, asked={"db"}) == STACK


def test_a_plan_that_is_only_shown_says_what_it_can_not_know():
    first = plan_providers(STACK, (), with_dependencies=True, verb="plan")
    (warning,) = unasked(first, STACK)
    assert warning.code == "provider-unasked"
    assert warning.message.startswith("the environment of app is known only once")


def test_a_provider_is_released_behind_those_that_depend_on_it():
    stack = project(provided("db", needs=["account"]), provided("account"), service("app", needs=["db"]))
    daemon = daemon_for(stack)
    up(daemon, stack)
    assert terse(plan_down(stack, daemon.observe(), DownRequest())) == told("""
        [1] stop container p-app-1 (asked for by down)
        [2] remove container p-app-1 <- [1] (asked for by down)
        [3] release service db by demo <- ~[1] ~[2] (provider demo: down)
        [4] release service account by demo <- ~[2] ~[3] (provider demo: down)
        [5] remove network p_default <- [2] (asked for by down)
    """)


def test_a_provider_is_asked_to_stop_behind_those_that_depend_on_it():
    found = plan_stop(STACK, Observed(project="p"), StopRequest(services=("db", "account")))
    assert terse(found).splitlines() == [
        "[1] stop service db by demo (provider demo: stop)",
        "[2] stop service account by demo <- ~[1] (provider demo: stop)",
    ]


def test_without_files_nobody_knows_of_providers():
    assert plan_down(None, Observed(project="p"), DownRequest()).empty


def test_run_needs_a_service_with_an_image():
    with pytest.raises(PlanError, match="service 'db' is run by the provider 'demo', not by containers"):
        one_off_project(STACK, RunRequest(service="db", slug="0" * 12))
