"""Collects everything that is wrong with a file set, so that one run reports all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from compose_lite.errors import Location, Problem, Severity, SpecError
from compose_lite.lazy_dataclasses import replace
from compose_lite.spec.second_look import only_news
from compose_lite.spec.tree import Path, locate, path_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_LONGEST = 600
"""Most characters of a message; what it quotes comes from the user's files and may have any length."""


class Problems:
    """The errors and warnings found so far; stages add to it and go on where they can."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.places: dict[Problem, Path] = {}  # where in the model the errors are, as far as that is known
        self.lost: list[Path] = []  # what had to be cut out of the tree
        self._seen: set[Problem] = set()
        self._settled = 0

    def add(
        self,
        code: str,
        message: str,
        *,
        at: tuple[Any, Path] | Location | None = None,
        path: Sequence[str | int] = (),
        hint: str | None = None,
        key: bool = False,
    ) -> None:
        """Record an error.

        Args:
            code: stable identifier.
            message: what is wrong, without the location.
            at: the tree and the path in it that tell where, or a ready location.
            path: position in the model for the reader; taken from `at` if that names one.
            hint: how to mend it.
            key: point at the key instead of the value.
        """
        place = tuple(path) or (at[1] if isinstance(at, tuple) else ())
        self._record(self.errors, _problem(code, message, at, path, hint, key, Severity.ERROR), place)

    def warn(
        self,
        code: str,
        message: str,
        *,
        at: tuple[Any, Path] | Location | None = None,
        path: Sequence[str | int] = (),
        hint: str | None = None,
    ) -> None:
        """Record a warning; arguments as for `add`."""
        self._record(self.warnings, _problem(code, message, at, path, hint, False, Severity.WARNING))

    def extend(self, problems: Iterable[Problem], *, place: Path = ()) -> None:
        """Record ready-made problems by their severity; `place` is where in the model they are."""
        for problem in problems:
            where = self.errors if problem.severity is Severity.ERROR else self.warnings
            self._record(where, problem, place)

    def _record(self, where: list[Problem], problem: Problem, place: Path = ()) -> None:
        if len(problem.message) > _LONGEST:
            problem = replace(problem, message=_shortened(problem.message))
        if problem not in self._seen:
            self._seen.add(problem)
            where.append(problem)
            if place:
                self.places[problem] = place

    def settle(self) -> None:
        """End a stage: drop what it found only because of an earlier stage's findings."""
        earlier, found = self.errors[: self._settled], self.errors[self._settled :]
        self.errors = [*earlier, *only_news(found, earlier, self.places, self.lost)]
        self._settled = len(self.errors)

    def raise_errors(self) -> None:
        """Raise if an error was recorded.

        Raises:
            SpecError: with every error so far.
        """
        self.settle()
        if self.errors:
            raise SpecError(problems=sorted(self.errors, key=position))

    def fail(self, code: str, message: str, **where: Any) -> NoReturn:
        """Record an error that nothing can follow, and raise all of them.

        Raises:
            SpecError: always.
        """
        self.add(code, message, **where)
        self.settle()
        raise SpecError(problems=sorted(self.errors, key=position))


def _shortened(message: str) -> str:
    """Keep the beginning and the end of a message that quotes something endless."""
    return f"{message[: _LONGEST * 3 // 4]} … {message[-_LONGEST // 5 :]}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the known word nearest to `word`, if one is near enough."""
    from compose_lite.spec.suggest import did_you_mean

    return did_you_mean(word, known)


def _problem(
    code: str,
    message: str,
    at: tuple[Any, Path] | Location | None,
    path: Sequence[str | int],
    hint: str | None,
    key: bool,
    severity: Severity,
) -> Problem:
    if isinstance(at, tuple):
        root, steps = at
        location = locate(root, steps, key=key)
        path = path or steps
    else:
        location = at
    return Problem(
        code=code, message=message, hint=hint, location=location, path=path_text(path), severity=severity
    )


def position(problem: Problem) -> tuple[str, int, int]:
    """Return what sorts problems by where they are: those without a place first, then by file and line."""
    where = problem.location
    if where is None:
        return ("", 0, 0)
    return (where.file, where.line or 0, where.column or 0)
