"""The daemon itself is killed and started again: every command ends by itself and says what to do; `up` heals."""

import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e import peer
from tests.e2e.images import ensure_busybox
from tests.e2e.processes import Background, Result
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
BUILT = """
services:
  web:
    image: restarted-web
    build:
      context: .
      network: none
      args: {PAUSE: "${PAUSE}"}
      dockerfile_inline: |
        FROM %(idle)s
        ARG PAUSE
        RUN echo paused for $$PAUSE | tr a-z A-Z; sleep $$PAUSE
"""
PULLED = """
services: {web: {image: %(image)s, network_mode: none}}
"""
# Seconds until what has to happen has happened, on however busy a machine.
PATIENCE = 120

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(900),
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
        self.write(FILE)
        self.page = folder / "src" / "page"
        self.page.parent.mkdir()

    def write(self, text: str, **values: str) -> None:
        """Have another compose file."""
        file = self._folder / "compose.yaml"
        file.write_text(text % {"idle": ensure_busybox("1-idle"), **values})

    def install(self, plugin: Path) -> None:
        """Have a plugin of the `docker` command."""
        plugins = self._folder / ".docker" / "cli-plugins"
        plugins.mkdir(parents=True)
        plugins.joinpath(plugin.name).symlink_to(plugin)

    def run(self, command: str, **env: str) -> Result:
        """Invoke the program to its end, which is a good one."""
        with self.launch(command, **env) as process:
            result = process.ended(PATIENCE)
        assert result.code == 0, str(result)
        return result

    def launch(self, command: str, **env: str) -> Background:
        arguments = [*program(), *shlex.split(command)]
        return Background(arguments, folder=self._folder, env={**self.env, **env})


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
    with ground.launch("up -d") as process:
        process.await_text(moment, timeout=PATIENCE)
        with daemon.dead():
            result = process.ended(PATIENCE)
    if result.code != 0:
        says_what_to_do(result)
    ground.run("up -d")
    runs_and_nothing_else(daemon)
    with Proxy(daemon=daemon.socket) as proxy:
        ground.run("up -d", DOCKER_HOST=proxy.address)
        assert not proxy.changes


def test_what_follows(ground: Ground, daemon: OwnDaemon) -> None:
    """Whatever listens to the daemon ends with a clear message when it dies; the data is there afterwards."""
    ground.run("up -d")
    ground.run("exec -T two touch /data/mark /cache/mark")
    commands = {
        "--lock-timeout 60 up": "alive",
        "logs -f": "alive",
        "--lock-timeout 60 run --rm -T --no-deps one": "alive",
        "attach one": "alive",
        "exec -T two sh -c 'echo runs; sleep 1000'": "runs",
        "stats": "two-1",
        "events": "",
        "wait two": "",
    }
    with ExitStack() as ending:
        processes = [ending.enter_context(ground.launch(command)) for command in commands]
        for process, shows in zip(processes, commands.values(), strict=True):
            process.await_text(shows, timeout=PATIENCE)
        with daemon.dead():
            for process in processes:
                says_what_to_do(process.ended(PATIENCE))
    ground.run("up -d")
    ground.run("exec -T two ls /data/mark /cache/mark")
    runs_and_nothing_else(daemon)


def test_watch(ground: Ground, daemon: OwnDaemon) -> None:
    """A watch outlives the daemon: what was saved meanwhile is there once the containers run again."""
    ground.run("up -d")
    with ground.launch("watch --no-up") as watch:
        watch.await_text("Watch enabled", timeout=PATIENCE)
        ground.page.write_text("first\n")
        watch.await_text("synced", timeout=PATIENCE)
        with daemon.dead():
            watch.await_text("trying again", timeout=PATIENCE)
            ground.page.write_text("second\n")
        ground.run("up -d")
        deadline = time.monotonic() + PATIENCE
        while (found := ground.run("exec -T one cat /srv/page").out) != "second\n":
            assert time.monotonic() < deadline, f"{found}{watch.seen()}"
        watch.signal(signal.SIGINT)
        assert watch.ended(PATIENCE).code == 130
        assert "Traceback" not in watch.seen()


@pytest.mark.parametrize("builder", ["classic", "BuildKit"])
def test_build(builder: str, ground: Ground, daemon: OwnDaemon) -> None:
    """A build ends with its daemon; done again it succeeds, and nothing of the first one is tagged.

    The container in which a classic builder ran its step is the engine's, has no label and may outlive its daemon.
    """
    if builder == "BuildKit":
        ground.install(_buildx())
    chosen = {"DOCKER_BUILDKIT": str(int(builder == "BuildKit"))}
    ground.write(BUILT)
    with ground.launch("build", PAUSE="1000", **chosen) as process:
        process.await_text("PAUSED FOR 1000", timeout=PATIENCE)
        with daemon.dead():
            says_what_to_do(process.ended(PATIENCE))
    assert not tagged(daemon, "restarted-web")
    ground.run("build", PAUSE="0", **chosen)
    assert tagged(daemon, "restarted-web")
    assert not daemon.api.containers(all=True, filters={"label": "com.docker.compose.project"})
    daemon.api.remove_image("restarted-web")


def test_pull(ground: Ground, daemon: OwnDaemon, tmp_path: Path) -> None:
    """A pull ends with its daemon; done again it succeeds."""
    signs = tmp_path / "signs"
    signs.mkdir()
    with daemon.registry() as registry, daemon.halting_registry(signs) as front:
        daemon.offer(f"{registry}/big:1", {"name": "pulled"})
        image = f"{front}/big:1"
        ground.write(PULLED, image=image)
        with ground.launch("pull") as process:
            _await((signs / "halted").exists)
            with daemon.dead():
                says_what_to_do(process.ended(PATIENCE))
    assert not tagged(daemon, image)
    (signs / "go on").touch()
    with daemon.registry(), daemon.halting_registry(signs):
        ground.run("pull")
    assert tagged(daemon, image)
    daemon.api.remove_image(image)


def tagged(daemon: OwnDaemon, reference: str) -> bool:
    """Whether the daemon has the image."""
    return bool(daemon.api.images(reference))


def _buildx() -> Path:
    found = peer.buildx()
    if found is None:
        # In continuous integration absence must not look like success.
        lacking = pytest.fail if os.environ.get("CI") else pytest.skip
        lacking("no buildx here: run scripts/setup-test-tools")
    return found


def _await(arrived: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not arrived():
        assert time.monotonic() < deadline, "it did not come to this"
        time.sleep(0.05)
