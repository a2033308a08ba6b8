"""Problems as people read them: where, what, the line with a caret, and how to mend it."""

from __future__ import annotations

import re

from compose_lite.cli.views.text import (
    BOLD,
    CYAN,
    DIM,
    RED,
    YELLOW,
    clip,
    json_text,
    paint,
    safe,
    width,
    wrapped,
)
from compose_lite.errors import Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from compose_lite.errors import ComposeLiteError, Location, Problem

# What follows a name like these in a line of a file is not for others who read the output.
_SECRET = (
    r"""(?i)(?P<before>(?<![A-Za-z])(?<!\$\{)(?:PASS|PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|SECRET_KEY(?:_BASE)?|TOKEN|API_?KEY"""
    r"""|ACCESS_KEY|PRIVATE_KEY|ENCRYPTION_KEY|CREDENTIALS?)["']?\s*[:=]\s*)"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s"'${}\[\]#][^,}\]]*)"""
    r"""|(?P<login>://[^/\s:@]+:)(?P<password>[^/\s:@]+)(?=@)"""
)
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_INDENT = 2
_TAB = 4
_EXCERPT, _LEAST_EXCERPT = 160, 20
_GUTTER = len("    1 | ")


def render_error(error: ComposeLiteError, *, coloured: bool, columns: int | None = None) -> str:
    """All problems of an error, one block each."""
    return "\n".join(
        render_problem(problem, coloured=coloured, columns=columns) for problem in error.problems
    )


def render_problem(problem: Problem, *, coloured: bool, columns: int | None = None) -> str:
    """One problem: `FILE:LINE:COLUMN: error: message`, excerpt, hint.

    Args:
        columns: width of the window, if it is for one: the message is broken between words, and of the excerpt
            only what fits beside its number is shown. A hint stays whole, as it may be a command to be copied.
    """
    wrong = problem.severity is Severity.ERROR
    label = paint("error:" if wrong else "warning:", BOLD, RED if wrong else YELLOW, on=coloured)
    where = paint(f"{safe(str(problem.location))}: ", BOLD, on=coloured) if problem.location else ""
    lines = headed(f"{where}{label}", problem.message, columns)
    if problem.location is not None:
        room = _EXCERPT if columns is None else min(_EXCERPT, max(_LEAST_EXCERPT, columns - _GUTTER - 1))
        lines += _excerpt(problem.location, room, coloured=coloured)
    if problem.hint:
        name = paint("hint:", CYAN, on=coloured)
        lines += [f"  {name} {safe(line)}" for line in problem.hint.splitlines()]
    return "\n".join(lines)


def headed(head: str, message: str, columns: int | None) -> list[str]:
    """A message behind its head, as lines for a window that is so wide; further lines are set in by two.

    Args:
        head: what stands before it, with or without colours.
    """
    room = None if columns is None else columns - _INDENT
    first, *others = map(safe, message.splitlines() or [""])
    # The head takes its place among the words, but its colours none.
    place = "-" * width(_COLOUR.sub("", head))
    begun, *more = wrapped(f"{place} {first}", room)
    further = [*more, *(part for line in others for part in _broken(line, room))]
    return [head + begun[len(place) :], *(" " * _INDENT + line for line in further)]


def _broken(line: str, room: int | None) -> list[str]:
    """The line as it is if it fits, with its blanks, else broken between words."""
    return [line] if room is not None and width(line) <= room else wrapped(line, room)


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as a JSON object, without what is not known."""
    location = problem.location
    found = {
        "severity": problem.severity.value,
        "code": problem.code,
        "text": problem.message,
        "hint": problem.hint,
        "path": problem.path or None,
        "file": location.file if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def error_json(error: ComposeLiteError) -> str:
    """An error as JSON lines, one for each problem, as `--progress json` has them for events."""
    shown = [{"event": "error", "error": True, **problem_json(problem)} for problem in error.problems]
    return "\n".join(json_text(line) for line in shown)


def _excerpt(location: Location, room: int, *, coloured: bool) -> list[str]:
    """So much of the file's line and a caret below the column, or nothing where they are not known."""
    if location.source_line is None or location.line is None:
        return []
    column = location.column or 1
    begin = max(0, column - room // 2) if len(location.source_line) > room else 0
    shown = re.sub(_SECRET, _masked, location.source_line)[begin : begin + room]
    before = _plain(shown[: column - 1 - begin])
    gutter = f"{location.line:>5} | "
    lines = [paint(gutter, DIM, on=coloured) + clip(_plain(shown), room)]
    if location.column is not None:
        lines.append(
            paint(f"{'':>5} | ", DIM, on=coloured) + " " * width(before) + paint("^", BOLD, RED, on=coloured)
        )
    return lines


def _masked(found: re.Match[str]) -> str:
    shown, hidden = found["before"] or found["login"], found["value"] or found["password"]
    return shown + "*" * len(hidden)


def _plain(text: str) -> str:
    return safe(text.replace("\t", " " * _TAB).rstrip("\r\n"))
