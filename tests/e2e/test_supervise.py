"""`up --supervise`: what turns unhealthy is restarted, with a budget; what somebody has stopped is not."""

import signal

from tests.e2e.checks import containers, kept, says
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, ends, eventually, inside, launch, outside, remember, run, send_signal, shows

# Two that are sick while /tmp/sick is there, which a restart removes.
MENDING = {
    "compose.yaml": """
        x-mends: &mends
          image: ${IDLE}
          command: sh -c "rm -f /tmp/sick; exec sleep 100000"
          healthcheck: {test: "test ! -e /tmp/sick || { echo feeling sick; exit 1; }", interval: 300ms, retries: 1}
          x-compose-lite: {supervise: {delay: 100ms}}
        services: {web: {<<: *mends}, db: {<<: *mends}}
    """
}
NEVER_WELL = """
    services:
      web:
        image: ${IDLE}
        healthcheck: {test: "echo feeling sick; exit 1", interval: 300ms, retries: 1}
        x-compose-lite: {supervise: {delay: 100ms, max_attempts: 2}}
"""

BOTH_HEALTHY = eventually(containers(web="healthy", db="healthy"), timeout=60)
INTERRUPTED = (send_signal("up", signal.SIGINT), ends("up", code=130))


def _is_told_what_the_end_of_the_container_was(stack: Stack) -> None:
    """The end that belongs to the restart is told as such."""
    assert "exited with code" not in stack.background["up"].seen().replace("(restarting)", "").replace(
        "exited with code 137 ", ""
    )


test_supervise = scenarios(
    Scenario(
        name="restarts",
        intent="A container that turns unhealthy is restarted, the same one, and its last probe is the reason told.",
        files=MENDING,
        only="compose-lite",
        steps=(
            launch("up", "up --supervise"),
            BOTH_HEALTHY,
            remember(),
            inside("web", "touch /tmp/sick"),
            shows("up", "unhealthy, restart 1 of 5 in 0.1s  exit code 1: feeling sick", timeout=60),
            shows("up", "{STACK}-web-1  restarted", timeout=60),
            BOTH_HEALTHY,
            kept("web", restarted=True),
            kept("db"),
            do("the end is part of the restart", _is_told_what_the_end_of_the_container_was),
            *INTERRUPTED,
        ),
    ),
    Scenario(
        name="gives-up",
        intent="When the budget is spent the report says why, and with --abort-on-container-failure all ends with 1.",
        files={"compose.yaml": NEVER_WELL},
        only="compose-lite",
        steps=(
            launch("up", "up --supervise --abort-on-container-failure"),
            ends("up", code=1, timeout=120),
            says("restart 2 of 2", "although it was restarted 2 times: it is given up", "feeling sick"),
            containers(web="exited 137"),
        ),
    ),
    Scenario(
        name="left-to-a-person",
        intent="A container that somebody has stopped is not restarted, however ill it was.",
        files=MENDING,
        only="compose-lite",
        steps=(
            launch("up", "up --supervise"),
            BOTH_HEALTHY,
            outside("db", "stop"),
            inside("web", "touch /tmp/sick"),
            shows("up", "{STACK}-web-1  restarted", timeout=60),
            eventually(containers(web="healthy", db="exited 137"), timeout=60),
            *INTERRUPTED,
        ),
    ),
    Scenario(
        name="stays",
        intent="Supervising takes a process that stays: options that say otherwise are refused.",
        files={"compose.yaml": NEVER_WELL},
        only="compose-lite",
        steps=(
            run("up --detach --supervise", code=1),
            says("--detach can't be combined with --supervise", "leave out --detach"),
            run("up --wait --supervise", code=1),
            run("up --no-start --supervise", code=1),
            containers(),
        ),
    ),
    Scenario(
        name="nothing-to-tell",
        intent="Where no container has a health check, supervision says that it can't do anything.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', command: sleep 2}}"},
        only="compose-lite",
        steps=(run("up --supervise"), says("no container has a health check")),
    ),
)
