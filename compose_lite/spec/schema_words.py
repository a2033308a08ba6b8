"""Puts a schema violation into the user's words: what is wrong, what would be right, which name was meant."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from compose_lite.errors import Problem
from compose_lite.spec.scalars import resolve_plain
from compose_lite.spec.schema_places import meant_key
from compose_lite.spec.suggest import did_you_mean
from compose_lite.spec.tree import find_mark, locate, mark_location, path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compose_lite.errors import Location
    from compose_lite.spec.schema_nodes import Schema, SchemaNodes
    from compose_lite.spec.tree import Path
    from compose_lite.spec.violation import Violation

_TYPE_WORDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
"""JSON types in the order in which messages name them."""

_LONGEST_VALUE = 60
_PLAIN = re.compile(r"[A-Za-z./](?:[\w./:@+*-]*[\w./+*-])?|[0-9]+[a-z]+", re.ASCII)
_YAML_1_1_SWITCHES = frozenset({"yes", "no", "on", "off", "y", "n"})
_SINGLE = frozenset({"string", "number", "boolean"})
_WITH_UNIT = re.compile(r"[0-9.]+[a-z]+")
"""What an example looks like whose key takes a duration or a size, so that a bare number in quotes won't do."""
_TOKEN = re.compile(r"[^\s,\]}#]+")


class Narrator:
    """Tells violations of one schema in one tree."""

    def __init__(self, nodes: SchemaNodes, tree: Any, *, terse: bool = False) -> None:
        """Take what to tell about.

        Args:
            nodes: the schema.
            tree: what breaks it.
            terse: leave out the hints that take long to find; nobody reads ten thousand of them.
        """
        self.nodes = nodes
        self.tree = tree
        self.terse = terse

    def tell(self, violation: Violation) -> Problem:
        """Return the problem that `violation` is to the user."""
        return _TELLERS[violation.keyword](self, violation)

    def unknown_key(self, violation: Violation) -> Problem:
        """Tell of a key that the schema doesn't know, or of a name that isn't one."""
        path, key = violation.path, violation.detail
        known = violation.schema.get("properties", {})
        where = self._place(path[:-1])
        if not known:
            return self._problem(
                "bad-name",
                f"{where}{_quoted(key)} is not a valid name" if key else f"{where}a name can't be empty",
                path,
                hint="names consist of letters, digits, dots, dashes and underscores" if key else None,
                key=True,
            )
        return self._problem(
            "unknown-key",
            f"{where}{_quoted(key)} is not a known {_kind_of_key(violation.schema, path)}",
            path,
            hint=None if self.terse else meant_key(self.nodes, path, violation.value[key]),
            key=True,
        )

    def missing_key(self, violation: Violation) -> Problem:
        """Tell of a key that has to be there."""
        key = violation.detail
        shape = violation.schema.get("properties", {}).get(key, {})
        return self._problem(
            "missing-key",
            f"{self._place(violation.path)}{_quoted(key)} is missing",
            violation.path,
            hint=_example(key, shape),
            key=True,
        )

    def wrong_type(self, violation: Violation) -> Problem:
        """Tell of a value of a type that isn't allowed, and of an empty one."""
        path, value = violation.path, violation.value
        accepted = self.nodes.types(violation.schema)
        forms = _accepted_words(accepted)
        subject = path_text(path) or "the file"
        if value is None:
            return self._problem(
                "empty-value",
                f"{subject} is empty; it must be {forms}",
                path,
                hint=self._example(path) or "give it a value or remove it",
                key=True,
            )
        return self._problem(
            "wrong-type",
            f"{subject} must be {forms}, not {self._value_words(value, path)}",
            path,
            hint=self._converted(path, value, accepted) or self._example(path),
        )

    def not_allowed(self, violation: Violation) -> Problem:
        """Tell of a value outside of a fixed choice."""
        allowed = [str(value) for value in violation.schema["enum"]]
        return self._problem(
            "not-allowed-value",
            f"{path_text(violation.path)} must be {_either(map(_quoted, allowed))}, not {_quoted(violation.value)}",
            violation.path,
            hint=did_you_mean(str(violation.value), allowed),
        )

    def bad_format(self, violation: Violation) -> Problem:
        """Tell of text that doesn't have the form its key asks for."""
        return self._problem(
            "bad-format",
            f"{path_text(violation.path)}: {_quoted(violation.value)} does not have the right form",
            violation.path,
            hint=violation.schema["description"].rpartition(". ")[2],
        )

    def out_of_range(self, violation: Violation) -> Problem:
        """Tell of a number that is too small or too big."""
        least, most = violation.schema.get("minimum"), violation.schema.get("maximum")
        limits = f"at least {least}" if most is None else f"from {least} to {most}"
        return self._problem(
            "out-of-range",
            f"{path_text(violation.path)} must be {limits}, not {violation.value}",
            violation.path,
        )

    def repeated(self, violation: Violation) -> Problem:
        """Tell of a list item that stands in the list already."""
        path = violation.path
        first = locate(self.tree, (*path[:-1], violation.detail))
        line = f" (line {first.line})" if first and first.line else ""
        return self._problem(
            "duplicate-item",
            f"{path_text(path)} repeats item [{violation.detail}]{line} of the same list",
            path,
            hint="remove one of them",
        )

    def _problem(
        self, code: str, message: str, path: Path, *, hint: str | None = None, key: bool = False
    ) -> Problem:
        location = locate(self.tree, path, key=key)
        return Problem(code=code, message=message, hint=hint, location=location, path=path_text(path))

    def _place(self, path: Path) -> str:
        return f"{path_text(path)}: " if path else ""

    def _value_words(self, value: Any, path: Path) -> str:
        if isinstance(value, dict):
            return "a mapping"
        if isinstance(value, list):
            return "a list"
        if isinstance(value, bool):
            return self._as_written(value, path)
        if isinstance(value, (int, float)):
            return f"the number {self._as_written(value, path)}"
        return f"the text {_quoted(value)}" if isinstance(value, str) else f"a Python {type(value).__name__}"

    def _as_written(self, value: float, path: Path) -> str:
        """Return a scalar as the file has it (0755, not 493), where the file can be asked."""
        text = json.dumps(value)
        mark = find_mark(self.tree, path)
        location: Location | None = mark_location(mark) if mark else None
        if location is None or location.source_line is None or location.column is None:
            return text
        token = _TOKEN.match(location.source_line, location.column - 1)
        return _short(token.group() if token and token.group()[0] not in "\"'$*&!|>" else text)

    def _converted(self, path: Path, value: Any, accepted: frozenset[str]) -> str | None:
        """Return how the very value could be written in an accepted form, if that can be what was meant."""
        name = f"{path[-1]}: " if path and isinstance(path[-1], str) else "- "
        examples = self.nodes.trail(path)[-1].get("examples", [])
        if value is False and "no" in examples:
            return f'put it in quotes: {name}"no"'
        needs_unit = any(_WITH_UNIT.fullmatch(example) for example in examples if isinstance(example, str))
        if "string" in accepted and isinstance(value, (bool, int, float)) and not needs_unit:
            return f"put it in quotes: {name}{json.dumps(self._as_written(value, path))}"
        if "array" in accepted and "object" not in accepted and isinstance(value, str):
            return f"write a list: {name}{as_yaml([value])}"
        alone = value[0] if isinstance(value, list) and len(value) == 1 else None
        if "array" not in accepted and "string" in accepted and isinstance(alone, str):
            return f"write it without the list: {name}{as_yaml(alone)}"
        return None

    def _example(self, path: Path) -> str | None:
        """Return an example from the nearest key around `path` that has one."""
        nodes = self.nodes.trail(path)
        for depth in range(len(nodes) - 1, 0, -1):
            step = path[depth - 1]
            if isinstance(step, str) and "examples" in nodes[depth]:
                return _example(step, nodes[depth], like=_value_at(self.tree, path[:depth]))
        return None


_TELLERS: dict[str, Callable[[Narrator, Violation], Problem]] = {
    "additionalProperties": Narrator.unknown_key,
    "enum": Narrator.not_allowed,
    "pattern": Narrator.bad_format,
    "range": Narrator.out_of_range,
    "required": Narrator.missing_key,
    "type": Narrator.wrong_type,
    "uniqueItems": Narrator.repeated,
}


def as_yaml(value: Any) -> str:
    """Write a small value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_yaml(key)}: {as_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and resolve_plain(value) == value:
        return json.dumps(value) if value.lower() in _YAML_1_1_SWITCHES else value
    return json.dumps(value, ensure_ascii=False)


def _example(name: str, node: Schema, like: Any = None) -> str | None:
    """Return the node's first example, or rather the first of the form that the user chose."""
    examples = node.get("examples")
    if not examples:
        return None
    alike = [example for example in examples if isinstance(like, type(example))]
    return f"for example: {name}: {as_yaml((alike or examples)[0])}"


def _value_at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _kind_of_key(mapping: Schema, path: Path) -> str:
    """Say what the keys of `mapping` are: definitions have a noun for a title, other mappings just a place."""
    if len(path) == 1:
        return "top-level key"
    noun = mapping.get("title")
    if noun is None or "examples" in mapping:
        return "key here"
    return f"key of {'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _accepted_words(accepted: frozenset[str]) -> str:
    if accepted >= _SINGLE and "array" not in accepted:
        return "a single value"
    words = [word for kind, word in _TYPE_WORDS.items() if kind in accepted]
    if "number" in accepted and "integer" in accepted:
        words.remove(_TYPE_WORDS["integer"])
    if accepted == {"boolean", "string"}:
        words.remove(_TYPE_WORDS["string"])
    return _either(words)


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _quoted(value: Any) -> str:
    return json.dumps(_short(value), ensure_ascii=False) if isinstance(value, str) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
