"""`graph --live`: the picture says how each service is on the daemon, and finds that out by listing alone."""

from tests.e2e.checks import containers, prints_match, says
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, eventually, inside, run
from tests.fakes.proxy import Proxy

STACK = {
    "compose.yaml": """
        services:
          web: {image: "${IDLE}", scale: 2, depends_on: {db: {condition: service_healthy}}}
          db:
            image: ${IDLE}
            volumes: ["data:/data"]
            healthcheck: {test: test ! -e /tmp/ill, interval: 300ms, retries: 1}
          job: {image: "${IDLE}", command: "true", x-compose-lite: {job: true}}
          failed: {image: "${IDLE}", command: sh -c "exit 3"}
          debug: {image: "${IDLE}", profiles: [debug]}
        volumes: {data: }
    """
}
LISTS = {"/containers/json", "/networks", "/volumes", "/_ping", "/version"}


def shows_states(**expected: str) -> Step:
    """Each service's title line of the text ends with this word on how it is."""

    def accept(text: str) -> bool:
        titles = [line.split("  ● ") for line in text.splitlines() if "  ● " in line]
        return {title.split(" ")[0]: state for title, state in titles} == expected

    return prints_match(accept, f"the states {expected}")


def lists_only(command: str) -> Step:
    """The command does nothing but list."""

    def act(stack: Stack) -> None:
        with Proxy() as proxy:
            stack.run(command, env={"DOCKER_HOST": proxy.address})
            made = {call.path for call in proxy.calls}
        assert "/containers/json" in made
        assert made <= LISTS, made

    return do(f"{command} lists only", act)


test_live = scenarios(
    Scenario(
        name="states",
        intent="Each service, network and volume is shown as it is, from before `up` to a failing health check.",
        only="compose-lite",
        files=STACK,
        steps=(
            run("graph --live", changes=0),
            shows_states(web="missing", db="missing", job="missing", failed="missing", debug="off"),
            says("default (missing)", "data (missing)"),
            run("up -d"),
            eventually(containers(web="running x2", db="healthy", job="exited 0", failed="exited 3")),
            lists_only("graph --live"),
            shows_states(web="running 2/2", db="healthy", job="completed", failed="exited (3)", debug="off"),
            run("kill web"),
            inside("db", "touch /tmp/ill"),
            eventually(containers(web="exited 137 x2", db="unhealthy", job="exited 0", failed="exited 3")),
            run("graph --live"),
            shows_states(
                web="exited (137) 0/2", db="unhealthy", job="completed", failed="exited (3)", debug="off"
            ),
            run("graph --live --format svg"),
            says('class="bad"', ">unhealthy<", ">exited (137) 0/2<"),
        ),
    ),
)
