"""Failure reports: one block with all that is needed to act, whatever failed; what does not depend on it goes on."""

import json

from tests.e2e.checks import containers, nothing_left, says, says_not
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, make_container, run
from tests.e2e.strikes import refused, run_struck


def _reports(stack: Stack) -> list[dict[str, object]]:
    """The failure reports of the last invocation, which was made with `--progress json`."""
    assert stack.last is not None
    found = [json.loads(line) for line in stack.last.err.splitlines() if line.startswith("{")]
    return [entry for entry in found if entry.get("event") == "error"]


def report(**expected: object) -> Step:
    """There is one report, with these entries."""

    def act(stack: Stack) -> None:
        found = _reports(stack)
        assert len(found) == 1, found
        shown = {name: found[0].get(name) for name in expected}
        assert shown == {name: _filled(value, stack) for name, value in expected.items()}, found[0]

    return do(f"the report has {expected}", act)


def _filled(value: object, stack: Stack) -> object:
    if isinstance(value, list):
        return [_filled(item, stack) for item in value]
    return stack.expand(value) if isinstance(value, str) else value


def _refuse_first(stack: Stack) -> None:
    """The daemon refuses the first call of `up -d` that changes something."""
    struck = run_struck(stack, "up -d", at=1, strike=refused)
    stack.last = struck.result
    assert struck.result.code == 1, struck.result


def _refuse_down(stack: Stack) -> None:
    """The daemon refuses the last call of `down`, which removes the network."""
    struck = run_struck(stack, "down", at=3, strike=refused)
    stack.last = struck.result
    assert struck.result.code == 1, struck.result


test_failures = scenarios(
    Scenario(
        name="unhealthy",
        intent="An unhealthy container: last probes, last lines, what waits for it, how to go on; others run.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  db:
                    image: ${IDLE}
                    command: sh -c "seq 1 30; exec sleep 1000"
                    stop_signal: SIGKILL
                    healthcheck:
                      test: echo no route; exit 4
                      interval: 0.2s
                      retries: 3
                  web:
                    image: ${IDLE}
                    depends_on: {db: {condition: service_healthy}}
                  other: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up -d", code=1),
            says(
                "{STACK}-db-1",
                "last health probes",
                "exit code 4: no route",
                "| 11\n",
                "| 30\n",
                "left undone",
                "start container {STACK}-web-1",
                "then continue: compose-lite up -d",
            ),
            says_not("| 10\n"),
            containers(db="unhealthy", web="created", other="running"),
            run("--progress json up -d", code=1),
            report(
                container="{STACK}-db-1",
                action="wait for service db",
                probes=["exit code 4: no route"] * 3,
                log_tail=[str(number) for number in range(11, 31)],
                undone=["start container {STACK}-web-1"],
                resume="compose-lite --progress json up -d",
            ),
        ),
    ),
    Scenario(
        name="exits",
        intent="A container that exits where it was to run: its exit code and its last lines.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  app:
                    image: ${IDLE}
                    command: sh -c "echo no database; exit 3"
                    healthcheck: {test: "true", interval: 30s}
                  other: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up -d --wait", code=1),
            says("{STACK}-app-1", "exit code 3", "| no database", "then continue: compose-lite up -d --wait"),
            containers(app="exited 3", other="running"),
            run("--progress json up -d --wait", code=1),
            report(container="{STACK}-app-1", exit_code=3, log_tail=["no database", "no database"]),
        ),
    ),
    Scenario(
        name="out-of-memory",
        # The engine begins to listen for a lack of memory after the start, and hears of it by a way of its own.
        intent="A container that the kernel ends for lack of memory is told as that.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  job:
                    image: ${IDLE}
                    command: sh -c "echo filling; sleep 2; tail /dev/zero; code=$$?; sleep 1; exit $$code"
                    mem_limit: 8m
                    memswap_limit: 8m
                  web:
                    image: ${IDLE}
                    depends_on: {job: {condition: service_completed_successfully}}
            """
        },
        steps=(
            run("up -d", code=1),
            says("exit code 137, killed because it ran out of memory", "| filling", "{STACK}-web-1"),
            run("--progress json up -d", code=1),
            report(container="{STACK}-job-1", exit_code=137, oom_killed=True),
        ),
    ),
    Scenario(
        name="port-taken",
        intent="A port that another project's container holds: its name, in one message, before anything is made.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", ports: ["${PORT1}:80"]}
            """
        },
        steps=(
            make_container("{STACK}-holder", publish="{PORT1}"),
            run("up -d", code=1),
            says("{PORT1}", "{STACK}-holder"),
            run("--progress json up -d", code=1),
            says("{PORT1}", "{STACK}-holder"),
            containers(),
        ),
    ),
    Scenario(
        name="refused-call",
        intent="A refused call: which action on which container, why, what is undone; other branches are done.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  db: {image: "${IDLE}"}
                  web: {image: "${IDLE}", depends_on: [db]}
            """
        },
        steps=(
            run("create"),
            do("the daemon refuses to start db", _refuse_first),
            says(
                "error: can't start container {STACK}-db-1: ",
                "to be done because: not running",
                "left undone",
                "- start container {STACK}-web-1",
                "then continue: compose-lite up -d",
            ),
            run("up -d"),
            containers(db="running", web="running"),
        ),
    ),
    Scenario(
        name="refused-down",
        intent="A `down` that is refused a call fails with the report alone, and done again it goes on.",
        only="compose-lite",
        files={"compose.yaml": 'services: {web: {image: "${IDLE}"}}'},
        steps=(
            run("up -d"),
            do("the daemon refuses to remove the network", _refuse_down),
            says("error: can't remove network {STACK}_default: ", "then continue: compose-lite down"),
            says_not("defect"),
            run("down"),
            nothing_left(),
        ),
    ),
)
