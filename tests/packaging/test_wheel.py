"""A wheel of what is in git installs into an empty virtual environment and runs from any folder."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command that knows nothing of this checkout; return what it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COMPOSE_"))}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the files that git knows."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("out")
    for name in run(["git", "ls-files", "-z"], ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", out], copy)
    [built] = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a virtual environment that has the wheel and what it requires, and no more."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=True)
    run([home / "bin/pip", "--disable-pip-version-check", "install", "--quiet", wheel], home)
    return home / "bin"


def test_the_wheel_has_the_schema_and_the_licence_and_nothing_foreign(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        schema = json.loads(archive.read("compose_lite/schemas/compose-lite.schema.json"))
    assert schema["properties"]["services"]
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"compose_lite"}


@pytest.mark.timeout(300)
def test_it_runs_from_any_folder(installed: Path, tmp_path: Path) -> None:
    compose_lite = installed / "compose-lite"
    (tmp_path / "compose.yaml").write_text("services: {web: {image: nginx, ports: ['80:80']}}\n")
    assert "0.1.0" in run([compose_lite, "version"], tmp_path)
    assert run([compose_lite, "config", "-q"], tmp_path) == ""
    assert "nginx" in run([installed / "python", "-m", "compose_lite", "config", "--images"], tmp_path)
    assert (installed.parent / "share/man/man1/compose-lite-up.1").is_file()
