"""Matches paths against the pattern lists of `.dockerignore` and of watch rules.

The notation is Docker's: https://docs.docker.com/build/concepts/context/#syntax (`**`, `!` for an exception,
the last pattern that matches decides, and what matches a folder matches all that is in it).
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_ESCAPED = frozenset(".$^+(){}|")


def parse_patterns(text: str) -> tuple[str, ...]:
    """The patterns of an ignore file: its lines without comments and blank ones."""
    lines = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def matches(patterns: tuple[str, ...], path: str) -> bool:
    """Whether the list matches `path`, which is relative to the folder that the patterns start from."""
    decided = False
    for excepted, expression in _compiled(patterns):
        if excepted == decided and expression.fullmatch(path):
            decided = not excepted
    return decided


def has_exceptions(patterns: Iterable[str]) -> bool:
    """Whether something below a folder that matches may still be excepted."""
    return any(pattern.startswith("!") for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    """The patterns as regular expressions, neighbours of one kind joined: there are many paths to try."""
    cleaned = ((pattern.startswith("!"), _clean(pattern)) for pattern in patterns)
    groups = groupby((pair for pair in cleaned if pair[1]), key=itemgetter(0))
    return tuple(
        (excepted, re.compile("|".join(_expression(pattern) for _, pattern in group), re.DOTALL))
        for excepted, group in groups
    )


def _clean(pattern: str) -> str:
    path = posixpath.normpath(pattern.removeprefix("!").strip()).lstrip("/")
    return "**" if path == "." else path


def _expression(pattern: str) -> str:
    """The pattern as a regular expression for what it names and all that is below."""
    parts: list[str] = []
    index = 0
    while index < len(pattern):
        piece, index = _piece(pattern, index)
        parts.append(piece)
    found = "".join(parts)
    try:
        re.compile(found)
    except re.error:
        found = re.escape(pattern)  # Docker refuses it when it builds; here it means itself
    return f"{found}(?:/.*)?"


def _piece(pattern: str, index: int) -> tuple[str, int]:
    """One piece of the pattern as a regular expression, and where the next one begins."""
    character = pattern[index]
    if pattern.startswith("**", index):
        end = index + 3 if pattern.startswith("**/", index) else index + 2
        return (".*" if end >= len(pattern) else "(?:.*/)?"), end
    if character == "*":
        return "[^/]*", index + 1
    if character == "?":
        return "[^/]", index + 1
    if character == "\\" and index + 1 < len(pattern):
        return re.escape(pattern[index + 1]), index + 2
    if character == "[" and (end := pattern.find("]", index + 2)) > 0:
        return pattern[index : end + 1], end + 1
    return ("\\" + character if character in _ESCAPED else character), index + 1
