"""The library as docs/library.md shows it: the program there runs on a real daemon, and its types hold."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.images import ensure_busybox

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "library.md").read_text()


def blocks(language: str) -> str:
    """The document's blocks in a language, as one text."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the document's compose file and program; the images are replaced by one that is at hand."""
    place = tmp_path / f"clt-{uuid.uuid4().hex[:10]}"
    place.mkdir()
    (place / "compose.yaml").write_text(blocks("yaml"))
    image = f"image: {ensure_busybox()}"
    (place / "compose.override.yaml").write_text(f"services: {{web: {{{image}}}, worker: {{{image}}}}}\n")
    (place / "program.py").write_text(blocks("python"))
    yield place
    subprocess.run(
        [sys.executable, "-m", "compose_lite", "-p", place.name, "down", "-v", "-t", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )


def run(folder: Path, *command: str) -> str:
    """Run Python in the folder as a user of the library would; return what it prints."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.daemon
def test_the_documents_program_runs(folder: Path) -> None:
    name = folder.name
    printed = run(folder, "program.py").splitlines()
    assert f"create container {name}-worker-1" in printed
    assert f"create network {name}_default: no network yet" in printed
    assert "3 created" in printed
    assert "web ready" in printed
    assert sum(line.startswith(f"{name}-worker-2 running") for line in printed) == 1


def test_the_documents_program_is_typed(folder: Path) -> None:
    cache = str(ROOT / ".mypy_cache")
    run(folder, "-m", "mypy", "--strict", "--cache-dir", cache, "program.py")
