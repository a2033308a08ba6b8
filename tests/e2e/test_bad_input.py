"""Bad input and bad luck: a non-zero exit, the facts that one needs to act, and a state that is as before."""

import json
import os
import socket

from tests.e2e import state
from tests.e2e.checks import containers, kept, nothing_left, says, unchanged
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, edit, make_container, remember, run, write

GOOD = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            environment: {A: "1"}
          db: {image: "${IDLE}"}
    """
}
PUBLISHED = 'ports: ["${PORT1}:80"]'
NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


def fails(command: str, *facts: str, env: dict[str, str] | None = None) -> tuple[Step, Step]:
    """The invocation fails and its message has the facts."""

    def act(stack: Stack) -> None:
        result = stack.run(command, code=None, env=env)
        if result.code <= 0:
            raise AssertionError(f"expected a failure\n{result}")

    return Step(text=f"$ {command} fails", act=act), says(*facts)


def changed_web(more: str = "") -> Step:
    """The file wants another `web`, so that `up` would have to replace it; `more` is added to the service."""
    return edit("compose.yaml", 'environment: {A: "1"}', f'environment: {{A: "2"}}\n    {more}')


def bad_file(name: str, intent: str, text: str, *facts: str) -> Scenario:
    """A file that is refused, with the facts, by `config` and by `up` on a running stack, which stays as it is."""
    return Scenario(
        name=name,
        intent=intent,
        only="compose-lite",
        files=GOOD,
        steps=(
            run("up -d"),
            remember(),
            write("compose.yaml", text),
            *fails("config -q", "compose.yaml", *facts),
            *fails("up -d", "compose.yaml", *facts),
            unchanged(),
        ),
    )


test_files = scenarios(
    Scenario(
        name="no-file",
        intent="Without a file the message lists what was looked for, and where.",
        only="compose-lite",
        steps=fails("up -d", "compose.yaml", "docker-compose.yml", "project"),
    ),
    Scenario(
        name="no-such-file",
        intent="A file that `-f` names and that is not there is named.",
        steps=fails("-f nowhere.yaml up -d", "nowhere.yaml"),
    ),
    bad_file(
        "broken-yaml",
        "Broken YAML is shown with line, column and excerpt.",
        "services:\n  web:\n    image: x\n  db: [\n",
        ":5:",
    ),
    bad_file(
        "tab",
        "A tab in the indentation is shown where it is.",
        "services:\n\tweb:\n    image: x\n",
        ":2:",
        "tab",
    ),
    bad_file(
        "unknown-key",
        "An unknown key is shown with its place and the nearest known one.",
        "services:\n  web:\n    imge: x\n",
        ":3:",
        "imge",
        "image",
    ),
    bad_file(
        "all-at-once",
        "All problems of a file are reported together.",
        "services:\n  web:\n    imge: x\n  db:\n    image: x\n    prots: ['80']\n",
        "imge",
        "prots",
        "ports",
        ":6:",
    ),
    bad_file(
        "undefined",
        "References to undefined networks, volumes and services are named with their place.",
        """
        services:
          web: {image: x, networks: [nope], volumes: ["gone:/data"], depends_on: [missing]}
        """,
        "nope",
        "gone",
        "missing",
        ":2:",
    ),
    bad_file(
        "cycle",
        "A cycle of dependencies is spelled out.",
        """
        services:
          a: {image: x, depends_on: [b]}
          b: {image: x, depends_on: [c]}
          c: {image: x, depends_on: [a]}
        """,
        "a → b → c → a",
    ),
    bad_file(
        "required-variable",
        "A variable that must be set and is not is named, with the file's own message.",
        "services:\n  web:\n    image: ${TAG_OF_WEB:?which version}\n",
        "TAG_OF_WEB",
        "which version",
        ":3:",
    ),
)

test_command_line = scenarios(
    Scenario(
        name="unknown-service",
        intent="An unknown service on the command line is named, with the nearest one.",
        only="compose-lite",
        files=GOOD,
        steps=(
            run("up -d"),
            remember(),
            *fails("up -d wbe", "wbe", "web"),
            *fails("stop wbe", "wbe", "web"),
            *fails("logs wbe", "wbe", "web"),
            *fails("exec -T wbe true", "wbe", "web"),
            unchanged(),
        ),
    ),
    Scenario(
        name="unknown-command-and-option",
        intent="An unknown command or option is named, with the nearest one.",
        only="compose-lite",
        files=GOOD,
        steps=(*fails("upp", "upp", "up"), *fails("up --detatch", "--detatch", "--detach")),
    ),
    Scenario(
        name="no-daemon",
        intent="Without a daemon the message tells the address and how to start one.",
        files=GOOD,
        only="compose-lite",
        steps=(
            *fails("up -d", "/nowhere/docker.sock", "systemctl start docker", env=NOWHERE),
            *fails("ps", "/nowhere/docker.sock", env=NOWHERE),
            *fails("down", "/nowhere/docker.sock", env=NOWHERE),
            nothing_left(),
        ),
    ),
    Scenario(
        name="json-errors",
        intent="With `--progress json` an error is data as well.",
        only="compose-lite",
        files=GOOD,
        steps=(
            *fails("--progress json up -d wbe", "wbe"),
            do("the last line is JSON", lambda stack: _last_line_is_json(stack)),
        ),
    ),
)

test_bad_luck = scenarios(
    Scenario(
        name="unpullable",
        intent="An image that can't be pulled is named, with what the registry said, before anything is stopped.",
        only="compose-lite",
        files=GOOD,
        steps=(
            run("up -d"),
            remember(),
            changed_web(),
            edit("compose.yaml", 'db: {image: "${IDLE}"}', "db: {image: '127.0.0.1:1/never/there:1'}"),
            *fails("up -d", "127.0.0.1:1/never/there", "refused"),
            unchanged(),
        ),
    ),
    Scenario(
        name="port-of-a-container",
        intent="A host port that another container holds: the message names port and container, nothing is stopped.",
        only="compose-lite",
        files=GOOD,
        steps=(
            make_container("{STACK}-holder", publish="{PORT1}"),
            run("up -d"),
            remember(),
            changed_web(PUBLISHED),
            *fails("up -d", "{PORT1}", "{STACK}-holder"),
            unchanged(),
        ),
    ),
    Scenario(
        name="port-of-a-process",
        intent="A host port that a process holds: the message names port and process, nothing is stopped.",
        only="compose-lite",
        files=GOOD,
        steps=(
            run("up -d"),
            remember(),
            changed_web(PUBLISHED),
            do("hold PORT1, try, let go", lambda stack: _with_port_taken(stack)),
            unchanged(),
            run("up -d"),
            containers(web="running", db="running"),
        ),
    ),
    Scenario(
        name="port-twice",
        intent="Two services that publish the same port fail without touching what runs.",
        only="compose-lite",
        files=GOOD,
        steps=(
            run("up -d"),
            remember(),
            changed_web(PUBLISHED),
            edit("compose.yaml", 'db: {image: "${IDLE}"', 'db: {image: "${IDLE}", ports: ["${PORT1}:80"]'),
            *fails("up -d", "{PORT1}", "web", "db"),
            unchanged(),
        ),
    ),
    Scenario(
        name="name-taken",
        intent="A container name that somebody else's container has: the message names it, nothing is stopped.",
        only="compose-lite",
        files=GOOD,
        steps=(
            make_container("{STACK}-special"),
            run("up -d"),
            remember(),
            changed_web("container_name: ${STACK}-special"),
            *fails("up -d", "{STACK}-special"),
            unchanged(),
        ),
    ),
    Scenario(
        name="missing-external",
        intent="An external network or volume that does not exist is named, and nothing is made.",
        files={
            "compose.yaml": """
                services: {web: {image: "${IDLE}", networks: [shared], volumes: ["store:/store"]}}
                networks: {shared: {external: true, name: "${STACK}-nowhere"}}
                volumes: {store: {external: true, name: "${STACK}-nothing"}}
            """
        },
        steps=(*fails("up -d", "{STACK}-no"), containers()),
    ),
    Scenario(
        name="engine-too-old",
        intent="Fields that the Engine is too old for are all named, with place and version, before anything is made.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  plain: {image: "${IDLE}"}
                  noted: {image: "${IDLE}", annotations: {a: b}}
                  slow:
                    image: ${IDLE}
                    healthcheck: {test: "true", start_interval: 1s}
            """
        },
        steps=(
            *fails(
                "up -d",
                "compose.yaml:",
                "'noted' uses `annotations`",
                "'slow' uses `healthcheck.start_interval`",
                "it speaks API 1.41, 1.43 is needed",
                env={"DOCKER_API_VERSION": "1.41"},  # newer engines have them
            ),
            nothing_left(),
            run("up -d plain"),
            containers(plain="running"),
        ),
    ),
    Scenario(
        name="bad-command",
        intent="A container that can't be started fails `up` with the reason; independent services run.",
        files={
            "compose.yaml": """
                services:
                  bad: {image: "${IDLE}", command: no-such-program}
                  dependent: {image: "${IDLE}", depends_on: [bad]}
                  good: {image: "${IDLE}"}
            """
        },
        only="compose-lite",
        steps=(
            *fails("up -d", "bad", "no-such-program"),
            containers(bad="created", dependent="created", good="running"),
            remember(),
            edit("compose.yaml", "no-such-program", "sleep 1000"),
            run("up -d"),
            containers(bad="running", dependent="running", good="running"),
            kept("good"),
        ),
    ),
)


def _with_port_taken(stack: Stack) -> None:
    with socket.create_server(("0.0.0.0", int(stack.env["PORT1"]))):
        for step in fails("up -d", "{PORT1}", str(os.getpid())):
            step.act(stack)


def _last_line_is_json(stack: Stack) -> None:
    assert stack.last is not None
    assert isinstance(json.loads(stack.last.text.strip().splitlines()[-1]), dict)
    assert not state.containers(stack.name)
