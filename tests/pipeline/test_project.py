"""The library's `Project`: which names are public, what its verbs ask for, and that a dry run changes nothing."""

from dataclasses import fields, replace
from typing import Any

import pytest

import compose_lite
from compose_lite import events
from compose_lite.errors import PlanError
from compose_lite.spec import model
from tests.pipeline.test_verbs import Bystander

TWO = "services:\n  web: {image: a, depends_on: [db]}\n  db: {image: b}\n"


def project(text: str = TWO) -> compose_lite.Project:
    return compose_lite.load(text=text, project_name="demo", environ={})


def container(service: str, state: str = "running") -> dict[str, Any]:
    """What the daemon's list says of a container of the project."""
    return {
        "Id": service,
        "Names": [f"/demo-{service}-1"],
        "Image": "a",
        "ImageID": "sha256:1",
        "State": state,
        "Labels": {
            "com.docker.compose.project": "demo",
            "com.docker.compose.service": service,
            "com.docker.compose.container-number": "1",
            "com.docker.compose.oneoff": "False",
        },
    }


def test_the_public_names_are_these() -> None:
    assert compose_lite.__all__ == [
        "Changes",
        "CommandResult",
        "ComposeLiteError",
        "Container",
        "Project",
        "connect",
        "load",
    ]
    for name in compose_lite.__all__:
        assert getattr(compose_lite, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'unknown'"):
        compose_lite.unknown  # type: ignore[attr-defined]  # that is the point  # noqa: B018


def test_the_verbs_are_these() -> None:
    inherited = {field.name for field in fields(model.Project)} | set(dir(model.Project))
    assert {name for name in dir(compose_lite.Project) if not name.startswith("_")} - inherited == {
        "build", "containers", "down", "exec", "kill", "logs", "of", "pause", "plan", "pull", "push", "restart", "rm",
        "rollback", "run", "scale", "start", "stop", "unpause", "up",
    }  # fmt: skip


def test_it_is_the_frozen_model_and_its_copies_have_the_verbs() -> None:
    found = project()
    assert isinstance(found, model.Project)
    assert found.services["web"].image == "a"
    with pytest.raises(AttributeError):
        found.name = "other"  # type: ignore[misc]  # refused at run time too
    assert type(found.with_scale({"web": 2})) is type(replace(found, name="x")) is compose_lite.Project


def test_a_plan_is_typed_prints_as_the_command_does_and_changes_nothing() -> None:
    changes = project().plan(daemon=Bystander())  # type: ignore[typeddict-item]  # as much of a daemon as it takes
    assert not changes.empty
    assert [(one.change, one.name) for one in changes.resources] == [
        ("create", "demo_default"),
        ("create", "demo-db-1"),
        ("create", "demo-web-1"),
    ]
    assert str(changes).endswith("3 to create, 0 to replace, 0 to remove, 0 unchanged\n")
    assert changes.to_dict()["summary"]["create"] == changes.summary["create"] == 3


@pytest.mark.parametrize(
    ("verb", "change"),
    [
        ("down", "remove"),
        ("stop", "stop"),
        ("restart", "restart"),
        ("kill", "kill"),
        ("pause", "pause"),
    ],
)
def test_a_dry_run_tells_what_a_verb_would_do(verb: str, change: str) -> None:
    daemon = Bystander(containers=[container("web")])
    changes = getattr(project(), verb)("web", dry_run=True, daemon=daemon)
    assert [(one.change, one.name) for one in changes.resources] == [(change, "demo-web-1")]


def test_a_plan_tells_what_it_interrupts() -> None:
    daemon: Any = Bystander(containers=[container("web")])
    [told] = project().restart("web", dry_run=True, daemon=daemon).interruptions
    assert (told.service, told.containers, told.gap, told.stop_at_most) == ("web", ("demo-web-1",), True, 10)


def test_a_dry_run_of_push_tells_the_images() -> None:
    found = project("services: {web: {image: a, build: .}, db: {image: b}}")
    assert found.push(dry_run=True) == ("a",)


def test_warnings_reach_the_sink() -> None:
    seen: list[events.Event] = []
    daemon: Any = Bystander(containers=[container("gone")])
    changes = project().plan(daemon=daemon, sink=seen.append)
    assert [event.problem for event in seen if isinstance(event, events.Notice)] == list(changes.warnings)
    assert changes.warnings


def test_a_service_that_is_not_there_is_a_plan_error() -> None:
    daemon: Any = Bystander()
    for call in (
        lambda: project().plan("wep", daemon=daemon),
        lambda: project().scale({"wep": 2}, daemon=daemon),
    ):
        with pytest.raises(PlanError) as caught:
            call()
        assert caught.value.problems[0].code == "unknown-service"


def test_containers_can_be_asked_for_by_service() -> None:
    daemon: Any = Bystander(containers=[container("web"), container("db")])
    [found] = project().containers("db", daemon=daemon)
    assert (found.name, found.state) == ("demo-db-1", "running")


def test_run_has_no_dry_run() -> None:
    daemon: Any = Bystander()
    with pytest.raises(ValueError, match="no dry run"):
        project().run("db", daemon=daemon, dry_run=True)
