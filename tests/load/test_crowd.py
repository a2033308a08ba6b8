"""A crowd of containers that end and come back: who stays with them takes no more and more, and tells no lies.

`make test` has 20 containers for 20 seconds, `make load` 200 for 10 minutes.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.processes import Background
from tests.e2e.stack import Stack, is_compose_lite, program
from tests.load.crowd import Unrest, compose_file, states
from tests.load.resources import Usage, usage

WHOLE = os.environ.get("COMPOSE_LITE_LOAD") == "whole"
SIZE, SECONDS = (200, 600) if WHOLE else (20, 20)
SEED = 8
# What a process may take more after all the unrest (MiB): Python's heap finds its size while much happens.
GROWTH = 24 if WHOLE else 12

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(SECONDS + 900),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


def test_nothing_leaks_and_no_status_is_wrong(tmp_path: Path) -> None:
    stack = Stack(tmp_path, {"compose.yaml": compose_file(SIZE)})
    try:
        up = _into_a_file(stack, "up")
        _await(lambda: list(states(stack).values()).count("running") == SIZE, "all run")
        staying = {"up": up} | {name: _into_a_file(stack, name) for name in ("logs -f", "events")}
        unrest = Unrest(stack, SEED, pause=1.0 if WHOLE else 0.5)
        unrest.start()
        _look_on(stack, SECONDS / 4)
        before = _settled(stack, unrest, staying)
        unrest = Unrest(stack, SEED + 1, pause=unrest.pause)
        unrest.start()
        _look_on(stack, SECONDS)
        after = _settled(stack, unrest, staying)
        for name in staying:
            print(f"{name}\n  before: {before[name]}\n  after {unrest.ends} ends: {after[name]}")
            _has_not_grown(name, before[name], after[name])
        assert _told(stack) == states(stack)
        up.signal(signal.SIGINT)
        assert up.ended(300).code == 130
        assert set(states(stack).values()) == {"exited"}
    finally:
        stack.close()


def _into_a_file(stack: Stack, command: str) -> Background:
    """Invoke the program so that nobody has to read what it writes."""
    line = f'exec "$0" {command} >{command.split()[0]}.out 2>&1'
    process = Background(["sh", "-c", line, *program()], folder=stack.folder, env=stack.env)
    stack.background[command] = process
    return process


def _look_on(stack: Stack, seconds: float) -> None:
    """Have `ps` and a bounded `logs` asked meanwhile, again and again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert len(_told(stack)) == SIZE
        stack.run("logs --tail 1", timeout=120)
        time.sleep(SECONDS / 40)


def _told(stack: Stack) -> dict[str, str]:
    """The states as `ps` has them."""
    shown = stack.run("ps --all --format json", timeout=120).out.splitlines()
    return {one["Name"]: one["State"] for one in map(json.loads, shown)}


def _settled(stack: Stack, unrest: Unrest, staying: dict[str, Background]) -> dict[str, Usage]:
    """Let it become quiet; what each process takes then."""
    unrest.stop()
    assert set(_told(stack).values()) == {"running"}
    assert unrest.ends > 0
    time.sleep(3)  # what has happened is told within the time that a log may take to end, see `runner.follow`
    assert all(process.running() for process in staying.values())
    return {name: usage(process.pid) for name, process in staying.items()}


def _has_not_grown(name: str, before: Usage, after: Usage) -> None:
    assert after.descriptors <= before.descriptors + 2, (name, before, after)
    assert after.threads <= before.threads, (name, before, after)
    assert after.zombies == 0, (name, after)
    assert after.memory <= before.memory + GROWTH, (name, before, after)


def _await(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
