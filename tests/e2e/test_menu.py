"""`up` on a terminal: the keys of its menu, watching beside the logs, and a terminal that is left as it was."""

import signal
import time
from collections.abc import Callable

from tests.e2e.checks import containers, inside, says, says_not
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.processes import Terminal
from tests.e2e.stack import Stack
from tests.e2e.steps import (
    do,
    edit,
    ends,
    eventually,
    launch,
    open_terminal,
    remember,
    run,
    send,
    send_signal,
    shows,
    write,
)
from tests.fakes.proxy import Proxy

PATIENCE = 60
TALKING = "sh -c 'while :; do echo {word}; sleep 0.1; done'"
STACK = {
    "compose.yaml": f"""
        services:
          web:
            image: "${{IDLE}}"
            command: {TALKING.format(word="tick")}
            ports: ["127.0.0.1:${{PORT1}}:80"]
            develop: {{watch: [{{action: sync, path: src, target: /src}}]}}
          worker: {{image: "${{IDLE}}", command: {TALKING.format(word="tock")}}}
    """,
    "src/page": "first\n",
    "browser": '#!/bin/sh\necho "$1" > opened.new; mv opened.new opened\n',
}


def terminal(stack: Stack) -> Terminal:
    process = stack.background["terminal"]
    assert isinstance(process, Terminal)
    return process


def menu(command: str = "up --menu") -> tuple[Step, ...]:
    """Open `up` with its menu; return once keys are read."""
    return (
        open_terminal(command, columns=100, rows=20),
        shows("terminal", " detach", timeout=PATIENCE),
        soon("keys are read", lambda stack: not terminal(stack).echoes),
    )


def soon(text: str, holds: Callable[[Stack], bool]) -> Step:
    def check(stack: Stack) -> None:
        assert holds(stack), "\n".join(terminal(stack).screen)

    return eventually(Step(text=text, act=check), timeout=PATIENCE)


def at_the_bottom(text: str) -> Step:
    """The terminal's last line begins so."""
    return soon(f"the last line is {text!r}", lambda stack: terminal(stack).screen[-1].startswith(text))


def left_as_it_was() -> Step:
    """The program has ended, its menu is gone, and what is typed is seen again."""

    def check(stack: Stack) -> None:
        time.sleep(0.2)  # what was written last is on its way through the pseudo-terminal
        assert terminal(stack).echoes
        assert not any(" detach" in line for line in terminal(stack).screen)

    return Step(text="the terminal is as it was", act=check)


def ended(code: int) -> tuple[Step, Step]:
    """The program ends with this code, and leaves the terminal as it was."""
    return ends("terminal", code=code, timeout=PATIENCE), left_as_it_was()


def lines_after(stack: Stack, marker: str) -> str:
    return terminal(stack).seen().rpartition(marker)[2]


def restarted(stack: Stack, service: str) -> bool:
    assert stack.before is not None
    (before,) = (found for found in stack.before.containers if found.service == service)
    return stack.container(service).started > before.started


def opened(stack: Stack) -> bool:
    found = stack.folder / "opened"
    return found.exists() and found.read_text() == f"http://localhost:{stack.env['PORT1']}\n"


def with_browser(stack: Stack) -> None:
    (stack.folder / "browser").chmod(0o755)
    stack.env["BROWSER"] = str(stack.folder / "browser")


PROXIES: list[Proxy] = []


def between(stack: Stack) -> None:
    """Have the program reach the daemon by a proxy that can be closed."""
    PROXIES.append(Proxy())
    stack.env["DOCKER_HOST"] = PROXIES[-1].address


test_menu = scenarios(
    Scenario(
        name="keys",
        intent="Each key of the menu does what the menu says, below logs that go on.",
        files=STACK,
        only="compose-lite",
        steps=(
            do("there is a browser", with_browser),
            *menu(),
            at_the_bottom("w watch off  r restart  l logs  o open  d detach  ? help"),
            send("?"),
            shows("terminal", "leave, and let the containers run"),
            send("o"),
            soon("the published port is opened", opened),
            remember(),
            send("r"),
            at_the_bottom("restart: ▏  web  worker"),
            send("wo\r"),
            soon("the worker has restarted", lambda stack: restarted(stack, "worker")),
            soon("the web server has not", lambda stack: not restarted(stack, "web")),
            send("l"),
            at_the_bottom("logs: ▏"),
            send("web\r"),
            at_the_bottom("w watch off  r restart  l logs: web"),
            soon("only its lines are shown", lambda stack: "tick" in lines_after(stack, "tock")[200:]),
            send("d"),
            *ended(0),
            containers(web="running", worker="running"),
        ),
    ),
    Scenario(
        name="watch-on-and-off",
        intent="`w` begins to watch and ends it; Ctrl-C stops the containers then as ever.",
        files=STACK,
        only="compose-lite",
        steps=(
            *menu(),
            send("w"),
            shows("terminal", "Watch enabled: web", timeout=PATIENCE),
            at_the_bottom("w watch on"),
            write("src/page", "second\n"),
            eventually(inside("web", "cat /src/page", "second"), timeout=PATIENCE),
            shows("terminal", "synced", timeout=PATIENCE),
            send("w"),
            shows("terminal", "Watch disabled", timeout=PATIENCE),
            at_the_bottom("w watch off"),
            send("w"),
            shows("terminal", "Watch enabled: web", times=2, timeout=PATIENCE),
            send("\x03"),
            *ended(130),
            containers(web="exited 137", worker="exited 137"),
        ),
    ),
    Scenario(
        name="terminated",
        intent="SIGTERM ends `up` and leaves the terminal as it was.",
        files=STACK,
        only="compose-lite",
        steps=(
            *menu(),
            send("r"),
            at_the_bottom("restart: "),
            send_signal("terminal", signal.SIGTERM),
            *ended(130),
            containers(web="exited 137", worker="exited 137"),
        ),
    ),
    Scenario(
        name="hang-up",
        intent="When the terminal's window is closed, the containers are stopped.",
        files=STACK,
        only="compose-lite",
        steps=(
            *menu(),
            do("close the window", lambda stack: terminal(stack).hang_up()),
            eventually(containers(web="exited 137", worker="exited 137"), timeout=PATIENCE),
            soon("the program has ended", lambda stack: not terminal(stack).running()),
        ),
    ),
    Scenario(
        name="lost-daemon",
        intent="An error that ends `up` leaves the terminal as it was, and is said.",
        files=STACK,
        only="compose-lite",
        steps=(
            do("a proxy is in between", between),
            *menu(),
            do("the daemon is gone", lambda _: PROXIES.pop().close()),
            *ended(1),
            says("error: "),
        ),
    ),
    Scenario(
        name="ends-by-itself",
        intent="When all containers have ended, so has the menu.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', command: sleep 4}}"},
        only="compose-lite",
        steps=(*menu(), *ended(0)),
    ),
    Scenario(
        name="asked-for",
        intent="The menu is there where `--menu` or COMPOSE_MENU ask for it, and never in a pipe.",
        files={
            "compose.yaml": "services: {web: {image: '${IDLE}', command: sh -c 'echo ready; sleep 2; echo done'}}"
        },
        only="compose-lite",
        steps=(
            run("up --menu"),
            says("ready", "done"),
            says_not("detach", "\x1b"),
            do("COMPOSE_MENU asks for it", lambda stack: stack.env.update(COMPOSE_MENU="1")),
            open_terminal("up"),
            shows("terminal", " detach", timeout=PATIENCE),
            ends("terminal", code=0, timeout=PATIENCE),
            open_terminal("up --menu=false", key="without"),
            shows("without", "done", timeout=PATIENCE),
            ends("without", code=0, timeout=PATIENCE),
            says_not("detach"),
        ),
    ),
)

test_watch = scenarios(
    Scenario(
        name="up-watch",
        intent="`up --watch` shows logs and puts changes into effect, those of its own files too, until Ctrl-C.",
        files=STACK,
        only="compose-lite",
        steps=(
            launch("up", "up --watch"),
            shows("up", "Watch enabled: web", timeout=PATIENCE),
            shows("up", "tick"),
            write("src/page", "second\n"),
            eventually(inside("web", "cat /src/page", "second"), timeout=PATIENCE),
            shows("up", "synced", timeout=PATIENCE),
            edit("compose.yaml", "echo tock", "echo tuck"),
            shows("up", "worker-1  | tuck", timeout=PATIENCE),
            shows("up", "replace  command"),
            edit(
                "compose.yaml",
                "services:",
                "services:\n  late: {image: '${IDLE}', command: sh -c 'echo here; sleep 999'}",
            ),
            shows("up", "late-1    | here", timeout=PATIENCE),
            send_signal("up", signal.SIGINT),
            ends("up", code=130, timeout=PATIENCE),
            says_not("Traceback"),
            containers(web="exited 137", worker="exited 137", late="exited 137"),
        ),
    ),
    Scenario(
        name="up-watch-waits",
        intent="`up --watch` stays when a container has ended: the next change may mend it.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: "${IDLE}"
                    command: sh -c 'test -e /src/page || exit 3; echo mended; sleep 1000'
                    develop: {watch: [{action: sync+restart, path: src, target: /src}]}
            """,
            "src/other": "x\\n",
        },
        only="compose-lite",
        steps=(
            launch("up", "up --watch"),
            shows("up", "exited with code 3", timeout=PATIENCE),
            write("src/page", "here\n"),
            shows("up", "mended", timeout=PATIENCE),
            send_signal("up", signal.SIGINT),
            ends("up", code=130, timeout=PATIENCE),
        ),
    ),
    Scenario(
        name="up-watch-refused",
        intent="`--watch` goes neither with a command that returns nor with a stack that says nothing to watch.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}'}}"},
        steps=(
            *(run(f"up {option} --watch", code=1) for option in ("--detach", "--wait")),
            run("up --watch", code=1),
            containers(),
        ),
    ),
)
