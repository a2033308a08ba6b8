"""Loads a stack for `check`, with everything in it, and hands it to the rules."""

from __future__ import annotations

from pathlib import Path as HostPath
from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import replace
from compose_lite.spec.check import findings
from compose_lite.spec.check_facts import Facts
from compose_lite.spec.load import load
from compose_lite.spec.lookup import own_mark
from compose_lite.spec.trace import Trace
from compose_lite.spec.tree import locate

if TYPE_CHECKING:
    from collections.abc import Collection

    from compose_lite.errors import Problem
    from compose_lite.spec.check_facts import FileKind
    from compose_lite.spec.load import LoadResult
    from compose_lite.spec.options import LoadOptions
    from compose_lite.spec.tree import Path


def check(options: LoadOptions, *, ignore: Collection[str] = ()) -> list[Problem]:
    """Return what is valid in a stack but will hurt, whatever profiles are switched on.

    Args:
        options: what to load.
        ignore: codes of findings to leave out, beside those that the file leaves out itself.

    Raises:
        SpecError: the files are wrong.
        UsageError: `ignore` has a code that no finding has.
    """
    result = load(replace(options, trace=True, profiles=("*",), all_resources=True))
    return findings(_facts(result), ignore=ignore)


def _facts(result: LoadResult) -> Facts:
    trace = result.trace or Trace()
    filled_in = {use.mark for use in trace.uses}
    filled_in |= {say.mark for say in trace.says if say.kind in ("env-file", "shell")}

    def literal(path: Path) -> bool:
        mark = own_mark(result.model, path)
        return mark is not None and mark not in filled_in

    return Facts(
        project=result.project,
        warnings=(*result.warnings, *result.elsewhere),
        uses=tuple(trace.uses),
        locate=lambda path: locate(result.model, path) or locate(result.tree, path),
        literal=literal,
        kind=_kind,
    )


def _kind(path: str) -> FileKind | None:
    """Look at the host; what can't be seen for lack of permission counts as being there."""
    place = HostPath(path)
    try:
        if place.is_dir():
            return "folder"
        if place.is_file():
            return "file"
        return "other" if place.exists() else None
    except OSError:
        return "other"
