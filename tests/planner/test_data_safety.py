"""What can destroy data: only what was asked for by name, and nothing that is not on the list of docs/data-safety.md."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compose_lite.planner import actions
from compose_lite.planner.converge import plan_up
from compose_lite.planner.lifecycle import plan_restart, plan_start
from compose_lite.planner.requests import (
    DownRequest,
    KillRequest,
    PauseRequest,
    RemoveRequest,
    RestartRequest,
    RollbackRequest,
    StartRequest,
    StopRequest,
    UpRequest,
)
from compose_lite.planner.rollback import plan_rollback
from compose_lite.planner.teardown import plan_down, plan_kill, plan_pause, plan_rm, plan_stop
from compose_lite.spec.model import Deploy, FrozenMap, UpdateConfig, Volume
from tests.fakes.simulated_daemon import with_images
from tests.planner.stacks import project, running, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compose_lite.planner.observed import Observed
    from compose_lite.planner.plan import Plan

ROOT = Path(__file__).parents[2]
CODE = ROOT / "compose_lite"

BEFORE = project(
    service("db", image="db:1", volumes={"/data": "data", "/dear": "dear", "/anonymous": None}),
    service("web", image="web:1", scale=3, volumes={"/cache": None}),
    service("gone", image="gone:1", volumes={"/old": "old", "/anonymous": None}),
    volumes={"dear": Volume(key="dear", name="p_dear", protected=True)},
)
# Everything has changed: services, images, the definition of both volumes, the count; one service is gone.
AFTER = project(
    replace(BEFORE.services["db"], image="db:2", labels=FrozenMap({"new": "1"})),
    replace(BEFORE.services["web"], image="web:2", scale=1),
    volumes={
        "data": Volume(key="data", name="p_data", driver_opts=FrozenMap({"type": "tmpfs"})),
        "dear": Volume(key="dear", name="p_dear", protected=True, driver_opts=FrozenMap({"type": "tmpfs"})),
    },
)


def situation() -> Observed:
    """The first stack runs; the images of the second are there."""
    return with_images(running(BEFORE), AFTER.services.values()).observe()


def lost(plan: Plan) -> set[str]:
    """What the plan takes away that can't be made again from the files."""
    found: set[str] = set()
    for step in (planned.action for planned in plan.actions):
        match step:
            case actions.RemoveVolume(name=name):
                found.add(f"volume {name}")
            case actions.RemoveImage(ref=ref):
                found.add(f"image {ref}")
            case actions.RemoveContainer(volumes=True):
                found.add(f"anonymous volumes of {step.container.name}")
    return found


def up(**asked: object) -> Callable[[Observed], Plan]:
    return lambda observed: plan_up(AFTER, observed, UpRequest(**asked))  # type: ignore[arg-type]


def down(**asked: object) -> Callable[[Observed], Plan]:
    return lambda observed: plan_down(AFTER, observed, DownRequest(**asked))  # type: ignore[arg-type]


def rm(**asked: object) -> Callable[[Observed], Plan]:
    return lambda observed: plan_rm(AFTER, observed, RemoveRequest(**asked))  # type: ignore[arg-type]


HARMLESS: dict[str, Callable[[Observed], Plan]] = {
    "up": up(),
    "up --force-recreate": up(recreate="force", recreate_dependencies="force"),
    "up --renew-anon-volumes": up(renew_anonymous_volumes=True),
    "up --remove-orphans": up(remove_orphans=True),
    "up --no-deps web": up(services=("web",), no_deps=True),
    "create": up(start=False, verb="create"),
    "down": down(),
    "down --remove-orphans": down(remove_orphans=True),
    "down web": down(services=("web",)),
    "down without files": lambda observed: plan_down(None, observed, DownRequest()),
    "rm --stop": rm(stop=True),
    "stop": lambda observed: plan_stop(AFTER, observed, StopRequest()),
    "restart": lambda observed: plan_restart(AFTER, observed, RestartRequest()),
    "start": lambda observed: plan_start(AFTER, observed, StartRequest()),
    "kill": lambda observed: plan_kill(AFTER, observed, KillRequest(remove_orphans=True)),
    "pause": lambda observed: plan_pause(AFTER, observed, PauseRequest()),
}


@pytest.mark.parametrize("plan", HARMLESS.values(), ids=HARMLESS)
def test_nothing_is_lost_that_was_not_asked_for(plan: Callable[[Observed], Plan]) -> None:
    made = plan(situation())
    assert not made.empty or plan is HARMLESS["start"]
    assert lost(made) == set()


@pytest.mark.parametrize("stop_after", [1, 4, 8])
def test_going_back_takes_nothing_but_containers(stop_after: int) -> None:
    undo = Deploy(update_config=UpdateConfig(failure_action="rollback", order="start-first"))
    after = AFTER.with_services(replace(one, deploy=undo) for one in AFTER.services.values())
    daemon = with_images(running(BEFORE), after.services.values())
    old = frozenset(daemon.containers)
    daemon.apply(plan_up(after, daemon.observe(), UpRequest()), after, stop_after=stop_after)
    created = RollbackRequest(created=frozenset(daemon.containers) - old)
    assert lost(plan_rollback(after, daemon.observe(), created)) == set()


OF_DB = "anonymous volumes of p-db-1"
OF_WEB = {f"anonymous volumes of p-web-{number}" for number in (1, 2, 3)}
OF_GONE = "anonymous volumes of p-gone-1"
DESTRUCTIVE: dict[str, tuple[Callable[[Observed], Plan], set[str]]] = {
    "up --recreate-volume data": (up(recreate_volumes=frozenset({"data"})), {"volume p_data"}),
    "down --volumes": (down(volumes=True), {"volume p_data", OF_DB, *OF_WEB}),
    "down --volumes --remove-orphans": (
        down(volumes=True, remove_orphans=True),
        {"volume p_data", OF_DB, *OF_WEB, OF_GONE},
    ),
    "down --volumes web": (down(volumes=True, services=("web",)), OF_WEB),
    "down --volumes without files": (
        lambda observed: plan_down(None, observed, DownRequest(volumes=True)),
        {"volume p_data", "volume p_old", OF_DB, *OF_WEB, OF_GONE},
    ),
    "down --rmi all": (down(rmi="all"), {"image db:2", "image web:2"}),
    "down --rmi local": (down(rmi="local"), set()),
    "rm --stop --volumes web": (rm(stop=True, volumes=True, services=("web",)), OF_WEB),
}


@pytest.mark.parametrize(("plan", "expected"), DESTRUCTIVE.values(), ids=DESTRUCTIVE)
def test_what_was_asked_for_is_lost_and_no_more(plan: Callable[[Observed], Plan], expected: set[str]) -> None:
    observed = situation()
    dear = replace(observed.volumes["p_dear"], labels={**observed.volumes["p_dear"].labels, **PROTECTED})
    assert lost(plan(replace(observed, volumes={**observed.volumes, "p_dear": dear}))) == expected


# What the engine keeps of `x-compose-lite: {protected: true}`, for a `down` without the files.
PROTECTED = {"io.compose-lite.protected": "true"}

# Where the code can remove something, and why that is no more than it should be.
PLANNED = {
    "_named_volumes RemoveVolume": "down --volumes",
    "_remove_inherited RemoveVolume": "down --volumes, rm --volumes",
    "_remove_images RemoveImage": "down --rmi",
    "emit_volumes RemoveVolume": "up --recreate-volume",
    "plan_prune RemoveImage": "watch: images without a name that its rebuilds left",
}
CALLED = {
    "remove_image remove_image": "the action of a plan",
    "remove_volume remove_volume": "the action of a plan",
    "_remove remove_container": "the action of a plan",
    "_run remove_container": "doctor: the container that it has made to probe the engine",
    "_remove_abandoned remove_container": "doctor: the same, left by one that was killed",
    "run remove_container": "a step of pre_start: the container that it ran in",
    "_start remove_container": "run --rm: its own container, which could not be started",
}


def calls(*names: str) -> Iterator[str]:
    """Where the product calls something of these names: `emit_volumes RemoveVolume`."""
    for path in sorted(CODE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not any(f"{name}(" in text for name in names):
            continue
        for function in ast.walk(ast.parse(text)):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                called = node.func if isinstance(node, ast.Call) else None
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                if name in names:
                    yield f"{function.name} {name}"


def test_the_list_of_what_a_plan_can_destroy_is_complete() -> None:
    assert set(calls("RemoveVolume", "RemoveImage")) == set(PLANNED)


def test_nobody_else_removes_anything_on_the_daemon() -> None:
    assert set(calls("remove_volume", "remove_image", "remove_container")) == set(CALLED)


def test_no_command_prunes() -> None:
    """Nothing that takes a filter instead of a name: the engine would decide what goes."""
    for path in CODE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "/prune" not in text, path


@pytest.mark.parametrize("way", [*PLANNED.values(), "down --remove-orphans", "rm --volumes", "run --rm"])
def test_the_page_names_each_way(way: str) -> None:
    page = (ROOT / "docs" / "data-safety.md").read_text(encoding="utf-8")
    for command in way.partition(":")[0].split(", "):
        assert f"`{command}" in page
