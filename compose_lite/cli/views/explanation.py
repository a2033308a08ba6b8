"""An explanation as people read it: the value, who has a say in it, and which of them won."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.cli.views.text import BOLD, DIM, GREEN, pad, paint, safe, width
from compose_lite.spec.schema_words import as_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compose_lite.errors import Location
    from compose_lite.spec.explanation import Contribution, Entry, Explanation, Say

_SOURCES = {
    "shell": "shell",
    "default": "default in the text",
    "built-in": "set by compose-lite",
    "implied": "implied by the format",
}
_IMPLIED = "implied by the format"


def render_explanation(explanation: Explanation, *, coloured: bool) -> str:
    """The whole answer, several lines."""
    lines: list[str] = []
    if explanation.contributions:
        lines.append(paint(safe(explanation.subject), BOLD, on=coloured))
        for contribution in explanation.contributions:
            lines += _contribution(contribution, explanation.subject, coloured=coloured)
    else:
        subject = paint(safe(explanation.subject), BOLD, on=coloured)
        unset = not any(say.wins for say in explanation.says)
        value = "is not set" if unset else f"= {_shown(explanation.value)}"
        lines.append(f"{subject} {value}")
        lines += _says(explanation.says, depth=1, coloured=coloured)
    if explanation.uses:
        lines.append("used by")
        lines += _aligned(
            [(_where(use.location), f"{safe(use.path)}: {_shown(use.value)}") for use in explanation.uses]
        )
    return "\n".join(lines)


def _says(says: Sequence[Say], *, depth: int, coloured: bool) -> list[str]:
    """One line each, the winner marked; below it the variables of its text."""
    indent = "  " * depth
    widest = max((width(_source(say)) for say in says), default=0)
    lines: list[str] = []
    for say in says:
        mark = paint("✓", GREEN, on=coloured) if say.wins else " "
        value = f"{_shown(say.value)}{_written(say.template)}"
        line = f"{indent}{mark} {pad(_source(say), widest)}  {value}"
        lines.append(line if say.wins else paint(line, DIM, on=coloured))
        for variable in say.variables:
            lines.append(f"{indent}    {safe(variable.name)}" + ("" if variable.says else " is not set"))
            lines += _says(variable.says, depth=depth + 2, coloured=coloured)
    return lines


def _contribution(contribution: Contribution, subject: str, *, coloured: bool) -> Iterator[str]:
    yield "  " + paint(safe(contribution.file or _IMPLIED), BOLD, on=coloured)
    rows = [
        (
            _line(entry),
            f"{safe(_below(entry.path, subject))}: {_shown(entry.value)}{_written(entry.template)}",
        )
        for entry in contribution.entries
    ]
    for row, entry in zip(_aligned(rows), contribution.entries, strict=True):
        yield paint(f"  {row}  (overridden)", DIM, on=coloured) if entry.overridden else f"  {row}"


def _below(path: str, subject: str) -> str:
    return path.removeprefix(subject).lstrip(".")


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    widest = max((width(left) for left, _ in rows), default=0)
    return [f"  {pad(left, widest)}  {right}" for left, right in rows]


def _source(say: Say) -> str:
    return _where(say.location) or _SOURCES.get(say.kind, say.kind)


def _where(location: Location | None) -> str:
    if location is None:
        return ""
    return safe(location.file if location.line is None else f"{location.file}:{location.line}")


def _line(entry: Entry) -> str:
    return str(entry.location.line) if entry.location is not None and entry.location.line is not None else ""


def _written(template: str | None) -> str:
    return "" if template is None else f"  from {_shown(template)}"


def _shown(value: Any) -> str:
    return safe(as_yaml(value))
