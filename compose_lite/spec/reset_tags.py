"""The tags `!reset` and `!override`: what they say of earlier files, and a tree without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.tree import Map, Seq, copy_tree

if TYPE_CHECKING:
    from compose_lite.spec.tree import Path

RESET = "!reset"
OVERRIDE = "!override"


@dataclass(slots=True)
class Tagged:
    """Stands for a value tagged `!reset` or `!override` until the document is complete."""

    value: Any
    reset: bool


def resolve_tags(value: Any, path: Path, resets: list[Path]) -> Any:
    """Take `!reset` values out of the tree, unwrap `!override` ones, and note both their paths."""
    if isinstance(value, Tagged):
        resets.append(path)
        return None if value.reset else _unwrap(copy_tree(value.value))
    if isinstance(value, Map):
        for key in list(value):
            item = value[key]
            if isinstance(item, Tagged) and item.reset:
                resets.append((*path, key))
                del value[key]
            elif isinstance(item, (dict, list, Tagged)):
                value[key] = resolve_tags(item, (*path, key), resets)
    elif isinstance(value, Seq):
        kept = Seq()
        for index, item in enumerate(value):
            if not (isinstance(item, Tagged) and item.reset):
                kept.put(resolve_tags(item, (*path, index), resets), value.mark(index))
        return kept
    return value


def without_resets(value: Any) -> Any:
    """Drop what is tagged `!reset` inside an aliased value: it resets where the anchor is, and nowhere else."""
    if isinstance(value, Map):
        kept = [(key, item) for key, item in value.items() if not (isinstance(item, Tagged) and item.reset)]
        marks = value.marks
        return Map(
            [(key, without_resets(item)) for key, item in kept],
            {key: marks[key] for key, _ in kept if key in marks},
        )
    if isinstance(value, Seq):
        value[:] = [without_resets(item) for item in value]
    return value


def _unwrap(value: Any) -> Any:
    """Take the tags off what is inside an overriding value: there they mean nothing."""
    if isinstance(value, Tagged):
        return _unwrap(value.value)
    if isinstance(value, Map):
        value.update([(key, _unwrap(item)) for key, item in value.items()])
    elif isinstance(value, Seq):
        value[:] = [_unwrap(item) for item in value]
    return value
