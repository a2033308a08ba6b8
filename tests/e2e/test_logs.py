"""`logs` and attached `up`: which lines, in which order, and how Ctrl-C and ending containers are dealt with."""

import json
import re
import signal

from tests.e2e import state
from tests.e2e.checks import containers, nothing_left, prints, prints_lines, prints_match, says, says_not
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import (
    do,
    edit,
    ends,
    eventually,
    inside,
    launch,
    open_terminal,
    outside,
    plain,
    remember,
    run,
    send,
    send_signal,
    shows,
)

# Two services that write by turns, told by files: their order in time is certain.
TALK = {
    "compose.yaml": """
        services:
          a: {image: "${IDLE}", command: sh -c "seq 1 5; sleep 1000"}
          b: {image: "${IDLE}", command: sh -c "echo err >&2; sleep 1000"}
    """
}
# Writes to the log when its pipe is written to.
PARROT = """["sh", "-c", "mkfifo /tmp/say; while :; do cat /tmp/say; done"]"""
PARROTS = {
    "compose.yaml": f"""
        services:
          a: {{image: "${{IDLE}}", command: {PARROT}}}
          b: {{image: "${{IDLE}}", command: {PARROT}}}
    """
}


def _say(service: str, text: str) -> Step:
    return inside(service, f"while [ ! -p /tmp/say ]; do sleep 0.01; done; echo {text} > /tmp/say")


def _lines(stack: Stack, expected: list[str]) -> None:
    """What was printed last consists of these lines, `NAME TEXT`, in any order; other services' notes aside."""
    assert stack.last is not None
    pairs = [line.split("|", 1) for line in plain(stack.last.out).splitlines() if " | " in line]
    found = sorted(f"{name.strip()} {text.strip()}" for name, text in pairs)
    assert found == sorted(expected), stack.last.out


def _coloured(stack: Stack) -> None:
    assert stack.last is not None
    assert "\x1b[" in stack.last.out


def _until_shown(stack: Stack) -> None:
    """Let `a` write lines until one of them is shown: nothing tells from when on they are."""
    terminal = stack.background["terminal"]
    for _ in range(100):
        if "hello-there" in terminal.seen():
            return
        _say("a", "hello-there").act(stack)
    raise AssertionError(f"never shown: {terminal.seen()}")


def _order(*lines: str) -> Step:
    """The lines occur in this order in what was printed last, each with its service's prefix."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        found = [line for line in plain(stack.last.text).splitlines() if "|" in line]
        texts = [line.partition("|")[2].strip() for line in found]
        assert [text for text in texts if text in lines] == list(lines), found

    return do(f"printed in this order: {lines}", act)


def _logs_have(service: str, line: str) -> Step:
    """The daemon has this line of the service's container."""

    def act(stack: Stack) -> None:
        assert line in state.api().logs(stack.container(service).id).decode().split()

    return do(f"{service} has logged {line}", act)


test_logs = scenarios(
    Scenario(
        name="all",
        intent="`logs` prints what every container wrote, each line behind its container's name.",
        files=TALK,
        steps=(
            run("up -d"),
            eventually(_logs_have("a", "5")),
            eventually(_logs_have("b", "err")),
            run("logs --no-color"),
            do(
                "prefixed lines",
                lambda stack: _lines(stack, [*(f"a-1 {n}" for n in range(1, 6)), "b-1 err"]),
            ),
        ),
    ),
    Scenario(
        name="one-service",
        intent="`logs SERVICE` prints that service's lines, `--no-log-prefix` them alone.",
        files=TALK,
        steps=(
            run("up -d"),
            eventually(_logs_have("a", "5")),
            run("logs --no-log-prefix a"),
            prints("1\n2\n3\n4\n5"),
        ),
    ),
    Scenario(
        name="tail",
        intent="`--tail N` prints the last N lines of each container.",
        files=TALK,
        steps=(
            run("up -d"),
            eventually(_logs_have("a", "5")),
            eventually(_logs_have("b", "err")),
            run("logs --tail 2 --no-log-prefix"),
            prints_lines("4", "5", "err"),
        ),
    ),
    Scenario(
        name="timestamps",
        intent="`--timestamps` puts the daemon's time before each line.",
        files=TALK,
        steps=(
            run("up -d"),
            eventually(_logs_have("a", "5")),
            run("logs --timestamps --no-log-prefix a"),
            prints_match(
                lambda text: len(re.findall(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \d$", text, re.M)) == 5,
                "five stamped lines",
            ),
        ),
    ),
    Scenario(
        name="since-until",
        intent="`--since` and `--until` bound the time.",
        files=PARROTS,
        steps=(
            run("up -d"),
            _say("a", "early"),
            eventually(_logs_have("a", "early")),
            run("logs --since 10m --no-log-prefix a"),
            prints("early"),
            run("logs --until 10m --no-log-prefix a"),
            prints(""),
        ),
    ),
    Scenario(
        name="follow",
        intent="`logs -f` prints lines as they are written, in the order of writing, and ends with the containers.",
        files=PARROTS,
        steps=(
            run("up -d"),
            launch("logs", "logs -f"),
            _say("a", "one"),
            shows("logs", "one"),
            _say("b", "two"),
            shows("logs", "two"),
            _say("a", "three"),
            shows("logs", "three"),
            outside("a", "kill"),
            outside("b", "kill"),
            ends("logs", code=0),
            _order("one", "two", "three"),
        ),
    ),
    Scenario(
        name="history-in-order",
        intent="`logs` merges the containers' lines in the order in which they were written.",
        only="compose-lite",
        files=PARROTS,
        steps=(
            run("up -d"),
            _say("a", "one"),
            _say("b", "two"),
            _say("a", "three"),
            _say("b", "four"),
            eventually(_logs_have("b", "four")),
            eventually(_logs_have("a", "three")),
            run("logs"),
            _order("one", "two", "three", "four"),
        ),
    ),
    Scenario(
        name="follow-interrupted",
        intent="Ctrl-C ends `logs -f` and leaves the containers running.",
        files=PARROTS,
        steps=(
            run("up -d"),
            open_terminal("logs -f"),
            _say("a", "one"),
            shows("terminal", "one"),
            send("\x03"),
            do("it ends", lambda stack: stack.background["terminal"].ended(10)),
            containers(a="running", b="running"),
        ),
    ),
    Scenario(
        name="colour",
        intent="Colours are for terminals: none in a pipe, none where NO_COLOR is set.",
        files=TALK,
        steps=(
            run("up -d"),
            eventually(_logs_have("a", "5")),
            run("logs"),
            says_not("\x1b["),
            open_terminal("logs", key="colour"),
            ends("colour", code=0),
            do("it is coloured", lambda stack: _coloured(stack)),
        ),
    ),
)

LEVELS = {
    "compose.yaml": """
        x-compose-lite: {keep_previous: true}
        services:
          a:
            image: ${IDLE}
            environment: {GENERATION: "1"}
            command:
              - sh
              - -c
              - |
                echo "INFO started $$GENERATION"
                echo "ERROR broke" >&2
                echo '{"level": "warning", "msg": "low"}'
                exec sleep 1000
          b: {image: "${IDLE}", command: sh -c "echo plain; exec sleep 1000"}
    """
}


def _objects(*expected: tuple[str, str, str]) -> Step:
    """What was printed last are objects with these services, streams and messages."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        found = [json.loads(line) for line in stack.last.out.splitlines()]
        assert sorted((line["service"], line["stream"], line["message"]) for line in found) == sorted(
            expected
        )
        assert all(
            line["container"] == f"{stack.name}-{line['service']}-1" and line["time"] for line in found
        )

    return do(f"these lines as JSON: {expected}", act)


test_choice = scenarios(
    Scenario(
        name="level-grep-json",
        intent="`logs --level` and `--grep` choose lines, also while following, and `--json` shows them as data.",
        only="compose-lite",
        files=LEVELS,
        steps=(
            run("up -d"),
            eventually(_logs_have("a", "broke")),
            eventually(_logs_have("a", '"low"}')),
            eventually(_logs_have("b", "plain")),
            run("logs --json --level error"),
            _objects(("a", "stderr", "ERROR broke")),
            run("logs --json --grep 'started|plain'"),
            _objects(("a", "stdout", "INFO started 1"), ("b", "stdout", "plain")),
            launch("logs", "logs --follow --no-log-prefix --level warn"),
            shows("logs", "low"),
            run("kill"),
            ends("logs", code=0),
            prints_match(lambda text: "ERROR broke" in text and "started" not in text, "warnings and above"),
        ),
    ),
    Scenario(
        name="previous",
        intent="`logs --previous` shows the log of the container that an update has replaced and kept.",
        only="compose-lite",
        files=LEVELS,
        steps=(
            run("up -d"),
            eventually(_logs_have("a", "broke")),
            run("logs --previous a", code=1),
            says("no container of before", "keep_previous"),
            edit("compose.yaml", 'GENERATION: "1"', 'GENERATION: "2"'),
            run("up -d"),
            run("logs --previous --grep started a"),
            says("INFO started 1"),
            run("logs --previous b", code=1),
            run("logs --previous --follow a", code=1),
        ),
    ),
    Scenario(
        name="index",
        intent="`logs --index` of a number that the service does not have fails, as in docker compose.",
        files=TALK,
        steps=(run("up -d"), run("logs --index 1 a"), run("logs --index 3 a", code=1)),
    ),
    Scenario(
        name="tail-all",
        intent="`--tail -1` and `--tail ''` mean all lines, as in docker compose.",
        files=TALK,
        steps=(
            run("up -d"),
            eventually(_logs_have("a", "5")),
            run("logs --tail -1 --no-log-prefix a"),
            prints("1\n2\n3\n4\n5"),
            run("logs --tail '' --no-log-prefix a"),
            prints("1\n2\n3\n4\n5"),
        ),
    ),
)

test_attached = scenarios(
    Scenario(
        name="prefixed",
        intent="Attached `up` shows the lines of all services behind their names, and ends when all have ended.",
        files={
            "compose.yaml": """
                services:
                  a: {image: "${IDLE}", command: sh -c "echo from-a"}
                  b: {image: "${IDLE}", command: sh -c "echo from-b; sleep 0.5"}
            """
        },
        steps=(
            run("up"),
            do("prefixed lines", lambda stack: _lines(stack, ["a-1 from-a", "b-1 from-b"])),
            containers(a="exited 0", b="exited 0"),
        ),
    ),
    Scenario(
        name="interrupt",
        intent="The first Ctrl-C of an attached `up` stops the containers gracefully.",
        files={
            "compose.yaml": """
                services:
                  a:
                    image: ${IMAGE}
                    command: ["sh", "-c", "trap 'echo got-it; exit 0' TERM; echo ready; while :; do sleep 0.05; done"]
                  b: {image: "${IDLE}"}
            """
        },
        steps=(
            open_terminal("up"),
            shows("terminal", "ready"),
            send("\x03"),
            do("it ends", lambda stack: stack.background["terminal"].ended(20)),
            containers(a="exited 0", b="exited 137"),
        ),
    ),
    Scenario(
        name="interrupt-twice",
        intent="The second Ctrl-C kills what has not stopped yet.",
        files={
            "compose.yaml": """
                services:
                  a:
                    image: ${IMAGE}
                    command: ["sh", "-c", "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.05; done"]
                    stop_grace_period: 1m
            """
        },
        steps=(
            open_terminal("up"),
            shows("terminal", "ready"),
            send("\x03"),
            shows("terminal", "ignored"),
            send("\x03"),
            do("it ends", lambda stack: stack.background["terminal"].ended(20)),
            eventually(containers(a="exited 137")),
        ),
    ),
    Scenario(
        name="sigterm",
        intent="SIGTERM stops an attached `up` and its containers as Ctrl-C does.",
        files={"compose.yaml": "services: {a: {image: '${IDLE}', command: sh -c 'echo ready; sleep 1000'}}"},
        steps=(
            launch("up", "up", until="ready"),
            send_signal("up", signal.SIGTERM),
            do("it ends", lambda stack: stack.background["up"].ended(20)),
            containers(a="exited 137"),
        ),
    ),
    Scenario(
        name="abort-on-exit",
        intent="`--abort-on-container-exit` stops everything when one container ends, with its exit code.",
        files={
            "compose.yaml": """
                services:
                  job: {image: "${IDLE}", command: sh -c "sleep 0.3; exit 3"}
                  web: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up --abort-on-container-exit", code=3),
            containers(job="exited 3", web="exited 137"),
        ),
    ),
    Scenario(
        name="exit-code-from",
        intent="`--exit-code-from` ends with that service's exit code, whoever ends first.",
        files={
            "compose.yaml": """
                services:
                  tests: {image: "${IDLE}", command: sh -c "sleep 0.5; exit 9", depends_on: [web]}
                  web: {image: "${IDLE}"}
            """
        },
        steps=(run("up --exit-code-from tests", code=9), containers(tests="exited 9", web="exited 137")),
    ),
    Scenario(
        name="abort-on-failure",
        intent="`--abort-on-container-failure` lets a container that ends with 0 go, and stops all for another code.",
        files={
            "compose.yaml": """
                services:
                  fine: {image: "${IDLE}", command: "true"}
                  bad: {image: "${IDLE}", command: sh -c "sleep 0.7; exit 6"}
                  web: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up --abort-on-container-failure", code=6),
            containers(fine="exited 0", bad="exited 6", web="exited 137"),
        ),
    ),
    Scenario(
        name="attach-some",
        intent="`--attach` and `--no-attach` choose whose lines are shown.",
        files={
            "compose.yaml": """
                services:
                  a: {image: "${IDLE}", command: sh -c "echo from-a"}
                  b: {image: "${IDLE}", command: sh -c "echo from-b"}
                  c: {image: "${IDLE}", command: sh -c "echo from-c", attach: false}
            """
        },
        steps=(
            run("up --no-attach b"),
            says("from-a"),
            says_not("from-b", "from-c"),
            run("up --attach b"),
            says("from-b"),
            says_not("from-a", "from-c"),
        ),
    ),
    Scenario(
        name="up-again-attaches",
        intent="Attached `up` on a running stack shows what is written from then on, without restarting it.",
        files=PARROTS,
        steps=(
            run("up -d"),
            remember(),
            open_terminal("up"),
            do("a says something until it is shown", lambda stack: _until_shown(stack)),
            send("\x03"),
            do("it ends", lambda stack: stack.background["terminal"].ended(20)),
            containers(a="exited 137", b="exited 137"),
        ),
    ),
    Scenario(
        name="follow-by-index",
        intent="`logs --follow --index` shows that container alone, of those that start later too.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  a:
                    image: ${IDLE}
                    command: sh -c "echo it-is-$$(hostname); exec sleep 1000"
                    stop_signal: SIGKILL
            """
        },
        steps=(
            run("up -d"),
            launch("logs", "logs -f --index 1", until="it-is-"),
            run("scale a=2"),
            run("up -d --force-recreate --scale a=2"),
            run("down"),
            do("it ends", lambda stack: stack.background["logs"].ended(20)),
            do("lines of number 1 alone", lambda stack: _only_the_first(stack)),
        ),
    ),
    Scenario(
        name="down-meanwhile",
        intent="An attached `up` ends when somebody else takes the stack down.",
        files=PARROTS,
        steps=(
            launch("up", "up"),
            eventually(containers(a="running", b="running")),
            run("down"),
            do("it ends", lambda stack: stack.background["up"].ended(20)),
            nothing_left(),
        ),
    ),
)


def _only_the_first(stack: Stack) -> None:
    text = plain(stack.background["logs"].seen())
    assert text.count("it-is-") == 2, text
    assert "a-2" not in text, text
