"""Finds the entry that a user's path means: `services.web.ports[0]`, `web.image`, labels with dots in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from compose_lite.errors import UsageError
from compose_lite.spec.suggest import did_you_mean
from compose_lite.spec.tree import Map, Seq, path_text

if TYPE_CHECKING:
    from compose_lite.spec.tree import Mark, Path

_INDEX = re.compile(r"\[([0-9]+)\]")
_MOST_NAMED = 12


def find_path(root: Any, text: str) -> Path:
    """Return the steps from `root` to the entry that `text` names.

    A path that does not start with a top-level key starts at a service: ``web.image``.

    Raises:
        UsageError: there is no such entry; the hint has the nearest name.
    """
    words = [word for word in _INDEX.sub(r".\1", text).split(".") if word]
    if words and words[0] not in root and "services" in root:
        words = ["services", *words]
    found = _descend(root, words)
    if found is None or not words:
        raise _no_entry(root, words, text)
    return found


def value_at(root: Any, path: Path) -> Any:
    """Return the value at `path`.

    Raises:
        KeyError: there is none.
        IndexError: there is none.
    """
    for step in path:
        root = root[step]
    return root


def own_mark(root: Any, path: Path) -> Mark | None:
    """Return where the very entry at `path` was written; what the format implies has no place."""
    around, step = value_at(root, path[:-1]), path[-1]
    if isinstance(around, Map) and isinstance(step, str):
        return around.mark(step)
    return around.mark(step) if isinstance(around, Seq) and isinstance(step, int) else None


def _descend(node: Any, words: list[str]) -> Path | None:
    """Match words to keys; a key may have dots, so the longest that fits is tried first."""
    if not words:
        return ()
    if isinstance(node, dict):
        for count in range(len(words), 0, -1):
            key = ".".join(words[:count])
            if key in node:
                rest = _descend(node[key], words[count:])
                if rest is not None:
                    return (key, *rest)
    elif isinstance(node, list) and words[0].isdigit() and int(words[0]) < len(node):
        index = int(words[0])
        rest = _descend(node[index], words[1:])
        if rest is not None:
            return (index, *rest)
    return None


def _no_entry(root: Any, words: list[str], text: str) -> UsageError:
    """Tell how far the path leads, and what is there instead."""
    known: Path = ()
    count = 0
    for length in range(len(words), 0, -1):
        found = _descend(root, words[:length])
        if found is not None:
            known, count = found, length
            break
    node = value_at(root, known)
    missing = words[count] if count < len(words) else ""
    if not isinstance(node, dict):
        return UsageError(f"{text}: {path_text(known)} has no entry {missing}")
    names = sorted(node if known != ("services",) else [*node, *root])
    hint = did_you_mean(missing, names)
    if hint is None and len(names) <= _MOST_NAMED:
        hint = f"there is {', '.join(names)}"
    return UsageError(f'{text}: {_place(known)} has no "{missing}"', hint=hint)


def _place(path: Path) -> str:
    return path_text(path) if len(path) > 1 else "the project"
