"""The commands that docker compose doesn't have: `networks`, `open`, `sh` and their like."""

from tests.e2e import state
from tests.e2e.checks import containers, json_lines, prints, prints_lines, prints_match, says, unchanged
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, ends, eventually, inside, open_terminal, remember, run, send, shows

STACK = {
    "compose.yaml": """
        services:
          web: {image: "${IDLE}", ports: ["127.0.0.1:${PORT1}:8080", "${PORT2}:5432"], networks: [front]}
          db: {image: "${IDLE}"}
        networks: {front: {}}
    """
}

test_looking = scenarios(
    Scenario(
        name="networks",
        intent="`networks` lists the project's networks, or a service's: as a table, names, JSON or a template.",
        only="compose-lite",
        files=STACK,
        steps=(
            run("up -d"),
            run("networks"),
            says("NETWORK ID", "{STACK}_front", "{STACK}_default", "bridge"),
            run("networks -q"),
            prints_lines("{STACK}_front", "{STACK}_default"),
            run("networks -q web"),
            prints("{STACK}_front"),
            run("networks --format json"),
            prints_match(
                lambda text: all("/" in row["Subnets"] and row["ID"] for row in json_lines(text)), "subnets"
            ),
            run("networks --format '{{.Name}} {{.Driver}}' db"),
            prints("{STACK}_default bridge"),
        ),
    ),
    Scenario(
        name="open",
        intent="`open` prints the address of the port that looks like a web page's, and sends the browser there.",
        only="compose-lite",
        files=STACK,
        steps=(
            run("up -d"),
            run("open web", env={"BROWSER": "echo opening %s"}),
            prints_lines("http://127.0.0.1:{PORT1}/", "opening http://127.0.0.1:{PORT1}/"),
            run("open web 5432 --path status --print"),
            prints("http://localhost:{PORT2}/status"),
            run("open db", code=1),
            says("publishes no TCP port"),
            run("open web 99", code=1),
            says("it publishes 5432/tcp, 8080/tcp"),
        ),
    ),
    Scenario(
        name="sh",
        intent="`sh` starts the best shell that there is, as `exec` would, and says so if there is none.",
        only="compose-lite",
        files=STACK,
        steps=(
            run("up -d"),
            run("sh db -c 'echo $0; exit 4'", code=4),
            prints_match(lambda text: text.strip().endswith("ash"), "ash, which is better than sh"),
            run("sh -T --workdir /tmp --env A=5 --user 1000 db", stdin="pwd; echo $A; id -u\n"),
            prints("/tmp\n5\n1000"),
            inside("db", "rm -rf /bin"),
            run("sh db", code=1),
            says("there is no shell in {STACK}-db-1"),
        ),
    ),
)


FULL = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            command: sh -c "head -c 200000 /dev/zero | tee /data/file > /own; seq 1 10000; exec sleep 1000"
            volumes: ["data:/data"]
        volumes: {data: {}}
    """
}


def _sizes(stack: Stack) -> None:
    """What the service wrote has been found: in its own files, in its log, in the volume."""
    stack.run("du --format json")
    assert stack.last is not None
    found = {row["Type"]: row for row in json_lines(stack.last.out)}
    assert found["container"]["Bytes"] >= 200_000, found
    assert found["volume"]["Bytes"] >= 200_000, found
    assert found["volume"]["Name"] == f"{stack.name}_data"
    assert found["image"]["Services"] == "web"
    log = found["log"]
    assert log["Note"] if log["Bytes"] is None else log["Bytes"] > 48_000, log


test_du = scenarios(
    Scenario(
        name="du",
        intent="`du` measures the project's images, volumes, containers and logs.",
        only="compose-lite",
        files=FULL,
        steps=(
            run("up -d"),
            eventually(do("sizes", _sizes)),
            run("du"),
            says("total", "{STACK}_data", "kB"),
        ),
    ),
)


def _abandoned_probe(stack: Stack) -> None:
    """What a killed `doctor` leaves."""
    state.api().create_network(
        f"{stack.name}-probe", labels={"io.compose-lite.probe": "1", state.OURS: stack.name}
    )


def _no_probe(stack: Stack) -> None:
    """No network of a probe is there that is not at work now (other tests may be), no container that has ended."""
    api, filters = state.api(), {"label": "io.compose-lite.probe"}
    assert not api.networks(names=[f"{stack.name}-probe"])
    assert not [each for each in api.containers(all=True, filters=filters) if each["State"] == "exited"]


def _found(**expected: str) -> Step:
    """The checks of `doctor --format json` have these outcomes."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        found = {row["Check"]: row for row in json_lines(stack.last.out)}
        assert {check: found[check]["Status"] for check in expected} == expected, found
        assert all(row["Remedy"] for row in found.values() if row["Status"] in ("warning", "failure"))

    return do(f"found: {expected}", act)


test_doctor = scenarios(
    Scenario(
        name="doctor",
        intent="`doctor` checks the engine with a probe that it removes, also one that was abandoned.",
        only="compose-lite",
        steps=(
            do("an abandoned probe", _abandoned_probe),
            run("doctor --format json"),
            _found(daemon="ok", api="ok", clock="ok", dns="ok", configuration="ok"),
            do("no probe is left", _no_probe),
            run("doctor"),
            says("Docker Engine", "find each other by name"),
        ),
    ),
    Scenario(
        name="doctor-fails",
        intent="`doctor` exits with 1 and names the remedy where the daemon or a credential helper is missing.",
        only="compose-lite",
        files={"config/config.json": '{"credsStore": "nowhere"}'},
        steps=(
            run(
                "doctor --format json",
                code=1,
                env={"DOCKER_HOST": "unix:///nowhere.sock", "DOCKER_CONFIG": "config"},
            ),
            _found(daemon="failure", dns="skipped", credentials="failure"),
        ),
    ),
)

TESTED = {
    "compose.yaml": """
        services:
          db:
            image: ${IDLE}
            container_name: ${STACK}-the-db
            ports: ["${PORT1}:80"]
            volumes: ["data:/data"]
            healthcheck: {test: "true", interval: 300ms}
          tests:
            image: ${IDLE}
            profiles: [ci]
            restart: always
            depends_on: {db: {condition: service_healthy}}
            command: sh -c "nslookup ${STACK}-the-db >/dev/null && echo found it; echo and failed >&2; exit 5"
        volumes: {data: {name: "${STACK}-data"}}
    """
}


def _nothing_of_the_test(stack: Stack) -> None:
    """No container, network or volume of a stack that `test` has made is there."""
    api, prefix = state.api(), f"{stack.name}-test-"
    found = [*api.networks(names=[prefix]), *(api.volumes(filters={"name": prefix})["Volumes"] or ())]
    names = [name for each in api.containers(all=True) for name in each["Names"] if prefix in name]
    assert not found
    assert not names


test_test = scenarios(
    Scenario(
        name="beside",
        intent="`test` runs a service with what it needs beside the running stack; its output and exit code are ours.",
        only="compose-lite",
        files=TESTED,
        steps=(
            run("up -d"),
            eventually(containers(db="healthy")),
            remember(),
            run("test tests", code=5),
            prints("found it"),
            says("and failed"),
            run("test --quiet tests sh -c 'echo $0 $1' a b"),
            prints("a b"),
            do("nothing of it is left", _nothing_of_the_test),
            unchanged(),
        ),
    ),
    Scenario(
        name="interrupted",
        intent="Ctrl-C ends a `test` and takes everything down that it has made.",
        only="compose-lite",
        files=TESTED,
        steps=(
            open_terminal("test tests sh -c 'echo it-runs; sleep 1000'"),
            shows("terminal", "it-runs"),
            send("\x03"),
            ends("terminal", code=130),
            do("nothing of it is left", _nothing_of_the_test),
        ),
    ),
    Scenario(
        name="unmet",
        intent="A `test` whose dependency fails is a failure that is explained, and nothing is left of it.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  db: {image: "${IDLE}", healthcheck: {test: "false", interval: 200ms, retries: 1}}
                  tests: {image: "${IDLE}", depends_on: {db: {condition: service_healthy}}}
            """
        },
        steps=(
            run("test tests", code=1),
            says("unhealthy"),
            do("nothing of it is left", _nothing_of_the_test),
        ),
    ),
)
