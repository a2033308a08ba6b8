"""Whatever befalls whichever changing call: the run ends with a word on it, and run again, the command heals all."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeGuard

import pytest

from tests.e2e import peer
from tests.e2e.stack import is_compose_lite
from tests.faults import form
from tests.faults.cases import CASES, OF_THE_PEER
from tests.faults.matrix import ABREAST, Found, case_named, goal, strike_all
from tests.faults.table import PEER, Noted

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
def test_healed(case: str, mode: str, ahead: Mapping[tuple[str, str], Future[Found]], noted: Noted) -> None:
    """Every struck call of the case is survived; the row of the table goes into the report."""
    begun = ahead.get((case, mode))
    found = begun.result() if begun is not None else _strike_all(case, mode)
    noted(case, mode, found)
    assert not found.troubles, "\n\n".join(found.troubles)


@pytest.mark.skipif(not form.WHOLE, reason="for the table of the whole form")
@pytest.mark.skipif(peer.compose() is None, reason="no docker compose here")
@pytest.mark.parametrize("mode", form.MODES)
def test_docker_compose(mode: str, noted: Noted) -> None:
    """What becomes of docker compose at the same points is for the table: here only the undisturbed run has to do."""
    assert goal(OF_THE_PEER).changes
    noted(PEER + OF_THE_PEER.name, mode, strike_all(OF_THE_PEER, mode))


def _is_of_the_matrix(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and item.originalname == test_healed.__name__


def _strike_all(case: str, mode: str) -> Found:
    return strike_all(case_named(case), mode)
