"""Every case loads to what docker compose prints for it, or is refused as docker compose refuses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compose_lite.errors import SpecError
from tests.spec.conformance import prepare, run_case

OWN = Path(__file__).with_name("cases")
SHARED = Path(__file__).parents[3] / "shared" / "conformance" / "config" / "cases"
CASES = sorted(case for root in (OWN, SHARED) if root.is_dir() for case in root.iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parents[1].name}-{case.name}")
def test_the_model_equals_docker_composes(case: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    folder = prepare(case, tmp_path_factory.mktemp("case"))
    expected = case / "expected.json"
    if expected.exists():
        model = run_case(case, folder, home)
        # As text: to Python 1, 1.0 and True are equal, to JSON they are not.
        assert json.dumps(model, indent=1) == json.dumps(
            json.loads(expected.read_text()), indent=1, sort_keys=True
        )
    else:
        with pytest.raises(SpecError):
            run_case(case, folder, home)
