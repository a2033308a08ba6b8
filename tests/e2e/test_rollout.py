"""Updates by `deploy.update_config`: the order of things, what a failure does, and the ways on and back."""

from itertools import pairwise

from tests.e2e.checks import (
    containers,
    inside,
    kept,
    names,
    nothing_left,
    replaced,
    same_anonymous_volumes,
    says,
    says_not,
)
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.state import Happening
from tests.e2e.steps import do, edit, remember, run
from tests.e2e.strikes import kill_before, run_struck

SOUND = "{test: 'true', interval: 100ms}"
SLOW = "{test: 'true', interval: 1s}"


def stack(config: str, *, scale: int = 2, command: str = "sleep 100000", health: str = SOUND) -> str:
    """The file of a service that is updated when GENERATION 1 becomes another text."""
    return f"""
        services:
          web:
            image: ${{IDLE}}
            command: {command}
            environment: {{GENERATION: "1"}}
            scale: {scale}
            {"" if health == "none" else f"healthcheck: {health}"}
            deploy: {{update_config: {config}}}
    """


UPDATE = edit("compose.yaml", 'GENERATION: "1"', 'GENERATION: "2"')
NAMES = names("{STACK}-web-1", "{STACK}-web-2")


def updated() -> tuple[Step, ...]:
    """The update has happened, and nothing is left to do."""
    return (
        replaced("web"),
        NAMES,
        containers(web="healthy x2"),
        run("up -d", changes=0),
    )


def first(stack: Stack, event: str, *, timeout: float = 5) -> Happening | None:
    """The first `start web-1'` (of the new container) or `die web-1` (of the remembered one) since `remember`."""
    assert stack.before is not None, "nothing was remembered"
    old = {container.id for container in stack.before.containers}

    def fits(happened: Happening) -> bool:
        who = f"{happened.service}-{happened.number}" + ("" if happened.container in old else "'")
        return event == f"{happened.action} {who}"

    return stack.events.first(fits, timeout=timeout)


def goes(*events: str, apart: float = 0) -> Step:
    """The events happened in this order, each at least `apart` seconds after the one before."""

    def act(stack: Stack) -> None:
        found = [first(stack, event) for event in events]
        times = [happened.seconds for happened in found if happened is not None]
        assert len(times) == len(events), f"happened: {found}"
        gaps = [later - sooner for sooner, later in pairwise(times)]
        assert all(gap >= apart for gap in gaps), f"{events}: seconds between are {gaps}"

    return Step(text=f"{' < '.join(events)} (apart {apart:g} s)", act=act)


def never(event: str) -> Step:
    """The event has not happened."""

    def act(stack: Stack) -> None:
        happened = first(stack, event, timeout=0)
        assert happened is None, f"{event!r} has happened: {happened}"

    return Step(text=f"never: {event}", act=act)


test_order = scenarios(
    Scenario(
        name="start-first",
        intent="With `start-first` a new container is healthy before the old one stops, one replica at a time.",
        only="compose-lite",
        files={"compose.yaml": stack("{order: start-first}")},
        steps=(
            run("up -d"),
            remember(),
            UPDATE,
            run("up -d"),
            goes("health_status: healthy web-1'", "die web-1", apart=2),
            goes("die web-1", "start web-2'", "die web-2", "destroy web-1"),
            *updated(),
            inside(
                "web:1", "nslookup web | grep -c '^Address.*10\\.\\|^Address.*172\\.\\|^Address.*192\\.'", "2"
            ),
        ),
    ),
    Scenario(
        name="stop-first",
        intent="By default the old container stops first; between the replicas lies `delay`.",
        only="compose-lite",
        files={"compose.yaml": stack("{delay: 1s}")},
        steps=(
            run("up -d"),
            remember(),
            UPDATE,
            run("up -d"),
            goes("die web-1", "start web-1'", "die web-2", "start web-2'", "destroy web-1"),
            goes("start web-1'", "die web-2", apart=1),
            *updated(),
        ),
    ),
    Scenario(
        name="parallelism",
        intent="`parallelism` replicas are replaced side by side, and no more.",
        only="compose-lite",
        files={"compose.yaml": stack("{parallelism: 2}", scale=3, health=SLOW)},
        steps=(
            run("up -d"),
            remember(),
            UPDATE,
            run("up -d"),
            goes("die web-1", "health_status: healthy web-2'", "die web-3"),
            goes("die web-2", "health_status: healthy web-1'", "die web-3"),
            replaced("web"),
        ),
    ),
    Scenario(
        name="start-first-impossible",
        intent="Where a host port forbids `start-first` the plan says so beforehand, and stops first.",
        only="compose-lite",
        files={
            "compose.yaml": stack("{order: start-first}", scale=1).replace(
                "scale: 1", 'ports: ["127.0.0.1:${PORT1}:80"]'
            )
        },
        steps=(
            run("up -d"),
            remember(),
            UPDATE,
            run("plan"),
            says("stop-first", "host port {PORT1}"),
            run("up -d"),
            goes("die web-1", "start web-1'"),
            replaced("web"),
        ),
    ),
)

FAILS = edit("compose.yaml", "sleep 100000", "sh -c 'echo no settings; exit 3'")
MENDED = edit("compose.yaml", "sh -c 'echo no settings; exit 3'", "sleep 200000")

test_failure = scenarios(
    Scenario(
        name="rollback",
        intent="`failure_action: rollback` ends a failed update with what ran before, and says so with exit 1.",
        only="compose-lite",
        files={"compose.yaml": stack("{failure_action: rollback, parallelism: 0}")},
        steps=(
            run("up -d"),
            remember(),
            FAILS,
            run("up -d", code=1),
            says("no settings", "exit code 3", "the update was undone: web"),
            kept("web", restarted=True),
            NAMES,
        ),
    ),
    Scenario(
        name="rollback-start-first",
        intent="With `start-first` a failed update never stops what ran before.",
        only="compose-lite",
        files={"compose.yaml": stack("{order: start-first, failure_action: rollback}")},
        steps=(
            run("up -d"),
            remember(),
            FAILS,
            run("up -d", code=1),
            kept("web"),
            never("die web-1"),
            NAMES,
        ),
    ),
    Scenario(
        name="rollback-of-the-stack",
        intent="A failed update takes back what it changed in other services too, and what it has made anew.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    command: sleep 100000
                    deploy: {update_config: {failure_action: rollback}}
                  api: {image: "${IDLE}", environment: {GENERATION: "1"}}
            """
        },
        steps=(
            run("up -d"),
            remember(),
            UPDATE,
            edit("compose.yaml", "services:", 'services:\n  extra: {image: "${IDLE}"}'),
            FAILS,
            run("up -d", code=1),
            says("the update was undone: api, web"),
            kept("web", "api", restarted=True),
            names("{STACK}-api-1", "{STACK}-web-1"),
        ),
    ),
    Scenario(
        name="pause-and-rollback",
        intent="By default a failed update is paused behind its first failure; `rollback` ends it.",
        only="compose-lite",
        files={"compose.yaml": stack("{parallelism: 1}")},
        steps=(
            run("up -d"),
            remember(),
            FAILS,
            run("up -d", code=1),
            says("the update is paused", "rollback"),
            never("die web-2"),
            run("--dry-run rollback", changes=0),
            run("rollback -t 1 web"),
            kept("web", restarted=True),
            NAMES,
            run("rollback", code=1),
            says("no unfinished update"),
            run("rollback wbe", code=1),
        ),
    ),
    Scenario(
        name="pause-and-go-on",
        intent="After a paused update an `up` with mended files completes it.",
        only="compose-lite",
        files={"compose.yaml": stack("{order: start-first, parallelism: 0}")},
        steps=(run("up -d"), remember(), FAILS, run("up -d", code=1), MENDED, run("up -d"), *updated()),
    ),
    Scenario(
        name="continue",
        intent="`failure_action: continue` goes on with the other replicas, and still ends with exit 1.",
        only="compose-lite",
        files={"compose.yaml": stack("{failure_action: continue}")},
        steps=(
            run("up -d"),
            remember(),
            FAILS,
            run("up -d", code=1),
            goes("die web-1'", "start web-2'"),
            run("rollback"),
            kept("web", restarted=True),
        ),
    ),
    Scenario(
        name="max-failure-ratio",
        intent="As many replicas as `max_failure_ratio` tolerates may fail without ending the update.",
        only="compose-lite",
        files={
            "compose.yaml": stack("{max_failure_ratio: 0.5}").rstrip()
            + '\n            volumes: ["shared:/shared"]\n        volumes: {shared: {}}\n'
        },
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", "sleep 100000", "sh -c 'mkdir /shared/first && exit 3; sleep 100000'"),
            run("up -d", code=1),
            goes("die web-1'", "die web-2", "start web-2'"),
            run("up -d"),
            *updated(),
        ),
    ),
    Scenario(
        name="monitor",
        intent="A new container that dies while it is monitored has failed, though it ran for a while.",
        only="compose-lite",
        files={"compose.yaml": stack("{monitor: 3s, failure_action: rollback}", health="none")},
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", "sleep 100000", "sh -c 'sleep 0.5; exit 3'"),
            run("up -d", code=1),
            kept("web", restarted=True),
            never("die web-2"),
        ),
    ),
)


PREVIOUS = names("{STACK}-web-1", "{STACK}-web-1.previous")
KEEPS = """
    services:
      web:
        image: ${IDLE}
        environment: {GENERATION: "1"}
        ports: ["127.0.0.1:${PORT1}:80"]
        volumes: [/data]
        x-compose-lite: {keep_previous: true}
"""

test_keep_previous = scenarios(
    Scenario(
        name="rollback",
        intent="With `keep_previous` an update that has succeeded can be undone; an `up` more does nothing.",
        only="compose-lite",
        files={"compose.yaml": KEEPS},
        steps=(
            run("up -d"),
            remember(),
            UPDATE,
            run("up -d"),
            PREVIOUS,
            containers(web="running, exited 137"),
            run("up -d", changes=0),
            run("ps"),
            says_not(".previous"),
            run("ps -a"),
            says("{STACK}-web-1.previous"),
            run("rollback"),
            kept("web", restarted=True),
            names("{STACK}-web-1"),
            same_anonymous_volumes("web"),
        ),
    ),
    Scenario(
        name="next-update-and-down",
        intent="The next update keeps the generation before it instead; `down` removes all of them.",
        only="compose-lite",
        files={"compose.yaml": KEEPS},
        steps=(
            run("up -d"),
            UPDATE,
            run("up -d"),
            edit("compose.yaml", 'GENERATION: "2"', 'GENERATION: "3"'),
            run("up -d"),
            PREVIOUS,
            run("restart"),
            containers(web="running, exited 137"),
            run("up -d", changes=0),
            run("down -v"),
            nothing_left(),
        ),
    ),
)


def _killed_at(call: int) -> Step:
    """The update dies at its changing call of that number."""

    def act(stack: Stack) -> None:
        struck = run_struck(stack, "up -d", at=call, strike=kill_before)
        assert struck.call is not None, f"the update makes fewer than {call} calls: {struck.result}"

    return do(f"an update is killed at call {call}", act)


def _healed_after(call: int) -> Scenario:
    return Scenario(
        name=f"killed-at-{call}",
        intent="An update that was killed anywhere goes on with the next `up`.",
        only="compose-lite",
        files={"compose.yaml": stack("{order: start-first, parallelism: 0}")},
        steps=(run("up -d"), remember(), UPDATE, _killed_at(call), run("up -d"), *updated()),
    )


test_killed = scenarios(
    *map(_healed_after, (3, 9)),
    Scenario(
        name="killed-and-undone",
        intent="An update that was killed can be undone.",
        only="compose-lite",
        files={"compose.yaml": stack("{order: start-first, parallelism: 0}")},
        steps=(run("up -d"), remember(), UPDATE, _killed_at(8), run("rollback"), kept("web"), NAMES),
    ),
)
