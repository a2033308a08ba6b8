"""`depends_on`: what starts when, by the daemon's clock, and what happens when a dependency fails."""

from tests.e2e.checks import containers, kept, says, starts_after
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.steps import edit, remember, run

# A health check that passes from the first probe on; one that never passes.
WELL = "healthcheck: {test: 'true', interval: 500ms, timeout: 5s, retries: 3}"
SICK = "healthcheck: {test: 'echo no disk left; exit 1', interval: 200ms, timeout: 5s, retries: 1}"
# One that waits for the sick one, and one that does not.
WAITS_FOR_THE_SICK = {
    "compose.yaml": f"""
        services:
          web: {{image: "${{IDLE}}", depends_on: {{db: {{condition: service_healthy}}}}}}
          db:
            image: ${{IDLE}}
            {SICK}
          other: {{image: "${{IDLE}}"}}
    """
}

test_order = scenarios(
    Scenario(
        name="chain",
        intent="A chain of dependencies starts one after the other.",
        files={
            "compose.yaml": """
                services:
                  a: {image: "${IDLE}", depends_on: [b]}
                  b: {image: "${IDLE}", depends_on: [c]}
                  c: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up -d"),
            starts_after("a", "b", "started"),
            starts_after("b", "c", "started"),
            containers(a="running", b="running", c="running"),
        ),
    ),
    Scenario(
        name="healthy",
        intent="`service_healthy` holds a dependent back until the first probe has passed.",
        files={
            "compose.yaml": f"""
                services:
                  web:
                    image: ${{IDLE}}
                    depends_on: {{db: {{condition: service_healthy}}}}
                  db:
                    image: ${{IDLE}}
                    {WELL}
            """
        },
        steps=(
            run("up -d"),
            containers(web="running", db="healthy"),
            starts_after("web", "db", "healthy"),
        ),
    ),
    Scenario(
        name="image-health-check",
        intent="A health check that the image declares counts as one of the file.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    depends_on: {db: {condition: service_healthy}}
                  db: {image: "${HEALTHY}", command: sleep 1000, stop_signal: KILL}
            """
        },
        steps=(run("up -d"), starts_after("web", "db", "healthy")),
    ),
    Scenario(
        name="completed",
        intent="`service_completed_successfully` holds a dependent back until the job has ended with 0.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    depends_on: {job: {condition: service_completed_successfully}}
                  job: {image: "${IDLE}", command: sleep 0.5}
            """
        },
        steps=(
            run("up -d"),
            containers(web="running", job="exited 0"),
            starts_after("web", "job", "finished"),
        ),
    ),
    Scenario(
        name="database-job-web",
        intent="Database, then migration job, then web, then proxy: each waits for its own condition.",
        files={
            "compose.yaml": f"""
                services:
                  proxy: {{image: "${{IDLE}}", depends_on: {{web: {{condition: service_healthy}}}}}}
                  web:
                    image: ${{IDLE}}
                    {WELL}
                    depends_on: {{job: {{condition: service_completed_successfully}}}}
                  job:
                    image: ${{IDLE}}
                    command: "true"
                    depends_on: {{db: {{condition: service_healthy}}}}
                  db:
                    image: ${{IDLE}}
                    {WELL}
            """
        },
        steps=(
            run("up -d"),
            containers(proxy="running", web="healthy", job="exited 0", db="healthy"),
            starts_after("job", "db", "healthy"),
            starts_after("web", "job", "finished"),
            starts_after("proxy", "web", "healthy"),
        ),
    ),
    Scenario(
        name="scaled-dependency",
        intent="A dependent waits for all containers of a scaled dependency.",
        files={
            "compose.yaml": f"""
                services:
                  web: {{image: "${{IDLE}}", depends_on: {{db: {{condition: service_healthy}}}}}}
                  db:
                    image: ${{IDLE}}
                    scale: 2
                    {WELL}
            """
        },
        steps=(
            run("up -d"),
            starts_after("web", "db:1", "healthy"),
            starts_after("web", "db:2", "healthy"),
        ),
    ),
)

test_failure = scenarios(
    Scenario(
        name="unhealthy",
        intent="An unhealthy dependency fails `up`: its dependents stay unstarted, independent services run.",
        files=WAITS_FOR_THE_SICK,
        steps=(
            run("up -d", code=1),
            says("db", "unhealthy"),
            containers(web="created", db="unhealthy", other="running"),
        ),
    ),
    Scenario(
        name="unhealthy-report",
        intent="A failed health wait shows what the probe printed and the end of the container's log.",
        only="compose-lite",
        files={
            "compose.yaml": f"""
                services:
                  web: {{image: "${{IDLE}}", depends_on: {{db: {{condition: service_healthy}}}}}}
                  db:
                    image: ${{IDLE}}
                    command: sh -c "echo cannot open table; sleep 1000"
                    {SICK}
            """
        },
        steps=(run("up -d", code=1), says("no disk left", "cannot open table", "{STACK}-db-1")),
    ),
    Scenario(
        name="failed-job",
        intent="A job that ends with another code than 0 fails `up` and holds its dependents back.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", depends_on: {job: {condition: service_completed_successfully}}}
                  job: {image: "${IDLE}", command: sh -c "exit 3"}
                  other: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up -d", code=1),
            says("job", "3"),
            containers(web="created", job="exited 3", other="running"),
        ),
    ),
    Scenario(
        name="exits-while-waited-for",
        intent="A dependency that dies while its health is awaited fails `up` at once, not at a timeout.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", depends_on: {db: {condition: service_healthy}}}
                  db:
                    image: ${IDLE}
                    command: sh -c "sleep 0.3; exit 7"
                    healthcheck: {test: "exit 1", interval: 60s, retries: 100}
            """
        },
        steps=(run("up -d", code=1, timeout=20), says("db", "7"), containers(web="created", db="exited 7")),
    ),
    Scenario(
        name="not-required",
        intent="A failing dependency with `required: false` does not hold its dependents back.",
        files={
            "compose.yaml": f"""
                services:
                  web:
                    image: ${{IDLE}}
                    depends_on: {{db: {{condition: service_healthy, required: false}}}}
                  db:
                    image: ${{IDLE}}
                    {SICK}
            """
        },
        steps=(run("up -d"), containers(web="running", db="unhealthy")),
    ),
    Scenario(
        name="heals",
        intent="`up` after the cause of a failure is mended starts what had been held back.",
        files=WAITS_FOR_THE_SICK,
        steps=(
            run("up -d", code=1),
            remember(),
            edit("compose.yaml", SICK, WELL),
            run("up -d"),
            containers(web="running", db="healthy", other="running"),
            kept("other"),
        ),
    ),
)

test_wait = scenarios(
    Scenario(
        name="up-wait",
        intent="`up --wait` returns once everything runs and what has a health check is healthy.",
        files={
            "compose.yaml": f"""
                services:
                  web: {{image: "${{IDLE}}"}}
                  db:
                    image: ${{IDLE}}
                    {WELL}
            """
        },
        steps=(run("up --wait"), containers(web="running", db="healthy")),
    ),
    Scenario(
        name="up-wait-unhealthy",
        intent="`up --wait` fails when a service turns out unhealthy.",
        files={"compose.yaml": f"services:\n  db:\n    image: ${{IDLE}}\n    {SICK}\n"},
        steps=(run("up --wait", code=1), says("{STACK}-db-1", "unhealthy")),
    ),
    Scenario(
        name="up-wait-timeout",
        intent="`up --wait --wait-timeout` gives up after that many seconds.",
        files={
            "compose.yaml": """
                services:
                  db: {image: "${IDLE}", healthcheck: {test: "exit 1", interval: 200ms, retries: 1000}}
            """
        },
        steps=(run("up --wait --wait-timeout 1", code=1, timeout=15), containers(db="starting")),
    ),
    Scenario(
        name="up-wait-job",
        intent="`up --wait` takes a job that ends with 0, and that another service awaits, as success.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", depends_on: {job: {condition: service_completed_successfully}}}
                  job: {image: "${IDLE}", command: "true"}
            """
        },
        steps=(run("up --wait"), containers(web="running", job="exited 0")),
    ),
)
