"""Services that run to completion: what counts as their success, and when they run again."""

from tests.e2e.checks import containers, kept, replaced, says, says_not
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.steps import edit, eventually, remember, retag, run

MARKED = """
    services:
      web: {image: "${IDLE}"}
      tidy:
        image: ${STACK}-tidy:latest
        command: sh -c "echo tidied; exit 0"
        x-compose-lite: {job: true}
"""
AWAITED = """
    services:
      web: {image: "${IDLE}", depends_on: {migrate: {condition: service_completed_successfully}}}
      migrate: {image: "${IDLE}", command: sh -c "echo migrated"}
"""
DONE = containers(web="running", tidy="exited 0")

test_jobs = scenarios(
    Scenario(
        name="success",
        intent="`up --wait` takes a job's exit code 0 as success; an `up` more does nothing; `ps` shows it completed.",
        only="compose-lite",
        files={"compose.yaml": MARKED},
        steps=(
            retag("{STACK}-tidy:latest", files={"version": "1"}),
            run("up --wait"),
            DONE,
            remember(),
            run("up --wait", changes=0),
            kept("tidy"),
            run("ps"),
            says("{STACK}-tidy-1", "Completed"),
        ),
    ),
    Scenario(
        name="awaited",
        intent="A service that another one awaits is a job without being marked; `ps -a` shows it completed.",
        only="compose-lite",
        files={"compose.yaml": AWAITED},
        steps=(
            run("up --wait"),
            remember(),
            run("up --wait", changes=0),
            kept("migrate", "web"),
            run("ps"),
            says_not("migrate"),
            run("ps -a"),
            says("{STACK}-migrate-1", "Completed"),
        ),
    ),
    Scenario(
        name="runs-again",
        intent="A job runs again when its configuration or image has changed, or when that is asked for.",
        only="compose-lite",
        files={"compose.yaml": MARKED},
        steps=(
            retag("{STACK}-tidy:latest", files={"version": "1"}),
            run("up --wait"),
            remember(),
            edit("compose.yaml", "echo tidied", "echo tidied well"),
            run("up --wait"),
            replaced("tidy"),
            DONE,
            remember(),
            retag("{STACK}-tidy:latest", files={"version": "2"}),
            run("up --wait"),
            replaced("tidy"),
            kept("web"),
            DONE,
            remember(),
            run("up --wait --force-recreate --no-deps tidy"),
            replaced("tidy"),
            remember(),
            run("start tidy"),
            eventually(kept("tidy", restarted=True)),
        ),
    ),
    Scenario(
        name="failure",
        intent="`up --wait` fails with a job's exit code and last words; mended, the next one runs it again.",
        only="compose-lite",
        files={"compose.yaml": MARKED.replace("exit 0", "exit 4")},
        steps=(
            retag("{STACK}-tidy:latest", files={"version": "1"}),
            run("up --wait", code=1),
            says("{STACK}-tidy-1 exited with code 4", "tidied"),
            containers(web="running", tidy="exited 4"),
            run("ps"),
            says("Exited (4)"),
            remember(),
            run("up --wait", code=1),
            kept("tidy", restarted=True),
            edit("compose.yaml", "exit 4", "exit 0"),
            run("up --wait"),
            DONE,
        ),
    ),
)
