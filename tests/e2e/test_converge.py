"""`up` reaches the goal from wherever the stack is, touches nothing else, and does nothing when nothing is to do."""

from tests.e2e.checks import (
    containers,
    environment,
    field,
    image,
    inside,
    kept,
    names,
    networks,
    replaced,
    same_anonymous_volumes,
    says,
    unchanged,
    volumes,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.steps import edit, outside, remember, retag, run, write
from tests.e2e.steps import inside as do_inside

TWO = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            environment: {PORT: "80"}
            depends_on: [db]
          db:
            image: ${IDLE}
            volumes: [data:/data, /cache]
        volumes:
          data: {}
    """
}

LINKED = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            depends_on:
              db: {condition: service_started, restart: true}
          side:
            image: ${IDLE}
            network_mode: service:db
          db:
            image: ${IDLE}
            environment: {LEVEL: "1"}
          aside:
            image: ${IDLE}
            depends_on: [db]
    """
}

test_up = scenarios(
    Scenario(
        name="two-containers",
        intent="`up -d` makes the network, the volumes and the containers, and labels them as docker compose does.",
        files=TWO,
        steps=(
            run("up -d"),
            containers(web="running", db="running"),
            names("{STACK}-web-1", "{STACK}-db-1"),
            networks("default"),
            volumes("data"),
            environment("web", PORT="80"),
            field("web", "Config.Labels[com.docker.compose.project]", "{STACK}"),
            field("web", "Config.Labels[com.docker.compose.service]", "web"),
            field("web", "Config.Labels[com.docker.compose.container-number]", "1"),
            field("web", "Config.Labels[com.docker.compose.oneoff]", "False"),
            field(
                "web", "Config.Labels[com.docker.compose.project.working_dir]", lambda text: "project" in text
            ),
            field(
                "web", "NetworkSettings.Networks[{STACK}_default].Aliases", lambda aliases: "web" in aliases
            ),
        ),
    ),
    Scenario(
        name="second-up",
        intent="A second `up` of an unchanged stack makes no call that changes anything.",
        files=TWO,
        steps=(run("up -d"), remember(), run("up -d", changes=0), unchanged()),
    ),
    Scenario(
        name="changed-environment",
        intent="A changed variable recreates exactly that container.",
        files=TWO,
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", '"80"', '"8080"'),
            run("up -d"),
            replaced("web"),
            kept("db"),
            environment("web", PORT="8080"),
            containers(web="running", db="running"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="recreate-keeps-volumes",
        intent="Recreating a container keeps the data of its named and its anonymous volumes.",
        files=TWO,
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark; echo fast > /cache/mark"),
            remember(),
            edit("compose.yaml", "volumes: [data", "environment: {A: b}\n    volumes: [data"),
            run("up -d"),
            replaced("db"),
            same_anonymous_volumes("db"),
            inside("db", "cat /data/mark /cache/mark", "precious\nfast"),
        ),
    ),
    Scenario(
        name="renew-anonymous-volumes",
        intent="`up -V` gives a recreated container new anonymous volumes and keeps the named ones.",
        files=TWO,
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark; echo old > /cache/mark"),
            run("up -d -V --force-recreate db"),
            inside("db", "cat /data/mark; ls /cache", "precious"),
        ),
    ),
    Scenario(
        name="image-volume-survives",
        intent="A volume that the image declares survives its container's replacement.",
        files={
            "compose.yaml": "services: {db: {image: '${VOLUME_IMAGE}', command: sleep 1000, stop_signal: KILL}}"
        },
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark"),
            remember(),
            run("up -d --force-recreate"),
            replaced("db"),
            inside("db", "cat /data/mark", "precious"),
        ),
    ),
    Scenario(
        name="force-recreate",
        intent="`--force-recreate` replaces the named services' containers, and those of dependencies only if asked.",
        files=TWO,
        steps=(
            run("up -d"),
            remember(),
            run("up -d --force-recreate --no-deps web"),
            replaced("web"),
            kept("db"),
            remember(),
            run("up -d --force-recreate --always-recreate-deps web"),
            replaced("web", "db"),
        ),
    ),
    Scenario(
        name="no-recreate",
        intent="`--no-recreate` leaves existing containers alone even if their configuration changed.",
        files=TWO,
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", '"80"', '"8080"'),
            run("up -d --no-recreate", changes=0),
            kept("web", "db"),
            environment("web", PORT="80"),
        ),
    ),
    Scenario(
        name="stopped-container",
        intent="`up` starts containers that were stopped, paused ones included, without recreating them.",
        files=TWO,
        steps=(
            run("up -d"),
            remember(),
            outside("web", "stop"),
            run("up -d"),
            kept("web", restarted=True),
            kept("db"),
            containers(web="running", db="running"),
        ),
    ),
    Scenario(
        name="removed-container",
        intent="`up` makes only the container that somebody removed.",
        files=TWO,
        steps=(
            run("up -d"),
            remember(),
            outside("web", "remove_container", force=True),
            run("up -d"),
            kept("db"),
            containers(web="running", db="running"),
        ),
    ),
    Scenario(
        name="one-service",
        intent="`up SERVICE` brings up that service and what it depends on, nothing else.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", depends_on: [db]}
                  db: {image: "${IDLE}"}
                  other: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up -d web"),
            containers(web="running", db="running"),
            run("up -d --no-deps other"),
            containers(web="running", db="running", other="running"),
        ),
    ),
    Scenario(
        name="restart-true",
        intent="When a dependency is replaced, dependents with `restart: true` restart and those sharing its namespace are replaced.",
        files=LINKED,
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", '"1"', '"2"'),
            run("up -d"),
            replaced("db", "side"),
            kept("web", restarted=True),
            kept("aside"),
            containers(web="running", side="running", db="running", aside="running"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="new-image",
        intent="An image reference that stands for another image now replaces exactly the containers that use it.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${STACK}:dev", command: sleep 1000, stop_signal: KILL}
                  twin: {image: "${STACK}:dev", command: sleep 1000, stop_signal: KILL}
                  db: {image: "${IDLE}"}
            """
        },
        steps=(
            retag("{STACK}:dev", files={"version": "1"}),
            run("up -d"),
            remember(),
            retag("{STACK}:dev", files={"version": "2"}),
            run("up -d"),
            replaced("web", "twin"),
            kept("db"),
            inside("web", "cat /version", "2"),
            image("web", "{STACK}:dev"),
        ),
    ),
    Scenario(
        name="orphans",
        intent="Containers of services that left the file are named, kept, and removed with `--remove-orphans` only.",
        files=TWO,
        steps=(
            run("up -d"),
            remember(),
            write(
                "compose.yaml",
                "services: {db: {image: '${IDLE}', volumes: ['data:/data', /cache]}}\nvolumes: {data: {}}",
            ),
            run("up -d"),
            says("orphan", "{STACK}-web-1"),
            kept("web", "db"),
            run("up -d --remove-orphans"),
            containers(db="running"),
            kept("db"),
        ),
    ),
    Scenario(
        name="profiles",
        intent="Services of a profile run only when it is enabled, or when they are named.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}"}
                  debug: {image: "${IDLE}", profiles: [tools]}
                  admin: {image: "${IDLE}", profiles: [tools]}
            """
        },
        steps=(
            run("up -d"),
            containers(web="running"),
            run("up -d debug"),
            containers(web="running", debug="running"),
            run("--profile tools up -d"),
            containers(web="running", debug="running", admin="running"),
        ),
    ),
    Scenario(
        name="up-no-start",
        intent="`up --no-start` creates everything and starts nothing; a later `up` starts what is there.",
        files=TWO,
        steps=(
            run("up --no-start"),
            containers(web="created", db="created"),
            networks("default"),
            volumes("data"),
            run("up -d"),
            containers(web="running", db="running"),
        ),
    ),
)

test_scale = scenarios(
    Scenario(
        name="up-and-down",
        intent="Scaling adds the next numbers and removes the highest, leaving the others alone.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}'}, db: {image: '${IDLE}'}}"},
        steps=(
            run("up -d --scale web=3"),
            containers(web="running x3", db="running"),
            names("{STACK}-web-1", "{STACK}-web-2", "{STACK}-web-3", "{STACK}-db-1"),
            remember(),
            run("up -d --scale web=1"),
            names("{STACK}-web-1", "{STACK}-db-1"),
            kept("db"),
            run("up -d --scale web=0"),
            containers(db="running"),
        ),
    ),
    Scenario(
        name="replicas",
        intent="`deploy.replicas` and `scale` in the file say how many containers a service has.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", deploy: {replicas: 2}}
                  worker: {image: "${IDLE}", scale: 2}
            """
        },
        steps=(
            run("up -d"),
            containers(web="running x2", worker="running x2"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="scale-command",
        intent="`scale` sets the number of containers without touching other services.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}'}, db: {image: '${IDLE}'}}"},
        steps=(
            run("up -d"),
            remember(),
            run("scale web=2"),
            containers(web="running x2", db="running"),
            kept("db"),
        ),
    ),
)
