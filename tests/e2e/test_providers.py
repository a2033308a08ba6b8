"""Services that a provider runs: what it is asked, what those that depend on it get, and how it ends."""

import signal

from tests.e2e.checks import containers, environment, kept, nothing_left, prints, replaced, says, says_not
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, ends, launch, peer, remember, run, send_signal, write

# Notes its calls in the folder that it runs in, says what is in the file `says`, and ends with the code in `code`.
PROVIDER = """
    #!/bin/sh
    case "$1 $2" in
    docker-cli-plugin-metadata*) echo '{"SchemaVersion": "0.1.0", "Vendor": "test"}'; exit 0;;
    "compose metadata") exec cat metadata 2>/dev/null;;
    esac
    echo "$*" >>calls
    echo "$GIVEN" >>given
    [ ! -e hangs ] || exec sleep 600
    case "$*" in *" up "*) cat says 2>/dev/null;; esac
    exit "$(cat code 2>/dev/null || echo 0)"
"""
FILES = {
    "../home/.docker/cli-plugins/docker-demo": PROVIDER,
    "compose.yaml": """
        services:
          app: {image: "${IDLE}", depends_on: [db], environment: {MINE: "1"}}
          db: {provider: {type: demo, options: {size: 3, tag: [a, b]}}}
    """,
    ".env": "GIVEN=by the project",
    "says": """
        {"type": "info", "message": "half way"}
        {"type": "setenv", "message": "URL=one"}
    """,
}
ANOTHER = """
    {"type": "setenv", "message": "URL=two"}
    {"type": "rawsetenv", "message": "TOKEN=s3cret"}
"""


def _install(stack: Stack) -> None:
    plugin = stack.folder.parent / "home" / ".docker" / "cli-plugins" / "docker-demo"
    plugin.chmod(0o755)


INSTALLED = do("install the provider", _install)


def called(*expected: str) -> Step:
    """The provider was called with exactly these words since this was looked at the last time, options sorted."""

    def act(stack: Stack) -> None:
        calls = stack.folder / "calls"
        found = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        assert [_sorted(line) for line in found] == [stack.expand(line) for line in expected], found

    return Step(text=f"the provider was called: {expected or 'not at all'}", act=act)


def _sorted(line: str) -> str:
    """A command line with its options in alphabetical order: docker compose has them in any."""
    words = line.split(" ")
    return " ".join([*words[:3], *sorted(words[3:-1]), words[-1]])


UP = "compose --project-name={STACK} up --size=3 --tag=a --tag=b db"
DOWN = "compose --project-name={STACK} down --size=3 --tag=a --tag=b db"

test_providers = scenarios(
    Scenario(
        name="variables",
        intent="`up` asks the provider each time; dependents get what it says, and are replaced only if that changes.",
        files=FILES,
        only="compose-lite",
        steps=(
            INSTALLED,
            run("up -d"),
            says("half way"),
            called(UP),
            environment("app", DB_URL="one", MINE="1"),
            remember(),
            run("up -d", changes=0),
            called(UP),
            kept("app"),
            write("says", ANOTHER),
            run("plan"),
            says("the environment of app is known only once the provider has answered", "1 unchanged"),
            called(),
            run("up -d"),
            says_not("s3cret", "two"),
            replaced("app"),
            environment("app", DB_URL="two", TOKEN="s3cret"),
            remember(),
            run("up --no-deps -d app"),
            kept("app"),
            run("plan"),
            says("1 unchanged"),
            called(UP),
            run("run --rm app sh -c 'echo $DB_URL'"),
            prints("two"),
            run("down"),
            called(UP, DOWN),
            nothing_left(),
        ),
    ),
    Scenario(
        name="beside-docker-compose",
        intent="The provider is called as docker compose calls it; containers that it made with what it said stay.",
        files=FILES,
        needs_peer=True,
        steps=(
            INSTALLED,
            peer("up -d"),
            called(UP),
            environment("app", DB_URL="one"),
            remember(),
            run("plan"),
            says("1 unchanged"),
            run("up -d"),
            called(UP),
            kept("app"),
            peer("down"),
            called(DOWN),
        ),
    ),
    Scenario(
        name="looking",
        intent="What only looks at a stack runs no provider.",
        files=FILES,
        only="compose-lite",
        steps=(
            INSTALLED,
            *(
                run(words)
                for words in (
                    "plan",
                    "plan --for down",
                    "--dry-run up -d",
                    "--dry-run down",
                    "ps",
                    "config -q",
                )
            ),
            called(),
            containers(),
        ),
    ),
    Scenario(
        name="failure",
        intent="What the provider gives as its reason is told, and nothing that depends on it is touched.",
        files={**FILES, "says": '{"type": "error", "message": "quota exceeded"}'},
        only="compose-lite",
        steps=(
            INSTALLED,
            run("up -d", code=1),
            says("provider 'demo' could not bring up service 'db': quota exceeded"),
            containers(),
            write("says", ""),
            write("code", "7"),
            run("up -d", code=1),
            says("it exited with code 7"),
            run("down", code=1),
            says("could not take down service 'db'"),
        ),
    ),
    Scenario(
        name="stop",
        intent="`stop` is for providers that declare it, behind the containers that depend on them.",
        files=FILES,
        only="compose-lite",
        steps=(
            INSTALLED,
            run("up -d"),
            called(UP),
            run("stop"),
            called(),
            write("metadata", '{"up": {"parameters": [{"name": "size"}]}, "stop": {}}'),
            run("stop"),
            called("compose --project-name={STACK} stop db"),
            run("up -d"),
            called("compose --project-name={STACK} up --size=3 db"),
        ),
    ),
    Scenario(
        name="interrupted",
        intent="Ctrl-C ends a provider that hangs; the same command goes on later.",
        files={**FILES, "hangs": ""},
        only="compose-lite",
        steps=(
            INSTALLED,
            launch("up", "up -d", until="Providing"),
            send_signal("up", signal.SIGINT),
            ends("up", code=130),
            containers(),
            do("let it go on", lambda stack: (stack.folder / "hangs").unlink()),
            run("up -d"),
            containers(app="running"),
        ),
    ),
)
