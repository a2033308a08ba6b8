"""Finds out what an unknown key was meant to be: a typing error, or a known key in the wrong place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.suggest import did_you_mean
from compose_lite.spec.tree import path_text

if TYPE_CHECKING:
    from compose_lite.spec.schema_nodes import Schema, SchemaNodes
    from compose_lite.spec.tree import Path

_CLEARLY_A_TYPO = 0.8
"""Likeness above which an unknown key is a typing error rather than a key in the wrong place."""
_FEW_KEYS = 12
"""So many known keys are still worth listing."""


def meant_key(nodes: SchemaNodes, path: Path, value: Any) -> str | None:
    """Return a hint for the unknown key that `path` ends with, or ``None`` if nothing comes to mind.

    Args:
        nodes: the schema.
        path: the path of the unknown key, itself included.
        value: what the file gives it.
    """
    key = str(path[-1])
    mapping = nodes.trail(path[:-1])[-1]
    known = [name for name in nodes.properties(mapping) if not name.startswith("x-")]
    return (
        did_you_mean(key, known, likeness=_CLEARLY_A_TYPO)
        or _misplaced(nodes, path, mapping, value)
        or did_you_mean(key, known)
        or (f"known keys: {', '.join(sorted(known))}" if len(known) <= _FEW_KEYS else None)
    )


def _misplaced(nodes: SchemaNodes, path: Path, mapping: Schema, value: Any) -> str | None:
    key = str(path[-1])
    if len(path) == 1 and isinstance(value, dict) and value.keys() & {"image", "build"}:
        return 'services go under "services:"'
    below = _mapping_below(nodes, mapping, key)
    if below is not None:
        return f'it belongs under "{below}"'
    above = _mapping_above(nodes, path, key)
    return None if above is None else f"it is a key of {above}: check the indentation"


def _mapping_below(nodes: SchemaNodes, mapping: Schema, key: str) -> str | None:
    """Return the path of the nearest mapping inside `mapping` that knows `key`."""
    level: list[tuple[Path, Schema]] = [((), mapping)]
    while level:
        deeper: list[tuple[Path, Schema]] = []
        for steps, node in level:
            for name, shape in nodes.properties(node).items():
                if key in nodes.properties(shape):
                    return path_text((*steps, name))
                deeper.append(((*steps, name), shape))
        level = deeper
    return None


def _mapping_above(nodes: SchemaNodes, path: Path, key: str) -> str | None:
    """Return the nearest mapping around the one that `key` stands in that knows it."""
    around = nodes.trail(path[:-2]) if len(path) > 1 else []
    for depth in range(len(around) - 1, -1, -1):
        if key in nodes.properties(around[depth]):
            return path_text(path[:depth]) or "the top level"
    return None
