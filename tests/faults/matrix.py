"""Strikes one changing call of a scenario, and looks whether the same command, run again, heals what that left."""

import functools
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from tests.e2e.processes import Result
from tests.e2e.stack import Stack
from tests.e2e.strikes import run_struck
from tests.faults import form
from tests.faults.cases import CASES, Case
from tests.faults.modes import Mode
from tests.faults.picture import picture

# What is struck side by side: most of the time the daemon is waited for, or a late answer.
ABREAST = 3
PATIENT = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What an undisturbed run of a case's command comes to.

    Attributes:
        changes: how many changing calls it makes.
        picture: the state that it leaves.
    """

    changes: int
    picture: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What came of striking calls: how many were struck, and what was not healed."""

    struck: int
    troubles: tuple[str, ...]

    @property
    def healed(self) -> int:
        return self.struck - len(self.troubles)


_FINDING_OUT = threading.Lock()
_GOALS: dict[Case, threading.Lock] = {}


def case_named(name: str) -> Case:
    """The scenario of that name."""
    return next(case for case in CASES if case.name == name)


def strike_all(case: Case, mode: str) -> Found:
    """Strike the chosen calls of a case, each in a stack of its own."""
    return struck_at(
        form.calls(case.name, mode, goal(case).changes),
        lambda at: strike(case, form.MODES[mode], at=at, late=form.LATE),
        abreast=PATIENT if mode == "late" else ABREAST,
    )


def struck_at(calls: Iterable[int], strike_one: Callable[[int], str | None], *, abreast: int) -> Found:
    """Do so to each of the calls; `strike_one` returns what it struck, if anything, and raises what was not healed."""

    def trouble(at: int) -> str | None:
        try:
            return "" if strike_one(at) else None
        except AssertionError as error:
            return "\n".join([str(error), *getattr(error, "__notes__", ())])

    with ThreadPoolExecutor(abreast) as pool:
        found = [told for told in pool.map(trouble, calls) if told is not None]
    return Found(struck=len(found), troubles=tuple(filter(None, found)))


def goal(case: Case) -> Goal:
    """What the case's command comes to when nothing befalls it; found out once."""
    with _FINDING_OUT:
        own = _GOALS.setdefault(case, threading.Lock())
    with own:
        return _goal(case)


@functools.cache
def _goal(case: Case) -> Goal:
    with _prepared(case) as stack:
        made = stack.run_counted(case.command, who=case.who)
        reached = picture(stack)
        _nothing_left_to_do(stack, case)
    return Goal(changes=len(made), picture=reached)


def strike(case: Case, mode: Mode, *, at: int, late: float = 0) -> str | None:
    """Strike the changing call `at` (1-based) and heal; returns the call, None if the run made fewer calls.

    Raises AssertionError with all that is needed to understand what was not healed.
    """
    with _prepared(case) as stack:
        struck = run_struck(
            stack, case.command, at=at, strike=mode.strike, timeout=case.patience + late, who=case.who
        )
        if struck.call is None:
            return None
        try:
            if not mode.kills and case.who == "program":
                _ended_well(stack, case, mode, struck.result)
            _heal(stack, case)
            same(picture(stack), goal(case).picture)
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
        same(picture(stack), goal(case).picture)
        return
    assert not mode.loses_nothing, "it failed though the daemon did all it was asked for"
    assert result.code == 1, "neither success nor failure"
    assert "error: " in result.err, "no error was told"
    assert "continue" in result.err or "again" in result.err or "hint: " in result.err, (
        "nothing tells how to go on"
    )


def _heal(stack: Stack, case: Case) -> None:
    result = stack.run(case.command, code=None, who=case.who)
    if case.refuses is not None and result.code == 1:
        assert case.refuses in result.err, f"the same command fails:\n{result}"
        return
    assert result.code == 0, f"the same command fails:\n{result}"


def _nothing_left_to_do(stack: Stack, case: Case) -> None:
    for step in case.adjust:
        step.act(stack)
    made = stack.run_counted(case.again, who=case.who)
    assert not made, "one more run changes:\n" + "\n".join(map(str, made))


def same(found: str, expected: str) -> None:
    """Raise AssertionError with what is different, if something is."""
    difference = unified_diff(
        expected.splitlines(), found.splitlines(), "undisturbed", "struck", lineterm="", n=1
    )
    assert found == expected, "another state than that of an undisturbed run:\n" + "\n".join(difference)
