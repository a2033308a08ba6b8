"""The part of Go's templates that `--format` is used with, evaluated over rows of plain data.

Fields (`.Name`, `.Publishers`), pipelines, `if`/`else if`/`else`, `range`, `with`, `end`, trimming (`{{-`, `-}}`),
strings, numbers, parentheses, and the functions listed in `_FUNCTIONS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from compose_lite.cli.views.record import Record
from compose_lite.cli.views.text import json_text, safe
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass

Row = Mapping[str, Any]
_Node = Callable[[Any], str]
_Value = Callable[[Any], Any]

_ACTION = re.compile(r"\{\{(-\s)?(.*?)(\s-)?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)|(?P<field>\.[\w.]*)"""
    r"""|(?P<word>\w+)|(?P<mark>[|()])|(?P<bad>\S))""",
)


class _Told(str):
    """Text that is printed as it stands: the template's own, or made harmless already."""

    __slots__ = ()


def compile_template(source: str) -> Callable[[Row], str]:
    """Compile a template; raises `UsageError` where it is not understood."""
    parts = list(_split(source))
    nodes, _ = _block(parts, 0, ())
    return lambda row: _run(nodes, row)


def fields_of(source: str) -> list[str]:
    """The fields that a template shows, in order: `{{.Name}} {{json .State}}` → `["Name", "State"]`."""
    actions = (match[2] for match in _ACTION.finditer(source))
    return [name for action in actions for name in re.findall(r"\.(\w+)", action)]


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    action: bool


def _split(source: str) -> Iterator[_Part]:
    at, trim = 0, False
    for match in _ACTION.finditer(source):
        text = source[at : match.start()]
        text = text.lstrip() if trim else text
        yield _Part(text.rstrip() if match[1] else text, action=False)
        if not match[2].strip().startswith("/*"):
            yield _Part(match[2].strip(), action=True)
        at, trim = match.end(), bool(match[3])
    rest = source[at:]
    if "{{" in rest:
        raise _wrong("unclosed {{")
    yield _Part(rest.lstrip() if trim else rest, action=False)


def _block(parts: Sequence[_Part], at: int, ends: tuple[str, ...]) -> tuple[list[_Node], int]:
    """Compile parts up to one of the closing words; returns the nodes and where that word stands."""
    nodes: list[_Node] = []
    while at < len(parts):
        part = parts[at]
        word = part.text.split(None, 1)[0] if part.action and part.text else ""
        if word in ends:
            return nodes, at
        if word in ("else", "end"):
            raise _wrong("unexpected {{" + part.text + "}}")
        if not part.action:
            nodes.append(_constant(part.text))
        elif word in ("if", "range", "with"):
            node, at = _control(parts, at, word)
            nodes.append(node)
        else:
            nodes.append(_shown(_pipeline(part.text)))
        at += 1
    if ends:
        raise _wrong("there is no {{end}}")
    return nodes, at


def _control(parts: Sequence[_Part], at: int, word: str) -> tuple[_Node, int]:
    condition = _pipeline(parts[at].text.removeprefix(word))
    body, at = _block(parts, at + 1, ("else", "end"))
    otherwise: list[_Node] = []
    if parts[at].text.startswith("else"):
        following = parts[at].text.removeprefix("else").strip()
        if following:
            rest = [_Part(following, action=True), *parts[at + 1 :]]
            node, used = _control(rest, 0, following.split(None, 1)[0])
            return _choice(word, condition, body, [node]), at + used
        otherwise, at = _block(parts, at + 1, ("end",))
    return _choice(word, condition, body, otherwise), at


def _choice(word: str, condition: _Value, body: list[_Node], otherwise: list[_Node]) -> _Node:
    def show(scope: Any) -> str:
        value = condition(scope)
        if not value:
            return _run(otherwise, scope)
        if word == "range":
            items = value.values() if isinstance(value, Mapping) else value
            return "".join(_run(body, item) for item in items)
        return _run(body, value if word == "with" else scope)

    return show


def _run(nodes: Sequence[_Node], scope: Any) -> str:
    return "".join(node(scope) for node in nodes)


def _constant(text: str) -> _Node:
    return lambda _scope: text


def _shown(value: _Value) -> _Node:
    return lambda scope: _text(value(scope))


def _text(value: Any) -> str:
    """A value as Go prints it, with everything that could steer a terminal shown as an escape."""
    if isinstance(value, _Told):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "<no value>"
    if isinstance(value, Record):
        return "{" + " ".join(map(_text, value.values())) + "}"
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(_text(item) for item in value) + "]"
    return safe(str(value))


def _pipeline(source: str) -> _Value:
    tokens = [(match.lastgroup or "", match[0].strip()) for match in _TOKEN.finditer(source)]
    value, at = _piped(tokens, 0, source)
    if at != len(tokens):
        raise _wrong(f"can't read {{{{{source.strip()}}}}}")
    return value


def _piped(tokens: Sequence[tuple[str, str]], at: int, source: str) -> tuple[_Value, int]:
    value, at = _call(tokens, at, source, None)
    while at < len(tokens) and tokens[at][1] == "|":
        value, at = _call(tokens, at + 1, source, value)
    return value, at


def _call(
    tokens: Sequence[tuple[str, str]], at: int, source: str, piped: _Value | None
) -> tuple[_Value, int]:
    """One stage of a pipeline: a function (or method) with its operands, or a single operand."""
    operands: list[_Value] = []
    name = ""
    if at < len(tokens) and tokens[at][0] == "word" and tokens[at][1] not in _LITERALS:
        name, at = tokens[at][1], at + 1
        if name not in _FUNCTIONS:
            raise _wrong(f"there is no function {name!r}", hint=f"there are: {', '.join(sorted(_FUNCTIONS))}")
    while at < len(tokens) and tokens[at][1] not in ("|", ")"):
        operand, at = _operand(tokens, at, source)
        operands.append(operand)
    if piped is not None:
        operands.append(piped)
    if name:
        return _applied(name, operands), at
    if piped is not None:
        raise _wrong(f"can't read {{{{{source.strip()}}}}}")
    if len(operands) == 1:
        return operands[0], at
    if len(operands) > 1:
        return _method(operands), at
    raise _wrong(f"can't read {{{{{source.strip()}}}}}")


def _operand(tokens: Sequence[tuple[str, str]], at: int, source: str) -> tuple[_Value, int]:
    kind, text = tokens[at]
    if text == "(":
        value, at = _piped(tokens, at + 1, source)
        if at >= len(tokens) or tokens[at][1] != ")":
            raise _wrong(f"a parenthesis is not closed in {{{{{source.strip()}}}}}")
        return value, at + 1
    if kind == "field":
        return _field(text.split(".")[1:]), at + 1
    if kind == "string":
        literal: Any = _Told(text[1:-1] if text[0] == "`" else json.loads(text))
    elif kind == "number":
        literal = float(text) if "." in text else int(text)
    elif text in _LITERALS:
        literal = _LITERALS[text]
    else:
        raise _wrong(f"can't read {text!r} in {{{{{source.strip()}}}}}")
    return (lambda _scope: literal), at + 1


def _field(path: Sequence[str]) -> _Value:
    names = [name for name in path if name]

    def look_up(scope: Any) -> Any:
        for name in names:
            if not isinstance(scope, Mapping):
                raise _wrong(f"{_text(scope)} has no field {name!r}")
            if name not in scope:
                raise _wrong(f"there is no field {name!r}", hint=f"there are: {', '.join(scope)}")
            scope = scope[name]
        return scope

    return look_up


def _applied(name: str, operands: Sequence[_Value]) -> _Value:
    function = _FUNCTIONS[name]

    def apply(scope: Any) -> Any:
        try:
            return function(*(operand(scope) for operand in operands))
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise _wrong(f"{name} does not take these arguments") from error

    return apply


def _method(operands: Sequence[_Value]) -> _Value:
    """A field that takes arguments: `.Label "name"`."""

    def call(scope: Any) -> Any:
        method, *arguments = (operand(scope) for operand in operands)
        if not callable(method):
            raise _wrong("a field takes no arguments")
        return method(*arguments)

    return call


def _json(value: Any) -> str:
    if isinstance(value, Mapping):
        value = {key: item for key, item in value.items() if not callable(item)}
    return _Told(json_text(value, compact=True))


def _printf(pattern: str, *values: Any) -> str:
    return _Told(pattern.replace("%v", "%s").replace("%q", '"%s"') % tuple(_text(value) for value in values))


def _equal(first: Any, *others: Any) -> bool:
    return any(first == other for other in others)


_LITERALS: dict[str, Any] = {"true": True, "false": False, "nil": None}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "json": _json,
    "upper": lambda text: text.upper(),
    "lower": lambda text: text.lower(),
    "title": lambda text: text.title(),
    "join": lambda items, separator: _Told(separator.join(map(_text, items))),
    "split": lambda text, separator: text.split(separator),
    "truncate": lambda text, length: text[:length],
    "pad": lambda text, before, after: _Told(" " * before + _text(text) + " " * after),
    "print": lambda *values: _Told("".join(map(_text, values))),
    "println": lambda *values: _Told(" ".join(map(_text, values)) + "\n"),
    "printf": _printf,
    "len": len,
    "index": lambda items, *keys: items[keys[0]] if keys else items,
    "eq": _equal,
    "ne": lambda first, second: first != second,
    "lt": lambda first, second: first < second,
    "gt": lambda first, second: first > second,
    "and": lambda *values: next((value for value in values if not value), values[-1]),
    "or": lambda *values: next((value for value in values if value), values[-1]),
    "not": lambda value: not value,
}


def _wrong(message: str, *, hint: str | None = None) -> UsageError:
    return UsageError(f"--format: {message}", hint=hint)
