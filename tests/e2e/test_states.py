"""Convergence: from whatever state somebody left, one `up` reaches the goal and a second one changes nothing."""

from collections.abc import Callable

from tests.e2e import state
from tests.e2e.checks import (
    containers,
    inside,
    joined,
    kept,
    names,
    nothing_left,
    replaced,
    says,
    unchanged,
)
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, edit, make_volume, outside, remember, run, write
from tests.e2e.steps import inside as do_inside

TWO = {
    "compose.yaml": """
        services:
          db: {image: "${IDLE}", volumes: ["data:/data"]}
          web: {image: "${IDLE}"}
        volumes: {data: {}}
    """
}
AGAIN = run("up -d", changes=0)


def daemon(text: str, act: Callable[[Stack], object]) -> Step:
    """Something that is done to the daemon behind the program's back."""
    return do(text, act)


def _rename(stack: Stack) -> None:
    state.api().rename(stack.container("web").id, f"{stack.name}-old-web")


def _duplicate(stack: Stack) -> None:
    """A second container with the service's labels and the number of the first."""
    client = state.api()
    labels = client.inspect_container(stack.container("web").id)["Config"]["Labels"]
    made = client.create_container(
        stack.env["IDLE"], "sleep 1000", name=f"{stack.name}-second", labels=labels
    )
    client.start(made["Id"])


def _without_network(stack: Stack) -> None:
    client = state.api()
    for service in ("web", "db"):
        client.kill(stack.container(service).id)
    for service in ("web", "db"):
        client.disconnect_container_from_network(stack.container(service).id, f"{stack.name}_default")
    client.remove_network(f"{stack.name}_default")


def disturbed(name: str, intent: str, *steps: Step) -> Scenario:
    """A running stack that something is done to: `up` mends it, a second one has nothing to do."""
    return Scenario(
        name=name,
        intent=intent,
        only="compose-lite",
        files=TWO,
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark"),
            remember(),
            *steps,
            run("up -d"),
            containers(web="running", db="running"),
            names("{STACK}-web-1", "{STACK}-db-1"),
            joined("web", "default"),
            joined("db", "default"),
            inside("db", "cat /data/mark", "precious"),
            AGAIN,
        ),
    )


test_disturbed = scenarios(
    disturbed("paused", "A paused container goes on.", outside("web", "pause")),
    disturbed("killed", "A killed container is started again.", outside("db", "kill")),
    disturbed(
        "removed",
        "A container that somebody removed is made anew.",
        outside("web", "remove_container", force=True),
    ),
    disturbed("renamed", "A renamed container gets its name back.", daemon("docker rename web", _rename)),
    disturbed(
        "duplicate",
        "Of two containers with the same number one goes.",
        daemon("docker run with the same labels", _duplicate),
    ),
    disturbed(
        "missing-network",
        "A network that somebody removed is made anew, and the containers are on it.",
        daemon("docker network rm", _without_network),
    ),
    disturbed(
        "one-offs",
        "One-off containers are none of the service's: they change nothing.",
        run("run --rm web true"),
    ),
)

test_volumes = scenarios(
    Scenario(
        name="made-by-hand",
        intent="A volume that somebody made by hand is used as it is, and said to be.",
        only="compose-lite",
        files=TWO,
        steps=(
            make_volume("{STACK}_data"),
            run("up -d"),
            says("{STACK}_data", "by hand"),
            containers(web="running", db="running"),
            AGAIN,
        ),
    ),
    Scenario(
        name="changed",
        intent="A changed volume is destroyed only where it is named for it: `-y` alone keeps it.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services: {db: {image: "${IDLE}", volumes: ["data:/data"]}}
                volumes: {data: {labels: {generation: "1"}}}
            """
        },
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark"),
            edit("compose.yaml", '"1"', '"2"'),
            run("up -d -y"),
            says("--recreate-volume data"),
            inside("db", "cat /data/mark", "precious"),
            run("up -d -y --recreate-volume dta", code=1),
            says('did you mean "data"'),
            run("up -d --recreate-volume data"),
            inside("db", "test ! -e /data/mark"),
            AGAIN,
        ),
    ),
    Scenario(
        name="protected",
        intent="No command removes a volume that is `protected: true`.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services: {db: {image: "${IDLE}", volumes: ["data:/data"]}}
                volumes: {data: {labels: {generation: "1"}, x-compose-lite: {protected: true}}}
            """
        },
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", '"1"', '"2"'),
            run("up -d -y --recreate-volume data", code=1),
            says("{STACK}_data", "protected"),
            unchanged(),
            run("rm -s -f -v"),
            run("up -d -V --force-recreate"),
            run("plan --for down -v"),
            says("{STACK}_data", "protected"),
            run("down -v"),
            says("warning: volume '{STACK}_data' is protected: no command removes it"),
            nothing_left(but_volumes=("data",)),
            run("up -d"),
            run("-p {STACK} down -v"),
            says("warning: volume '{STACK}_data' is protected: no command removes it"),
            nothing_left(but_volumes=("data",)),
            edit("compose.yaml", "protected: true", "protected: false"),
            run("up -d"),
            run("down -v"),
            nothing_left(),
        ),
    ),
)

test_content = scenarios(
    Scenario(
        name="env-file-and-config",
        intent="A changed env file or config replaces the containers that use it, with that as the reason.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", env_file: web.env}
                  db: {image: "${IDLE}", configs: [nginx.conf]}
                configs: {nginx.conf: {file: ./nginx.conf}}
            """,
            "web.env": "PORT=80",
            "nginx.conf": "one",
        },
        steps=(
            run("up -d"),
            remember(),
            write("web.env", "PORT=8080"),
            run("plan"),
            says("environment.PORT: 80 → 8080"),
            run("up -d"),
            replaced("web"),
            kept("db"),
            remember(),
            write("nginx.conf", "two"),
            run("plan"),
            says('config "nginx.conf": content changed'),
            run("up -d"),
            replaced("db"),
            kept("web"),
            AGAIN,
        ),
    ),
)

test_sharing = scenarios(
    Scenario(
        name="other-files",
        intent="Containers that other files made under the same project name are named as such, and kept.",
        only="compose-lite",
        files={**TWO, "other.yaml": "services: {cache: {image: '${IDLE}'}}"},
        steps=(
            run("-f other.yaml up -d"),
            run("up -d"),
            says("{STACK}-cache-1 (of ", "other.yaml"),
            containers(web="running", db="running", cache="running"),
            AGAIN,
        ),
    ),
)
