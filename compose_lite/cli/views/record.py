"""A value with fields, as rows for templates hold it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Record(dict[str, "Any"]):
    """A value with fields that Go prints as `{first second}`, unlike a map."""
