"""Whatever befalls whichever changing call: the run ends with a word on it, and run again, the command heals all."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias, TypeGuard

import pytest

from tests.e2e.stack import is_compose_lite
from tests.faults import form
from tests.faults.cases import CASES
from tests.faults.matrix import case_named, goal, strike

# What is struck side by side: most of the time the daemon is waited for, or a late answer.
ABREAST = 3
PATIENT = 24

# How many calls were struck, and what was not healed.
Found: TypeAlias = tuple[int, list[str]]

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(900 if form.WHOLE else 240),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture(scope="module")
def ahead(request: pytest.FixtureRequest) -> Iterator[Mapping[tuple[str, str], Future[Found]]]:
    """What comes of the combinations; those of the sample are begun all together, so that none waits for its turn."""
    with ThreadPoolExecutor(ABREAST) as pool:
        chosen = [item.callspec.params for item in request.session.items if _is_of_the_matrix(item)]
        pairs = [(params["case"], params["mode"]) for params in chosen]
        yield {} if form.WHOLE else {pair: pool.submit(_strike_all, *pair) for pair in pairs}


@pytest.mark.parametrize(("case", "mode"), form.pairs([case.name for case in CASES]))
def test_healed(
    case: str,
    mode: str,
    ahead: Mapping[tuple[str, str], Future[Found]],
    record_property: Callable[[str, object], None],
) -> None:
    """Every struck call of the case is survived; the row of the table goes into the report."""
    begun = ahead.get((case, mode))
    struck, troubles = begun.result() if begun is not None else _strike_all(case, mode)
    record_property("faults", [case, mode, struck, struck - len(troubles)])
    assert not troubles, "\n\n".join(troubles)


def _is_of_the_matrix(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and item.originalname == test_healed.__name__


def _strike_all(case: str, mode: str) -> Found:
    """Strike the chosen calls of a case."""
    at = form.calls(case, mode, goal(case).changes)
    with ThreadPoolExecutor(PATIENT if mode == "late" else ABREAST) as pool:
        found = list(pool.map(lambda call: _trouble(case, mode, call), at))
    return len(at), [trouble for trouble in found if trouble]


def _trouble(case: str, mode: str, at: int) -> str:
    """What was not healed of a strike at one call; nothing if all was."""
    try:
        strike(case_named(case), form.MODES[mode], at=at, late=form.LATE)
    except AssertionError as error:
        return "\n".join([str(error), *getattr(error, "__notes__", ())])
    return ""
