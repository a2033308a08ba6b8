"""The declarative form of an e2e scenario, and what plays it: intent, files, steps, checks on the daemon's state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from tests.e2e import peer
from tests.e2e.stack import Stack, is_compose_lite


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that is done or checked; `act` raises AssertionError if it does not turn out as told."""

    text: str
    act: Callable[[Stack], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """One obligation of the program.

    Attributes:
        name: what pytest calls it.
        intent: the obligation, one sentence.
        files: path in the project's folder to text.
        steps: what happens, in order; checks are steps as well.
        only: set where no other program than compose-lite is meant to satisfy it.
        needs_peer: docker compose takes part; without it the scenario is skipped.
        timeout: seconds for the whole of it.
    """

    name: str
    intent: str
    steps: tuple[Step, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    only: Literal["compose-lite"] | None = None
    needs_peer: bool = False
    timeout: float = 180


def scenarios(*items: Scenario) -> Callable[[Scenario, Path], None]:
    """Return the pytest function that plays each of them."""

    @pytest.mark.daemon
    @pytest.mark.parametrize("scenario", [_parameter(item) for item in items])
    def test(scenario: Scenario, tmp_path: Path) -> None:
        play(scenario, tmp_path)

    return test


def play(scenario: Scenario, folder: Path) -> None:
    """Carry the steps out one by one; whatever happens, remove what the scenario's project left on the daemon."""
    stack = Stack(folder, scenario.files)
    step = None
    try:
        for step in scenario.steps:
            step.act(stack)
    except Exception as error:
        if step is not None:
            error.add_note(f"in the step: {step.text}")
        error.add_note(f"of the scenario: {scenario.intent}")
        if stack.last is not None and str(stack.last) not in str(error):
            error.add_note(f"last invocation:\n{stack.last}")
        raise
    finally:
        stack.close()


def _parameter(scenario: Scenario) -> object:
    marks = [pytest.mark.timeout(scenario.timeout)]
    if scenario.only and not is_compose_lite():
        marks.append(pytest.mark.skip(reason="an obligation of compose-lite alone"))
    if scenario.needs_peer and peer.compose() is None:
        marks.append(pytest.mark.skip(reason="no docker compose here"))
    return pytest.param(scenario, id=scenario.name, marks=marks)
