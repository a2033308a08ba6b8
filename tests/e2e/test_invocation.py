"""How the program is called: where files are found, how progress is shown, two invocations at once, dry runs."""

import json
import re
import threading

from compose_lite.cli import commands
from tests.e2e.checks import (
    containers,
    environment,
    nothing_left,
    prints,
    says,
    says_not,
    unchanged,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.processes import Result, Terminal
from tests.e2e.stack import Stack
from tests.e2e.steps import do, edit, ends, launch, open_terminal, remember, resize, run, shows

TWO = {
    "compose.yaml": """
        services:
          web: {image: "${IDLE}", depends_on: [db]}
          db: {image: "${IDLE}", environment: {A: "1"}}
    """
}
SLOW = {
    "compose.yaml": """
        services:
          web: {image: "${IDLE}", depends_on: {db: {condition: service_healthy}}}
          db: {image: "${IDLE}", healthcheck: {test: test -e /tmp/go, interval: 300ms, retries: 100}}
    """
}
COLOUR = re.compile(r"\x1b\[[0-9;]*[1-9][0-9;]*m")


def _go(stack: Stack) -> None:
    code, output = stack.inside("db", "touch /tmp/go")
    assert code == 0, output


test_finding = scenarios(
    Scenario(
        name="override",
        intent="`compose.override.yaml` beside the file is merged, and named files alone are taken if `-f` is given.",
        files={
            "compose.yaml": "services: {web: {image: '${IDLE}', environment: {A: base, B: base}}}",
            "compose.override.yaml": "services: {web: {environment: {B: override}}}",
            "more.yaml": "services: {web: {environment: {B: more}}}",
        },
        steps=(
            run("up -d"),
            environment("web", A="base", B="override"),
            run("-f compose.yaml -f more.yaml up -d"),
            environment("web", A="base", B="more"),
        ),
    ),
    Scenario(
        name="variables",
        intent="COMPOSE_FILE, `.env`, `--env-file`, `--profile` and standard input say what is loaded.",
        files={
            "a.yaml": "services: {web: {image: '${IDLE}', environment: {A: '${VALUE}'}}}",
            ".env": "COMPOSE_FILE=a.yaml\nVALUE=from-dotenv\n",
            "other.env": "VALUE=from-other\n",
        },
        steps=(
            run("up -d"),
            environment("web", A="from-dotenv"),
            run("-f a.yaml --env-file other.env up -d"),
            environment("web", A="from-other"),
            run("up -d", env={"VALUE": "from-shell"}),
            environment("web", A="from-shell"),
            run("-f - up -d", stdin="services: {web: {image: '${IDLE}', environment: {A: stdin}}}"),
            environment("web", A="stdin"),
        ),
    ),
    Scenario(
        name="parent-folder",
        intent="The file is found in a parent folder, and `--project-directory` says where paths start.",
        files={
            "compose.yaml": "services: {web: {image: '${IDLE}', volumes: ['./data:/data']}}",
            "deep/down/here.txt": "",
        },
        steps=(
            do("up -d from deep/down", lambda stack: _from_below(stack)),
            containers(web="running"),
            run("--project-directory deep -f compose.yaml config --format json"),
            do("paths start at deep", lambda stack: _volume_source(stack, "deep/data")),
        ),
    ),
)

test_progress = scenarios(
    Scenario(
        name="pipe",
        intent="In a pipe progress is plain lines on standard error, without any escape.",
        files=TWO,
        steps=(
            run("up -d"),
            says("{STACK}-web-1", "{STACK}-db-1"),
            says_not("\x1b"),
            prints(""),
            run("down"),
            says_not("\x1b"),
        ),
    ),
    Scenario(
        name="json",
        intent="`--progress json` gives one JSON object a line.",
        files=TWO,
        steps=(run("--progress json up -d"), do("every line is an object", lambda stack: _all_json(stack))),
    ),
    Scenario(
        name="quiet",
        intent="`--progress quiet` prints nothing.",
        files=TWO,
        steps=(run("--progress quiet up -d"), do("nothing", lambda stack: _nothing(stack))),
    ),
    Scenario(
        name="terminal",
        intent="On a terminal the live view ends as one line a resource, whatever the window's width.",
        files=TWO,
        steps=(
            open_terminal("up -d", columns=60, rows=15),
            ends("terminal", code=0),
            do("one line each", lambda stack: _once_each(stack)),
            open_terminal("down", key="wide", columns=100),
            ends("wide", code=0),
            nothing_left(),
        ),
    ),
    Scenario(
        name="resized",
        intent="A window that is resized meanwhile ends with one line a resource as well.",
        only="compose-lite",
        files=SLOW,
        steps=(
            open_terminal("up -d", columns=100, rows=20),
            shows("terminal", "db-1"),
            resize(70, 20),
            shows("terminal", "healthy"),
            resize(100, 30),
            do("let db become healthy", _go),
            ends("terminal", code=0),
            do("one line each", lambda stack: _once_each(stack)),
        ),
    ),
    Scenario(
        name="colour",
        intent="Colours are used on a terminal only, and not where NO_COLOR or `--ansi never` forbids them.",
        only="compose-lite",
        files=TWO,
        steps=(
            open_terminal("up -d"),
            ends("terminal", code=0),
            do("coloured", lambda stack: _coloured(stack, True)),
            do("forbid colours", lambda stack: stack.env.update(NO_COLOR="1")),
            open_terminal("up -d --force-recreate", key="no-color"),
            ends("no-color", code=0),
            do("plain", lambda stack: _coloured(stack, False)),
            do("allow colours", lambda stack: stack.env.pop("NO_COLOR")),
            open_terminal("--ansi never up -d --force-recreate", key="never"),
            ends("never", code=0),
            do("plain", lambda stack: _coloured(stack, False)),
        ),
    ),
)

test_lock = scenarios(
    Scenario(
        name="second-up-waits",
        intent="While one invocation changes a project, another one waits if told to, and then has nothing to do.",
        only="compose-lite",
        files=SLOW,
        steps=(
            launch("first", "up -d", until="db-1"),
            shows("first", "healthy"),
            launch("second", "--lock-timeout 60 up -d"),
            do("let db become healthy", _go),
            ends("first", code=0),
            ends("second", code=0, timeout=60),
            containers(web="running", db="healthy"),
        ),
    ),
    Scenario(
        name="second-up-refused",
        intent="While one invocation changes a project, another one is refused, naming the holder; reading goes on.",
        only="compose-lite",
        files=SLOW,
        steps=(
            launch("first", "up -d", until="db-1"),
            shows("first", "healthy"),
            run("down", code=1),
            do("it names the first", lambda stack: _names_process(stack, "first")),
            run("ps"),
            do("let db become healthy", _go),
            ends("first", code=0),
            run("down"),
            nothing_left(),
        ),
    ),
    Scenario(
        name="ten-at-once",
        intent="Ten `up`s at once bring the stack up once: no duplicate, no half state.",
        only="compose-lite",
        files=TWO,
        steps=(
            do("ten ups", lambda stack: _many(stack, 10, "--lock-timeout 60 up -d")),
            containers(web="running", db="running"),
            run("up -d", changes=0),
            run("down"),
            nothing_left(),
        ),
    ),
)

DRY_RUNS = (
    "create",
    "stop",
    "restart",
    "kill",
    "rm -s -f",
    "rm -f",
    "scale web=2",
    "down -v --rmi all",
    "pause",
    "start",
    "run --rm web true",
    "pull",
    "build",
    "push",
    "exec -T web touch /tmp/x",
    "sh web -c 'touch /tmp/x'",
    "test web true",
    "doctor",
    "completion install bash",
    "plugin install",
    "publish --with-env {STACK}/app:1",
    "cp compose.yaml web:/tmp/x",
    "commit web {STACK}/web:2",
    "export web -o web.tar",
)
test_dry_run = scenarios(
    Scenario(
        name="nothing-happens",
        intent="`--dry-run` of every changing verb makes no changing call and leaves the state as it is.",
        only="compose-lite",
        files=TWO,
        steps=(
            run("--dry-run up -d", changes=0),
            says("{STACK}-web-1", "{STACK}-db-1"),
            nothing_left(),
            run("up -d"),
            remember(),
            edit("compose.yaml", '"1"', '"2"'),
            run("--dry-run up -d", changes=0),
            says("{STACK}-db-1", "environment"),
            *(run(f"--dry-run {verb}", changes=0) for verb in DRY_RUNS),
            do("nothing was written here", lambda stack: _not_here(stack, "web.tar")),
            run("pause"),
            remember(),
            run("--dry-run unpause", changes=0),
            unchanged(),
        ),
    ),
)

# Commands that only look, or whose dry run is tried elsewhere: `rollback` in test_rollout, `apply` in
# test_plan, `watch` in test_watch.
_OTHERS = {
    "apply", "attach", "check", "config", "du", "events", "explain", "graph", "images", "logs", "ls", "networks",
    "open", "plan", "port", "ps", "rollback", "stats", "top", "version", "volumes", "wait",
    "watch",
}  # fmt: skip


def test_every_changing_command_has_its_dry_run_tried() -> None:
    tried = {line.split()[0] for line in (*DRY_RUNS, "up", "unpause")}
    assert commands.TABLE.keys() - _OTHERS == tried


def _not_here(stack: Stack, path: str) -> None:
    assert not (stack.folder / path).exists()


def _from_below(stack: Stack) -> None:
    project = stack.folder
    stack.folder = project / "deep" / "down"
    try:
        stack.run("up -d")
    finally:
        stack.folder = project
    source = stack.container("web").field("Mounts.0.Source")
    assert source == str(project / "data"), source


def _volume_source(stack: Stack, expected: str) -> None:
    assert stack.last is not None
    (volume,) = json.loads(stack.last.out)["services"]["web"]["volumes"]
    assert volume["source"] == str(stack.folder / expected)


def _last(stack: Stack) -> Result:
    assert stack.last is not None
    return stack.last


def _all_json(stack: Stack) -> None:
    lines = _last(stack).text.splitlines()
    assert len(lines) > 3, lines
    assert all(isinstance(json.loads(line), dict) for line in lines)


def _nothing(stack: Stack) -> None:
    assert not _last(stack).text.strip(), _last(stack)


def _once_each(stack: Stack) -> None:
    """The final screen has each container's name exactly once, and no line of an earlier frame besides."""
    terminal = stack.background["terminal"]
    assert isinstance(terminal, Terminal)
    for name in ("web-1", "db-1"):
        lines = [line for line in terminal.screen if name in line]
        assert len(lines) == 1, "\n".join(terminal.screen)


def _coloured(stack: Stack, expected: bool) -> None:
    assert bool(COLOUR.search(_last(stack).out)) == expected, repr(_last(stack).out)


def _names_process(stack: Stack, key: str) -> None:
    assert str(stack.background[key].pid) in _last(stack).text, _last(stack)


def _many(stack: Stack, count: int, command: str) -> None:
    """Start `count` invocations at once; all must succeed."""
    failures: list[AssertionError] = []

    def one(number: int) -> None:
        try:
            result = stack.launch(f"up{number}", command).ended(120)
            assert result.code == 0, str(result)
        except AssertionError as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
