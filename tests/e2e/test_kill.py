"""An `up` that is killed at any of its changing calls is finished, without a loss, by the next one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import checks
from tests.e2e.processes import Background
from tests.e2e.stack import Stack, is_compose_lite
from tests.e2e.strikes import kill_after, kill_before, run_struck
from tests.fakes.proxy import Strike

# `web` restarts with `db`, `side` shares its network: a change of db's configuration touches all three.
FILE = """
    services:
      web: {image: "${IDLE}", depends_on: {db: {condition: service_started, restart: true}}}
      side: {image: "${IDLE}", network_mode: "service:db"}
      db:
        image: ${IDLE}
        environment: {GENERATION: "%s"}
        volumes: ["data:/data", /cache]
      other: {image: "${IDLE}"}
    volumes: {data: {}}
"""
MOST = 30

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(280),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.mark.parametrize("strike", [kill_before, kill_after])
def test_recreate(strike: Callable[[Background], Strike], tmp_path: Path) -> None:
    """A killed recreate is healed by the next `up`: names, data of both kinds of volumes, nothing stray."""
    stack = Stack(tmp_path, {"compose.yaml": FILE % 0})
    try:
        stack.run("up -d")
        stack.inside("db", "echo precious > /data/mark; echo fast > /cache/mark")
        stack.remember()
        for at in range(1, MOST):
            stack.write("compose.yaml", FILE % at)
            struck = run_struck(stack, "up -d", at=at, strike=strike)
            if struck.call is None:
                assert struck.result.code == 0, str(struck.result)
                assert at > 4, "fewer calls than a recreate takes: nothing was struck"
                return
            _heals(stack, generation=at, note=f"killed at call {at}, {struck.call}")
    finally:
        stack.close()
    raise AssertionError(f"still not done after {MOST} calls")


@pytest.mark.parametrize("strike", [kill_before, kill_after])
def test_first_up(strike: Callable[[Background], Strike], tmp_path: Path) -> None:
    """A killed first `up` is finished by the next one."""
    stack = Stack(tmp_path, {"compose.yaml": FILE % 0})
    try:
        for at in range(1, MOST):
            struck = run_struck(stack, "up -d", at=at, strike=strike)
            if struck.call is None:
                return
            stack.run("up -d")
            _stands(stack, note=f"killed at call {at}, {struck.call}")
            stack.run("down -v")
            checks.nothing_left().act(stack)
    finally:
        stack.close()
    raise AssertionError(f"still not done after {MOST} calls")


def _heals(stack: Stack, *, generation: int, note: str) -> None:
    stack.run("up -d")
    _stands(stack, note=note)
    found = stack.container("db").environment["GENERATION"]
    assert found == str(generation), note
    _, text = stack.inside("db", "cat /data/mark /cache/mark")
    assert text.split() == ["precious", "fast"], f"{note}: {text}"
    for step in (checks.same_anonymous_volumes("db"), checks.kept("other")):
        step.act(stack)


def _stands(stack: Stack, *, note: str) -> None:
    """Every container has its own name, runs, and a further `up` makes no changing call."""
    try:
        checks.names(*(f"{{STACK}}-{service}-1" for service in ("web", "side", "db", "other"))).act(stack)
        checks.containers(web="running", side="running", db="running", other="running").act(stack)
        made = stack.run_counted("up -d")
        assert not made, "\n".join(map(str, made))
    except AssertionError as error:
        error.add_note(note)
        raise
