"""One stack, two programs: compose-lite and docker compose work on what the other has made."""

from tests.e2e.checks import (
    containers,
    inside,
    kept,
    nothing_left,
    oneoffs,
    prints,
    replaced,
    same_anonymous_volumes,
    says,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.steps import edit, eventually, peer, remember, run
from tests.e2e.steps import inside as do_inside

STACK = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            environment: {PORT: "80"}
            ports: ["127.0.0.1:${PORT1}:80"]
            depends_on: {db: {condition: service_healthy}}
            networks: [front, back]
          db:
            image: ${IDLE}
            command: sh -c "echo from-db; sleep 1000"
            healthcheck: {test: "true", interval: 500ms}
            volumes: ["data:/data", /cache]
            networks: {back: {aliases: [database]}}
        networks: {front: {}, back: {}}
        volumes: {data: {}}
    """
}
# As many fields as a service usually has: adopting must not mistake any of them for a difference.
RICH = {
    "compose.yaml": """
        services:
          web:
            build: .
            command: ["sleep", "1000"]
            entrypoint: []
            environment: {A: "1", EMPTY: "", NOTHING: null}
            env_file: [one.env]
            labels: {purpose: test, "with.dots": "x=y"}
            ports: ["127.0.0.1:${PORT1}:80", "81", "127.0.0.1:${PORT2}:82/udp"]
            expose: ["90"]
            volumes:
              - data:/data
              - ./site:/site:ro
              - /anonymous
              - {type: volume, source: data, target: /nocopy, volume: {nocopy: true}}
            configs: [{source: settings, target: /etc/settings}]
            secrets: [password]
            networks: {default: {aliases: [alias]}, back: {}}
            dns: [10.1.2.3]
            extra_hosts: ["somewhere:10.4.5.6", "host.docker.internal:host-gateway"]
            cap_add: [NET_ADMIN]
            cap_drop: [MKNOD]
            user: "0:0"
            working_dir: /tmp
            hostname: webby
            domainname: example.invalid
            init: true
            tty: true
            stdin_open: true
            restart: unless-stopped
            stop_grace_period: 2s
            stop_signal: KILL
            shm_size: 32m
            mem_limit: 64m
            mem_reservation: 32m
            cpus: 0.5
            cpu_shares: 512
            pids_limit: 50
            ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 100}
            sysctls: {net.core.somaxconn: "1024"}
            tmpfs: [/run/y]
            read_only: false
            security_opt: [no-new-privileges:true]
            logging: {driver: json-file, options: {max-size: 1m}}
            healthcheck: {test: ["CMD", "true"], interval: 1s, timeout: 2s, retries: 3, start_period: 1s}
            group_add: ["1000"]
            oom_score_adj: 10
            ipc: private
            devices: ["/dev/null:/dev/nothing"]
          side: {image: "${IDLE}", network_mode: "service:web", pid: "service:web"}
          from: {image: "${IDLE}", volumes_from: [web]}
          limits: {image: "${IDLE}", deploy: {replicas: 2, resources: {limits: {cpus: "0.25", memory: 32M}}}}
          plain: {image: "${IDLE}"}
        networks: {back: {internal: true, labels: {a: b}}}
        volumes: {data: {labels: {a: b}}}
        configs: {settings: {file: ./settings.ini}}
        secrets: {password: {file: ./password.txt}}
    """,
    "Dockerfile": "FROM compose-lite-test/busybox:1-idle\nENV FROM_IMAGE=yes\nLABEL image=label\nEXPOSE 7\nVOLUME /in-image\n",
    "one.env": "B=2\n",
    "settings.ini": "x\n",
    "password.txt": "y\n",
    "site/index.html": "z\n",
}

test_mixing = scenarios(
    Scenario(
        name="ours-on-theirs",
        intent="compose-lite lists, logs, enters, stops, starts and takes down a stack that docker compose made.",
        needs_peer=True,
        files=STACK,
        steps=(
            peer("up -d"),
            run("ps --format '{{.Name}} {{.State}}' web"),
            prints("{STACK}-web-1 running"),
            eventually(run("logs --no-log-prefix db")),
            says("from-db"),
            run("exec -T web sh -c 'echo $PORT'"),
            prints("80"),
            run("stop web"),
            containers(web="exited 137", db="healthy"),
            run("start web"),
            containers(web="running", db="healthy"),
            run("down -v"),
            nothing_left(),
        ),
    ),
    Scenario(
        name="theirs-on-ours",
        intent="docker compose lists, logs, enters, stops, starts and takes down a stack that compose-lite made.",
        needs_peer=True,
        files=STACK,
        steps=(
            run("up -d"),
            peer("ps --format '{{.Name}} {{.State}}' web"),
            prints("{STACK}-web-1 running"),
            peer("logs --no-log-prefix db"),
            says("from-db"),
            peer("exec -T web sh -c 'echo $PORT'"),
            prints("80"),
            peer("stop web"),
            peer("start web"),
            containers(web="running", db="healthy"),
            peer("down -v"),
            nothing_left(),
        ),
    ),
    Scenario(
        name="adopt",
        intent="`up` on a stack that docker compose made changes nothing when nothing differs.",
        needs_peer=True,
        files=STACK,
        steps=(peer("up -d"), remember(), run("up -d", changes=0), kept("web", "db")),
    ),
    Scenario(
        name="adopt-rich",
        intent="Adopting holds for a service that uses most of the format, built, sharing namespaces and volumes.",
        only="compose-lite",
        needs_peer=True,
        files=RICH,
        steps=(
            peer("up -d"),
            remember(),
            run("up -d", changes=0),
            kept("web", "side", "from", "limits", "plain"),
        ),
    ),
    Scenario(
        name="rich",
        intent="A stack that uses most of the format comes up, and a second `up` changes nothing.",
        files=RICH,
        steps=(
            run("up -d"),
            run("up -d", changes=0),
            inside(
                "web",
                "hostname; pwd; echo $A$B$FROM_IMAGE; cat /etc/settings /run/secrets/password",
                "webby\n/tmp\n12yes\nx\ny",
            ),
        ),
    ),
    Scenario(
        name="adopt-the-rest",
        intent="`up` on docker compose's stack recreates exactly what differs, and keeps the data.",
        needs_peer=True,
        files=STACK,
        steps=(
            peer("up -d"),
            do_inside("db", "echo precious > /data/mark; echo fast > /cache/mark"),
            remember(),
            edit("compose.yaml", "echo from-db", "echo again"),
            run("up -d"),
            replaced("db"),
            kept("web"),
            same_anonymous_volumes("db"),
            inside("db", "cat /data/mark /cache/mark", "precious\nfast"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="they-take-over",
        intent="docker compose brings up a stack that compose-lite made, keeping its data, and back.",
        needs_peer=True,
        files=STACK,
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark; echo fast > /cache/mark"),
            peer("up -d"),
            containers(web="running", db="healthy"),
            inside("db", "cat /data/mark /cache/mark", "precious\nfast"),
            run("up -d"),
            containers(web="running", db="healthy"),
            inside("db", "cat /data/mark /cache/mark", "precious\nfast"),
        ),
    ),
    Scenario(
        name="their-leftovers",
        intent="One-off containers and orphans of docker compose are recognised as such.",
        needs_peer=True,
        files=STACK,
        steps=(
            peer("up -d"),
            peer("run -d --no-deps web sleep 1000"),
            oneoffs("running"),
            run("up -d", changes=0),
            run("down -v --remove-orphans"),
            oneoffs(),
            nothing_left(),
        ),
    ),
)
