"""The verbs on a stack that exists: down, stop, start, restart, kill, rm, create, pause."""

import time

from tests.e2e.checks import (
    anonymous_volumes_gone,
    containers,
    image_exists,
    inside,
    kept,
    networks,
    nothing_left,
    replaced,
    says,
    unchanged,
    volumes,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import (
    do,
    edit,
    eventually,
    outside,
    remember,
    retag,
    run,
    write,
)
from tests.e2e.steps import inside as do_inside

STACK = {
    "compose.yaml": """
        services:
          web: {image: "${IDLE}", depends_on: [db]}
          db: {image: "${IDLE}", volumes: ["data:/data", /cache]}
        networks: {default: {}}
        volumes: {data: {}}
    """
}
# Writes down which signal it got, and takes its time to go.
POLITE = """
    services:
      web:
        image: ${IMAGE}
        command: ["sh", "-c", "trap 'echo got TERM; exit 5' TERM; trap 'echo got USR1' USR1; while :; do sleep 0.05; done"]
        stop_signal: TERM
"""

test_down = scenarios(
    Scenario(
        name="down",
        intent="`down` removes containers and networks, keeps named volumes, and a second one has nothing to do.",
        files=STACK,
        steps=(
            run("up -d"),
            run("down"),
            nothing_left(but_volumes=("data",)),
            run("down", changes=0),
        ),
    ),
    Scenario(
        name="down-volumes",
        intent="`down -v` removes named and anonymous volumes.",
        files=STACK,
        steps=(run("up -d"), remember(), run("down -v"), nothing_left(), anonymous_volumes_gone()),
    ),
    Scenario(
        name="down-stops-gracefully",
        intent="`down` sends the stop signal and waits up to the grace period before it kills.",
        files={"compose.yaml": POLITE},
        steps=(run("up -d"), run("down", timeout=9), nothing_left()),
    ),
    Scenario(
        name="down-timeout",
        intent="`down -t` shortens the grace period of a container that ignores its stop signal.",
        files={
            "compose.yaml": "services: {web: {image: '${IMAGE}', command: sleep 1000, stop_grace_period: 1m}}"
        },
        steps=(run("up -d"), run("down -t 0", timeout=10), nothing_left()),
    ),
    Scenario(
        name="down-orphans",
        intent="`down` leaves containers that are not in the file unless `--remove-orphans` is given.",
        files=STACK,
        steps=(
            run("up -d"),
            write("compose.yaml", "services: {db: {image: '${IDLE}'}}"),
            run("down", code=None),
            containers(web="running"),
            run("down --remove-orphans"),
            containers(),
            networks(),
        ),
    ),
    Scenario(
        name="down-without-file",
        intent="`down -p` takes a stack down whose files are gone.",
        files=STACK,
        steps=(
            run("up -d"),
            do("remove compose.yaml", lambda stack: (stack.folder / "compose.yaml").unlink()),
            run("-p {STACK} down"),
            nothing_left(but_volumes=("data",)),
        ),
    ),
    Scenario(
        name="down-images",
        intent="`down --rmi` removes images: `local` those without a name of their own, `all` every one.",
        files={
            "compose.yaml": """
                services:
                  built: {build: .}
                  named: {image: "${STACK}/named:dev", command: sleep 1000, stop_signal: KILL}
            """,
            "Dockerfile": "FROM compose-lite-test/busybox:1-idle\nENV A=b\n",
        },
        steps=(
            retag("{STACK}/named:dev", files={"x": "y"}),
            run("up -d"),
            image_exists("{STACK}-built:latest"),
            run("down --rmi local"),
            image_exists("{STACK}-built:latest", exists=False),
            image_exists("{STACK}/named:dev"),
            run("up -d"),
            run("down --rmi all"),
            image_exists("{STACK}/named:dev", exists=False),
        ),
    ),
    Scenario(
        name="down-one-service",
        intent="`down SERVICE` removes that service's containers only.",
        files=STACK,
        steps=(run("up -d"), run("down web"), containers(db="running"), networks("default")),
    ),
)

test_stop_start = scenarios(
    Scenario(
        name="stop-and-start",
        intent="`stop` and `start` keep the containers, `start` obeys the order of dependencies.",
        files=STACK,
        steps=(
            run("up -d"),
            remember(),
            run("stop"),
            containers(web="exited 137", db="exited 137"),
            run("start"),
            kept("web", "db", restarted=True),
            containers(web="running", db="running"),
        ),
    ),
    Scenario(
        name="nothing-to-do",
        intent="`stop` of what is stopped, `start` of what runs and `kill` of what is dead change nothing.",
        only="compose-lite",
        files=STACK,
        steps=(
            run("up -d"),
            run("start", changes=0),
            run("stop"),
            run("stop", changes=0),
            run("kill", changes=0, code=None),
        ),
    ),
    Scenario(
        name="stop-one",
        intent="`stop SERVICE` stops that service only.",
        files=STACK,
        steps=(run("up -d"), run("stop web"), containers(web="exited 137", db="running")),
    ),
    Scenario(
        name="stop-signal",
        intent="`stop` sends the service's stop signal and leaves the exit code that the container chose.",
        files={"compose.yaml": POLITE},
        steps=(run("up -d"), run("stop", timeout=9), containers(web="exited 5")),
    ),
    Scenario(
        name="restart",
        intent="`restart` starts the same containers anew.",
        files=STACK,
        steps=(run("up -d"), remember(), run("restart"), kept("web", "db", restarted=True)),
    ),
    Scenario(
        name="restart-one",
        intent="`restart SERVICE --no-deps` leaves dependents and dependencies alone.",
        files=STACK,
        steps=(
            run("up -d"),
            remember(),
            run("restart --no-deps web"),
            kept("web", restarted=True),
            kept("db"),
        ),
    ),
    Scenario(
        name="restart-dependents",
        intent="`restart SERVICE` restarts dependents that ask for it with `restart: true`.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", depends_on: {db: {condition: service_started, restart: true}}}
                  aside: {image: "${IDLE}", depends_on: [db]}
                  db: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up -d"),
            remember(),
            run("restart db"),
            kept("db", "web", restarted=True),
            kept("aside"),
        ),
    ),
    Scenario(
        name="kill",
        intent="`kill` ends containers at once; `-s` sends another signal and leaves them running.",
        files={"compose.yaml": POLITE},
        steps=(
            run("up -d"),
            run("kill -s USR1"),
            eventually(do("web says that it got USR1", lambda stack: _logged(stack, "got USR1"))),
            containers(web="running"),
            run("kill"),
            eventually(containers(web="exited 137")),
        ),
    ),
    Scenario(
        name="pause",
        intent="`pause` and `unpause` freeze and thaw.",
        files=STACK,
        steps=(
            run("up -d"),
            remember(),
            run("pause web"),
            containers(web="paused", db="running"),
            run("unpause web"),
            containers(web="running", db="running"),
            kept("web", "db"),
        ),
    ),
    Scenario(
        name="start-without-containers",
        intent="`start` of a service that has no container says so and fails.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}'}}"},
        steps=(run("start", code=1), says("web"), containers()),
    ),
)

test_rm_create = scenarios(
    Scenario(
        name="rm-stopped",
        intent="`rm -f` removes stopped containers only; with `-s` it stops them first; with `-v` anonymous volumes go.",
        files=STACK,
        steps=(
            run("up -d"),
            remember(),
            run("stop web"),
            run("rm -f"),
            containers(db="running"),
            run("rm -f -s -v db"),
            containers(),
            anonymous_volumes_gone(),
            volumes("data"),
        ),
    ),
    Scenario(
        name="rm-asks",
        intent="`rm` without `-f` and without a yes removes nothing.",
        files=STACK,
        steps=(
            run("up -d"),
            run("stop"),
            remember(),
            run("rm", stdin="n\n", code=None),
            unchanged(),
            run("rm", stdin="y\n"),
            containers(),
        ),
    ),
    Scenario(
        name="create",
        intent="`create` makes containers without starting them and converges existing ones without touching running state.",
        files=STACK,
        steps=(
            run("create"),
            containers(web="created", db="created"),
            run("start"),
            containers(web="running", db="running"),
            remember(),
            edit("compose.yaml", "depends_on: [db]", "depends_on: [db], environment: {A: b}"),
            run("create"),
            replaced("web"),
            kept("db"),
        ),
    ),
    Scenario(
        name="create-force",
        intent="`create --force-recreate` replaces containers, and their data stays.",
        files=STACK,
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark"),
            remember(),
            run("create --force-recreate"),
            replaced("web", "db"),
            run("start"),
            inside("db", "cat /data/mark", "precious"),
        ),
    ),
    Scenario(
        name="restart-policy",
        intent="A container's restart policy is the daemon's business: a killed process comes back without us.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", restart: always, command: sh -c "sleep 0.3; exit 1"}
            """
        },
        steps=(
            run("up -d"),
            eventually(do("restarted", lambda stack: _restarts(stack))),
            run("stop"),
            outside("web", "wait"),
            do("stays stopped", lambda stack: _stays(stack)),
        ),
    ),
)


def _logged(stack: Stack, text: str) -> None:
    from tests.e2e.state import api

    assert text in api().logs(stack.container("web").id).decode()


def _restarts(stack: Stack) -> None:
    assert stack.container("web").field("RestartCount") > 0


def _stays(stack: Stack) -> None:
    before = stack.container("web").field("RestartCount")
    time.sleep(1)
    assert stack.container("web").field("RestartCount") == before
