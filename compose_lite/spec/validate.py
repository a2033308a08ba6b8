"""Judges a merged tree by the Compose schema: the only module that knows the JSON Schema library.

jsonschema-rs decides and finds what is wrong; of the alternatives of a `oneOf`, the one that the value's type
picks is blamed. (The pure Python jsonschema explains as much, but needs 190 ms for 1,000 services: a file with
ten thousand mistakes would take several seconds.)
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from compose_lite.spec.problems import position
from compose_lite.spec.schema_files import read_schema
from compose_lite.spec.schema_nodes import SchemaNodes, own_types
from compose_lite.spec.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.errors import Problem
    from compose_lite.spec.schema_nodes import Schema
    from compose_lite.spec.tree import Map, Path

_READABLE = 500
"""So many problems a person may still go through one by one."""


def schema_problems(tree: Map) -> list[Problem]:
    """Return everything in `tree` that the schema does not allow, in the order in which the files have it.

    Args:
        tree: a compose file's content, interpolated and merged but not yet brought to canonical form.
    """
    if is_valid(tree):
        return []
    from compose_lite.spec.schema_words import Narrator

    nodes = SchemaNodes(read_schema())
    violations = list(find_violations(nodes, nodes.root, tree))
    narrator = Narrator(nodes, tree, terse=len(violations) > _READABLE)
    return sorted(map(narrator.tell, violations), key=position)


def is_valid(tree: Any) -> bool:
    """Tell whether the Compose schema allows `tree`; 1,000 services take about a millisecond.

    It also refuses what is no JSON (infinity, a date in an extension); `find_violations` tells whether that
    is a mistake.
    """
    try:
        return bool(_judge().is_valid(tree))
    except ValueError:
        return False


@cache
def _judge() -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft7Validator(read_schema())


def find_violations(nodes: SchemaNodes, schema: Schema, value: Any) -> Iterator[Violation]:
    """Yield each place where `value` breaks `schema`, a node of `nodes`."""
    import jsonschema_rs

    finder = _Finder(nodes, {**schema, "definitions": nodes.root.get("definitions", {})}, value)
    plain = finder.as_json(value, ())
    yield from finder.foreign.values()
    for error in jsonschema_rs.Draft7Validator(finder.schema).iter_errors(plain):
        for violation in finder.boiled_down(error):
            if violation.path not in finder.foreign:
                yield violation


class _Finder:
    """Turns the library's errors about one value into violations.

    Attributes:
        foreign: what no file can hold (only callers of the library can), by its place.
    """

    def __init__(self, nodes: SchemaNodes, schema: Schema, value: Any) -> None:
        self.nodes = nodes
        self.schema = schema
        self.value = value
        self.foreign: dict[Path, Violation] = {}

    def as_json(self, value: Any, path: Path) -> Any:
        """Copy a tree as what the library takes, with stand-ins for what JSON lacks."""
        if isinstance(value, dict):
            return {key: self.as_json(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.as_json(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, str):
            return str(value)
        if isinstance(value, float) and not math.isfinite(value):
            return 0.5
        if value is not None and not isinstance(value, (int, float)):
            node = self.nodes.trail(path)[-1]
            self.foreign[path] = Violation(keyword="type", schema=node, value=value, path=path)
            return None
        return value

    def boiled_down(self, error: Any) -> Iterator[Violation]:
        """Yield what the user has to know of one error."""
        schema = _at(self.schema, error.schema_path[:-1])
        path, value = _follow(self.value, error.instance_path)

        def violation(keyword: str, *, at: Path = path, of: Any = value, detail: Any = None) -> Violation:
            return Violation(keyword=keyword, schema=schema, value=of, path=at, detail=detail)

        match error.kind.name:
            case "oneOf":
                yield from self._blamed(schema, value, error) or [violation("type")]
            case "additionalProperties":
                for key in error.kind.unexpected:
                    yield violation("additionalProperties", at=(*path, key), detail=key)
            case "required":
                yield violation("required", detail=error.kind.property)
            case "uniqueItems":
                for index, first in _repeated(value):
                    yield violation("uniqueItems", at=(*path, index), of=value[index], detail=first)
            case "minimum" | "maximum":
                yield violation("range")
            case keyword:
                yield violation(keyword)

    def _blamed(self, schema: Schema, value: Any, error: Any) -> list[Violation]:
        """Return what is wrong with the alternative that the value's type picks; nothing if it picks none."""
        kinds = _json_types(value)
        for branch, errors in zip(schema["oneOf"], error.kind.context, strict=True):
            if any(own_types(form) & kinds for form in self.nodes.forms(branch)):
                return [violation for inner in errors for violation in self.boiled_down(inner)]
        return []


def _at(root: Any, path: Any) -> Any:
    for step in path:
        root = root[step]
    return root


def _follow(root: Any, steps: list[str | int]) -> tuple[Path, Any]:
    """Return the path that the library means and what is there; it takes the key ``"1"`` for an index."""
    path: list[str | int] = []
    for step in steps:
        path.append(str(step) if isinstance(root, dict) else step)
        root = root[path[-1]]
    return tuple(path), root


def _json_types(value: Any) -> frozenset[str]:
    if isinstance(value, bool):
        return frozenset({"boolean"})
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return frozenset({"integer", "number"})
    names: dict[type, str] = {str: "string", float: "number", dict: "object", list: "array"}
    return frozenset(name for kind, name in names.items() if isinstance(value, kind)) or frozenset({"null"})


def _repeated(items: list[Any]) -> Iterator[tuple[int, int]]:
    """Yield the index of each item that stands in the list already, with the index of the first such."""
    first: dict[Any, int] = {}
    for index, item in enumerate(items):
        earlier = first.setdefault(_comparable(item), index)
        if earlier != index:
            yield index, earlier


def _comparable(value: Any) -> Any:
    """Return something hashable that is equal for values that JSON calls equal (1 and 1.0, not 1 and true)."""
    if isinstance(value, dict):
        return ("object", frozenset((key, _comparable(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(_comparable(item) for item in value))
    return (isinstance(value, bool), value)
