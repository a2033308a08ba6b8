"""Whatever state the daemon is in, one plan reaches the goal and a second one has nothing left to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compose_lite import labels
from compose_lite.errors import PlanError
from compose_lite.planner.converge import plan_up
from compose_lite.planner.decisions import decide, scope_of
from compose_lite.planner.emission import Emission
from compose_lite.planner.render import terse
from compose_lite.planner.requests import DownRequest, UpRequest
from compose_lite.planner.situation import keeping_previous
from compose_lite.planner.teardown import plan_down
from tests.fakes.simulated_daemon import SimulatedDaemon, is_job
from tests.planner.stacks import daemon_for
from tests.planner.strategies import histories, stacks

if TYPE_CHECKING:
    from compose_lite.spec.model import Project

# Reproducible on every machine: the same examples in each run.
COUNTED = settings(
    max_examples=int(os.environ.get("PLANNER_EXAMPLES", "60")),
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def assert_reached(daemon: SimulatedDaemon, stack: Project, request: UpRequest) -> None:
    before = {c.id for c in daemon.observe().previous}
    for kept in daemon.observe().previous:
        assert kept.service not in stack.services or kept.service in keeping_previous(stack), kept.name
    for service in stack.services.values():
        found = [
            c
            for c in daemon.containers.values()
            if c.service == service.name and not c.oneoff and c.id not in before
        ]
        assert len(found) == service.replicas, service.name
        for c in found:
            number = c.number
            assert c.name == (service.container_name or f"p-{service.name}-{number}")
            ends = c.state == "exited" and c.exit_code == 0 and is_job(stack, service)
            assert c.state == "running" or ends, (c.name, c.state)
            assert c.image_id == daemon.images[c.image].id
            if service.network_mode is None:
                assert {stack.networks[a.network].name for a in service.networks} <= set(c.endpoints)
    again = plan_up(stack, daemon.observe(), UpRequest(remove_orphans=request.remove_orphans))
    assert again.empty, terse(again)


def attempt(stack: Project, daemon: SimulatedDaemon, request: UpRequest):
    """The plan, or None where a name, port or volume is held by something that must not be touched."""
    try:
        return plan_up(stack, daemon.observe(), request)
    except PlanError as error:
        if {problem.code for problem in error.problems} <= {
            "container-name-taken",
            "port-in-use",
            "volume-in-use",
        }:
            return None
        raise


def assert_emission_agrees(stack: Project, daemon: SimulatedDaemon, request: UpRequest) -> None:
    """What is decided to be settled without a look at actions is what making them finds."""
    plan = attempt(stack, daemon, request)
    if plan is None:
        return
    decided = decide(stack, daemon.observe(), request, {}, scope_of(stack, request))
    emission = Emission(decided)
    emission.emit()
    full = emission.plan()
    assert plan == full
    if decided.settled() is not None:
        assert full.empty, terse(full)


requests = st.builds(
    UpRequest,
    recreate=st.sampled_from(["diverged", "diverged", "force"]),
    remove_orphans=st.booleans(),
    wait=st.booleans(),
    recreate_volumes=st.sampled_from([frozenset(), frozenset(), frozenset({"data"})]),
)


@COUNTED
@given(st.data())
def test_one_plan_reaches_the_goal_and_a_second_is_empty(data):
    stack = data.draw(stacks())
    daemon = data.draw(histories(stack))
    request = data.draw(requests)
    plan = attempt(stack, daemon, request)
    if plan is None:
        return
    volumes = set(daemon.volumes)
    daemon.check_dependencies = True
    daemon.apply(plan, stack, seed=data.draw(st.integers(0, 5)))
    assert_reached(daemon, stack, request)
    assert volumes <= set(daemon.volumes), "no volume is lost"


@COUNTED
@given(st.data())
def test_after_an_interruption_anywhere_the_next_plan_reaches_the_goal(data):
    stack = data.draw(stacks())
    daemon = data.draw(histories(stack))
    request = data.draw(requests)
    plan = attempt(stack, daemon, request)
    if plan is None or plan.empty:
        return
    stop_after = data.draw(st.integers(0, len(plan.actions) - 1))
    daemon.apply(plan, stack, stop_after=stop_after, seed=data.draw(st.integers(0, 5)))
    volumes = set(daemon.volumes)
    daemon.check_dependencies = True
    daemon.apply(plan_up(stack, daemon.observe(), request), stack, seed=data.draw(st.integers(0, 5)))
    assert_reached(daemon, stack, request)
    assert volumes <= set(daemon.volumes), "no volume is lost"


@COUNTED
@given(st.data())
def test_the_same_situation_gives_the_same_plan(data):
    stack = data.draw(stacks())
    daemon = data.draw(histories(stack))
    request = data.draw(requests)
    first, second = attempt(stack, daemon, request), attempt(stack, daemon, request)
    assert first == second


@COUNTED
@given(st.data())
def test_no_action_is_left_out_where_nothing_seems_to_be_done(data):
    stack = data.draw(stacks())
    daemon = data.draw(histories(stack))
    request = data.draw(requests)
    plan = attempt(stack, daemon, request)
    if plan is None:
        return
    assert_emission_agrees(stack, daemon, request)
    daemon.apply(plan, stack, seed=data.draw(st.integers(0, 5)))
    for c in daemon.containers.values():
        if data.draw(st.integers(0, 7)) == 0:
            c.state = data.draw(st.sampled_from(["paused", "created", "exited", "restarting"]))
        if c.endpoints and data.draw(st.integers(0, 7)) == 0:
            c.endpoints.popitem()
    later = UpRequest(start=data.draw(st.booleans()), remove_orphans=data.draw(st.booleans()))
    assert_emission_agrees(stack, daemon, later)


@COUNTED
@given(st.data())
def test_down_leaves_nothing_of_the_project(data):
    stack = data.draw(stacks())
    daemon = data.draw(histories(stack))
    request = DownRequest(volumes=data.draw(st.booleans()), remove_orphans=True)
    for c in daemon.containers.values():
        if c.oneoff:
            c.state = "exited"
    known = data.draw(st.sampled_from([stack, None]))
    named = {name for name, v in daemon.volumes.items() if labels.PROJECT in v.labels}
    declared = {v.name for v in stack.volumes.values()} if known else named
    plan = plan_down(known, daemon.observe(), request)
    if data.draw(st.booleans()):
        daemon.apply(plan, stack, stop_after=data.draw(st.integers(0, len(plan.actions))), seed=1)
        plan = plan_down(known, daemon.observe(), request)
    daemon.apply(plan, stack, seed=data.draw(st.integers(0, 5)))
    assert not daemon.containers
    assert not daemon.networks
    left = {name for name, v in daemon.volumes.items() if labels.PROJECT in v.labels}
    assert left == (named - declared if request.volumes else named)
    assert plan_down(known, daemon.observe(), request).empty


@COUNTED
@given(st.data())
def test_no_recreate_replaces_nothing_that_lives(data):
    stack = data.draw(stacks())
    daemon = data.draw(histories(stack))
    request = UpRequest(recreate="never", recreate_dependencies="never")
    plan = attempt(stack, daemon, request)
    if plan is None:
        return
    wanted = {s.name: s for s in stack.services.values()}
    alive = {
        c.id
        for c in daemon.containers.values()
        if c.state not in ("dead", "removing")
        and c.service in wanted
        and not c.oneoff
        and 1 <= c.number <= wanted[c.service].replicas
        and not wanted[c.service].namespace_peers()
    }
    twins = {
        c.id
        for c in daemon.containers.values()
        for o in daemon.containers.values()
        if o is not c and (o.service, o.number) == (c.service, c.number)
    }
    removed = {p.action.container.id for p in plan.actions if type(p.action).__name__ == "RemoveContainer"}
    assert not (alive - twins) & removed


@COUNTED
@given(stacks(), st.data())
def test_replacements_keep_anonymous_volumes_wherever_they_are_interrupted(stack, data):
    daemon = daemon_for(stack)
    daemon.apply(plan_up(stack, daemon.observe(), UpRequest()), stack)
    before = anonymous(daemon)
    force = UpRequest(recreate="force")
    for _ in range(data.draw(st.integers(0, 3))):
        plan = plan_up(stack, daemon.observe(), force)
        daemon.apply(plan, stack, stop_after=data.draw(st.integers(0, len(plan.actions))), seed=3)
    daemon.apply(plan_up(stack, daemon.observe(), force), stack)
    assert anonymous(daemon) == before


def anonymous(daemon: SimulatedDaemon) -> dict[tuple[str, int], list[str]]:
    return {
        (c.service, c.number): [m.volume for m in c.mounts if m.target == "/anon"]
        for c in daemon.containers.values()
    }
