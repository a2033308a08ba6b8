"""The scenarios of the fault matrix: what is there before, what is changed, and the command that is struck."""

import atexit
import functools
from dataclasses import dataclass

from tests.e2e import state
from tests.e2e.harness import Step
from tests.e2e.images import make_image
from tests.e2e.registry import registry
from tests.e2e.stack import Stack, Who
from tests.e2e.steps import do, edit, inside, run

# Each stack has subnets of its own: the engine has but 31 to give, and a late answer is waited for by many at once.
# `web` restarts with `db`, `side` shares its network, `db` has every kind of volume and a written file: a change of
# its configuration touches all three.
STACK = """
    services:
      web: {image: "${IDLE}", depends_on: {db: {condition: service_started, restart: true}}}
      side: {image: "${IDLE}", network_mode: "service:db"}
      db:
        image: ${IDLE}
        environment: {GENERATION: "1"}
        volumes: ["data:/data", /cache]
        configs: [{source: note, target: /etc/note}]
      other: {image: "${IDLE}"}
    configs: {note: {content: "read me"}}
    volumes: {data: {}}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
THREE = """
    services:
      web: {image: "${IDLE}", environment: {GENERATION: "1"}, depends_on: [app]}
      app: {image: "${IDLE}", environment: {GENERATION: "1"}, depends_on: [db]}
      db: {image: "${IDLE}", environment: {GENERATION: "1"}, volumes: ["data:/data", /cache]}
    volumes: {data: {}}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
SCALED = """
    services:
      web: {image: "${IDLE}", volumes: [/cache], scale: %d}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
NETWORKED = """
    services:
      web: {image: "${IDLE}", networks: {back: {aliases: [www]}, front: }}
      db: {image: "${IDLE}", networks: [back], volumes: [/cache]}
      other: {image: "${IDLE}", networks: [front]}
    networks:
      back: {labels: {generation: "1"}, ipam: {config: [{subnet: "${NET1}.0/24"}]}}
      front: {ipam: {config: [{subnet: "${NET2}.0/24"}]}}
"""
OF_AN_IMAGE = """
    services:
      web: {image: "${STACK}-web:latest", command: sleep 100000, stop_signal: SIGKILL, volumes: [/cache]}
      next: {image: "${STACK}-web:latest", command: sleep 100000, stop_signal: SIGKILL, depends_on: [web]}
      other: {image: "${IDLE}"}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
ROLLED = """
    services:
      web:
        image: ${IDLE}
        environment: {GENERATION: "1"}
        scale: 2
        healthcheck: {test: "true", interval: 100ms}
        deploy: {update_config: {order: start-first, parallelism: 1}}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
KEPT = """
    services:
      web:
        image: ${IDLE}
        environment: {GENERATION: "1"}
        ports: ["127.0.0.1:${PORT1}:80"]
        volumes: [/cache]
        x-compose-lite: {keep_previous: true}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
JOB = """
    services:
      web:
        image: ${IDLE}
        environment: {GENERATION: "1"}
        depends_on: {migrate: {condition: service_completed_successfully}}
      migrate:
        image: ${IDLE}
        command: sh -c "echo $$GENERATION > /data/mark"
        environment: {GENERATION: "1"}
        volumes: ["data:/data"]
        depends_on: [db]
      db: {image: "${IDLE}", environment: {GENERATION: "1"}, volumes: ["data:/data"]}
    volumes: {data: {}}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
# The first step runs once for both, the second one in each.
PREPARED = """
    services:
      web:
        image: ${IDLE}
        environment: {GENERATION: "1"}
        scale: 2
        volumes: ["data:/data", /cache]
        pre_start:
          - {command: sh -c "echo $$GENERATION > /data/mark"}
          - {command: sh -c "echo $$GENERATION > /cache/mark", per_replica: true}
    volumes: {data: {}}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
TOOL = """
    services:
      tool: {image: "${IDLE}", command: "true", depends_on: [db], volumes: ["data:/data", /cache]}
      db: {image: "${IDLE}", volumes: ["data:/data"]}
    volumes: {data: {}}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""
PULLED = """
    services:
      one: {image: "${REGISTRY}/${STACK}-one:1", command: sleep 100000, stop_signal: SIGKILL}
      two: {image: "${REGISTRY}/${STACK}-two:1", command: sleep 100000, stop_signal: SIGKILL}
    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One scenario.

    Attributes:
        file: the compose file before.
        command: what is struck, and run again afterwards.
        before: what is done before the command.
        again: the command that has nothing left to do afterwards.
        adjust: done before `again`.
        refuses: words with which the command may refuse to be run again, when its goal is reached.
        who: whose command it is.
        patience: a struck run ends by itself in this many seconds, beside those for which an answer was late.
    """

    name: str
    file: str
    command: str = "up -d"
    before: tuple[Step, ...] = ()
    again: str = "up -d"
    adjust: tuple[Step, ...] = ()
    refuses: str | None = None
    who: Who = "program"
    patience: float = 60


def tagged(variable: str) -> Step:
    """Give `{STACK}-web:latest` to one of the shared images."""

    def act(stack: Stack) -> None:
        state.api().tag(stack.env[variable], f"{stack.name}-web", "latest", force=True)

    return do(f"{variable} is {{STACK}}-web:latest", act)


@functools.cache
def _registry() -> str:
    """A registry that is there until the tests end."""
    running = registry()
    address = running.__enter__()
    atexit.register(running.__exit__, None, None, None)
    return address


def _publish(stack: Stack) -> None:
    stack.env["REGISTRY"] = _registry()
    for name in ("one", "two"):
        reference = f"{_registry()}/{stack.name}-{name}:1"
        make_image(reference, files={"name": stack.name + name})
        state.api().push(reference)
        state.api().remove_image(reference)


UP = run("up -d")
MARKED = inside("db", "echo precious > /data/mark; echo fast > /cache/mark")
CACHED = inside("web", "echo fast > /cache/mark")
CHANGED = edit("compose.yaml", 'GENERATION: "1"', 'GENERATION: "2"')
CHANGED_BACK = edit("compose.yaml", 'GENERATION: "2"', 'GENERATION: "1"')

CASES = (
    Case(name="first-up", file=STACK),
    Case(name="recreate", file=STACK, before=(UP, MARKED, CHANGED)),
    Case(name="recreate-three", file=THREE, before=(UP, MARKED, CHANGED)),
    Case(name="force-recreate", file=STACK, before=(UP, MARKED), command="up -d --force-recreate"),
    Case(
        name="scale-up",
        file=SCALED % 1,
        before=(UP, CACHED),
        command="scale web=3",
        again="up -d --scale web=3",
    ),
    Case(
        name="scale-down", file=SCALED % 3, before=(UP,), command="scale web=1", again="up -d --scale web=1"
    ),
    Case(
        name="changed-network",
        file=NETWORKED,
        before=(
            UP,
            inside("db", "echo fast > /cache/mark"),
            edit("compose.yaml", 'generation: "1"', 'generation: "2"'),
        ),
    ),
    Case(name="changed-image", file=OF_AN_IMAGE, before=(tagged("IMAGE"), UP, CACHED, tagged("NEWER"))),
    Case(name="rollout", file=ROLLED, before=(UP, CHANGED)),
    Case(
        name="rollback",
        file=KEPT,
        before=(UP, CACHED, CHANGED, UP),
        command="rollback",
        adjust=(CHANGED_BACK,),
        refuses="no unfinished update",
    ),
    Case(name="job", file=JOB, before=(UP, CHANGED)),
    Case(name="pre-start", file=PREPARED, before=(UP, CHANGED)),
    Case(name="down", file=STACK, before=(UP, MARKED), command="down", again="down"),
    Case(name="down-volumes", file=STACK, before=(UP, MARKED), command="down -v", again="down -v"),
    Case(
        name="rm",
        file=STACK,
        before=(UP, MARKED),
        command="rm --stop --force -v",
        again="rm --stop --force -v",
    ),
    Case(name="run", file=TOOL, command="run --rm -T tool true", again="up -d db"),
    Case(name="restart", file=STACK, before=(UP, MARKED), command="restart"),
    Case(
        name="pull",
        file=PULLED,
        before=(do("the registry has the images, the engine not", _publish),),
        command="pull",
        adjust=(UP,),
    ),
)
# What docker compose makes of the same.
OF_THE_PEER = Case(
    name="recreate-three",
    file=THREE,
    before=(run("up -d", who="peer"), MARKED, CHANGED),
    who="peer",
    patience=20,
)
