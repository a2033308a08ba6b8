"""What the listing commands print: their facts, and field by field what docker compose prints for the same stack."""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.e2e.checks import containers, json_lines, prints, prints_lines, prints_match, says
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, eventually, inside, peer, run

STACK = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            ports: ["127.0.0.1:${PORT1}:80", "${PORT2}:53/udp"]
            networks: [a, b]
          db:
            image: ${IDLE}
            scale: 2
            volumes: ["data:/data"]
            healthcheck: {test: "true", interval: 1s}
          job: {image: "${IDLE}", command: sh -c "exit 3"}
        networks: {a: {}, b: {}}
        volumes: {data: {labels: {purpose: test}}}
    """
}
UP = (run("up -d"), eventually(containers(web="running", db="healthy x2", job="exited 3")))

Rows = list[dict[str, Any]]
_AGE = re.compile(r"(?:\d+|About an?|Less than a) (?:second|minute|hour|day|week|month|year)s? ago")

# What differs from one call to the next, or between the two programs by design.
_VOLATILE: dict[str, Callable[[Any], Any]] = {
    "RunningFor": lambda text: str(text).split()[-1],
    "Status": lambda text: str(text).split()[0],
    "Ports": lambda text: sorted(str(text).split(", ")),
    "Networks": lambda text: sorted(str(text).split(",")),
    "Mounts": lambda text: sorted(str(text).split(",")),
    "Publishers": lambda ports: sorted(ports, key=str),
    "Labels": lambda text: sorted(
        label
        for label in str(text).split(",")
        if label.startswith(("com.docker.compose.project=", "com.docker.compose.service=", "purpose="))
    ),
}


def _normal(rows: Rows, ours: str) -> Rows:
    """Rows of the scenario's own project in a comparable form."""
    kept = [row for row in rows if ours in json.dumps(row)]
    for row in kept:
        for key, simplify in _VOLATILE.items():
            if key in row:
                row[key] = simplify(row[key])
    return sorted(kept, key=lambda row: str(row.get("Name") or row["ContainerName"]))


def same_rows(command: str) -> Step:
    """The program's JSON has the rows and fields of docker compose's."""

    def act(stack: Stack) -> None:
        theirs = _normal(json_lines(stack.run(command, who="peer").out), stack.name)
        ours = _normal(json_lines(stack.run(command).out), stack.name)
        assert [row.keys() for row in ours] == [row.keys() for row in theirs]
        differing = [
            f"{key}: {mine[key]!r}, docker compose has {other[key]!r}"
            for mine, other in zip(ours, theirs, strict=True)
            for key in mine
            if mine[key] != other[key]
        ]
        assert not differing, "\n".join(differing)

    return Step(text=f"the rows of `{command}` are docker compose's", act=act)


def same_json(command: str) -> Step:
    """The program prints the JSON that docker compose prints, whatever the order of keys."""

    def act(stack: Stack) -> None:
        theirs = json.loads(stack.run(command, who="peer").out)
        assert json.loads(stack.run(command).out) == theirs

    return Step(text=f"the JSON of `{command}` is docker compose's", act=act)


def same_text(command: str, *, code: int = 0, words: bool = False) -> Step:
    """The program prints what docker compose prints; with `words`, whatever the spacing and the order of lines."""
    shape = _words if words else str

    def act(stack: Stack) -> None:
        theirs = stack.run(command, code=code, who="peer").out
        ours = stack.run(command, code=code).out
        assert shape(ours) == shape(theirs)

    return Step(text=f"`{command}` prints what docker compose prints", act=act)


def _words(text: str) -> list[list[str]]:
    """The words of each line, without ages: a minute may pass between one program's answer and the other's."""
    return sorted(line.split() for line in _AGE.sub("AGE", text).splitlines())


test_facts = scenarios(
    Scenario(
        name="ps",
        intent="`ps` lists running containers, `-a` all, `--services`, `-q`, `--status` and `--filter` what they say.",
        files=STACK,
        steps=(
            *UP,
            run("ps --format json"),
            prints_match(
                lambda text: {row["Service"] for row in json_lines(text)} == {"web", "db"}, "web and db"
            ),
            run("ps -a --format json"),
            prints_match(lambda text: len(json_lines(text)) == 4, "all four"),
            run("ps --services"),
            prints_lines("web", "db"),
            run("ps -q web"),
            do("it is web's id", lambda stack: _is_id(stack, "web")),
            run("ps -a --status exited --format '{{.Name}} {{.ExitCode}}'"),
            prints("{STACK}-job-1 3"),
            run("ps -a --filter status=exited --format '{{.Name}}'"),
            prints("{STACK}-job-1"),
            run("ps"),
            says("NAME", "{STACK}-web-1", "healthy", "127.0.0.1:{PORT1}->80/tcp"),
        ),
    ),
    Scenario(
        name="port",
        intent="`port` prints the host's address of a container's port, and fails where none is published.",
        files=STACK,
        steps=(
            *UP,
            run("port web 80"),
            prints("127.0.0.1:{PORT1}"),
            run("port --protocol udp web 53"),
            prints("0.0.0.0:{PORT2}"),
            run("port web 99", code=1),
        ),
    ),
    Scenario(
        name="ls",
        intent="`ls` lists running stacks, `-a` stopped ones too, `-q` names only, `--filter name=` some.",
        files=STACK,
        steps=(
            *UP,
            run("ls --format json --filter name={STACK}"),
            prints_match(lambda text: json.loads(text)[0]["Status"] == "running(3)", "three running"),
            run("stop"),
            run("ls -q --filter name={STACK}"),
            prints(""),
            run("ls -a -q --filter name={STACK}"),
            prints("{STACK}"),
        ),
    ),
    Scenario(
        name="top",
        intent="`top` shows the processes of each container.",
        files=STACK,
        steps=(
            *UP,
            inside("web", "sleep 4321 & true"),
            run("top web"),
            says("sleep 100000", "PID"),
        ),
    ),
    Scenario(
        name="version",
        intent="`version` needs neither a file nor a daemon.",
        steps=(
            run("version --short", env={"DOCKER_HOST": "unix:///nowhere.sock"}),
            prints_match(lambda text: text.strip()[0].isdigit(), "a version"),
            run("version --format json"),
            prints_match(lambda text: "version" in json.loads(text), "JSON"),
        ),
    ),
    Scenario(
        name="config",
        intent="`config` needs no daemon; `--services`, `--volumes`, `--networks`, `--hash`, `-q` and JSON are data.",
        files=STACK,
        steps=(
            run("config -q", env={"DOCKER_HOST": "unix:///nowhere.sock"}),
            prints(""),
            run("config --services"),
            prints_lines("web", "db", "job"),
            run("config --volumes"),
            prints_lines("data"),
            run("config --hash web"),
            prints_match(
                lambda text: text.split()[0] == "web" and len(text.split()) == 2, "web and its hash"
            ),
            run("config --format json"),
            prints_match(
                lambda text: set(json.loads(text)["services"]) == {"web", "db", "job"}, "the services"
            ),
        ),
    ),
)

test_as_docker_compose = scenarios(
    Scenario(
        name="json",
        intent="The JSON of ps, ls, images and volumes has docker compose's rows, fields and values.",
        needs_peer=True,
        files=STACK,
        steps=(
            *UP,
            same_rows("ps --format json"),
            same_rows("ps -a --format json"),
            same_rows("ls --format json"),
            same_rows("images --format json"),
            same_rows("volumes --format json"),
        ),
    ),
    Scenario(
        name="text",
        intent="Tables, templates and identifiers are printed as docker compose prints them.",
        needs_peer=True,
        files=STACK,
        steps=(
            *UP,
            same_text("ps -q"),
            same_text("ps -a -q"),
            same_text("ps --services"),
            same_text("ps -a --format '{{.Name}}: {{.State}} {{.Image}} {{.Ports}}'"),
            same_text("ls --filter name={STACK}"),
            same_text("ls -q --filter name={STACK}"),
            same_text("images -q"),
            same_text("images", words=True),
            same_text("top web", words=True),
            same_text("port web 80"),
            same_json("config --format json"),
            same_text("config"),
            same_text("config --services", words=True),
        ),
    ),
    Scenario(
        name="others-stack",
        intent="A stack that docker compose made is listed by compose-lite with the same data.",
        needs_peer=True,
        files=STACK,
        steps=(
            peer("up -d"),
            eventually(containers(web="running", db="healthy x2", job="exited 3")),
            same_rows("ps -a --format json"),
            same_rows("ls -a --format json"),
        ),
    ),
)


def _is_id(stack: Stack, service: str) -> None:
    assert stack.last is not None
    assert stack.last.out.strip() == stack.container(service).id
