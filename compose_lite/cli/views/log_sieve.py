"""Chooses log lines by what they say: a pattern, and how grave they are."""

from __future__ import annotations

import re

from compose_lite.cli.views.log_levels import LEVELS, is_continuation, level_of, rank
from compose_lite.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compose_lite.runner.logs import Line, LogSource


def sieve(pattern: str | None, level: str | None) -> Callable[[Sequence[Line]], Sequence[Line]]:
    """A function that leaves out of each batch what neither matches the pattern nor reaches the level.

    Raises `UsageError` for a pattern that is no regular expression and for a level that is none.
    """
    matches = None if pattern is None else _compiled(pattern).search
    least = None if level is None else _rank(level)
    if matches is None and least is None:
        return lambda batch: batch
    graver = None if least is None else _AtLeast(least)

    def choose(batch: Sequence[Line]) -> Sequence[Line]:
        kept = []
        for line in batch:
            text = line[3].decode(errors="replace")
            # Asked first, and of every line: a level is remembered for the lines that continue it.
            grave = graver is None or graver(line, text)
            if grave and (matches is None or matches(text)):
                kept.append(line)
        return kept

    return choose


class _AtLeast:
    """Tells whether a line is grave enough; one that continues another is as grave as that."""

    def __init__(self, least: int) -> None:
        self._least = least
        self._last: dict[tuple[LogSource, int], int] = {}

    def __call__(self, line: Line, text: str) -> bool:
        writer = (line[0], line[1])
        found = level_of(text)
        if found is None and is_continuation(text):
            found = self._last.get(writer)
        self._last[writer] = -1 if found is None else found
        return found is not None and found >= self._least


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"--grep: {pattern!r} is no regular expression: {error}",
            hint="put a backslash before a character that is meant as it is, such as ( or [",
        ) from error


def _rank(level: str) -> int:
    found = rank(level)
    if found is None:
        from compose_lite.spec.suggest import did_you_mean

        hint = did_you_mean(level, LEVELS) or f"there are: {', '.join(LEVELS)}"
        raise UsageError(f"--level: there is no level {level!r}", hint=hint)
    return found
