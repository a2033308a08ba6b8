"""What commands that do their work on a real daemon import: see also tests/cli/test_imports.py."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_imports import HEAVY, LOADING, PROBE, SLOW
from tests.e2e.images import ensure_busybox

# What makes and carries out actions.
ACTING = {"compose_lite.planner.actions", "compose_lite.planner.emission", "compose_lite.runner.execute"}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file of two services, one of which needs the other; what comes of it is removed."""
    folder = tmp_path / f"clt-{uuid.uuid4().hex[:10]}"
    folder.mkdir()
    image = ensure_busybox("1-idle")
    text = f"services:\n  web: {{image: {image}, depends_on: [db]}}\n  db: {{image: {image}}}\n"
    (folder / "compose.yaml").write_text(text)
    yield folder
    imported(folder, "down -v -t 1")


def imported(folder: Path, line: str) -> set[str]:
    """Names of the modules that are there when the command has ended well."""
    environ = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
    done = subprocess.run(
        [sys.executable, "-c", f"{PROBE}\nsys.exit(code)", *line.split()],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return set(found)


@pytest.mark.daemon
def test_no_command_loads_what_it_has_no_use_for(stack: Path) -> None:
    imported(stack, "config -q")
    for line in (
        "up -d",
        "ps",
        "exec -T web true",
        "logs",
        "stop -t 1",
        "start",
        "restart -t 1",
        "down -t 1",
    ):
        assert (line, imported(stack, line) & (HEAVY | LOADING | SLOW)) == (line, set())


@pytest.mark.daemon
def test_an_up_with_nothing_to_do_makes_no_actions(stack: Path) -> None:
    assert imported(stack, "up -d") >= ACTING
    assert not imported(stack, "up -d") & ACTING
