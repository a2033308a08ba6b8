"""A plan as people read it on a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compose_lite.cli.views.text import safe
from compose_lite.planner.render import text_lines

if TYPE_CHECKING:
    from compose_lite.planner.plan import Plan

# What stands before the reasons of a change: its mark, the name, the word for it.
_CHANGE = re.compile(r"  \S \S+ +\w+ +")
# A reason's further lines stand below its first one where that leaves so many columns, else so far to the right.
_ROOM, _INDENT = 24, 6


def plan_text(plan: Plan, columns: int | None = None) -> str:
    """The plan's lines, each of them harmless whatever the daemon's names have in them.

    Args:
        columns: width of the window, if it is for one: longer lines are broken between words.
    """
    lines = map(safe, text_lines(plan))
    return "\n".join(lines if columns is None else (part for line in lines for part in folded(line, columns)))


def folded(line: str, columns: int) -> list[str]:
    """A line of a plan as lines for a window; a word that is longer stays whole."""
    if len(line) <= columns:
        return [line]
    from textwrap import wrap

    change = _CHANGE.match(line)
    indent = change.end() if change and change.end() <= columns - _ROOM else _INDENT
    return wrap(line, columns, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
