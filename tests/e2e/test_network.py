"""Networks: who reaches whom under which name, shared namespaces, published ports."""

import urllib.request
from collections.abc import Callable

from tests.e2e.checks import (
    containers,
    field,
    inside,
    joined,
    kept,
    networks,
    reaches,
    replaced,
    resolves_not,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, edit, eventually, make_network, remember, run

HTTPD = "sh -c 'echo hello > /tmp/index.html; exec httpd -f -p 80 -h /tmp'"


def _fetch(variable: str) -> Callable[[Stack], None]:
    def act(stack: Stack) -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"http://127.0.0.1:{stack.env[variable]}/index.html", timeout=5) as answer:
            assert answer.read() == b"hello\n"

    return act


test_names = scenarios(
    Scenario(
        name="default-network",
        intent="On the default network every container is reached by its service's name, its own name and its host name.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}"}
                  db: {image: "${IDLE}", hostname: database}
                  named: {image: "${IDLE}", container_name: "${STACK}-special"}
            """
        },
        steps=(
            run("up -d"),
            reaches("web", "db", "{STACK}-db-1", "named", "{STACK}-special"),
            inside("db", "hostname", "database"),
            inside("web", "nslookup nowhere.invalid >/dev/null 2>&1 && exit 1; exit 0"),
        ),
    ),
    Scenario(
        name="further-networks",
        intent="A service is reached on its networks under its name and its aliases there, and nowhere else.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", networks: [front, back]}
                  proxy: {image: "${IDLE}", networks: [front]}
                  db:
                    image: ${IDLE}
                    networks:
                      back: {aliases: [database, store]}
                networks: {front: {}, back: {}, unused: {}}
            """
        },
        steps=(
            run("up -d"),
            networks("front", "back"),
            joined("web", "front", "back"),
            joined("db", "back"),
            reaches("web", "db", "database", "store", "proxy", "{STACK}-db-1"),
            resolves_not("proxy", "db", "database", "{STACK}-db-1"),
        ),
    ),
    Scenario(
        name="scaled-names",
        intent="The name of a scaled service resolves to all of its containers.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', scale: 2}, client: {image: '${IDLE}'}}"},
        steps=(
            run("up -d"),
            inside("client", "nslookup web 2>/dev/null | grep -c '^Address.*[0-9]$' | grep -qE '[2-9]'"),
            reaches("client", "{STACK}-web-1", "{STACK}-web-2"),
        ),
    ),
    Scenario(
        name="links",
        intent="`links` give other services' containers further names.",
        files={
            "compose.yaml": "services: {web: {image: '${IDLE}', links: ['db:mysql']}, db: {image: '${IDLE}'}}"
        },
        steps=(run("up -d"), reaches("web", "db", "mysql")),
    ),
    Scenario(
        name="external-network",
        intent="An external network is used, not made, and survives `down`.",
        files={
            "compose.yaml": """
                services: {web: {image: "${IDLE}", networks: [shared]}}
                networks: {shared: {external: true, name: "${STACK}-shared"}}
            """
        },
        steps=(
            make_network("{STACK}-shared"),
            run("up -d"),
            joined("web", "={STACK}-shared"),
            networks(),
            run("down"),
            run("up -d"),
            containers(web="running"),
        ),
    ),
    Scenario(
        name="fixed-address",
        intent="A network's subnet and a container's fixed address are as the file says.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    mac_address: "02:42:0a:d5:07:14"
                    networks: {inner: {ipv4_address: '${NET1}.20'}}
                networks:
                  inner:
                    internal: true
                    driver_opts: {com.docker.network.bridge.enable_icc: "true"}
                    ipam: {config: [{subnet: '${NET1}.0/24', gateway: '${NET1}.1'}]}
                    labels: {purpose: test}
            """
        },
        steps=(
            run("up -d"),
            field("web", "NetworkSettings.Networks[{STACK}_inner].IPAddress", "{NET1}.20"),
            field("web", "NetworkSettings.Networks[{STACK}_inner].MacAddress", "02:42:0a:d5:07:14"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="changed-network",
        intent="A network whose definition changed is made anew, with its containers on it again.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}"}
                  other: {image: "${IDLE}", networks: [apart]}
                networks:
                  default: {ipam: {config: [{subnet: '${NET1}.0/24'}]}}
                  apart: {}
            """
        },
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", "NET1", "NET2"),
            run("up -d"),
            containers(web="running", other="running"),
            field(
                "web",
                "NetworkSettings.Networks[{STACK}_default].IPAddress",
                "{NET2}.2",
            ),
            kept("other"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="disconnected",
        intent="A container that somebody disconnected from its network is on it again after `up`.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}'}, db: {image: '${IDLE}'}}"},
        steps=(
            run("up -d"),
            do(
                "docker network disconnect",
                lambda stack: _disconnect(stack, "web"),
            ),
            run("up -d"),
            joined("web", "default"),
            reaches("db", "web"),
            run("up -d", changes=0),
        ),
    ),
)


def _disconnect(stack: Stack, service: str) -> None:
    from tests.e2e.state import api

    api().disconnect_container_from_network(stack.container(service).id, f"{stack.name}_default")


test_namespaces = scenarios(
    Scenario(
        name="shared-namespaces",
        intent="`network_mode`, `pid` and `ipc` of the form `service:` join the namespaces of that service's container.",
        files={
            "compose.yaml": f"""
                services:
                  web: {{image: "${{IDLE}}", command: {HTTPD}, ipc: shareable}}
                  side:
                    image: ${{IDLE}}
                    network_mode: service:web
                    pid: service:web
                    ipc: service:web
            """
        },
        steps=(
            run("up -d"),
            eventually(inside("side", "wget -q -O - http://127.0.0.1/index.html", "hello")),
            inside("side", "ps | grep -q '[h]ttpd'"),
            inside("web", "readlink /proc/self/ns/ipc > /tmp/ipc"),
            inside("side", "test $(readlink /proc/self/ns/ipc) = $(readlink /proc/1/ns/ipc)"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="no-and-host-network",
        intent="`network_mode: none` has no network, `host` has the host's.",
        files={
            "compose.yaml": """
                services:
                  alone: {image: "${IDLE}", network_mode: none}
                  host: {image: "${IDLE}", network_mode: host}
            """
        },
        steps=(
            run("up -d"),
            networks(),
            joined("alone", "=none"),
            joined("host", "=host"),
            inside("alone", "ip addr show | grep -c '^[0-9]*:'", "1"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="shared-namespace-follows",
        intent="When the container whose network is shared is replaced, the sharing one is, too.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", environment: {A: "1"}}
                  side: {image: "${IDLE}", network_mode: "service:web"}
            """
        },
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", '"1"', '"2"'),
            run("up -d"),
            replaced("web", "side"),
            containers(web="running", side="running"),
        ),
    ),
)

test_ports = scenarios(
    Scenario(
        name="published",
        intent="A published port answers on the host; `port` tells its address.",
        files={
            "compose.yaml": f"""
                services:
                  web:
                    image: ${{IDLE}}
                    command: {HTTPD}
                    ports: ["127.0.0.1:${{PORT1}}:80", "${{PORT2}}:80"]
            """
        },
        steps=(
            run("up -d"),
            eventually(do("fetch through PORT1", _fetch("PORT1"))),
            eventually(do("fetch through PORT2", _fetch("PORT2"))),
            field("web", "HostConfig.PortBindings[80/tcp]", lambda found: len(found) == 2),
        ),
    ),
    Scenario(
        name="ephemeral",
        intent="Without a host port the daemon chooses one, and the container keeps running on a second `up`.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', ports: ['80', '53/udp'], scale: 2}}"},
        steps=(
            run("up -d"),
            containers(web="running x2"),
            field("web:1", "HostConfig.PortBindings[53/udp]", lambda found: len(found) == 1),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="freed-port",
        intent="A port that one service gives up can be taken by another in the same `up`.",
        files={
            "compose.yaml": """
                services:
                  a: {image: "${IDLE}", ports: ["${PORT1}:80"]}
                  b: {image: "${IDLE}"}
            """
        },
        steps=(
            run("up -d"),
            edit("compose.yaml", ', ports: ["${PORT1}:80"]', ""),
            edit("compose.yaml", 'b: {image: "${IDLE}"', 'b: {image: "${IDLE}", ports: ["${PORT1}:80"]'),
            run("up -d"),
            containers(a="running", b="running"),
        ),
    ),
)
