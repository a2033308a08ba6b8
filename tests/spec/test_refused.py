"""Values that docker compose 2.40.3 refuses are refused, with a message that names the attribute and its place."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from compose_lite.errors import SpecError
from compose_lite.spec.load import load
from compose_lite.spec.options import LoadOptions

CASES = json.loads(Path(__file__).with_name("refused_cases.json").read_text())


@pytest.mark.parametrize("attribute", CASES)
def test_it_is_refused_where_it_stands(attribute: str, tmp_path: Path) -> None:
    text = "services:\n  a:\n    image: x\n" + textwrap.indent(attribute, "    ") + "\nvolumes: {a: {}}\n"
    (tmp_path / "compose.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load(LoadOptions(working_dir=str(tmp_path)))
    for problem in caught.value.problems:
        assert problem.location is not None
        assert problem.location.line is not None
        assert problem.location.line >= 4
        assert problem.message
