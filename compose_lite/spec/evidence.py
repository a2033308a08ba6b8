"""What a load looked at: if none of it has changed, loading again gives the same result."""

from __future__ import annotations

import os
import posixpath
import stat

from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    Kind = Literal["file", "folder", "missing", "dangling", "unknown"]

"""What is at a path: `dangling` is a link to nothing, `unknown` what can't be looked at."""


def kind_of(path: str) -> Kind:
    """Look at a path; links are followed."""
    try:
        return "folder" if stat.S_ISDIR(os.stat(path).st_mode) else "file"  # noqa: PTH116  # paths are text here
    except (FileNotFoundError, NotADirectoryError):
        return "dangling" if posixpath.lexists(path) else "missing"
    except (OSError, ValueError):
        return "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All that a result depends on beside the options.

    Attributes:
        variables: names of the shell's variables that were asked for, set or not.
        contents: bytes of each file that was read, by absolute path (`-`: standard input).
        kinds: what was found at the paths that were looked at (see `kind_of`).
        links: what paths were resolved to.
    """

    variables: frozenset[str]
    contents: Mapping[str, bytes]
    kinds: Mapping[str, Kind]
    links: Mapping[str, str]
