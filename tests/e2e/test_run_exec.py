"""`run` and `exec`: one-off containers and commands in running ones, in a pipe and in a terminal."""

import hashlib
import signal
import time

from tests.e2e import state
from tests.e2e.checks import (
    containers,
    inside,
    kept,
    networks,
    oneoffs,
    prints,
    prints_match,
    says,
    volumes,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.processes import Terminal
from tests.e2e.stack import Stack
from tests.e2e.steps import (
    do,
    ends,
    eventually,
    launch,
    open_terminal,
    remember,
    resize,
    run,
    send,
    send_signal,
    shows,
)

STACK = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            environment: {FROM_FILE: yes-it-is}
            working_dir: /tmp
            ports: ["127.0.0.1:${PORT1}:80"]
            depends_on: {db: {condition: service_healthy}}
            volumes: ["data:/data"]
          db: {image: "${IDLE}", healthcheck: {test: "true", interval: 500ms}}
        volumes: {data: {}}
    """
}
BULK = "0123456789abcdef" * 250_000
DIGEST = hashlib.md5(BULK.encode(), usedforsecurity=False).hexdigest()
ONE = {"compose.yaml": "services: {web: {image: '${IDLE}', environment: {FROM_FILE: yes-it-is}}}"}


def _ports(stack: Stack, *variables: str) -> None:
    """The only one-off container publishes exactly these host ports."""
    (found,) = stack.containers(oneoff=True)
    bindings = found.field("HostConfig.PortBindings") or {}
    published = [binding["HostPort"] for entries in bindings.values() for binding in entries]
    assert published == [stack.env[variable] for variable in variables], published


def _remove_oneoffs(stack: Stack) -> None:
    for container in stack.containers(oneoff=True):
        state.api().remove_container(container.id, force=True)


def _labelled(stack: Stack) -> None:
    (found,) = stack.containers(oneoff=True)
    assert found.labels["purpose"] == "test"
    assert found.name == f"{stack.name}-other"


def _oneoff_after_health(stack: Stack) -> None:
    (found,) = stack.containers(oneoff=True)
    assert found.started >= stack.events.became_healthy(stack.container("db"))


def _failed(stack: Stack) -> None:
    assert stack.last is not None
    assert stack.last.code > 0


def _terminal(stack: Stack) -> Terminal:
    process = stack.background["terminal"]
    assert isinstance(process, Terminal)
    return process


def _echo(stack: Stack, *, on: bool) -> None:
    """Wait until the terminal echoes what is typed (ordinary mode) or does not (raw mode)."""
    deadline = time.monotonic() + 10
    while _terminal(stack).echoes != on:
        assert time.monotonic() < deadline, f"the terminal {'is still raw' if on else 'is not raw'}"
        time.sleep(0.02)


def _size_arrives(stack: Stack, expected: str) -> None:
    """Ask the shell in the container for its window's size until it is as expected."""
    terminal = _terminal(stack)
    for _ in range(50):
        if expected in terminal.seen():
            return
        terminal.send("stty size\r")
        time.sleep(0.1)
    raise AssertionError(f"the container never saw the size {expected}: {terminal.seen()}")


test_run = scenarios(
    Scenario(
        name="run",
        intent="`run --rm` starts dependencies first, runs the command with the service's settings, leaves no container.",
        files=STACK,
        steps=(
            run("run --rm -T web sh -c 'echo $FROM_FILE; pwd; ls -d /data'"),
            prints("yes-it-is\n/tmp\n/data"),
            containers(db="healthy"),
            oneoffs(),
            networks("default"),
            volumes("data"),
        ),
    ),
    Scenario(
        name="run-exit-code",
        intent="`run` exits with the command's code, and without `--rm` its container stays.",
        files=ONE,
        steps=(
            run("run -T web sh -c 'exit 42'", code=42),
            oneoffs("exited 42"),
            containers(),
            run("down --remove-orphans"),
            oneoffs(),
        ),
    ),
    Scenario(
        name="run-no-deps",
        intent="`run --no-deps` starts no dependency.",
        files=STACK,
        steps=(run("run --rm -T --no-deps web true"), containers()),
    ),
    Scenario(
        name="run-ports",
        intent="`run` publishes the service's ports only with `--service-ports`, others with `-p`.",
        files=STACK,
        steps=(
            run("run -d --no-deps web sleep 1000"),
            do("no port is published", lambda stack: _ports(stack)),
            do("remove the one-off container", lambda stack: _remove_oneoffs(stack)),
            run("run -d --no-deps --service-ports web sleep 1000"),
            do("PORT1 is published", lambda stack: _ports(stack, "PORT1")),
            do("remove the one-off container", lambda stack: _remove_oneoffs(stack)),
            run("run -d --no-deps -p 127.0.0.1:{PORT2}:80 web sleep 1000"),
            do("PORT2 is published", lambda stack: _ports(stack, "PORT2")),
        ),
    ),
    Scenario(
        name="run-options",
        intent="`run` takes -e, -u, -w, -v, -l, --name and --entrypoint.",
        files=ONE,
        steps=(
            run(
                "run --rm -T -e A=b -u 1000 -w /home/app -v ./shared:/shared --name {STACK}-special "
                "--entrypoint 'sh -c' web 'echo $A $(id -u) $(pwd) $(hostname | wc -c); ls -d /shared'"
            ),
            prints_match(lambda text: text.startswith("b 1000 /home/app"), "what the options ask for"),
            run("run -d -l purpose=test --name {STACK}-other web sleep 1000"),
            do("it has its label and name", lambda stack: _labelled(stack)),
        ),
    ),
    Scenario(
        name="run-stdin",
        intent="`run -T` passes standard input on and ends when it ends.",
        files=ONE,
        steps=(run("run --rm -T web cat", stdin="through\nthe pipe\n"), prints("through\nthe pipe")),
    ),
    Scenario(
        name="run-detached",
        intent="`run -d` prints the container's name or id and leaves it running beside the service's own.",
        files=ONE,
        steps=(
            run("up -d"),
            remember(),
            run("run -d web sleep 1000"),
            oneoffs("running"),
            kept("web"),
            run("up -d"),
            oneoffs("running"),
            kept("web"),
        ),
    ),
    Scenario(
        name="run-health-order",
        intent="`run` waits for the health of dependencies.",
        files=STACK,
        steps=(
            run("run -d --name {STACK}-run web sleep 1000"),
            do("after db's health", lambda stack: _oneoff_after_health(stack)),
        ),
    ),
    Scenario(
        name="run-terminal",
        intent="`run` in a terminal has a terminal of that size, and Ctrl-C reaches the command.",
        files=ONE,
        steps=(
            open_terminal(
                "run --rm web sh -c 'trap \"echo caught; exit 7\" INT; while :; do stty size; sleep 0.1; done'"
            ),
            shows("terminal", "24 80"),
            send("\x03"),
            shows("terminal", "caught"),
            ends("terminal", code=7),
            oneoffs(),
        ),
    ),
    Scenario(
        name="run-interrupted",
        intent="`run --rm` that gets a signal in a pipe passes it on and leaves no container.",
        files=ONE,
        steps=(
            launch(
                "run",
                "run --rm -T web sh -c 'trap \"echo caught; exit 7\" INT TERM; echo ready; while :; do sleep 0.1; done'",
                until="ready",
            ),
            send_signal("run", signal.SIGINT),
            shows("run", "caught"),
            do("it ends", lambda stack: stack.background["run"].ended(20)),
            eventually(oneoffs()),
        ),
    ),
)

test_exec = scenarios(
    Scenario(
        name="exec-pipe",
        intent="`exec -T` passes standard input, output, error and the exit code through.",
        files=ONE,
        steps=(
            run("up -d"),
            run("exec -T web cat", stdin="a\nb\n"),
            prints("a\nb"),
            run("exec -T web sh -c 'echo out; echo err >&2; exit 33'", code=33),
            prints("out"),
            says("err"),
            run("exec -T web true", changes=2),
        ),
    ),
    Scenario(
        name="exec-pipe-unasked",
        intent="Without a terminal `exec` needs no -T.",
        files=ONE,
        steps=(run("up -d"), run("exec web cat", stdin="a\n"), prints("a")),
    ),
    Scenario(
        name="exec-large",
        intent="`exec` passes megabytes through in both directions, byte for byte.",
        files=ONE,
        steps=(
            run("up -d"),
            run("exec -T web sh -c 'cat | md5sum'", stdin=BULK),
            prints_match(lambda text: text.startswith(DIGEST), "the digest"),
            run("exec -T web sh -c 'seq 1 300000'"),
            prints_match(lambda text: len(text) == 1988895, "all of it"),
        ),
    ),
    Scenario(
        name="exec-options",
        intent="`exec` takes -e, -u, -w, --index and -d.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', scale: 2}}"},
        steps=(
            run("up -d"),
            run("exec -T -e A=b -u 1000 -w /home/app web sh -c 'echo $A $(id -u) $(pwd)'"),
            prints("b 1000 /home/app"),
            run("exec -T --index 2 web sh -c 'touch /tmp/two'"),
            inside("web:2", "ls /tmp/two", "/tmp/two"),
            inside("web:1", "ls /tmp", ""),
            run("exec -d web sh -c 'touch /tmp/detached'"),
            eventually(inside("web:1", "ls /tmp/detached", "/tmp/detached")),
        ),
    ),
    Scenario(
        name="exec-nothing-there",
        intent="`exec` in a service that does not run says so, as does a command that is not there.",
        files=ONE,
        steps=(
            run("exec -T web true", code=1),
            says("web"),
            run("up -d"),
            run("exec -T web no-such-command", code=None),
            do("it failed", lambda stack: _failed(stack)),
        ),
    ),
    Scenario(
        name="exec-terminal",
        intent="`exec` in a terminal is raw, follows the window's size, and Ctrl-C reaches the command, not us.",
        files=ONE,
        steps=(
            run("up -d"),
            open_terminal("exec web sh", columns=100, rows=30),
            shows("terminal", "# "),
            do("the terminal is raw", lambda stack: _echo(stack, on=False)),
            send("stty size\r"),
            shows("terminal", "30 100"),
            resize(90, 20),
            do("the size arrives", lambda stack: _size_arrives(stack, "20 90")),
            send("sleep 765\r"),
            eventually(inside("web", "ps | grep -q '[s]leep 765'")),
            send("\x03"),
            send("echo still-$((1+1))-here\r"),
            shows("terminal", "still-2-here"),
            send("exit 5\r"),
            ends("terminal", code=5),
            do("the terminal is as before", lambda stack: _echo(stack, on=True)),
        ),
    ),
    Scenario(
        name="exec-detach-keys",
        intent="Ctrl-P Ctrl-Q leaves an `exec` without ending its command.",
        files=ONE,
        steps=(
            run("up -d"),
            open_terminal("exec web sh -c 'echo ready; sleep 543'"),
            shows("terminal", "ready"),
            send("\x10"),
            send("\x11"),
            do("it ends", lambda stack: stack.background["terminal"].ended(10)),
            inside("web", "ps | grep -q '[s]leep 543'"),
            do("the terminal is as before", lambda stack: _echo(stack, on=True)),
        ),
    ),
)
