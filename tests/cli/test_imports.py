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
print(json.dumps(sorted(sys.modules)))
"""


# What a load needs, and nobody else: a project that is remembered is not loaded.
LOADING = {
    "compose_lite.spec.load",
    "compose_lite.spec.bind",
    "compose_lite.spec.source",
    "compose_lite.spec.validate",
}


# Of the standard library what takes milliseconds to load and is not needed: `if TYPE_CHECKING:` does without `typing`.
SLOW = {
    "asyncio",
    "email",
    "hashlib",
    "inspect",
    "pathlib",
    "subprocess",
    "tempfile",
    "typing",
    "urllib.parse",
}


def imported(folder: Path, *arguments: str) -> set[str]:
    """Names of the modules that are there when the command has ended."""
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


@pytest.mark.parametrize(
    "line", ["config -q", "ps", "up -d", "down", "logs", "exec web true", "stop", "plan"]
)
def test_an_unchanged_project_is_not_loaded_again(tmp_path: Path, line: str) -> None:
    (tmp_path / "compose.yaml").write_text(STACK)
    assert imported(tmp_path, *line.split()) >= LOADING

    assert not imported(tmp_path, *line.split()) & (HEAVY | LOADING)


@pytest.mark.parametrize("line", ["config -q", "ps"])
def test_no_cache_loads_again(tmp_path: Path, line: str) -> None:
    (tmp_path / "compose.yaml").write_text(STACK)
    imported(tmp_path, *line.split())

    assert imported(tmp_path, "--no-cache", *line.split()) >= LOADING


def test_importing_the_package_imports_next_to_nothing() -> None:
    code = "import sys; before = set(sys.modules); import compose_lite; print(len(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 5


@pytest.mark.parametrize("line", ["version", "config -q", "ps", "logs", "exec web true", "ls"])
def test_the_slow_part_of_the_standard_library_stays_out(tmp_path: Path, line: str) -> None:
    (tmp_path / "compose.yaml").write_text(STACK)
    imported(tmp_path, "config", "-q")
    assert not imported(tmp_path, *line.split()) & SLOW
