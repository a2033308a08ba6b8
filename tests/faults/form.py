"""The two forms of the fault matrix: a fixed sample for every `make test`, the whole for `make faults`."""

import os
from collections.abc import Mapping, Sequence
from random import Random

from tests.faults.modes import Mode, modes

WHOLE = os.environ.get("COMPOSE_LITE_FAULTS") == "whole"
# By how many seconds a late answer is late: longer than an impatient client's usual timeout in the whole form.
LATE = 60 if WHOLE else 3
MODES: Mapping[str, Mode] = modes(LATE)

_SEED = 8
_MODES_OF_A_CASE = 2  # so that each mode has three or four turns


def pairs(cases: Sequence[str]) -> list[tuple[str, str]]:
    """The combinations of case and mode that are tried; in the sample, each mode about as often as the others."""
    if WHOLE:
        return [(case, mode) for case in cases for mode in MODES]
    names = [*MODES]
    Random(_SEED).shuffle(names)
    return [
        (case, names[(at * _MODES_OF_A_CASE + turn) % len(names)])
        for at, case in enumerate(cases)
        for turn in range(_MODES_OF_A_CASE)
    ]


def calls(case: str, mode: str, total: int) -> list[int]:
    """Which of the `total` changing calls are struck (1-based): all, or one that is drawn."""
    everything = range(1, total + 1)
    return list(everything) if WHOLE else [Random(f"{_SEED} {case} {mode}").choice(everything)]
