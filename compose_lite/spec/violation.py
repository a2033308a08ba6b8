"""One place where a value breaks the schema, free of the library that found it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from compose_lite.spec.schema_nodes import Schema
    from compose_lite.spec.tree import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """What `schema_words` needs to tell about it.

    Attributes:
        keyword: the schema keyword that was broken (``range`` for `minimum` and `maximum`).
        schema: the schema node that holds the keyword.
        value: the offending value; for an unknown or missing key the mapping.
        path: where; an unknown key is part of its path.
        detail: the unknown or missing key, or the index of the item that this one repeats.
    """

    keyword: str
    schema: Schema
    value: Any
    path: Path
    detail: Any = None
