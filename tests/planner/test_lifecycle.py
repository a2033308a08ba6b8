"""What `start` and `restart` decide: situation in, plan out."""

from __future__ import annotations

import pytest

from compose_lite.errors import PlanError
from compose_lite.planner.lifecycle import plan_restart, plan_start
from compose_lite.planner.render import terse
from compose_lite.planner.requests import RestartRequest, StartRequest
from tests.planner.stacks import daemon_for, project, running, service, told

STACK = project(service("db"), service("web", needs=["db"], restart_with=["db"]))


def stopped(stack):
    daemon = running(stack)
    for c in daemon.containers.values():
        c.state, c.exit_code = "exited", 0
    return daemon


def start(stack, daemon, **request):
    return terse(plan_start(stack, daemon.observe(), StartRequest(**request)))


def restart(stack, daemon, **request):
    return terse(plan_restart(stack, daemon.observe(), RestartRequest(**request)))


@pytest.mark.parametrize("known", [STACK, None])
def test_start_goes_along_the_dependencies(known):
    assert start(known, stopped(STACK)) == told("""
        [1] start container p-db-1 (not running: exited (0))
        [2] start container p-web-1 <- [1] (not running: exited (0))
    """)


def test_start_of_one_service_starts_what_it_needs():
    assert "p-db-1" in start(STACK, stopped(STACK), services=("web",))
    assert "p-web-1" not in start(STACK, stopped(STACK), services=("db",))


def test_start_of_what_runs_is_nothing():
    assert start(STACK, running(STACK)) == ""


def test_start_needs_a_container():
    with pytest.raises(PlanError, match="service 'db' has no container"):
        start(STACK, daemon_for(STACK))


def test_start_leaves_completed_jobs_unless_they_are_named():
    stack = project(service("job"), service("web", needs={"job": "completed_successfully"}))
    assert start(stack, stopped(stack)) == "[1] start container p-web-1 (not running: exited (0))"
    assert "start container p-job-1" in start(stack, stopped(stack), services=("job",))


def test_start_wait_waits_for_health():
    stack = project(service("db", healthy=True))
    assert start(stack, stopped(stack), wait=True).splitlines()[-1] == (
        "[2] wait for service db running_or_healthy <- [1] (asked for by --wait)"
    )


@pytest.mark.parametrize("known", [STACK, None])
def test_restart_takes_dependents_that_ask_for_it_along(known):
    assert restart(known, running(STACK), services=("db",)) == told("""
        [1] stop container p-web-1 (db is restarted)
        [2] stop container p-db-1 <- ~[1] (asked for by restart)
        [3] start container p-db-1 <- [2] (asked for by restart)
        [4] start container p-web-1 <- [1] [3] (db is restarted)
    """)


def test_restart_without_deps_does_not():
    assert restart(STACK, running(STACK), services=("db",), no_deps=True) == told("""
        [1] stop container p-db-1 (asked for by restart)
        [2] start container p-db-1 <- [1] (asked for by restart)
    """)


def test_restart_starts_what_is_stopped():
    assert restart(STACK, stopped(STACK), services=("web",)) == (
        "[1] start container p-web-1 (asked for by restart)"
    )


def test_restart_keeps_a_shared_namespace_working():
    stack = project(
        service("db"), service("web", needs=["db"], restart_with=["db"], network_mode="service:db")
    )
    daemon = running(stack)
    plan = plan_restart(stack, daemon.observe(), RestartRequest())
    daemon.apply(plan, stack, seed=1)
    assert {c.state for c in daemon.containers.values()} == {"running"}
