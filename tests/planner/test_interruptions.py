"""What a plan interrupts, and for how long: seconds are told only where they are known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from compose_lite.planner.converge import plan_up
from compose_lite.planner.interruptions import Interruption, interruptions
from compose_lite.planner.lifecycle import plan_restart
from compose_lite.planner.outcomes import outcomes
from compose_lite.planner.requests import (
    DownRequest,
    KillRequest,
    PauseRequest,
    RestartRequest,
    StopRequest,
    UpRequest,
)
from compose_lite.planner.teardown import plan_down, plan_kill, plan_pause, plan_stop
from compose_lite.spec.model import FrozenMap, Healthcheck, Service
from tests.planner.stacks import project, running, service

if TYPE_CHECKING:
    from compose_lite.planner.plan import Plan


def edited(one: Service) -> Service:
    """The service with another environment: its containers have to be replaced."""
    return replace(one, environment=FrozenMap({"EDITED": "1"}))


def interrupted(plan: Plan) -> dict[str, Interruption]:
    return {one.service: one for one in interruptions(plan, outcomes(plan))}


def update(web: Service, **request: float) -> Plan:
    """The plan of an `up` after an edit of the service."""
    return plan_up(project(edited(web)), running(project(web)).observe(), UpRequest(**request))  # type: ignore[arg-type]  # a timeout


@pytest.mark.parametrize(
    ("fields", "request_", "seconds", "source"),
    [
        ({}, {}, 10, "stop_grace_period"),
        ({"stop_grace_period": 90.0}, {}, 90, "stop_grace_period"),
        ({"stop_grace_period": 90.0}, {"timeout": 3}, 3, "--timeout"),
        ({"stop_grace_period": 0.0}, {}, 0, "stop_grace_period"),
    ],
)
def test_a_replacement_tells_how_long_the_stop_may_take(fields, request_, seconds, source) -> None:
    web = interrupted(update(service("web", **fields), **request_))["web"]
    assert (web.gap, web.stop_at_most, web.healthy_at_least) == (True, seconds, None)
    assert str(web) == (
        "web: p-web-1 stops; no replica runs before the new start: "
        f"up to {seconds} s ({source}) and what the start takes"
    )


def test_the_grace_period_is_the_one_that_the_old_container_was_made_with() -> None:
    observed = running(project(service("web", stop_grace_period=40.0))).observe()
    plan = plan_up(project(service("web", stop_grace_period=1.0)), observed, UpRequest())
    assert interrupted(plan)["web"].stop_at_most == 40


def test_replicas_stop_side_by_side_and_a_dependencys_stop_comes_on_top() -> None:
    db = service("db", stop_grace_period=20.0)
    web = service("web", needs=["db"], stop_grace_period=5.0, scale=2)
    observed = running(project(db, web)).observe()
    alone = interrupted(plan_up(project(db, edited(web)), observed, UpRequest()))
    assert (alone["web"].containers, alone["web"].stop_at_most) == (("p-web-1", "p-web-2"), 5)
    both = interrupted(plan_up(project(edited(db), edited(web)), observed, UpRequest()))
    assert (both["db"].stop_at_most, both["web"].stop_at_most) == (20, 25)


@pytest.mark.parametrize(
    ("check", "api", "seconds", "field"),
    [
        (Healthcheck(test=("CMD", "true"), interval=2.0), "1.41", 2, "healthcheck.interval"),
        (Healthcheck(test=("CMD", "true")), "1.41", 30, "healthcheck.interval"),
        (
            Healthcheck(test=("CMD", "true"), start_period=9.0, start_interval=1.0),
            "1.44",
            1,
            "healthcheck.start_interval",
        ),
        (
            Healthcheck(test=("CMD", "true"), start_period=9.0, start_interval=1.0),
            "1.41",
            30,
            "healthcheck.interval",
        ),
    ],
)
def test_a_health_check_tells_when_the_new_one_can_be_healthy(check, api, seconds, field) -> None:
    web = replace(service("web"), healthcheck=check)
    observed = replace(running(project(web)).observe(), api_version=api)
    told = interrupted(plan_up(project(edited(web)), observed, UpRequest()))["web"]
    assert told.healthy_at_least == seconds
    assert told.text.endswith(f"; healthy {seconds} s after that at the earliest ({field})")


@pytest.mark.parametrize("check", [Healthcheck(disable=True), Healthcheck(test=("NONE",))])
def test_a_health_check_that_is_off_tells_nothing(check: Healthcheck) -> None:
    told = interrupted(update(replace(service("web"), healthcheck=check)))["web"]
    assert told.healthy_at_least is None


def test_what_stops_for_good_has_a_gap_without_an_end() -> None:
    stack = project(service("web"))
    observed = running(stack).observe()
    for plan in (
        plan_stop(stack, observed, StopRequest(timeout=3)),
        plan_down(stack, observed, DownRequest()),
    ):
        told = interrupted(plan)["web"]
        assert (told.gap, told.stop_at_most) == (True, None)
        assert told.text == "p-web-1 stops; no replica runs afterwards"


def test_what_is_paused_freezes() -> None:
    stack = project(service("web"))
    told = interrupted(plan_pause(stack, running(stack).observe(), PauseRequest()))["web"]
    assert (told.gap, told.text) == (True, "p-web-1 freezes; no replica runs afterwards")


@pytest.mark.parametrize(
    ("signal", "stops"), [("SIGKILL", True), ("TERM", True), ("SIGHUP", False), ("USR1", False)]
)
def test_a_signal_that_is_a_message_stops_nothing(signal: str, stops: bool) -> None:
    stack = project(service("web"))
    plan = plan_kill(stack, running(stack).observe(), KillRequest(signal=signal))
    assert bool(interrupted(plan)) == stops


def test_a_restart_stops_and_starts() -> None:
    stack = project(service("web", stop_grace_period=7.0))
    told = interrupted(plan_restart(stack, running(stack).observe(), RestartRequest()))["web"]
    assert (told.gap, told.stop_at_most) == (True, 7)


def test_where_the_grace_period_is_unknown_no_seconds_are_told() -> None:
    observed = running(project(service("web"))).observe(inspected=False)
    told = interrupted(plan_restart(None, observed, RestartRequest()))["web"]
    assert (told.gap, told.stop_at_most) == (True, None)
    assert told.text == "p-web-1 stops; no replica runs before the new start"


def test_a_stop_that_never_kills_has_no_longest_time() -> None:
    told = interrupted(update(service("web"), timeout=-1))["web"]
    assert told.stop_at_most is None


def test_there_is_no_gap_where_another_replica_stays() -> None:
    stack = project(service("web", scale=2))
    daemon = running(stack)
    daemon.by_name("p-web-2").image_id = "sha256:old"
    told = interrupted(plan_up(stack, daemon.observe(), UpRequest()))["web"]
    assert (told.gap, told.stop_at_most) == (False, None)
