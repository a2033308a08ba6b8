"""`attach`, `wait` and `events`: commands that stay with containers until something happens."""

import json
import signal
import time

from tests.e2e.checks import containers, nothing_left, says_not
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, ends, eventually, inside, launch, open_terminal, run, send, send_signal, shows

# Says what it reads and which signal it gets, and something now and then, by which one knows to be attached.
PARROT = """
    services:
      web:
        image: ${IMAGE}
        stdin_open: true
        scale: 1
        command:
          - sh
          - -c
          - |
            trap 'echo got INT; exit 8' INT
            while :; do echo tick; sleep 0.2; done &
            while read line; do echo "got $$line"; test "$$line" = end && exit 7; done
        stop_signal: KILL
"""
ONE = {"compose.yaml": PARROT}
TWO = {"compose.yaml": PARROT.replace("scale: 1", "scale: 2")}
JOB = {
    "compose.yaml": """
        services:
          job: {image: "${IDLE}", command: sh -c 'until test -e /tmp/go; do sleep 0.05; done; exit 4'}
          web: {image: "${IDLE}"}
    """
}

test_attach = scenarios(
    Scenario(
        name="input-and-exit-code",
        intent="`attach` passes standard input on, shows what is written, and ends with the container's exit code.",
        files=ONE,
        steps=(
            run("up -d"),
            run("attach web", stdin="hello\nend\n", code=7),
            do("both lines were read", lambda stack: _says(stack, "got hello", "got end")),
        ),
    ),
    Scenario(
        name="index",
        intent="`attach --index` names the replica.",
        files=TWO,
        steps=(
            run("up -d"),
            run("attach --index 2 web", stdin="end\n", code=7),
            do("number 2 has ended", lambda stack: _ended(stack, 2)),
        ),
    ),
    Scenario(
        name="no-stdin",
        intent="`attach --no-stdin` shows output, and what is typed does not reach the container.",
        files=ONE,
        steps=(
            run("up -d"),
            open_terminal("attach --no-stdin web"),
            shows("terminal", "tick"),
            send("first\n"),
            run("attach web", stdin="end\n", code=7),
            ends("terminal", code=7),
            says_not("got first"),
        ),
    ),
    Scenario(
        name="detach-keys",
        intent="`attach --detach-keys` leaves the container running when these keys are typed.",
        files={"compose.yaml": PARROT.replace("stdin_open: true", "stdin_open: true\n        tty: true")},
        steps=(
            run("up -d"),
            open_terminal("attach --detach-keys ctrl-x,y web"),
            shows("terminal", "tick"),
            send("\x18"),
            send("y"),
            ends("terminal", code=0),
            containers(web="running"),
        ),
    ),
    Scenario(
        name="signals",
        intent="A signal to `attach` goes on to the container, with `--sig-proxy=false` it ends `attach` alone.",
        files=ONE,
        steps=(
            run("up -d"),
            launch("alone", "attach --sig-proxy=false web", until="tick"),
            send_signal("alone", signal.SIGINT),
            do("it ends", lambda stack: stack.background["alone"].ended(20)),
            containers(web="running"),
            launch("both", "attach --sig-proxy web", until="tick"),
            send_signal("both", signal.SIGINT),
            shows("both", "got INT"),
            ends("both", code=8),
            containers(web="exited 8"),
        ),
    ),
)

test_wait = scenarios(
    Scenario(
        name="exit-code",
        intent="`wait` ends when the container does, with its exit code; others go on.",
        files=JOB,
        steps=(
            run("up -d"),
            launch("wait", "wait job"),
            inside("job", "touch /tmp/go"),
            ends("wait", code=4),
            containers(job="exited 4", web="running"),
        ),
    ),
    Scenario(
        name="down-project",
        intent="`wait --down-project` takes everything down when the first container has ended.",
        files=JOB,
        steps=(
            run("up -d"),
            launch("wait", "wait --down-project job web"),
            inside("job", "touch /tmp/go"),
            ends("wait", code=4),
            eventually(nothing_left()),
        ),
    ),
)


def _now(stack: Stack, name: str) -> None:
    stack.env[name] = f"{time.time():.6f}"


test_events = scenarios(
    Scenario(
        name="from-to",
        intent="`events` tells what happened between `--since` and `--until`, as text or with `--json`, of some services.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}'}, db: {image: '${IDLE}'}}"},
        steps=(
            do("look at the clock", lambda stack: _now(stack, "BEGIN")),
            run("up -d"),
            do("look at the clock", lambda stack: _now(stack, "UP")),
            run("stop"),
            do("look at the clock", lambda stack: _now(stack, "END")),
            run("events --json --since {BEGIN} --until {UP}"),
            do("both were started", lambda stack: _told(stack, {"create", "start"}, {"web", "db"})),
            run("events --json --since {UP} --until {END} web"),
            do("web was stopped", lambda stack: _told(stack, {"kill", "die", "stop"}, {"web"})),
            run("events --since {BEGIN} --until {END}"),
            do("a line each", lambda stack: _says(stack, " container create ", " container die ", "name=")),
        ),
    ),
)


def _says(stack: Stack, *facts: str) -> None:
    assert stack.last is not None
    for fact in facts:
        assert fact in stack.last.out, stack.last


def _ended(stack: Stack, number: int) -> None:
    states = {container.number: container.state for container in stack.containers("web")}
    assert states == {1: "running", 2: "running"} | {number: "exited 7"}


def _told(stack: Stack, actions: set[str], services: set[str]) -> None:
    """Exactly these things were told, of exactly these services."""
    assert stack.last is not None
    told = [json.loads(line) for line in stack.last.out.splitlines()]
    assert {event["action"] for event in told} == actions, told
    assert {event["service"] for event in told} == services
