"""A `watch` that is struck while a save takes effect goes on, or is made good by the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.stack import is_compose_lite
from tests.faults import form
from tests.faults.matrix import ABREAST, PATIENT, struck_at
from tests.faults.watching import CASES, goal, strike

if TYPE_CHECKING:
    from tests.faults.table import Noted

SAMPLE = [("watch-sync", "killed-after"), ("watch-rebuild", "500")]

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(1200 if form.WHOLE else 240),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.mark.parametrize(
    ("name", "mode"), [(name, mode) for name in CASES for mode in form.MODES] if form.WHOLE else SAMPLE
)
def test_a_save_takes_effect(name: str, mode: str, noted: Noted) -> None:
    """A save whose call was struck is told to be missing, or is there; with the next save, all is as it should be."""
    case = CASES[name]
    found = struck_at(
        form.calls(name, mode, goal(case).changes),
        lambda at: strike(case, mode, at=at),
        abreast=PATIENT if mode == "late" else ABREAST,
    )
    noted(name, mode, found)
    assert not found.troubles, "\n\n".join(found.troubles)
