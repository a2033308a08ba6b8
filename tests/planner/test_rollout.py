"""How `deploy.update_config` replaces containers, and how an unfinished update is undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compose_lite import labels
from compose_lite.errors import PlanError
from compose_lite.planner import actions
from compose_lite.planner.converge import plan_up
from compose_lite.planner.lifecycle import plan_restart
from compose_lite.planner.render import terse, text
from compose_lite.planner.requests import (
    DownRequest,
    RemoveRequest,
    RestartRequest,
    RollbackRequest,
    StopRequest,
    UpRequest,
)
from compose_lite.planner.rollback import asks_for_rollback, plan_rollback, unfinished
from compose_lite.planner.situation import keeping_previous
from compose_lite.planner.teardown import plan_down, plan_rm, plan_stop
from compose_lite.spec.model import Deploy, FrozenMap, UpdateConfig
from tests.fakes.simulated_daemon import with_images
from tests.planner.stacks import planned, project, running, service, up


def stack(version="1", *, scale=2, healthy=True, more=(), config=None, **update):
    deploy = Deploy(update_config=config or UpdateConfig(**update))
    fields = {"scale": scale, "healthy": healthy, "environment": FrozenMap({"V": version})}
    return project(service("web", deploy=deploy, **fields), *more)


def steps(plan):
    """The plan as `verb name` with edges, the temporary names made the same for everybody."""
    told = []
    for line in terse(plan).splitlines():
        words = line.split(" (")[0].split(" ")
        told.append(" ".join(word[13:] + "'" if word[12:13] == "_" else word for word in words))
    return told


def rollout(**update):
    daemon = running(stack(**update))
    return plan_up(stack("2", **update), daemon.observe(), UpRequest())


def test_stop_first_goes_one_by_one_and_keeps_the_old_ones_to_the_end():
    assert steps(rollout(order="stop-first")) == [
        "[1] create container p-web-1' for p-web-1",
        "[2] stop container p-web-1 <- [1]",
        "[3] start container p-web-1' <- [2]",
        "[4] wait for service web running_or_healthy <- [3]",
        "[5] create container p-web-2' for p-web-2",
        "[6] stop container p-web-2 <- [4] [5]",
        "[7] start container p-web-2' <- [4] [6]",
        "[8] wait for service web running_or_healthy <- [7]",
        "[9] remove container p-web-1 <- [4] [8]",
        "[10] rename container p-web-1' to p-web-1 <- [9]",
        "[11] remove container p-web-2 <- [8]",
        "[12] rename container p-web-2' to p-web-2 <- [11]",
    ]


def test_start_first_takes_the_name_before_the_old_one_stops():
    assert steps(rollout(order="start-first", scale=1)) == [
        "[1] create container p-web-1' for p-web-1",
        "[2] start container p-web-1' <- [1]",
        "[3] wait for service web running_or_healthy <- [2]",
        "[4] disconnect container p-web-1' from p_default <- [3]",
        "[5] connect container p-web-1' to p_default <- [4]",
        "[6] give time to service web 2 s <- [5]",
        "[7] stop container p-web-1 <- [6]",
        "[8] remove container p-web-1 <- [7]",
        "[9] rename container p-web-1' to p-web-1 <- [8]",
    ]


def test_parallelism_and_delay():
    plan = rollout(parallelism=2, delay=3.0, scale=4)
    stops = [p for p in plan.actions if isinstance(p.action, actions.StopContainer)]
    delays = [p for p in plan.actions if isinstance(p.action, actions.Delay)]
    assert [delay.action.seconds for delay in delays] == [3.0]
    assert [delays[0].id in stop.needs for stop in stops] == [False, False, True, True]
    assert "stop, at most 2 at a time" in text(plan)


def test_all_at_once_with_parallelism_zero():
    plan = rollout(parallelism=0, scale=3)
    assert not any("<- [4]" in line for line in steps(plan) if "stop container" in line)
    assert "no replica runs before the new start" in text(plan)


def test_without_update_config_nothing_is_kept():
    before, after = (project(service("web", environment=FrozenMap({"V": v}))) for v in "12")
    assert "wait for" not in planned(after, running(before))


def test_without_a_health_check_a_new_container_has_to_live_for_a_while():
    hold = [
        p.action.hold for p in rollout(healthy=False).actions if isinstance(p.action, actions.AwaitCondition)
    ]
    assert hold == [5.0, 5.0]
    hold = [
        p.action.hold for p in rollout(monitor=9.0).actions if isinstance(p.action, actions.AwaitCondition)
    ]
    assert hold == [9.0, 9.0]


def test_continue_goes_on_behind_a_failure():
    plan = rollout(failure_action="continue")
    second = next(p for p in plan.actions if p.action.verb == "stop" and p.action.name == "p-web-2")
    assert [type(plan.actions[id_ - 1].action).__name__ for id_ in second.after] == ["AwaitCondition"]
    removal = next(p for p in plan.actions if p.action.verb == "remove")
    assert len(removal.needs) == 1


def test_a_ratio_lets_some_fail():
    plan = rollout(max_failure_ratio=0.5, scale=4)
    tolerant = [p.action for p in plan.actions if getattr(p.action, "tolerate", 0)]
    assert [(len(wait.containers), wait.tolerate) for wait in tolerant] == [(1, 2), (2, 2), (3, 2), (4, 2)]


@pytest.mark.parametrize(
    ("fields", "obstacle"),
    [({"port": 8080}, "host port 8080"), ({"container_name": "site"}, "container_name 'site'")],
)
def test_start_first_that_is_impossible_is_told_beforehand(fields, obstacle):
    deploy = Deploy(update_config=UpdateConfig(order="start-first"))
    before, after = (
        project(service("web", deploy=deploy, labels=FrozenMap({"v": v}), **fields)) for v in "12"
    )
    plan = plan_up(after, running(before).observe(), UpRequest())
    assert [warning.code for warning in plan.warnings] == ["start-first-impossible"]
    assert obstacle in plan.warnings[0].message
    stop = next(p.id for p in plan.actions if p.action.verb == "stop")
    start = next(p.id for p in plan.actions if p.action.verb == "start")
    assert stop < start


def test_start_first_interrupts_nothing():
    told = text(rollout(order="start-first"))
    assert "web: p-web-1, p-web-2 stop once the successor of each is ready" in told
    assert "0 to create, 2 to replace, 0 to remove, 0 unchanged" in told


@pytest.mark.parametrize("seed", range(5))
def test_with_start_first_as_many_answer_to_the_name_as_ever(seed):
    daemon = running(stack())
    after = stack("2", order="start-first")
    plan = plan_up(after, daemon.observe(), UpRequest())
    for stop_after in range(1, len(plan.actions) + 1):
        daemon = running(stack())
        daemon.apply(plan, after, stop_after=stop_after, seed=seed)
        named = [c for c in daemon.containers.values() if c.running and c.named and c.endpoints]
        assert len(named) >= 2, f"after {stop_after} actions"


@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_from_any_point_the_next_up_completes_it(order):
    after = stack("2", order=order)
    count = len(plan_up(after, running(stack()).observe(), UpRequest()).actions)
    for stop_after in range(count):
        daemon = running(stack())
        daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=stop_after)
        up(daemon, after)
        found = sorted((c.name, c.state, c.named) for c in daemon.containers.values())
        assert found == [("p-web-1", "running", True), ("p-web-2", "running", True)], stop_after
        assert planned(after, daemon) == ""


@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_from_any_point_before_the_end_it_can_be_undone(order):
    before, after = stack(), stack("2", order=order)
    plan = plan_up(after, running(before).observe(), UpRequest())
    first_removal = next(p.id for p in plan.actions if p.action.verb == "remove")
    for stop_after in range(1, first_removal):
        daemon = running(before)
        old = set(daemon.containers)
        daemon.apply(plan, after, stop_after=stop_after)
        if not unfinished(daemon.observe()):
            continue
        daemon.apply(plan_rollback(after, daemon.observe()), after, seed=stop_after)
        assert set(daemon.containers) == old
        assert planned(before, daemon) == "", stop_after


@pytest.mark.parametrize("settings", [Deploy(update_config=UpdateConfig(order="start-first")), None])
def test_a_new_container_that_somebody_paused_goes_on(settings):
    after = stack("2", order="start-first", scale=1)
    daemon = running(stack(scale=1))
    daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=2)
    new = next(c for c in daemon.containers.values() if not c.named)
    assert new.state == "running"
    new.state = "paused"
    then = project(replace(after.services["web"], deploy=settings))
    up(daemon, then)
    assert [(c.name, c.state) for c in daemon.containers.values()] == [("p-web-1", "running")]
    assert planned(then, daemon) == ""


def test_an_update_that_lost_its_settings_is_completed_with_its_names():
    after = stack("2", order="start-first")
    daemon = running(stack())
    daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=2)
    plain = project(replace(after.services["web"], deploy=None))
    up(daemon, plain)
    assert all(c.named for c in daemon.containers.values())
    assert planned(plain, daemon) == ""


def test_so_is_one_whose_old_container_somebody_removed():
    after = stack("2", order="start-first", scale=1)
    daemon = running(stack(scale=1))
    old = daemon.by_name("p-web-1").id
    daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=2)
    del daemon.containers[old]
    up(daemon, after)
    assert [(c.name, c.named) for c in daemon.containers.values()] == [("p-web-1", True)]


def test_the_old_configuration_ends_it_too():
    before, after = stack(), stack("2", order="start-first")
    daemon = running(before)
    daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=7)
    up(daemon, before)
    assert sorted(c.name for c in daemon.containers.values()) == ["p-web-1", "p-web-2"]
    assert planned(before, daemon) == ""


def test_nothing_of_another_service_is_given_up_before_all_have_succeeded():
    other = service("api", deploy=Deploy(update_config=UpdateConfig()), healthy=True, scale=1)
    before = stack(more=(other,))
    after = stack("2", more=(replace(other, labels=FrozenMap({"v": "2"})),))
    plan = plan_up(after, running(before).observe(), UpRequest())
    last = {
        service_: max(
            p.id
            for p in plan.actions
            if isinstance(p.action, actions.AwaitCondition) and p.action.service == service_
        )
        for service_ in ("web", "api")
    }
    for p in plan.actions:
        if isinstance(p.action, actions.RemoveContainer):
            assert set(last.values()) <= set(p.needs)


def test_services_that_depend_on_each_other_roll_out_without_a_circle():
    config = Deploy(update_config=UpdateConfig(order="start-first"))
    api = service("api", deploy=config, healthy=True, scale=2)
    web = service("web", deploy=config, needs={"api": "healthy"}, restart_with=["api"], scale=2)
    before = project(api, web)
    changed = [replace(s, labels=FrozenMap({"v": "2"})) for s in (api, web)]
    daemon = running(before)
    up(daemon, project(*changed))
    assert planned(project(*changed), daemon) == ""


def test_nothing_to_go_back_to():
    with pytest.raises(PlanError, match="no unfinished update"):
        plan_rollback(None, running(stack()).observe())


def test_rollback_of_a_fixed_port_stops_the_new_one_first():
    deploy = Deploy(update_config=UpdateConfig())
    before, after = (
        project(service("web", port=8080, deploy=deploy, labels=FrozenMap({"v": v}))) for v in "12"
    )
    daemon = running(before)
    daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=3)
    daemon.apply(plan_rollback(None, daemon.observe()), after)
    assert planned(before, daemon) == ""


def test_who_asks_for_it():
    assert asks_for_rollback(stack(failure_action="rollback"))
    assert not asks_for_rollback(stack(failure_action="pause"))


def test_a_new_container_says_that_it_has_no_name_yet():
    daemon = running(stack())
    after = stack("2", order="start-first")
    daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=1)
    assert [labels.UNNAMED in c.labels for c in daemon.containers.values()] == [False, False, True]


KEEPING = FrozenMap({"x-compose-lite": {"keep_previous": True}})


def kept(version="1", *, keep=True, port=None, deploy=None, **fields):
    web = service(
        "web",
        environment=FrozenMap({"V": version}),
        extensions=KEEPING if keep else FrozenMap(),
        port=port,
        deploy=deploy,
        **fields,
    )
    return project(web)


def generations_of(daemon):
    observed = daemon.observe()
    return [c.name for c in observed.containers], [c.name for c in observed.previous]


def test_the_generation_before_is_kept_stopped_under_another_name():
    daemon = running(kept())
    assert steps(plan_up(kept("2"), daemon.observe(), UpRequest())) == [
        "[1] create container p-web-1' for p-web-1",
        "[2] stop container p-web-1 <- [1]",
        "[3] rename container p-web-1 to p-web-1.previous <- [1] [2]",
        "[4] rename container p-web-1' to p-web-1 <- [3]",
        "[5] start container p-web-1 <- [4]",
    ]
    told = text(plan_up(kept("2"), daemon.observe(), UpRequest()))
    assert "0 to create, 1 to replace, 0 to remove, 0 unchanged" in told
    up(daemon, kept("2"))
    assert generations_of(daemon) == (["p-web-1"], ["p-web-1.previous"])
    assert planned(kept("2"), daemon) == ""


def test_the_next_update_takes_its_place():
    daemon = running(kept())
    for version in "234":
        before = daemon.by_name("p-web-1").id
        up(daemon, kept(version))
        assert generations_of(daemon) == (["p-web-1"], ["p-web-1.previous"])
        assert daemon.by_name("p-web-1.previous").id == before


@pytest.mark.parametrize("port", [None, 8080])
def test_an_update_that_succeeded_can_be_undone_where_it_was_kept(port):
    daemon = running(kept(port=port))
    old = set(daemon.containers)
    up(daemon, kept("2", port=port))
    daemon.apply(plan_rollback(kept("2", port=port), daemon.observe()), kept("2", port=port))
    assert set(daemon.containers) == old
    assert generations_of(daemon) == (["p-web-1"], [])
    assert planned(kept(port=port), daemon) == ""


@pytest.mark.parametrize("seed", range(3))
def test_a_rollback_that_was_interrupted_is_ended_by_the_next_or_by_up(seed):
    before, after = kept(), kept("2")
    count = len(plan_rollback(after, _updated().observe()).actions)
    for stop_after in range(count):
        daemon = _updated()
        daemon.apply(plan_rollback(after, daemon.observe()), after, stop_after=stop_after, seed=seed)
        for goal in (before, after):
            up(daemon, goal)
            assert generations_of(daemon)[0] == ["p-web-1"], stop_after
            assert planned(goal, daemon) == ""


@pytest.mark.parametrize("seed", range(3))
def test_a_rollback_that_was_interrupted_is_ended_by_the_same_again(seed):
    after = kept("2")
    count = len(plan_rollback(after, _updated().observe()).actions)
    for stop_after in range(count):
        daemon = _updated()
        old = daemon.by_name("p-web-1.previous").id
        daemon.apply(plan_rollback(after, daemon.observe()), after, stop_after=stop_after, seed=seed)
        daemon.apply(plan_rollback(after, daemon.observe()), after)
        assert generations_of(daemon) == (["p-web-1"], []), stop_after
        assert set(daemon.containers) == {old}


def _updated():
    daemon = running(kept())
    up(daemon, kept("2"))
    return daemon


@pytest.mark.parametrize("deploy", [None, Deploy(update_config=UpdateConfig(order="start-first"))])
def test_from_any_point_the_next_up_completes_an_update_that_keeps(deploy):
    before, after = (kept(v, scale=2, deploy=deploy) for v in "12")
    count = len(plan_up(after, running(before).observe(), UpRequest()).actions)
    for stop_after in range(count):
        daemon = running(before)
        daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=stop_after)
        up(daemon, after)
        assert generations_of(daemon) == (
            ["p-web-1", "p-web-2"],
            ["p-web-1.previous", "p-web-2.previous"],
        ), stop_after
        assert planned(after, daemon) == ""


def test_it_goes_when_it_is_not_wanted_any_more():
    daemon = _updated()
    assert "remove container p-web-1.previous" in planned(kept("2", keep=False), daemon)
    up(daemon, kept("2", keep=False))
    assert generations_of(daemon) == (["p-web-1"], [])


def test_other_commands_leave_it_alone_and_down_removes_it():
    daemon, stack_ = _updated(), kept("2")
    for plan in (
        plan_stop(stack_, daemon.observe(), StopRequest()),
        plan_restart(stack_, daemon.observe(), RestartRequest()),
        plan_rm(stack_, daemon.observe(), RemoveRequest(stop=True)),
    ):
        assert "previous" not in terse(plan)
    daemon.apply(plan_down(None, daemon.observe(), DownRequest()), stack_)
    assert not daemon.containers
    assert not daemon.networks


def test_the_project_can_ask_for_all_its_services():
    web, other = (
        service("web"),
        service("other", extensions=FrozenMap({"x-compose-lite": {"keep_previous": False}})),
    )
    job = service("job", extensions=FrozenMap({"x-compose-lite": {"job": True}}))
    assert keeping_previous(project(web, other, job, extensions=KEEPING)) == {"web"}


def whole_stack(version="1", *more):
    """A service whose failed update is to be undone, and one that says nothing about updates."""
    undo = Deploy(update_config=UpdateConfig(failure_action="rollback"))
    fields = {"environment": FrozenMap({"V": version})}
    return project(service("api", deploy=undo, **fields), service("web", needs=["api"], **fields), *more)


def test_where_a_failed_update_is_to_be_undone_all_services_are_rolled_out():
    plan = plan_up(whole_stack("2"), running(whole_stack()).observe(), UpRequest())
    waits = {p.id for p in plan.actions if isinstance(p.action, actions.AwaitCondition)}
    removals = [p for p in plan.actions if isinstance(p.action, actions.RemoveContainer)]
    assert [p.action.container.service for p in removals] == ["api", "web"]
    assert all(waits <= set(removal.needs) for removal in removals)


@pytest.mark.parametrize("seed", range(4))
def test_from_any_point_the_whole_stack_can_be_undone_with_what_it_has_new(seed):
    before, after = whole_stack(), whole_stack("2", service("new"))
    daemon = running(before)
    with_images(daemon, after.services.values())
    plan = plan_up(after, daemon.observe(), UpRequest())
    first_removal = next(p.id for p in plan.actions if isinstance(p.action, actions.RemoveContainer))
    for stop_after in range(1, first_removal):
        daemon = running(before)
        with_images(daemon, after.services.values())
        old = frozenset(daemon.containers)
        daemon.apply(plan, after, stop_after=stop_after, seed=seed)
        if unfinished(daemon.observe()) and old <= daemon.containers.keys():
            request = RollbackRequest(created=frozenset(daemon.containers) - old)
            daemon.apply(plan_rollback(after, daemon.observe(), request), after)
            assert set(daemon.containers) == old
            assert planned(before, daemon) == ""


def test_one_that_shares_a_namespace_is_not_rolled_out_for_the_sake_of_others():
    undo = Deploy(update_config=UpdateConfig(failure_action="rollback"))
    before, after = (
        project(
            service("api", deploy=undo, labels=FrozenMap({"v": v})),
            service("vpn"),
            service("web", needs=["vpn"], network_mode="service:vpn", labels=FrozenMap({"v": v})),
        )
        for v in "12"
    )
    plan = plan_up(after, running(before).observe(), UpRequest())
    assert {p.action.service for p in plan.actions if isinstance(p.action, actions.AwaitCondition)} == {"api"}


def undo(**config):
    """The plan of going back from an update of two replicas that stopped before its end."""
    deploy = Deploy(update_config=UpdateConfig(), rollback_config=UpdateConfig(**config) if config else None)
    before, after = (
        project(service("web", deploy=deploy, scale=2, healthy=True, labels=FrozenMap({"v": v})))
        for v in "12"
    )
    daemon = running(before)
    plan = plan_up(after, daemon.observe(), UpRequest())
    daemon.apply(plan, after, stop_after=next(p.id for p in plan.actions if p.action.verb == "remove") - 1)
    back = plan_rollback(after, daemon.observe())
    daemon.apply(back, after)
    assert planned(before, daemon) == ""
    return steps(back)


def test_the_way_back_is_taken_at_once():
    assert undo() == [
        "[1] start container p-web-1",
        "[2] wait for service web running_or_healthy <- [1]",
        "[3] stop container p-web-1' <- [2]",
        "[4] remove container p-web-1' <- [3]",
        "[5] start container p-web-2",
        "[6] wait for service web running_or_healthy <- [5]",
        "[7] stop container p-web-2' <- [6]",
        "[8] remove container p-web-2' <- [7]",
    ]


def test_unless_rollback_config_says_how():
    assert undo(order="stop-first", delay=2.0) == [
        "[1] stop container p-web-1'",
        "[2] start container p-web-1 <- [1]",
        "[3] wait for service web running_or_healthy <- [2]",
        "[4] remove container p-web-1' <- [1] [3]",
        "[5] give time to service web 2 s <- [3]",
        "[6] stop container p-web-2' <- [5]",
        "[7] start container p-web-2 <- [5] [6]",
        "[8] wait for service web running_or_healthy <- [7]",
        "[9] remove container p-web-2' <- [6] [8]",
    ]
