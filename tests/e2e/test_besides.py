"""The commands that docker compose doesn't have: `networks`, `open`, `sh` and their like."""

from tests.e2e.checks import json_lines, prints, prints_lines, prints_match, says
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.steps import inside, run

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
