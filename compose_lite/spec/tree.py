"""The raw tree of a compose file: plain dicts and lists that remember where each entry was written.

`Map` and `Seq` *are* a dict and a list, so every stage works on them with ordinary code and at ordinary
speed. Beside the values they keep one mark per entry: a bare tuple, because a file of a few thousand
services has a hundred thousand of them. A mark becomes a `Location` only when somebody has to be told.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from compose_lite.errors import Location
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Source:
    """One text that the user wrote: a file, standard input, or a string handed to the library.

    Attributes:
        name: what messages call it (``-`` for standard input).
        path: absolute path, or ``None`` where there is no file behind it.
        text: the content, for excerpts.
    """

    name: str
    path: str | None = None
    text: str = ""

    def line(self, number: int) -> str | None:
        """Return the text of line `number` (1-based), or ``None`` if there is no such line."""
        lines = _lines(self)
        return lines[number - 1] if 0 < number <= len(lines) else None

    def location(self, line: int | None = None, column: int | None = None) -> Location:
        """Return the place at `line` and `column` (both 1-based) with its excerpt."""
        excerpt = None if line is None else self.line(line)
        return Location(file=self.name, line=line, column=column, source_line=excerpt)


@lru_cache(maxsize=8)
def _lines(source: Source) -> list[str]:
    """Split once, however many problems a file has."""
    return LINE_BREAK.split(source.text)


Mark: TypeAlias = tuple[Source, int, int, int, int]
"""(source, key line, key column, value line, value column), lines and columns 0-based as YAML counts them.

List items have no key; their key position repeats the value's.
"""

Path: TypeAlias = tuple[str | int, ...]
"""A position in a tree: mapping keys and list indices from the root."""


class Map(dict[str, Any]):
    """A mapping with a mark per key; equal to any dict with the same entries."""

    __slots__ = ("marks",)

    def __init__(self, entries: Any = (), marks: dict[str, Mark] | None = None) -> None:
        super().__init__(entries)
        self.marks: dict[str, Mark] = {} if marks is None else marks

    def mark(self, key: str) -> Mark | None:
        """Return where `key` was written, or ``None`` if no file says so."""
        return self.marks.get(key)

    def put(self, key: str, value: Any, mark: Mark | None) -> None:
        """Set an entry together with where it was written."""
        self[key] = value
        if mark is None:
            self.marks.pop(key, None)
        else:
            self.marks[key] = mark

    def shallow(self) -> Map:
        """Return a copy that shares its values with this one."""
        return Map(self, dict(self.marks))


class Seq(list[Any]):
    """A list with a mark per item; equal to any list with the same items."""

    __slots__ = ("marks",)

    def __init__(self, items: Any = (), marks: list[Mark | None] | None = None) -> None:
        super().__init__(items)
        self.marks: list[Mark | None] = [None] * len(self) if marks is None else marks

    def mark(self, index: int) -> Mark | None:
        """Return where item `index` was written, or ``None`` if no file says so."""
        return self.marks[index] if -len(self.marks) <= index < len(self.marks) else None

    def put(self, value: Any, mark: Mark | None) -> None:
        """Append an item together with where it was written."""
        self.append(value)
        self.marks.append(mark)


def copy_tree(value: Any) -> Any:
    """Return a copy of `value` that can be changed without touching the original; marks are kept."""
    if isinstance(value, dict):
        entries = {
            key: copy_tree(item) if isinstance(item, (dict, list)) else item for key, item in value.items()
        }
        return Map(entries, dict(value.marks) if isinstance(value, Map) else None)
    if isinstance(value, list):
        items = [copy_tree(item) if isinstance(item, (dict, list)) else item for item in value]
        return Seq(items, list(value.marks) if isinstance(value, Seq) else None)
    return value


def find_mark(root: Any, path: Sequence[str | int]) -> Mark | None:
    """Return the mark of the entry at `path`, or of its nearest ancestor that has one."""
    found: Mark | None = None
    node = root
    for step in path:
        if isinstance(node, dict) and isinstance(step, str) and step in node:
            mark = node.mark(step) if isinstance(node, Map) else None
        elif isinstance(node, list) and isinstance(step, int) and -len(node) <= step < len(node):
            mark = node.mark(step) if isinstance(node, Seq) else None
        else:
            break
        found = mark or found
        node = node[step]
    return found


def locate(root: Any, path: Sequence[str | int], *, key: bool = False) -> Location | None:
    """Return where the entry at `path` was written, or the nearest ancestor that a file wrote.

    Args:
        root: the tree that `path` starts from.
        path: mapping keys and list indices.
        key: point at the entry's key instead of its value.

    Returns:
        ``None`` if nothing on the way to `path` came from a file.
    """
    mark = find_mark(root, path)
    return None if mark is None else mark_location(mark, key=key)


def mark_location(mark: Mark, *, key: bool = False) -> Location:
    """Turn a mark into the location that messages carry."""
    source, key_line, key_column, line, column = mark
    if key:
        return source.location(key_line + 1, key_column + 1)
    return source.location(line + 1, column + 1)


def path_text(path: Sequence[str | int]) -> str:
    """Write a path as users do: ``services.web.ports[0]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
