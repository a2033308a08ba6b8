"""Strikes one changing call of a scenario, and looks whether the same command, run again, heals what that left."""

import functools
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from tests.e2e.processes import Result
from tests.e2e.stack import Stack
from tests.e2e.strikes import run_struck
from tests.faults.cases import CASES, Case
from tests.faults.modes import Mode
from tests.faults.picture import picture

# A struck run ends by itself in this many seconds, beside those for which an answer was late.
PATIENCE = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What an undisturbed run of a case's command comes to.

    Attributes:
        changes: how many changing calls it makes.
        picture: the state that it leaves.
    """

    changes: int
    picture: str


_FINDING_OUT = {case.name: threading.Lock() for case in CASES}


def case_named(name: str) -> Case:
    """The scenario of that name."""
    return next(case for case in CASES if case.name == name)


def goal(name: str) -> Goal:
    """What the case's command comes to when nothing befalls it; found out once."""
    with _FINDING_OUT[name]:
        return _goal(name)


@functools.cache
def _goal(name: str) -> Goal:
    case = case_named(name)
    with _prepared(case) as stack:
        made = stack.run_counted(case.command)
        reached = picture(stack)
        _nothing_left_to_do(stack, case)
    return Goal(changes=len(made), picture=reached)


def strike(case: Case, mode: Mode, *, at: int, late: float = 0) -> str | None:
    """Strike the changing call `at` (1-based) and heal; returns the call, None if the run made fewer calls.

    Raises AssertionError with all that is needed to understand what was not healed.
    """
    with _prepared(case) as stack:
        struck = run_struck(stack, case.command, at=at, strike=mode.strike, timeout=PATIENCE + late)
        if struck.call is None:
            return None
        try:
            if not mode.kills:
                _ended_well(stack, case, mode, struck.result)
            _heal(stack, case)
            _same(picture(stack), goal(case.name).picture)
            _nothing_left_to_do(stack, case)
        except AssertionError as error:
            error.add_note(f"struck at call {at}, {struck.call}; the struck run:\n{struck.result}")
            raise
    return str(struck.call)


@contextmanager
def _prepared(case: Case) -> Iterator[Stack]:
    """A stack of its own in the state before the case's command."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        stack = Stack(Path(folder), {"compose.yaml": case.file})
        try:
            for step in case.before:
                step.act(stack)
            stack.remember()
            yield stack
        finally:
            stack.close()


def _ended_well(stack: Stack, case: Case, mode: Mode, result: Result) -> None:
    """The struck run reached the goal, or failed with an error that says how to go on."""
    assert "Traceback (most recent call last)" not in result.text, "a traceback reached the user"
    if result.code == 0:
        _same(picture(stack), goal(case.name).picture)
        return
    assert not mode.loses_nothing, "it failed though the daemon did all it was asked for"
    assert result.code == 1, "neither success nor failure"
    assert "error: " in result.err, "no error was told"
    assert "continue" in result.err or "again" in result.err or "hint: " in result.err, (
        "nothing tells how to go on"
    )


def _heal(stack: Stack, case: Case) -> None:
    result = stack.run(case.command, code=None)
    if case.refuses is not None and result.code == 1:
        assert case.refuses in result.err, f"the same command fails:\n{result}"
        return
    assert result.code == 0, f"the same command fails:\n{result}"


def _nothing_left_to_do(stack: Stack, case: Case) -> None:
    for step in case.adjust:
        step.act(stack)
    made = stack.run_counted(case.again)
    assert not made, "one more run changes:\n" + "\n".join(map(str, made))


def _same(found: str, expected: str) -> None:
    difference = unified_diff(
        expected.splitlines(), found.splitlines(), "undisturbed", "struck", lineterm="", n=1
    )
    assert found == expected, "another state than that of an undisturbed run:\n" + "\n".join(difference)
