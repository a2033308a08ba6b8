"""What a load looked at: if none of it has changed, loading again gives the same result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All that a result depends on beside the options.

    Attributes:
        variables: names of the shell's variables that were asked for, set or not.
        contents: bytes of each file that was read, by absolute path (`-`: standard input).
        kinds: what was found at the paths that were looked at (see `reading.kind_of`).
        links: what paths were resolved to.
    """

    variables: frozenset[str]
    contents: Mapping[str, bytes]
    kinds: Mapping[str, str]
    links: Mapping[str, str]
