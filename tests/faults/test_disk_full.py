"""The disk is full, the daemon's or ours: it is said which, nothing is left half, and with room all goes on."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import state
from tests.e2e.images import ensure_busybox
from tests.e2e.processes import Result, run
from tests.e2e.stack import Stack, is_compose_lite, program
from tests.fakes.proxy import Proxy
from tests.faults import form
from tests.faults.own_daemon import OwnDaemon

MEGABYTE = 1024 * 1024
ROOM = 128 * MEGABYTE
BIG = 16 * MEGABYTE
PATIENCE = 60
FILE = """
services:
  web: {image: "%(image)s", network_mode: none, command: sleep 100000, stop_signal: SIGKILL, volumes: ["data:/data"]}
  db: {image: "%(idle)s", network_mode: none, volumes: [/cache]}
volumes: {data: {}}
"""
BUILT = """
services:
  web:
    network_mode: none
    build:
      context: .
      dockerfile_inline: |
        FROM %(idle)s
        COPY big /big
"""

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture(scope="module")
def daemon() -> Iterator[OwnDaemon]:
    with OwnDaemon(room=ROOM) as daemon:
        daemon.load(ensure_busybox("1-idle"))
        yield daemon


class Ground:
    """A folder with a file, and invocations on the daemon whose disk is full at times."""

    def __init__(self, folder: Path, daemon: OwnDaemon) -> None:
        self.daemon = daemon
        self._folder = folder
        self._env = {"PATH": os.environ["PATH"], "HOME": str(folder), "COMPOSE_PROJECT_NAME": "full"}

    def write(self, text: str, **values: str) -> None:
        file = self._folder / "compose.yaml"
        file.write_text(text % {"idle": ensure_busybox("1-idle"), **values})

    def run(self, command: str, *, code: int = 0, through: str | None = None) -> Result:
        """Invoke the program to its end."""
        env = {**self._env, "DOCKER_HOST": through or self.daemon.address}
        result = run([*program(), *shlex.split(command)], folder=self._folder, env=env, timeout=PATIENCE)
        assert result.code == code, str(result)
        return result

    def fails_for_lack_of_room(self, command: str) -> None:
        """It ends with an error that names the disk and says what to do."""
        result = self.run(command, code=1)
        for words in ("error: ", "no space left on device", "docker system df"):
            assert words in result.err, str(result)
        assert "Traceback" not in result.text, str(result)

    def goes_on(self, **running: int) -> None:
        """With room the same command reaches its goal, and leaves nothing to do."""
        self.daemon.make_room()
        self.run("up -d")
        found = [container.labels[state.SERVICE] for container in self.containers()]
        assert sorted(found) == sorted(running)
        with Proxy(daemon=self.daemon.socket) as proxy:
            self.run("up -d", through=proxy.address)
            assert not proxy.changes

    def containers(self) -> list[state.Container]:
        """All that there are, running ones or not."""
        api = self.daemon.api
        found = [state.Container(api.inspect_container(one["Id"])) for one in api.containers(all=True)]
        assert all(container.state == "running" for container in found)
        return found


@pytest.fixture
def ground(tmp_path: Path, daemon: OwnDaemon) -> Iterator[Ground]:
    ground = Ground(tmp_path, daemon)
    yield ground
    daemon.make_room()
    ground.run("down -v --rmi local")


@pytest.mark.parametrize("free", [0, 4096, 16 * 1024] if form.WHOLE else [16 * 1024])
def test_up(free: int, ground: Ground, daemon: OwnDaemon) -> None:
    """No container can be made."""
    ground.write(FILE, image=ensure_busybox("1-idle"))
    daemon.fill(but=free)
    ground.fails_for_lack_of_room("up -d")
    ground.goes_on(web=1, db=1)


def test_build(ground: Ground, daemon: OwnDaemon, tmp_path: Path) -> None:
    """An image can't be built; nothing of it stays."""
    ground.write(BUILT)
    (tmp_path / "big").write_bytes(os.urandom(BIG))
    before = daemon.api.images(quiet=True)
    daemon.fill(but=BIG // 4)
    ground.fails_for_lack_of_room("up -d")
    assert daemon.api.images(quiet=True) == before
    assert not daemon.api.containers(all=True)
    ground.goes_on(web=1)


def test_pull(ground: Ground, daemon: OwnDaemon) -> None:
    """An image can't be pulled."""
    with daemon.registry() as address:
        image = f"{address}/compose-lite-test/big:1"
        daemon.offer(image, {"big": os.urandom(BIG // 2).hex()})
        ground.write(FILE, image=image)
        daemon.fill(but=BIG // 4)
        ground.fails_for_lack_of_room("up -d")
        assert not daemon.api.containers(all=True)
        ground.goes_on(web=1, db=1)
    ground.run("down -v")
    daemon.api.remove_image(image)


def test_our_own_disk(tmp_path: Path) -> None:
    """Where we can write nothing ourselves, the work is done all the same."""
    stack = Stack(tmp_path, {"compose.yaml": 'services: {web: {image: "${IDLE}"}}'})
    try:
        for command in ("up -d", "restart", "down"):
            line = shlex.join(stack.arguments(command))
            result = run(["sh", "-c", f"ulimit -f 0; exec {line}"], folder=stack.folder, env=stack.env)
            assert result.code == 0, str(result)
    finally:
        stack.close()
