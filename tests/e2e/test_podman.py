"""Podman in Docker's place: what works with it, from up to down, and what is said of what does not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.images import ensure_busybox
from tests.e2e.podman import Podman
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(180)]

Start = Callable[..., Stack]


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    """A Podman that has the tests' images."""
    with Podman() as started:
        for variant in ("1", "1-idle"):
            started.load(ensure_busybox(variant))
        yield started


@pytest.fixture
def start(podman: Podman, tmp_path: Path) -> Iterator[Start]:
    """Makes a project whose daemon is that Podman."""
    made: list[Stack] = []

    def start(**files: str) -> Stack:
        stack = Stack(tmp_path, {path.replace("_", "."): text for path, text in files.items()})
        stack.env["DOCKER_HOST"] = podman.address
        made.append(stack)
        return stack

    yield start
    for stack in made:
        stack.run("down -v -t 0 --rmi local", code=None)
        stack.close()


def ids(podman: Podman, stack: Stack) -> dict[str, str]:
    """The ids of the project's containers by name without the project's."""
    found = podman.api.containers(all=True, filters={"label": f"com.docker.compose.project={stack.name}"})
    return {entry["Names"][0].removeprefix(f"/{stack.name}-"): entry["Id"] for entry in found}


def test_from_up_to_down(podman: Podman, start: Start) -> None:
    """A stack comes up, is found by name, stays as it is, changes where its file does, and goes again."""
    stack = start(
        compose_yaml="""
            services:
              web:
                image: ${IMAGE}
                command: sh -c 'echo begun; echo it works > index.html; exec httpd -f -p 80'
                environment: {LEVEL: "1"}
                working_dir: /tmp
                stop_signal: SIGKILL
                ports: ["${PORT1}:80"]
                depends_on: [db]
                networks: {default: {aliases: [front]}}
              db:
                image: ${IDLE}
                volumes: [data:/data, /cache]
            volumes: {data: {}}
        """
    )
    stack.run("up -d")
    before = ids(podman, stack)
    assert sorted(before) == ["db-1", "web-1"]
    stack.run("up -d")
    assert ids(podman, stack) == before
    assert "2 unchanged" in stack.run("plan").out

    assert stack.run("exec -T db wget -qO- front").out == "it works\n"
    assert stack.run("port web 80").out == stack.expand("0.0.0.0:{PORT1}\n")
    assert "begun" in stack.run("logs web").out
    assert "httpd" in stack.run("top web").out
    assert "web-1" in stack.run("stats --no-stream").out
    stack.write("there.txt", "copied\n")
    stack.run("cp there.txt db:/data/there.txt")
    assert stack.run("exec -T db cat /data/there.txt").out == "copied\n"
    stack.run("pause db")
    assert "Paused" in stack.run("ps db").out
    stack.run("unpause db")

    stack.write(
        "compose.yaml", (stack.folder / "compose.yaml").read_text().replace('LEVEL: "1"', 'LEVEL: "2"')
    )
    assert "replace  environment.LEVEL: 1 → 2\n" in stack.run("plan").out
    stack.run("up -d")
    after = ids(podman, stack)
    assert (after["db-1"], after["web-1"] != before["web-1"]) == (before["db-1"], True)
    assert stack.run("exec -T web sh -c 'echo $LEVEL'").out == "2\n"
    stack.run("restart web")
    stack.run("kill web")
    stack.run("up -d --scale db=2")
    assert sorted(ids(podman, stack)) == ["db-1", "db-2", "web-1"]

    stack.run("down -v")
    assert ids(podman, stack) == {}
    assert podman.api.volumes()["Volumes"] == []
    assert stack.name not in str(podman.api.networks())


def test_ends(start: Start) -> None:
    """Containers get their time to stop, and their exit codes are learned."""
    stack = start(
        compose_yaml="""
            services:
              slow:
                image: ${IMAGE}
                external_links: ["elsewhere:there"]
                command: sh -c 'trap "sleep 1; echo bye; exit 4" TERM; echo begun; while :; do sleep 0.1; done'
        """
    )
    stack.launch("up", "up").await_text("begun")
    assert "Podman knows no links" in stack.background["up"].seen()
    stack.run("stop")
    stack.background["up"].await_text("bye")
    assert stack.run("run --rm -T slow sh -c 'head -n 1; exit 3'", stdin="heard\n", code=3).out == "heard\n"
    stack.run("start")
    assert stack.run("exec -T slow sh -c 'cat; exit 5'", stdin="heard", code=5).out == "heard"


def test_builds_and_files(podman: Podman, start: Start) -> None:
    """Images are built by Podman's own means; secrets and configs get into containers."""
    stack = start(
        compose_yaml="""
            services:
              web:
                build: {context: ., args: {GREETING: hello}}
                configs: [{source: motd, target: /etc/motd, mode: 0400}]
                secrets: [key]
            configs: {motd: {content: "welcome\\n"}}
            secrets: {key: {file: ./key.txt}}
        """,
        Dockerfile="""
            FROM compose-lite-test/busybox:1-idle
            ARG GREETING
            RUN echo $GREETING > /greeting
        """,
        key_txt="sesame\n",
    )
    stack.run("up -d")
    assert stack.run("exec -T web cat /greeting /etc/motd /run/secrets/key").out == "hello\nwelcome\nsesame\n"
    before = ids(podman, stack)
    assert "cached" in stack.run("up -d --build").text
    assert ids(podman, stack) == before
    labels = podman.api.inspect_image(f"{stack.name}-web")["Config"]["Labels"]
    assert labels["com.docker.compose.project"] == stack.name
    assert labels["com.docker.compose.service"] == "web"

    stack.write("Dockerfile", "FROM compose-lite-test/busybox:1-idle\nRUN echo no such luck; exit 9\n")
    assert "no such luck" in stack.run("build", code=1).err
    stack.write("compose.yaml", "services: {web: {build: {context: ., ssh: [default]}}}")
    assert "Podman has no BuildKit" in stack.run("build", code=1).err
    assert "Podman has none" in stack.run("build --check", code=1).err


def test_health(podman: Podman, start: Start) -> None:
    """Health is waited for; that Podman checks it takes systemd, in whose place the test stands."""
    stack = start(
        compose_yaml="""
            services:
              web: {image: "${IDLE}", depends_on: {db: {condition: service_healthy}}}
              db: {image: "${IDLE}", healthcheck: {test: "test -e /ready"}}
        """
    )
    up = stack.launch("up", "up -d")
    up.await_text("until healthy")
    stack.run("exec -T db touch /ready")
    check = f"{podman.api.base_url}/v4.0.0/libpod/containers/{stack.name}-db-1/healthcheck"
    assert podman.api.get(check).json()["Status"] == "healthy"
    assert up.ended().code == 0
    assert sorted(ids(podman, stack)) == ["db-1", "web-1"]


def test_doctor(start: Start) -> None:
    """`doctor` says that it is a Podman, and that containers find each other there."""
    said = start().run("doctor", code=None).out
    assert "Podman 4." in said or "Podman 5." in said
    assert "containers find each other by name" in said
