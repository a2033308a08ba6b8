"""Problems as people read them: where, what, the line with a caret, and how to mend it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from compose_lite.cli.views.text import BOLD, CYAN, DIM, RED, YELLOW, json_text, paint, safe, width
from compose_lite.errors import Severity

if TYPE_CHECKING:
    from compose_lite.errors import ComposeLiteError, Location, Problem

# What follows a name like these in a line of a file is not for others who read the output.
_SECRET = re.compile(
    r"""(?P<before>(?<![A-Za-z])(?<!\$\{)(?:PASS|PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|SECRET_KEY(?:_BASE)?|TOKEN|API_?KEY"""
    r"""|ACCESS_KEY|PRIVATE_KEY|ENCRYPTION_KEY|CREDENTIALS?)["']?\s*[:=]\s*)"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s"'${}\[\]#][^,}\]]*)"""
    r"""|(?P<login>://[^/\s:@]+:)(?P<password>[^/\s:@]+)(?=@)""",
    re.IGNORECASE,
)
_TAB = 4
_EXCERPT = 160


def render_error(error: ComposeLiteError, *, coloured: bool) -> str:
    """All problems of an error, one block each."""
    return "\n".join(render_problem(problem, coloured=coloured) for problem in error.problems)


def render_problem(problem: Problem, *, coloured: bool) -> str:
    """One problem: `FILE:LINE:COLUMN: error: message`, excerpt, hint."""
    wrong = problem.severity is Severity.ERROR
    label = paint("error:" if wrong else "warning:", BOLD, RED if wrong else YELLOW, on=coloured)
    where = paint(f"{safe(str(problem.location))}: ", BOLD, on=coloured) if problem.location else ""
    first, *others = problem.message.splitlines() or [""]
    lines = [f"{where}{label} {safe(first)}", *(f"  {safe(line)}" for line in others)]
    if problem.location is not None:
        lines += _excerpt(problem.location, coloured=coloured)
    if problem.hint:
        name = paint("hint:", CYAN, on=coloured)
        lines += [f"  {name} {safe(line)}" for line in problem.hint.splitlines()]
    return "\n".join(lines)


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


def _excerpt(location: Location, *, coloured: bool) -> list[str]:
    """The line of the file and a caret below the column, or nothing where they are not known."""
    if location.source_line is None or location.line is None:
        return []
    column = location.column or 1
    begin = max(0, column - _EXCERPT // 2) if len(location.source_line) > _EXCERPT else 0
    shown = _SECRET.sub(_masked, location.source_line)[begin : begin + _EXCERPT]
    before = _plain(shown[: column - 1 - begin])
    gutter = f"{location.line:>5} | "
    lines = [paint(gutter, DIM, on=coloured) + _plain(shown)]
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
