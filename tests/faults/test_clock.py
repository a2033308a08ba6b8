"""The clock is set while we work: whatever we wait for or keep in order does not go by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import checks
from tests.e2e.stack import Stack, is_compose_lite
from tests.e2e.steps import eventually

# What Python imports first of all: the time of day is another one at each look, an hour back or a day ahead.
JUMPING = """
import itertools, pathlib, time
true_time, true_time_ns, offsets = time.time, time.time_ns, itertools.cycle((0, -3600, 86400, -7200, 3600))
time.time = lambda: true_time() + next(offsets)
time.time_ns = lambda: true_time_ns() + next(offsets) * 10**9
pathlib.Path(__file__).with_name("used").touch()
"""
FILE = """
    services:
      web:
        image: ${IDLE}
        command: sh -c "echo begun; exec sleep 100000"
        healthcheck: {test: "true", interval: 200ms}
        scale: 2
        deploy: {update_config: {order: start-first, parallelism: 1, delay: 200ms, monitor: 500ms}}
        environment: {GENERATION: "1"}
        depends_on: {job: {condition: service_completed_successfully}}
        develop: {watch: [{action: sync, path: src, target: /srv, initial_sync: true}]}
      job: {image: "${IDLE}", command: "true"}
"""
PATIENCE = 60

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path, {"compose.yaml": FILE, "src/page": "1\n"})
    clock = tmp_path / "clock"
    clock.mkdir()
    (clock / "sitecustomize.py").write_text(JUMPING)
    stack.env["PYTHONPATH"] = str(clock)
    yield stack
    assert (clock / "used").exists(), "the clock was not set"
    stack.close()


def test_a_clock_that_jumps(stack: Stack) -> None:
    """Waits, a rollout, logs, and what watches remember of each other are as on any other day."""
    stack.run("up -d --wait")
    stack.write("compose.yaml", FILE.replace('GENERATION: "1"', 'GENERATION: "2"'))
    stack.run("up -d --wait")
    checks.containers(web="healthy x2", job="exited 0").act(stack)
    assert stack.run("logs web").out.count("begun") == 2
    followed = stack.launch("logs", "logs --follow web")
    followed.await_text("begun", times=2)
    for name in ("second", "third"):
        stack.write(f"src/{name}", f"{name}\n")
        _watch_until(stack, "page", name)
        (stack.folder / "src" / name).unlink()  # while nobody watches
        _watch_until(stack, "page")
    stack.run("down -t 0", timeout=PATIENCE)
    checks.containers().act(stack)


def _watch_until(stack: Stack, *names: str) -> None:
    """Watch until every replica has exactly these files."""
    with stack.launch("watch", "watch --no-up") as watch:
        watch.await_text("Watch enabled", timeout=PATIENCE)
        for number in (1, 2):
            there = checks.inside(f"web:{number}", "ls /srv", "\n".join(names))
            eventually(there, timeout=PATIENCE).act(stack)
