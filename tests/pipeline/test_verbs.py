"""The pipeline's verbs without a daemon: what they ask it, and that a reviewed plan changes nothing."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import compose_lite
from compose_lite import events, pipeline
from compose_lite.errors import NotFound, PlanError, SpecError
from compose_lite.pipeline.contents import digests, read_contents
from compose_lite.pipeline.means import Means, Stack
from compose_lite.planner import requests
from compose_lite.planner.plan import Plan, joined
from compose_lite.spec.model import Project


class Bystander:
    """A daemon with nothing on it that answers questions and fails on whatever would change something."""

    address = "unix:///nowhere/docker.sock"
    api_version = "1.41"

    def __init__(self, *, containers: list[dict[str, Any]] | None = None) -> None:
        self.asked: list[str] = []
        self._containers = containers or []

    def list_containers(self, **_: object) -> list[dict[str, Any]]:
        self.asked.append("containers")
        return self._containers

    def list_networks(self, **_: object) -> list[dict[str, Any]]:
        self.asked.append("networks")
        return []

    def list_volumes(self, **_: object) -> list[dict[str, Any]]:
        self.asked.append("volumes")
        return []

    def inspect_image(self, ref: str) -> dict[str, Any]:
        self.asked.append("image")
        if ref == "missing":
            raise NotFound("no such image")
        return {"Id": "sha256:1", "Config": {}}

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a plan must not call {name}")


def project(text: str, **more: Any) -> Project:
    return compose_lite.load(text=text, project_name="demo", environ={}, **more)


TWO = "services:\n  web: {image: a, depends_on: [db]}\n  db: {image: b}\n"


def means(daemon: Bystander, *, emit: events.EventSink = events.ignore) -> Means:
    return Means(daemon=daemon, emit=emit, review=lambda _plan: False, lock=False)  # type: ignore[arg-type]


UP = requests.UpRequest()
IMAGES = requests.ImagesRequest()


def test_a_reviewed_up_changes_nothing_and_tells_what_it_would_do() -> None:
    daemon = Bystander()
    images, plan = pipeline.up(project(TWO), UP, IMAGES, means(daemon))
    assert images.empty
    assert [type(step.action).__name__ for step in plan.actions].count("CreateContainer") == 2


def test_up_asks_with_list_calls_and_for_its_images_only() -> None:
    daemon = Bystander()
    pipeline.up(project(TWO), UP, IMAGES, means(daemon))
    assert sorted(daemon.asked) == ["containers", "image", "image", "networks", "networks", "volumes"]


STACK = Stack(name="demo")
LISTED = {
    "Id": "c" * 64,
    "Names": ["/demo-web-1"],
    "State": "running",
    "Status": "Up",
    "Labels": {
        "com.docker.compose.project": "demo",
        "com.docker.compose.service": "web",
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
    },
}
VERBS: list[tuple[Callable[..., Plan], object]] = [
    (pipeline.down, requests.DownRequest(volumes=True, rmi="all")),
    (pipeline.stop, requests.StopRequest()),
    (pipeline.rm, requests.RemoveRequest(stop=True)),
    (pipeline.kill, requests.KillRequest()),
    (pipeline.pause, requests.PauseRequest()),
    (pipeline.restart, requests.RestartRequest()),
]


@pytest.mark.parametrize(("verb", "request_"), VERBS, ids=[verb.__name__ for verb, _ in VERBS])
def test_every_verb_obeys_the_review(verb: Callable[..., Plan], request_: object) -> None:
    plan = verb(STACK, request_, means(Bystander(containers=[LISTED])))
    assert not plan.empty


def test_warnings_are_told_before_anything_is_done() -> None:
    seen: list[events.Event] = []
    orphan = {
        **LISTED,
        "Names": ["/demo-old-1"],
        "Labels": {**LISTED["Labels"], "com.docker.compose.service": "old"},
    }
    told = means(Bystander(containers=[orphan]), emit=seen.append)
    pipeline.up(project(TWO), UP, IMAGES, told)
    assert [event.problem.code for event in seen if isinstance(event, events.Notice)] == ["orphans"]


def test_plans_join_into_one_that_keeps_their_order() -> None:
    text = TWO.replace("image: a", "image: missing")
    images, plan = pipeline.up(project(text), UP, IMAGES, means(Bystander()))
    both = joined(images, plan)
    assert [step.id for step in both.actions] == list(range(1, len(both.actions) + 1))
    assert type(both.actions[0].action).__name__ == "PullImage"
    assert all(1 in step.needs for step in both.actions[1:] if not plan.actions[step.id - 2].needs)
    assert all(other < step.id for step in both.actions for other in step.needs)


# contents of secrets and configs

FILES = """
services:
  web:
    image: a
    secrets: [file, variable]
    configs: [text]
secrets:
  file: {file: ./secret.txt}
  variable: {environment: TOKEN}
configs:
  text: {content: "port = 80"}
"""


def load_files(folder: Path, **environ: str) -> Project:
    return compose_lite.load(text=FILES, project_name="demo", environ=environ, project_directory=folder)


def test_contents_come_from_files_variables_and_the_text_itself(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"s3cret")
    contents = read_contents(load_files(tmp_path, TOKEN="t0ken"))
    assert contents == {
        "configs.text": b"port = 80",
        "secrets.file": b"s3cret",
        "secrets.variable": b"t0ken",
    }
    assert all(len(digest) == 64 for digest in digests(contents).values())


def test_all_missing_contents_are_reported_together_with_their_places(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read_contents(load_files(tmp_path))
    assert [problem.code for problem in caught.value.problems] == ["unreadable-file", "unset-variable"]
    assert all(problem.location is not None for problem in caught.value.problems)


def test_a_folder_as_a_secret_has_no_content(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").mkdir()
    assert "secrets.file" not in read_contents(load_files(tmp_path, TOKEN="t"))


# ports held by processes


@contextmanager
def daemon_socket(folder: Path) -> Iterator[str]:
    """A socket of this very process, as a daemon of this machine would have."""
    path = folder / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield f"unix://{path}"


def publishing(port: int, host: str = "") -> Project:
    prefix = f"{host}:" if host else ""
    return project(f"services:\n  web: {{image: a, ports: ['{prefix}{port}:80']}}\n")


def test_a_port_that_a_process_holds_is_refused_with_its_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, daemon_socket(tmp_path) as address:
        daemon = Bystander()
        daemon.address = address
        port = taken.getsockname()[1]
        with pytest.raises(PlanError) as caught:
            pipeline.up(publishing(port), UP, IMAGES, means(daemon))
    (problem,) = caught.value.problems
    assert problem.code == "port-in-use"
    assert str(port) in problem.message
    assert "pytest" in problem.message or "python" in problem.message


def test_another_address_of_the_port_is_no_conflict(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, daemon_socket(tmp_path) as address:
        daemon = Bystander()
        daemon.address = address
        pipeline.up(publishing(taken.getsockname()[1], "127.0.0.2"), UP, IMAGES, means(daemon))


def test_nothing_is_said_about_the_ports_of_another_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        daemon = Bystander()
        daemon.address = "tcp://192.0.2.1:2375"
        pipeline.up(publishing(taken.getsockname()[1]), UP, IMAGES, means(daemon))


# questions


def test_the_first_running_container_is_found_or_the_one_asked_for() -> None:
    second = {
        **LISTED,
        "Id": "d" * 64,
        "Names": ["/demo-web-2"],
        "Labels": {**LISTED["Labels"], "com.docker.compose.container-number": "2"},
    }
    daemon: Any = Bystander(containers=[second, LISTED])
    assert pipeline.service_container(daemon, "demo", "web").name == "demo-web-1"
    assert pipeline.service_container(daemon, "demo", "web", index=2).name == "demo-web-2"
    with pytest.raises(NotFound, match="'web' is not running container #3"):
        pipeline.service_container(daemon, "demo", "web", index=3)
