"""What a command imports decides how fast it feels: heavy packages stay out where they are not needed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "asyncio",
    "click",
    "docker",
    "jsonschema",
    "networkx",
    "requests",
    "resvg_py",
    "rich",
    "typer",
    "urllib3",
    "watchfiles",
    "yaml",
}
STACK = "services:\n  web: {image: nginx, depends_on: [db]}\n  db: {image: nginx}\n"
PROBE = """
import json, sys
from compose_lite.cli.main import main
code = main(sys.argv[1:])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def imported(folder: Path, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "DOCKER_HOST": "unix:///nowhere/docker.sock"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return set(found)


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("version", set()),
        ("-p demo ps", set()),
        ("-p demo logs", set()),
        ("-p demo exec web true", set()),
        ("ls", set()),
        ("config -q", {"yaml"}),
        ("graph", {"yaml"}),
        ("graph --format svg", {"yaml"}),
        ("ps", {"yaml"}),
        ("up -d", {"yaml"}),
    ],
)
def test_heavy_packages_stay_out(tmp_path: Path, line: str, needed: set[str]) -> None:
    (tmp_path / "compose.yaml").write_text(STACK)
    assert imported(tmp_path, *line.split()) & HEAVY == needed


def test_importing_the_package_imports_next_to_nothing() -> None:
    code = "import sys; before = set(sys.modules); import compose_lite; print(len(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 5
