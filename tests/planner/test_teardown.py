"""What `down`, `stop`, `rm`, `kill`, `pause` and `unpause` decide: situation in, plan out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compose_lite import labels
from compose_lite.errors import PlanError
from compose_lite.planner.render import terse
from compose_lite.planner.requests import (
    DownRequest,
    KillRequest,
    PauseRequest,
    RemoveRequest,
    StopRequest,
    UnpauseRequest,
)
from compose_lite.planner.teardown import (
    plan_down,
    plan_kill,
    plan_pause,
    plan_rm,
    plan_stop,
    plan_unpause,
)
from compose_lite.spec.model import FrozenMap, Hook, Volume
from tests.planner.stacks import planned, project, running, service, told, up

STACK = project(service("db", volumes={"/data": "data", "/anon": None}), service("web", needs=["db"]))


def down(stack, daemon, **request):
    return terse(plan_down(stack, daemon.observe(), DownRequest(**request)))


class TestDown:
    @pytest.mark.parametrize("known", [STACK, None])
    def test_dependents_stop_first_and_the_network_goes_last(self, known):
        assert down(known, running(STACK)) == told("""
            [1] stop container p-web-1 (asked for by down)
            [2] remove container p-web-1 <- [1] (asked for by down)
            [3] stop container p-db-1 <- ~[1] (asked for by down)
            [4] remove container p-db-1 <- [3] (asked for by down)
            [5] remove network p_default <- [2] [4] (asked for by down)
        """)

    def test_of_nothing_is_nothing(self):
        daemon = running(STACK)
        daemon.apply(plan_down(STACK, daemon.observe(), DownRequest()), STACK)
        assert down(STACK, daemon) == ""

    def test_volumes_go_only_when_asked_for(self):
        plan = down(STACK, running(STACK), volumes=True)
        assert "remove container p-db-1 with volumes" in plan
        assert plan.splitlines()[-1] == "[6] remove volume p_data <- [4] (asked for by down --volumes)"

    def test_anonymous_volumes_that_a_replacement_handed_down_go_along(self):
        daemon = running(STACK)
        up(daemon, STACK, recreate="force")
        daemon.apply(plan_down(STACK, daemon.observe(), DownRequest(volumes=True)), STACK)
        assert not daemon.volumes

    def test_protected_volumes_stay(self):
        safe = project(
            *STACK.services.values(), volumes={"data": Volume(key="data", name="p_data", protected=True)}
        )
        plan = plan_down(safe, running(safe).observe(), DownRequest(volumes=True))
        assert "remove volume" not in terse(plan)
        assert [warning.code for warning in plan.warnings] == ["volume-protected"]

    def test_protected_volumes_stay_where_the_files_are_not_at_hand(self):
        daemon = running(STACK)
        daemon.volumes["p_data"] = replace(
            daemon.volumes["p_data"],
            labels={**daemon.volumes["p_data"].labels, "io.compose-lite.protected": "true"},
        )
        plan = plan_down(None, daemon.observe(), DownRequest(volumes=True))
        assert "remove volume" not in terse(plan)
        assert [warning.code for warning in plan.warnings] == ["volume-protected"]

    def test_external_volumes_stay(self):
        daemon = running(STACK)
        other = project(
            *STACK.services.values(), volumes={"data": Volume(key="data", name="p_data", external=True)}
        )
        assert "remove volume" not in down(other, daemon, volumes=True)

    def test_volumes_made_by_hand_stay(self):
        daemon = running(STACK)
        daemon.volumes["p_data"] = replace(daemon.volumes["p_data"], labels={})
        plan = plan_down(STACK, daemon.observe(), DownRequest(volumes=True))
        assert "remove volume" not in terse(plan)
        assert [warning.code for warning in plan.warnings] == ["volume-kept"]

    def test_volumes_that_the_files_no_longer_declare_stay(self):
        daemon = running(STACK)
        plan = plan_down(project(service("db")), daemon.observe(), DownRequest(volumes=True))
        assert "remove volume p_data" not in terse(plan)
        assert "volume-kept" in [warning.code for warning in plan.warnings]

    def test_orphans_are_named_and_keep_their_network(self):
        plan = plan_down(project(service("web")), running(STACK).observe(), DownRequest())
        assert "network" not in terse(plan)
        assert [warning.message for warning in plan.warnings] == [
            "containers of services that the project does not have: p-db-1",
            "network 'p_default' is kept: p-db-1 still uses it",
        ]

    def test_orphans_go_on_request(self):
        plan = down(project(service("web")), running(STACK), remove_orphans=True)
        assert "remove container p-db-1" in plan
        assert "remove network p_default" in plan

    def test_of_one_service_leaves_what_others_use(self):
        assert down(STACK, running(STACK), services=("web",), volumes=True) == told("""
            [1] stop container p-web-1 (asked for by down)
            [2] remove container p-web-1 with volumes <- [1] (asked for by down)
        """)

    def test_images_all(self):
        plan = down(STACK, running(STACK), rmi="all")
        assert plan.splitlines()[-2:] == [
            "[6] remove image db:1 <- [4] (asked for by down --rmi all)",
            "[7] remove image web:1 <- [2] (asked for by down --rmi all)",
        ]

    def test_images_local_are_those_without_a_name(self):
        stack = project(service("a", image=None), service("b"))
        plan = down(stack, running(stack), rmi="local")
        assert "remove image p-a " in plan
        assert "remove image b:1" not in plan

    def test_hooks_run_before_the_stop(self):
        stack = project(service("web", pre_stop=(Hook(command=("bye",)),)))
        assert down(stack, running(stack)).splitlines()[:2] == [
            "[1] run hook in container p-web-1 pre_stop (pre_stop hook)",
            "[2] stop container p-web-1 <- [1] (asked for by down)",
        ]

    def test_the_order_holds_across_services_without_containers(self):
        stack = project(service("a"), service("b", needs=["a"], scale=0), service("c", needs=["b"]))
        plan = down(stack, running(stack))
        assert "stop container p-a-1 <- ~[1]" in plan


class TestStop:
    def test_stops_what_runs_dependents_first(self):
        plan = plan_stop(STACK, running(STACK).observe(), StopRequest())
        assert terse(plan) == told("""
            [1] stop container p-web-1 (asked for by stop)
            [2] stop container p-db-1 <- ~[1] (asked for by stop)
        """)

    def test_only_the_named(self):
        plan = plan_stop(STACK, running(STACK).observe(), StopRequest(services=("db",), timeout=3.0))
        assert terse(plan) == "[1] stop container p-db-1 (asked for by stop)"
        assert plan.actions[0].action.timeout == 3.0

    def test_twice_is_once(self):
        daemon = running(STACK)
        daemon.apply(plan_stop(STACK, daemon.observe(), StopRequest()), STACK)
        assert plan_stop(STACK, daemon.observe(), StopRequest()).empty


class TestRm:
    def test_takes_only_what_is_stopped(self):
        daemon = running(STACK)
        daemon.by_name("p-web-1").state = "exited"
        plan = plan_rm(STACK, daemon.observe(), RemoveRequest())
        assert terse(plan) == "[1] remove container p-web-1 (asked for by rm)"

    def test_leaves_alone_what_somebody_starts_before_its_turn(self):
        daemon = running(STACK)
        daemon.by_name("p-web-1").state = "exited"
        for stop in (False, True):
            plan = plan_rm(STACK, daemon.observe(), RemoveRequest(services=("web",), stop=stop))
            removal = plan.actions[-1].action
            assert (removal.spare, removal.force) == (not stop, stop)

    def test_with_stop_takes_all(self):
        plan = plan_rm(STACK, running(STACK).observe(), RemoveRequest(stop=True, volumes=True))
        assert [planned.action.verb for planned in plan.actions] == ["stop", "remove", "stop", "remove"]

    def test_volumes_are_the_anonymous_ones_only(self):
        daemon = running(STACK)
        up(daemon, STACK, recreate="force")
        daemon.apply(plan_rm(STACK, daemon.observe(), RemoveRequest(stop=True, volumes=True)), STACK)
        assert set(daemon.volumes) == {"p_data"}


def test_kill_sends_a_signal_to_what_runs():
    daemon = running(STACK)
    daemon.by_name("p-web-1").state = "exited"
    plan = plan_kill(STACK, daemon.observe(), KillRequest(signal="SIGHUP"))
    assert terse(plan) == "[1] kill container p-db-1 (asked for by kill)"
    assert plan.actions[0].action.signal == "SIGHUP"


def test_kill_spares_orphans_unless_told():
    stack = project(service("web"))
    daemon = running(STACK)
    assert "p-db-1" not in terse(plan_kill(stack, daemon.observe(), KillRequest()))
    assert "p-db-1" in terse(plan_kill(stack, daemon.observe(), KillRequest(remove_orphans=True)))


def test_pause_and_unpause():
    daemon = running(STACK)
    daemon.apply(plan_pause(STACK, daemon.observe(), PauseRequest(services=("web",))), STACK)
    assert daemon.by_name("p-web-1").state == "paused"
    assert daemon.by_name("p-db-1").state == "running"
    plan = plan_unpause(STACK, daemon.observe(), UnpauseRequest())
    assert terse(plan) == "[1] unpause container p-web-1 (asked for by unpause)"


def test_without_files_a_service_is_known_by_its_containers():
    with pytest.raises(PlanError, match="no containers of a service 'wbe'") as caught:
        plan_stop(None, running(STACK).observe(), StopRequest(services=("wbe",)))
    assert caught.value.hint == "services with containers: db, web"


def test_a_profile_hint_names_the_profile():
    stack = project(service("web"), disabled_services=FrozenMap({"x": service("x", profiles=("debug",))}))
    with pytest.raises(PlanError) as caught:
        planned(stack, running(stack), services=("x",))
    assert caught.value.hint == "switch one on: --profile debug"


def test_a_stack_of_docker_compose_comes_down_in_order():
    daemon = running(STACK)
    for c in daemon.containers.values():
        c.labels.pop(labels.HASH)
    assert "stop container p-db-1 <- ~[1]" in down(None, daemon)
