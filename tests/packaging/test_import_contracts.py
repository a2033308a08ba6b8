"""The import contracts of pyproject.toml hold something: each one breaks when its rule is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A line that breaks each contract, and the module that it is added to.
BREACHES = {
    "layers": ("spec/model.py", "import compose_lite.planner.plan"),
    "runner-decides-nothing": ("runner/daemon.py", "import compose_lite.planner.decisions"),
    "planner-sees-the-model": ("planner/plan.py", "import compose_lite.spec.reader"),
    "planner-is-pure": ("planner/plan.py", "import time"),
    "door-docker": ("runner/daemon.py", "import docker"),
    "door-networkx": ("planner/plan.py", "import networkx"),
    "door-yaml": ("spec/model.py", "import yaml"),
    "door-jsonschema": ("spec/model.py", "import jsonschema"),
    "door-terminal": ("events.py", "import rich"),
    "door-watchfiles": ("runner/daemon.py", "import watchfiles"),
    "door-resvg": ("cli/views/graph/svg.py", "import resvg_py"),
}


def lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--contract", contract]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, with two modules that stand for a decision and for a stage of the spec."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "compose_lite", tmp_path / "compose_lite", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "compose_lite/planner/decisions.py").write_text('"""A decision."""\n')
    (tmp_path / "compose_lite/spec/reader.py").write_text('"""A stage."""\n')
    return tmp_path


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_is_found(package: Path, contract: str) -> None:
    before = lint(package, contract)
    assert before.returncode == 0, before.stdout + before.stderr

    module, line = BREACHES[contract]
    with (package / "compose_lite" / module).open("a") as file:
        file.write(f"\n{line}\n")

    after = lint(package, contract)
    assert after.returncode == 1
    assert "1 broken" in after.stdout


def test_every_contract_is_tried() -> None:
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == BREACHES.keys()
