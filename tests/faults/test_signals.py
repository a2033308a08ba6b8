"""An `up` that is told to end at a random moment, in any way, ends; the next one heals what it left."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.e2e import checks
from tests.e2e.processes import Background, Result, Terminal
from tests.e2e.stack import Stack, is_compose_lite
from tests.faults import form

# How often, in how many shares: each has a stack of its own.
TIMES, SHARES = (200, 4) if form.WHOLE else (10, 1)
# The moments lie within this many seconds from the start: about as long as the recreate takes.
WINDOW = 3.0
SEED = 8
FILE = """
    services:
      web: {image: "${IDLE}", depends_on: [db]}
      db: {image: "${IDLE}", environment: {GENERATION: "%s"}, volumes: ["data:/data", /cache]}
    volumes: {data: {}}
"""
WAYS = ("Ctrl-C", "Ctrl-C twice", "SIGTERM", "SIGHUP", "closed terminal")

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(3000 if form.WHOLE else 240),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path, {"compose.yaml": FILE % 0})
    yield stack
    stack.close()


@pytest.mark.parametrize("share", range(SHARES))
def test_ended_at_any_moment(share: int, stack: Stack) -> None:
    """Names, data and the anonymous volume survive; nothing stray is left; no signal shows a traceback."""
    stack.run("up -d")
    stack.inside("db", "echo precious > /data/mark; echo fast > /cache/mark")
    stack.remember()
    random = Random(SEED + share)
    for turn in range(1, TIMES // SHARES + 1):
        way, moment = random.choice(WAYS), random.uniform(0, WINDOW)
        stack.write("compose.yaml", FILE % turn)
        try:
            result = _end(stack, way, moment)
            assert not _shows_ours(result.text), str(result)
            _heals(stack, turn)
        except AssertionError as error:
            error.add_note(f"share {share}, turn {turn}: {way} after {moment:.2f} s")
            raise


def _shows_ours(text: str) -> bool:
    """Whether a traceback reached the user; what Python shows before it has come to our first line is its own."""
    return "Traceback" in text and "compose_lite/" in text


def _end(stack: Stack, way: str, moment: float) -> Result:
    """Begin an update and end it in that way, unless it has ended by then; it has to end by itself."""
    process: Background | Terminal
    if way == "closed terminal":
        process = stack.terminal("up -d")
        time.sleep(moment)
        process.hang_up()
        return process.ended(60)
    process = stack.launch("up", "up -d")
    time.sleep(moment)
    numbers = {"SIGTERM": [signal.SIGTERM], "SIGHUP": [signal.SIGHUP], "Ctrl-C": [signal.SIGINT]}
    for number in numbers.get(way, [signal.SIGINT, signal.SIGINT]):
        if process.running():
            process.signal(number)
            time.sleep(0.2)
    return process.ended(60)


def _heals(stack: Stack, turn: int) -> None:
    stack.run("--lock-timeout 60 up -d")
    checks.names("{STACK}-db-1", "{STACK}-web-1").act(stack)
    checks.containers(web="running", db="running").act(stack)
    checks.environment("db", GENERATION=str(turn)).act(stack)
    _, text = stack.inside("db", "cat /data/mark /cache/mark")
    assert text.split() == ["precious", "fast"], text
    checks.same_anonymous_volumes("db").act(stack)
    assert not stack.run_counted("up -d")
