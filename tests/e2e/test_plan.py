"""`plan`, `apply` and `--dry-run`: what will be done and why, exactly that later, and nothing before."""

import json
import re
from pathlib import Path

import jsonschema

from compose_lite.cli.commands.plan import VERBS
from tests.e2e.checks import containers, environment, kept, nothing_left, replaced, says, says_not, unchanged
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, edit, outside, remember, run, write
from tests.fakes.proxy import Answer, Call, Proxy, Strike

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "plan.schema.json").read_text())
SHOP = {
    "compose.yaml": """
        services:
          db: {image: "${IDLE}", volumes: ["data:/data"]}
          web:
            image: ${IDLE}
            environment: {PORT: "80"}
            depends_on: [db]
        volumes: {data: {}}
    """
}


def is_a_plan(*changes: str) -> Step:
    """The last invocation printed a plan as the schema has it, with these changes: `replace web-1`."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        plan = json.loads(stack.last.out)
        jsonschema.validate(plan, SCHEMA)
        found = {f"{change['change']} {change['name']}" for change in plan["changes"]}
        assert found == set(map(stack.expand, changes)), found

    return do(f"a plan by the schema: {changes}", act)


test_plan = scenarios(
    Scenario(
        name="exit-codes",
        intent="`--detailed-exitcode`: 2 where something is to do, 0 where nothing is, 1 on an error; else 0.",
        only="compose-lite",
        files=SHOP,
        steps=(
            run("plan", changes=0),
            says("4 to create, 0 to replace, 0 to remove, 0 unchanged"),
            run("plan --detailed-exitcode", code=2),
            nothing_left(),
            run("up -d"),
            run("plan --detailed-exitcode", changes=0),
            says("0 to create, 0 to replace, 0 to remove, 2 unchanged"),
            write("compose.yaml", "services: {web: {imag: x}}"),
            run("plan --detailed-exitcode", code=1),
        ),
    ),
    Scenario(
        name="reasons",
        intent="A plan tells the field that changed and what will be interrupted.",
        only="compose-lite",
        files=SHOP,
        steps=(
            run("up -d"),
            edit("compose.yaml", '"80"', '"8080"'),
            run("plan", changes=0),
            says(
                "environment.PORT: 80 → 8080",
                "0 to create, 1 to replace, 0 to remove, 1 unchanged",
                "web: {STACK}-web-1 stops",
            ),
            run("plan --format json", changes=0),
            is_a_plan("replace {STACK}-web-1"),
        ),
    ),
    Scenario(
        name="other-verbs",
        intent="`plan --for VERB` tells what that command would do.",
        only="compose-lite",
        files=SHOP,
        steps=(
            run("up -d"),
            remember(),
            run("plan --for down --format json", changes=0),
            is_a_plan("remove {STACK}-web-1", "remove {STACK}-db-1", "remove {STACK}_default"),
            run("plan --for down -v --format json", changes=0),
            is_a_plan(
                "remove {STACK}-web-1", "remove {STACK}-db-1", "remove {STACK}_default", "remove {STACK}_data"
            ),
            run("plan --for stop --format json web", changes=0),
            is_a_plan("stop {STACK}-web-1"),
            run("plan --for restart --format json web", changes=0),
            is_a_plan("restart {STACK}-web-1"),
            run("plan --for kill --format json web", changes=0),
            is_a_plan("kill {STACK}-web-1"),
            run("plan --for pause --format json web", changes=0),
            is_a_plan("pause {STACK}-web-1"),
            run("plan --for rm --stop --format json web", changes=0),
            is_a_plan("remove {STACK}-web-1"),
            run("plan --for scale --format json web=2", changes=0),
            is_a_plan("create {STACK}-web-2"),
            unchanged(),
            run("stop web"),
            run("plan --for start --format json web", changes=0),
            is_a_plan("start {STACK}-web-1"),
        ),
    ),
)

# Every command that makes a plan, with what only `plan` has to be told otherwise.
SAME = {
    "up -d": "plan",
    "up -d --force-recreate -t 3": "plan --force-recreate -t 3",
    "create": "plan --for create",
    "scale web=2": "plan --for scale web=2",
    "down -v --rmi local": "plan --for down -v --rmi local",
    "run web true": "plan --for run web",
    "stop web": "plan --for stop web",
    "start": "plan --for start",
    "restart -t 2": "plan --for restart -t 2",
    "kill": "plan --for kill",
    "pause": "plan --for pause",
    "unpause": "plan --for unpause",
    "rm -s -f": "plan --for rm --stop",
    "rollback": "plan --for rollback",
    "pull": "plan --for pull",
    "build": "plan --for build",
}


def says_the_same(verb: str) -> Step:
    """`--dry-run VERB` and `plan --for VERB` print the same, before a daemon that fails on any changing call."""

    def act(stack: Stack) -> None:
        with Proxy(on_call=_refuse_changes) as proxy:
            env = {"DOCKER_HOST": proxy.address}
            dry = _without_slug(stack.run(f"--dry-run {verb}", env=env).out)
            assert _without_slug(stack.run(SAME[verb], env=env).out) == dry
            assert not proxy.changes
        assert "unchanged" in dry  # the summary line

    return do(f"--dry-run {verb} = {SAME[verb]}", act)


def _without_slug(told: str) -> str:
    """What was told, without the random part of the name of a one-off container."""
    return re.sub(r"-run-[0-9a-f]{12}\b", "-run-SLUG", told)


def _refuse_changes(call: Call) -> Strike | None:
    return Strike(when="before", answer=Answer(status=500)) if call.change else None


test_same_as_dry_run = scenarios(
    Scenario(
        name="same-as-dry-run",
        intent="`plan --for` has every command that makes a plan, says what its `--dry-run` says and changes nothing.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  db: {image: "${IDLE}", volumes: ["data:/data"], x-compose-lite: {keep_previous: true}}
                  web: {image: "${STACK}/web", pull_policy: build, build: ., depends_on: [db]}
                volumes: {data: {}}
            """,
            "Dockerfile": "FROM compose-lite-test/busybox:1-idle\n",
        },
        steps=(
            run("up -d"),
            run("pause web"),
            run("up -d --force-recreate --no-deps db"),
            edit("compose.yaml", "depends_on", "environment: {A: b}, depends_on"),
            remember(),
            *(says_the_same(verb) for verb in SAME),
            unchanged(),
        ),
    ),
)


def test_every_command_that_plan_knows_is_compared() -> None:
    assert {verb.split()[0] for verb in SAME} == set(VERBS)


test_apply = scenarios(
    Scenario(
        name="as-planned",
        intent="`apply` carries a kept plan out; a second time it refuses, for the state is another.",
        only="compose-lite",
        files=SHOP,
        steps=(
            run("plan --out first.plan"),
            nothing_left(),
            run("apply first.plan"),
            containers(web="running", db="running"),
            remember(),
            run("apply first.plan", code=1),
            says("container {STACK}-web-1", "is new"),
            edit("compose.yaml", '"80"', '"8080"'),
            run("plan --out update.plan"),
            run("--dry-run apply update.plan"),
            unchanged(),
            run("apply update.plan"),
            environment("web", PORT="8080"),
            replaced("web"),
            kept("db"),
        ),
    ),
    Scenario(
        name="state-moved",
        intent="`apply` refuses and says what moved, where somebody changed the daemon's state meanwhile.",
        only="compose-lite",
        files=SHOP,
        steps=(
            run("up -d"),
            edit("compose.yaml", '"80"', '"8080"'),
            run("plan --out update.plan"),
            outside("db", "stop", timeout=0),
            remember(),
            run("apply update.plan", code=1),
            says("container {STACK}-db-1", "running → exited"),
            unchanged(),
        ),
    ),
    Scenario(
        name="files-moved",
        intent="`apply` refuses where the files say something else by now.",
        only="compose-lite",
        files=SHOP,
        steps=(
            run("up -d"),
            remember(),
            edit("compose.yaml", '"80"', '"8080"'),
            run("plan --out update.plan"),
            edit("compose.yaml", '"8080"', '"9090"'),
            run("apply update.plan", code=1),
            says("service web changed in the files"),
            unchanged(),
        ),
    ),
    Scenario(
        name="scale-and-down",
        intent="Plans of `scale`, `unpause` and `down` can be kept and carried out as well.",
        only="compose-lite",
        files=SHOP,
        steps=(
            run("up -d"),
            run("plan --for scale web=2 --out two.plan"),
            run("apply two.plan"),
            containers(web="running x2", db="running"),
            run("pause db"),
            run("plan --for unpause --out go-on.plan"),
            run("apply go-on.plan"),
            containers(web="running x2", db="running"),
            run("plan --for down -v --out end.plan"),
            run("apply end.plan"),
            nothing_left(),
        ),
    ),
    Scenario(
        name="no-plan",
        intent="What is no plan is refused with a message, never with a traceback.",
        only="compose-lite",
        files={**SHOP, "text": "hello", "empty": '{"format": "compose-lite-plan", "version": 1}'},
        steps=(
            run("apply nowhere", code=1),
            run("plan --for run web --out run.plan", code=1),
            run("plan --for run", code=1),
            run("apply text", code=1),
            run("apply empty", code=1),
            says("damaged"),
            says_not("Traceback", "defect"),
        ),
    ),
)
