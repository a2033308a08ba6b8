"""The daemon is killed and started again beneath `up --supervise`, which goes on showing logs and restarting."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.images import ensure_busybox
from tests.e2e.processes import Background
from tests.e2e.stack import is_compose_lite, program
from tests.faults.own_daemon import OwnDaemon

# What the daemon starts again by its restart policy turns unhealthy when it is told so, and is mended by a restart.
FILE = """
services:
  web:
    image: "%(idle)s"
    network_mode: none
    restart: always
    command: sh -c "rm -f /tmp/sick; while sleep 0.5; do echo alive; done"
    healthcheck: {test: "test ! -e /tmp/sick", interval: 500ms, retries: 1}
    x-compose-lite: {supervise: {delay: 100ms}}
"""

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


def test_supervision_outlives_its_daemon(tmp_path: Path) -> None:
    image = ensure_busybox("1-idle")
    (tmp_path / "compose.yaml").write_text(FILE % {"idle": image})
    with OwnDaemon() as daemon:
        daemon.load(image)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "COMPOSE_PROJECT_NAME": "watched",
            "DOCKER_HOST": daemon.address,
        }
        with Background([*program(), "up", "--supervise"], folder=tmp_path, env=env) as up:
            up.await_text("web-1  | alive", times=2, timeout=60)
            daemon.kill()
            up.await_text("what happens to containers is not known; trying again", timeout=60)
            daemon.start()
            heard = up.seen().count("alive")
            up.await_text("web-1  | alive", times=heard + 3, timeout=60)
            _make_sick(daemon)
            up.await_text("watched-web-1  restarted", timeout=60)
            up.signal(signal.SIGINT)
            assert up.ended(60).code == 130
            assert [one["State"] for one in daemon.api.containers(all=True)] == ["exited"]


def _make_sick(daemon: OwnDaemon) -> None:
    started = daemon.api.exec_create("watched-web-1", ["touch", "/tmp/sick"])
    daemon.api.exec_start(started["Id"])
