"""What `run` decides: the overrides of its command line, and the plan for one container."""

from __future__ import annotations

from dataclasses import replace

from compose_lite import labels
from compose_lite.planner.converge import plan_up
from compose_lite.planner.observed import Observed, ObservedContainer
from compose_lite.planner.oneoff import one_off_project, plan_run
from compose_lite.planner.render import terse
from compose_lite.planner.requests import RunRequest, UpRequest
from compose_lite.spec.model import FrozenMap, Mount, Port
from tests.planner.stacks import daemon_for, project, running, service, told

STACK = project(
    service("db", healthy=True),
    service(
        "web",
        needs={"db": "healthy"},
        port=8080,
        container_name="site",
        restart="always",
        command=("serve",),
        entrypoint=("sh",),
        environment=FrozenMap({"A": "1", "B": "2"}),
        cap_add=("NET_ADMIN",),
    ),
)
SLUG = "0123456789ab"


def overridden(**request):
    return one_off_project(STACK, RunRequest(service="web", slug=SLUG, **request)).services["web"]


def run(stack, daemon, **request):
    asked = RunRequest(service="web", slug=SLUG, **request)
    return plan_run(one_off_project(stack, asked), daemon.observe(), asked)


def test_what_it_needs_comes_up_first_and_the_container_is_only_created():
    assert terse(run(STACK, daemon_for(STACK))) == told("""
        [1] create network p_default (no network yet)
        [2] create container p-db-1 <- [1] (no container yet)
        [3] start container p-db-1 <- [2] (no container yet)
        [4] create container p-web-run-0123456789ab <- [1] (asked for by run)
        [5] wait for service db healthy <- [3] (needed by web)
    """)


def test_detached_it_is_started_too():
    plan = run(STACK, daemon_for(STACK), detach=True)
    assert terse(plan).splitlines()[-1] == (
        "[6] start container p-web-run-0123456789ab <- [4] [5] (asked for by run)"
    )


def test_replicas_that_run_are_left_alone():
    plan = run(STACK, running(STACK))
    assert terse(plan) == "[1] create container p-web-run-0123456789ab (asked for by run)"
    assert plan.actions[0].action.oneoff.slug == SLUG


def test_without_deps_only_the_network_is_made():
    assert [p.action.kind for p in run(STACK, daemon_for(STACK), no_deps=True).actions] == [
        "network",
        "container",
    ]


def test_carried_out_it_leaves_a_one_off_beside_the_replica():
    daemon = running(STACK)
    asked = RunRequest(service="web", slug=SLUG)
    stack = one_off_project(STACK, asked)
    daemon.apply(plan_run(stack, daemon.observe(), asked), stack)
    assert [c.name for c in daemon.containers.values() if c.oneoff] == ["p-web-run-0123456789ab"]


def test_a_command_replaces_the_command_an_entrypoint_both():
    assert overridden(command=("ls",)).command == ("ls",)
    assert overridden(command=("ls",)).entrypoint == ("sh",)
    assert overridden(entrypoint=("env",)).command == ()
    assert overridden(entrypoint=("env",)).entrypoint == ("env",)
    assert overridden().command == ("serve",)


def test_environment_and_labels_are_added():
    found = overridden(environment=FrozenMap({"B": "3"}), labels=FrozenMap({"l": "1"}))
    assert dict(found.environment) == {"A": "1", "B": "3"}
    assert dict(found.labels) == {"l": "1"}


def test_ports_are_published_on_request_only():
    extra = Port(target=90, published="9090")
    assert overridden().ports == ()
    assert [p.target for p in overridden(service_ports=True).ports] == [80]
    assert overridden(publish=(extra,)).ports == (extra,)


def test_a_volume_takes_the_place_of_one_with_its_target():
    first, second = Mount(type="bind", source="/a", target="/x"), Mount(type="bind", source="/b", target="/x")
    stack = project(service("web", image="web:1"))
    stack = stack.with_services([type(stack.services["web"])(name="web", volumes=(first,))])
    asked = RunRequest(service="web", slug=SLUG, volumes=(second,))
    assert one_off_project(stack, asked).services["web"].volumes == (second,)


def test_capabilities_given_and_taken():
    found = overridden(cap_drop=("NET_ADMIN",))
    assert (found.cap_add, found.cap_drop) == ((), ("NET_ADMIN",))


def test_it_is_never_restarted_and_has_no_fixed_name():
    found = overridden()
    assert (found.restart, found.container_name, found.replicas) == (None, None, 1)
    assert overridden(name="mine").container_name == "mine"


def test_orphans_are_not_touched():
    ghost = running(project(service("ghost"))).observe().containers
    daemon = daemon_for(STACK)
    asked = RunRequest(service="web", slug=SLUG, no_deps=True)
    observed = Observed(project="p", containers=ghost, images=daemon.images)
    assert "ghost" not in terse(plan_run(one_off_project(STACK, asked), observed, asked))


def test_a_run_that_never_began_is_taken_away_by_the_next_run_or_up():
    """A killed `run --rm` may leave its container created: nobody is going to start it."""
    left = ObservedContainer(
        id="left",
        name="p-web-run-left",
        service="web",
        number=1,
        oneoff=True,
        labels={labels.AUTO_REMOVE: "True"},
    )
    observed = running(STACK).observe()
    observed = replace(observed, containers=(*observed.containers, left))
    removal = "remove container p-web-run-left with volumes (left by a run of web that never began)"
    asked = RunRequest(service="web", slug=SLUG)
    assert removal in terse(plan_run(one_off_project(STACK, asked), observed, asked))
    assert terse(plan_up(STACK, observed, UpRequest())) == f"[1] {removal}"
    begun = replace(left, state="running")
    kept = replace(left, labels={})
    for other in (begun, kept):
        observed = replace(observed, containers=(*observed.containers[:-1], other))
        assert removal not in terse(plan_up(STACK, observed, UpRequest()))
