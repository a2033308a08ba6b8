"""Walks a JSON Schema: follows references, lists alternatives, finds the node that describes a path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Schema: TypeAlias = dict[str, Any]

EVERY_TYPE: frozenset[str] = frozenset({"string", "boolean", "integer", "number", "object", "array", "null"})


class SchemaNodes:
    """One schema, as nodes that can be looked up."""

    def __init__(self, root: Schema) -> None:
        self.root = root

    def resolve(self, node: Schema) -> Schema:
        """Follow `$ref` until a node without one."""
        while "$ref" in node:
            node = self.root["definitions"][node["$ref"].removeprefix("#/definitions/")]
        return node

    def forms(self, node: Schema) -> Iterator[Schema]:
        """Yield the alternatives that `node` allows, free of `$ref` and `oneOf`."""
        node = self.resolve(node)
        if "oneOf" in node:
            for branch in node["oneOf"]:
                yield from self.forms(branch)
        else:
            yield node

    def types(self, node: Schema) -> frozenset[str]:
        """Return the JSON types that `node` allows."""
        return frozenset().union(*(own_types(form) for form in self.forms(node)))

    def child(self, node: Schema, step: str | int) -> Schema | None:
        """Return the node that describes entry `step` of what `node` describes; a reference stays one.

        An entry that only a pattern allows is described by that pattern's node.
        """
        for form in self.forms(node):
            if isinstance(step, int):
                if "items" in form:
                    return form["items"]  # type: ignore[no-any-return]  # a schema node
                continue
            if step in form.get("properties", {}):
                return form["properties"][step]  # type: ignore[no-any-return]  # a schema node
            for pattern, shape in form.get("patternProperties", {}).items():
                if regex(pattern).search(step):
                    return shape  # type: ignore[no-any-return]  # a schema node
        return None

    def trail(self, path: Sequence[str | int]) -> list[Schema]:
        """Return the nodes from the root to `path`, as far as the schema knows it."""
        nodes = [self.root]
        for step in path:
            node = self.child(nodes[-1], step)
            if node is None:
                break
            nodes.append(node)
        return nodes

    def properties(self, node: Schema) -> dict[str, Schema]:
        """Return the keys that `node` names, over all its alternatives, with their nodes."""
        found: dict[str, Schema] = {}
        for form in self.forms(node):
            found.update(form.get("properties", {}))
        return found


def own_types(form: Schema) -> frozenset[str]:
    """Return the JSON types that a node without `$ref` and `oneOf` allows."""
    declared = form.get("type")
    if declared is None:
        return EVERY_TYPE
    names = frozenset([declared]) if isinstance(declared, str) else frozenset(declared)
    return names | {"integer"} if "number" in names else names


def regex(pattern: str) -> re.Pattern[str]:
    r"""Compile an ECMA pattern: its ``$`` is the very end, Python's also matches before a final line break."""
    return re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern)
