"""Steps of `pre_start`: run to their end in containers of their own before a container is started for the first time."""

import signal

from tests.e2e.checks import (
    anonymous_volumes_gone,
    containers,
    inside,
    kept,
    nothing_left,
    oneoffs,
    replaced,
    says,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.steps import do, edit, ends, eventually, launch, remember, run, send_signal

STEPS = """
    services:
      db: {image: "${IDLE}"}
      web:
        image: ${IDLE}
        user: "1000"
        depends_on: [db]
        environment: {WHO: web}
        volumes: ["data:/data", /own]
        pre_start:
          - {command: sh -c "chmod 777 /data /own", user: root}
          - command: [sh, -c, "echo $$WHO $$STEP $$(id -u) $$(pwd) >>/data/log && touch /own/mark && ping -c 1 -W 5 db"]
            image: ${IMAGE}
            environment: {STEP: first}
            user: "0"
            working_dir: /data
    volumes: {data: {}}
"""
FAILING = """
    services:
      web:
        image: ${IDLE}
        pre_start:
          - {command: sh -c "echo sorry; exit 3"}
      user: {image: "${IDLE}", depends_on: [web]}
"""
ONE = "web first 0 /data"
READING = """
    x-service: &service
      image: ${IDLE}
      configs: [plain, {source: written, target: /run/configs/written}]
      secrets: [{source: token, uid: "1000", gid: "1000", mode: 0400}]
    services:
      web:
        <<: *service
        volumes: ["seen:/seen"]
        pre_start: [{command: [sh, -c, "(${READ}) >/seen/web"]}]
      sealed:
        <<: *service
        read_only: true
        volumes: ["seen:/seen"]
        pre_start: [{command: [sh, -c, "(${READ}) >/seen/sealed"]}]
    configs: {plain: {file: ./plain}, written: {content: from the text}}
    secrets: {token: {environment: TOKEN}}
    volumes: {seen: {}}
""".replace(
    "${READ}", "cd /run && cat /plain configs/written secrets/token && stat -c '%u %g %a' secrets/token"
)
SEEN = "from a filefrom the textfrom the environment1000 1000 400"

test_pre_start = scenarios(
    Scenario(
        name="steps",
        intent="Steps share mounts, variables and networks with the container that starts behind them, once for each.",
        files={"compose.yaml": STEPS},
        only="compose-lite",
        steps=(
            run("up -d"),
            containers(db="running", web="running"),
            oneoffs(),
            inside("web", "cat /data/log && ls /own", f"{ONE}\nmark"),
            remember(),
            run("up -d", changes=0),
            run("restart web"),
            run("stop"),
            run("up -d"),
            inside("web", "cat /data/log", ONE),
            run("up -d --force-recreate web"),
            replaced("web"),
            inside("web", "cat /data/log", f"{ONE}\n{ONE}"),
            remember(),
            edit("compose.yaml", "first", "second"),
            run("up -d"),
            replaced("web"),
            kept("db"),
            inside("web", "tail -n 1 /data/log", "web second 0 /data"),
            run("down --volumes --yes"),
            nothing_left(),
            anonymous_volumes_gone(),
        ),
    ),
    Scenario(
        name="files",
        intent="Steps have the secrets and configs of the container, mounted and written, owner and mode as well.",
        files={"compose.yaml": READING, "plain": "from a file"},
        only="compose-lite",
        steps=(
            do("there is a token", lambda stack: stack.env.update(TOKEN="from the environment")),
            run("up -d"),
            inside("web", "cat /seen/web", SEEN),
            inside("sealed", "cat /seen/sealed", SEEN),
            oneoffs(),
        ),
    ),
    Scenario(
        name="failure",
        intent="A step that fails keeps the container and what depends on it from being started; later it runs again.",
        files={"compose.yaml": FAILING},
        only="compose-lite",
        steps=(
            run("up -d", code=1),
            says("pre_start[0] hook of {STACK}-web-1 exited with code 3: sorry", "has not been started"),
            containers(web="created", user="created"),
            oneoffs(),
            run("up -d", code=1),
            edit("compose.yaml", "exit 3", "exit 0"),
            run("up -d"),
            containers(web="running", user="running"),
        ),
    ),
    Scenario(
        name="interrupted",
        intent="Ctrl-C ends a step; what a kill has left of one goes with the next `up`, or with `down`.",
        files={"compose.yaml": FAILING.replace("echo sorry; exit 3", "exec sleep 600")},
        only="compose-lite",
        steps=(
            launch("up", "up -d"),
            eventually(oneoffs("running")),
            send_signal("up", signal.SIGINT),
            ends("up", code=130),
            oneoffs(),
            launch("killed", "up -d"),
            eventually(oneoffs("running")),
            send_signal("killed", signal.SIGKILL),
            ends("killed", code=-9),
            run("down"),
            nothing_left(),
            launch("again", "up -d"),
            eventually(oneoffs("running")),
            send_signal("again", signal.SIGKILL),
            ends("again", code=-9),
            edit("compose.yaml", "exec sleep 600", "true"),
            run("up -d"),
            oneoffs(),
            containers(web="running", user="running"),
        ),
    ),
    Scenario(
        name="replicas",
        intent="A step runs once for all replicas, and not for those that join one that runs; or for each.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    volumes: ["data:/data"]
                    scale: 2
                    pre_start:
                      - {command: sh -c "echo all >>/data/log"}
                      - {command: sh -c "echo each >>/data/log", per_replica: true}
                volumes: {data: {}}
            """
        },
        only="compose-lite",
        steps=(
            run("up -d"),
            inside("web:1", "cat /data/log", "all\neach\neach"),
            run("up -d --scale web=3"),
            inside("web:1", "cat /data/log", "all\neach\neach\neach"),
        ),
    ),
)
