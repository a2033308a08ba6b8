"""Substitution of variables in one string: ``$NAME``, ``${NAME}`` and its six operators, ``$$``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    Lookup = Callable[[str], str | None]

_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_OPERATOR = re.compile(r":?[-?+]")
_MAX_NESTING = 50
_MAX_LENGTH = 4 << 20
"""Most characters that variables may contribute to one text; variables made of variables double quickly."""


class TemplateError(Exception):
    """A template can't be substituted; the text of the error says why."""


class BadTemplate(TemplateError):
    """The template breaks the syntax."""


class RequiredVariable(TemplateError):
    """A variable marked as required is missing."""

    def __init__(self, name: str, reason: str, *, empty: bool) -> None:
        self.name = name
        self.reason = reason
        state = "is empty" if empty else "is not set"
        super().__init__(f"the variable `{name}` {state}, but required" + (f": {reason}" if reason else ""))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One variable as a template names it.

    Attributes:
        name: the variable.
        operator: `:-`, `-`, `:?`, `?`, `:+`, `+`, or an empty string.
        argument: what follows the operator, unsubstituted.
    """

    name: str
    operator: str = ""
    argument: str = ""


def substitute(text: str, lookup: Lookup, *, unset: Callable[[str], None] | None = None) -> str:
    """Return `text` with its variables replaced.

    Args:
        text: the template.
        lookup: returns a variable's value, or ``None`` if it is not set.
        unset: told each variable that is replaced by nothing because nobody sets it.

    Raises:
        BadTemplate: the syntax is wrong.
        RequiredVariable: a `:?` or `?` variable is missing.
    """
    return _substitute(text, lookup, unset, 0)


def _substitute(text: str, lookup: Lookup, unset: Callable[[str], None] | None, depth: int) -> str:
    if depth > _MAX_NESTING:
        raise BadTemplate(f"variables are nested deeper than {_MAX_NESTING} levels")
    parts: list[str] = []
    length = 0
    for literal, reference in _scan(text):
        parts.append(literal)
        if reference is not None:
            value = _value(reference, lookup, unset, depth)
            length += len(value)
            if length > _MAX_LENGTH:
                raise BadTemplate(f"its variables make it longer than {_MAX_LENGTH >> 20} MiB")
            parts.append(value)
    return "".join(parts)


def references(text: str) -> list[Reference]:
    """Return the variables that `text` names, outermost only, in order.

    Raises:
        BadTemplate: the syntax is wrong.
    """
    return [reference for _, reference in _scan(text) if reference is not None]


def _scan(text: str) -> list[tuple[str, Reference | None]]:
    """Split a template into literal text, each piece followed by a variable (the last one by none)."""
    pieces: list[tuple[str, Reference | None]] = []
    start = 0
    literal = ""
    line_end = -1
    while True:
        dollar = text.find("$", start)
        if dollar < 0:
            pieces.append((literal + text[start:], None))
            return pieces
        literal += text[start:dollar]
        following = text[dollar + 1 : dollar + 2]
        name = _NAME.match(text, dollar + 1)
        if following == "$":
            literal += "$"
            start = dollar + 2
        elif name is not None:
            pieces.append((literal, Reference(name=name.group())))
            literal = ""
            start = name.end()
        elif following == "{":
            if line_end < dollar:
                line_end = text.find("\n", dollar)
                line_end = len(text) if line_end < 0 else line_end
            reference, start = _braced(text, dollar, line_end)
            pieces.append((literal, reference))
            literal = ""
        else:
            literal += "$"
            start = dollar + 1


def _braced(text: str, dollar: int, line_end: int) -> tuple[Reference, int]:
    """Read ``${…}`` at `dollar`; return the variable and where the text goes on."""
    name = _NAME.match(text, dollar + 2)
    if name is None:
        raise BadTemplate(_complaint(text, dollar, line_end))
    after = name.end()
    if text.startswith("}", after):
        return Reference(name=name.group()), after + 1
    operator = _OPERATOR.match(text, after)
    last = text.rfind("}", after, line_end)
    if operator is None or last < operator.end():
        raise BadTemplate(_complaint(text, dollar, line_end))
    close = _closing_brace(text, dollar, last + 1)
    end = last if close is None else close
    argument = text[operator.end() : end]
    return Reference(name=name.group(), operator=operator.group(), argument=argument), end + 1


def _closing_brace(text: str, start: int, end: int) -> int | None:
    open_braces = 0
    position = start
    while position < end:
        if text[position] == "}":
            open_braces -= 1
            if open_braces == 0:
                return position
        elif text.startswith("${", position):
            open_braces += 1
            position += 1
        position += 1
    return None


def _value(reference: Reference, lookup: Lookup, unset: Callable[[str], None] | None, depth: int) -> str:
    value = lookup(reference.name)
    operator = reference.operator
    if not operator:
        if value is None:
            if unset is not None:
                unset(reference.name)
            return ""
        return value
    filled = value if operator[0] == ":" else (None if value is None else "set")
    kind = operator[-1]
    # Like docker compose, read the argument even if it is not needed: its mistakes count.
    needed = bool(filled) == (kind == "+")
    argument = _substitute(reference.argument, lookup, unset if needed else None, depth + 1)
    if kind == "-":
        return value or "" if filled else argument
    if kind == "+":
        return argument if filled else value or ""
    if not filled:
        raise RequiredVariable(reference.name, argument, empty=value is not None)
    return value or ""


def _complaint(text: str, dollar: int, line_end: int) -> str:
    excerpt = text[dollar:line_end]
    if len(excerpt) > 40:
        excerpt = excerpt[:40] + "…"
    if excerpt.startswith("${}"):
        return "`${}` names no variable"
    if "}" not in excerpt:
        return f"`{excerpt}` is not closed with `}}`"
    return f"`{excerpt}` is not a variable: write ${{NAME}}, ${{NAME:-default}} or ${{NAME:?message}}"
