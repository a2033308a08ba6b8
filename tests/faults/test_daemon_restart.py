"""The daemon itself is killed and started again: every command ends by itself and says what to do; `up` heals."""

import os
import shlex
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.images import ensure_busybox
from tests.e2e.processes import Background, Result, run
from tests.e2e.stack import is_compose_lite, program
from tests.fakes.proxy import Proxy
from tests.faults.own_daemon import OwnDaemon

FILE = """
services:
  one:
    image: "%(idle)s"
    network_mode: none
    command: sh -c "while sleep 0.1; do echo alive; done"
    develop: {watch: [{action: sync, path: src, target: /srv}]}
  two: {image: "%(idle)s", network_mode: none, depends_on: [one], volumes: ["data:/data", /cache]}
  three: {image: "%(idle)s", network_mode: none, depends_on: [two]}
volumes: {data: {}}
"""

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture(scope="module")
def daemon() -> Iterator[OwnDaemon]:
    with OwnDaemon() as daemon:
        daemon.load(ensure_busybox("1-idle"))
        yield daemon


class Ground:
    """A folder with the file, and invocations on the daemon that may die."""

    def __init__(self, folder: Path, daemon: OwnDaemon) -> None:
        self._folder = folder
        self.env: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "COMPOSE_PROJECT_NAME": "restarted",
            "DOCKER_HOST": daemon.address,
        }
        folder.joinpath("compose.yaml").write_text(FILE % {"idle": ensure_busybox("1-idle")})
        self.page = folder / "src" / "page"
        self.page.parent.mkdir()

    def run(self, command: str, *, through: str | None = None) -> Result:
        """Invoke the program to its end, which is a good one; perhaps at another address."""
        env = {**self.env, "DOCKER_HOST": through or self.env["DOCKER_HOST"]}
        result = run([*program(), *shlex.split(command)], folder=self._folder, env=env)
        assert result.code == 0, str(result)
        return result

    def launch(self, command: str) -> Background:
        return Background([*program(), *shlex.split(command)], folder=self._folder, env=self.env)


@pytest.fixture
def ground(tmp_path: Path, daemon: OwnDaemon) -> Iterator[Ground]:
    ground = Ground(tmp_path, daemon)
    yield ground
    ground.run("down -v")


def says_what_to_do(result: Result) -> None:
    """It failed with an error about the daemon and a hint, and without a traceback."""
    assert result.code == 1, str(result)
    assert "error: " in result.err, str(result)
    assert "Docker daemon" in result.err, str(result)
    assert "hint: " in result.err, str(result)
    assert "Traceback" not in result.text, str(result)
    assert "defect" not in result.err, str(result)


def runs_and_nothing_else(daemon: OwnDaemon) -> None:
    """The services' containers run, and there are no others."""
    states = {c["Names"][0]: c["State"] for c in daemon.api.containers(all=True)}
    assert states == dict.fromkeys([f"/restarted-{name}-1" for name in ("one", "two", "three")], "running")


@pytest.mark.parametrize("moment", ["one-1  Creating", "one-1  Starting", "three-1  Starting"])
def test_up(moment: str, ground: Ground, daemon: OwnDaemon) -> None:
    """An `up` whose daemon dies ends; done again it completes, and another one changes nothing."""
    process = ground.launch("up -d")
    process.await_text(moment)
    daemon.kill()
    result = process.ended(60)
    daemon.start()
    if result.code != 0:
        says_what_to_do(result)
    ground.run("up -d")
    runs_and_nothing_else(daemon)
    with Proxy(daemon=daemon.socket) as proxy:
        ground.run("up -d", through=proxy.address)
        assert not proxy.changes


def test_what_follows(ground: Ground, daemon: OwnDaemon) -> None:
    """Whatever listens to the daemon ends with a clear message when it dies; the data is there afterwards."""
    ground.run("up -d")
    ground.run("exec -T two touch /data/mark /cache/mark")
    commands = {
        "up": "alive",
        "logs -f": "alive",
        "run --rm -T --no-deps one": "alive",
        "attach one": "alive",
        "exec -T two sh -c 'echo runs; sleep 1000'": "runs",
        "stats": "two-1",
        "events": "",
        "wait two": "",
    }
    with ExitStack() as ending:
        processes = [ending.enter_context(ground.launch(command)) for command in commands]
        for process, shows in zip(processes, commands.values(), strict=True):
            process.await_text(shows)
        daemon.kill()
        for process in processes:
            says_what_to_do(process.ended(60))
    daemon.start()
    ground.run("up -d")
    ground.run("exec -T two ls /data/mark /cache/mark")
    runs_and_nothing_else(daemon)


def test_watch(ground: Ground, daemon: OwnDaemon) -> None:
    """A watch outlives the daemon: what was saved meanwhile is there once the containers run again."""
    ground.run("up -d")
    with ground.launch("watch --no-up") as watch:
        watch.await_text("Watch enabled")
        ground.page.write_text("first\n")
        watch.await_text("synced")
        daemon.kill()
        watch.await_text("trying again", timeout=60)
        ground.page.write_text("second\n")
        daemon.start()
        ground.run("up -d")
        deadline = time.monotonic() + 60
        while (found := ground.run("exec -T one cat /srv/page").out) != "second\n":
            assert time.monotonic() < deadline, f"{found}{watch.seen()}"
        watch.signal(signal.SIGINT)
        assert watch.ended(60).code == 130
        assert "Traceback" not in watch.seen()
