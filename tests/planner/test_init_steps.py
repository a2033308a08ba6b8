"""Steps of `pre_start`: when they are run, and what waits for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compose_lite import labels
from compose_lite.planner.converge import plan_up
from compose_lite.planner.images import plan_images, plan_pull
from compose_lite.planner.lifecycle import plan_restart, plan_start
from compose_lite.planner.observed import Observed, ObservedContainer
from compose_lite.planner.render import terse
from compose_lite.planner.requests import (
    DownRequest,
    ImagesRequest,
    PullRequest,
    RestartRequest,
    StartRequest,
    UpRequest,
)
from compose_lite.planner.teardown import plan_down
from compose_lite.spec.model import Hook
from tests.planner.stacks import daemon_for, planned, project, service, told, up

MIGRATE = Hook(command=("migrate",))
OWN = Hook(command=("own",), image="tool:1")
EACH = Hook(command=("each",), per_replica=True)


def stack_with(*steps: Hook, **fields: object):
    return project(service("web", pre_start=steps, **fields), networks={})


def steps_of(plan) -> list[str]:
    return [line.partition("] ")[2] for line in terse(plan).splitlines() if "pre_start[" in line]


def test_steps_run_in_order_between_creation_and_start_and_behind_dependencies():
    stack = project(
        service("db", healthy=True, networks=()),
        service("web", needs={"db": "healthy"}, pre_start=(MIGRATE, OWN), networks=()),
    )
    assert planned(stack, daemon_for(stack)) == told("""
        [1] create container p-db-1 (no container yet)
        [2] start container p-db-1 <- [1] (no container yet)
        [3] wait for service db healthy <- [2] (needed by web)
        [4] create container p-web-1 (no container yet)
        [5] prepare container p-web-1 pre_start[0] <- [3] [4] (pre_start hook)
        [6] prepare container p-web-1 pre_start[1] <- [3] [5] (pre_start hook)
        [7] start container p-web-1 <- [3] [6] (no container yet)
    """)


def test_steps_run_once_for_all_replicas_or_for_each():
    stack = stack_with(MIGRATE, EACH, scale=2)
    assert (
        planned(stack, daemon_for(stack)).splitlines()[-6:]
        == told("""
        [3] prepare container p-web-1 pre_start[0] <- [2] (pre_start hook)
        [4] prepare container p-web-1 pre_start[1] <- [3] (pre_start hook)
        [5] start container p-web-1 <- [4] (no container yet)
        [6] create container p-web-2 <- [1] (no container yet)
        [7] prepare container p-web-2 pre_start[1] <- [3] [6] (pre_start hook)
        [8] start container p-web-2 <- [7] (no container yet)
    """).splitlines()
    )


def test_beside_a_running_replica_only_those_of_the_new_one_are_run():
    daemon = daemon_for(stack_with(MIGRATE, EACH))
    up(daemon, stack_with(MIGRATE, EACH))
    plan = plan_up(stack_with(MIGRATE, EACH, scale=2), daemon.observe(), UpRequest())
    assert steps_of(plan) == ["prepare container p-web-2 pre_start[1] <- [1] (pre_start hook)"]


def test_what_was_prepared_once_is_not_prepared_again():
    stack = stack_with(MIGRATE)
    daemon = daemon_for(stack)
    up(daemon, stack)
    assert plan_up(stack, daemon.observe(), UpRequest()).empty
    assert steps_of(plan_restart(stack, daemon.observe(), RestartRequest())) == []
    for container in daemon.containers.values():
        container.state, container.exit_code = "exited", 0
    assert steps_of(plan_start(stack, daemon.observe(), StartRequest())) == []
    assert steps_of(plan_up(stack, daemon.observe(), UpRequest())) == []


def test_a_container_that_was_never_started_is_prepared():
    stack = stack_with(MIGRATE)
    daemon = daemon_for(stack)
    up(daemon, stack, start=False)
    assert len(steps_of(plan_up(stack, daemon.observe(), UpRequest()))) == 1
    assert len(steps_of(plan_start(stack, daemon.observe(), StartRequest()))) == 1


@pytest.mark.parametrize("changed", [Hook(command=("other",)), replace(MIGRATE, user="root"), OWN])
def test_a_changed_step_replaces_the_container_and_runs(changed):
    daemon = daemon_for(stack_with(MIGRATE))
    up(daemon, stack_with(MIGRATE))
    plan = plan_up(stack_with(changed), daemon.observe(), UpRequest())
    assert len(steps_of(plan)) == 1


def test_a_forced_replacement_runs_them():
    stack = stack_with(MIGRATE)
    daemon = daemon_for(stack)
    up(daemon, stack)
    assert len(steps_of(plan_up(stack, daemon.observe(), UpRequest(recreate="force")))) == 1


def left_over(state):
    return Observed(
        project="p",
        containers=(
            ObservedContainer(
                id="9", name="p-web-1-pre_start-0-ab", service="web", number=0, oneoff=True,
                state=state, labels={labels.STEP: "0"},
            ),
        ),
    )  # fmt: skip


def test_what_a_kill_has_left_of_a_step_goes_before_the_step_is_run_again():
    stack = project(service("web", pre_start=(MIGRATE,), networks=()))
    assert terse(plan_up(stack, left_over("running"), UpRequest())) == told("""
        [1] stop container p-web-1-pre_start-0-ab (left by an interrupted pre_start of web)
        [2] remove container p-web-1-pre_start-0-ab with volumes <- [1] (left by an interrupted pre_start of web)
        [3] create container p-web-1 (no container yet)
        [4] prepare container p-web-1 pre_start[0] <- [1] [3] (pre_start hook)
        [5] start container p-web-1 <- [4] (no container yet)
    """)


def test_what_a_kill_has_left_of_a_step_goes_with_down():
    stack = project(service("web", pre_start=(MIGRATE,), networks=()))
    removed = terse(plan_down(stack, left_over("exited"), DownRequest()))
    assert removed == "[1] remove container p-web-1-pre_start-0-ab (asked for by down)"


def test_the_images_of_steps_are_pulled():
    stack = stack_with(MIGRATE, OWN)
    nothing = Observed(project="p")
    assert terse(plan_images(stack, nothing, ImagesRequest())) == told("""
        [1] pull image tool:1 (image tool:1 is not here)
        [2] pull image web:1 (image web:1 is not here)
    """)
    assert "pull image tool:1" in terse(plan_pull(stack, nothing, PullRequest()))
