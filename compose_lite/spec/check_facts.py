"""What the check rules look at, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compose_lite.errors import Location, Problem
    from compose_lite.spec.model import Project
    from compose_lite.spec.trace import Use
    from compose_lite.spec.tree import Path

FileKind: TypeAlias = Literal["file", "folder", "other"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Everything that the rules may know; they ask nothing else of the world.

    Attributes:
        project: all services, whatever their profiles, and all resources, used or not.
        warnings: what every command warns of.
        uses: the texts of the files that name variables.
        locate: returns where an entry, or else what is around it, was written.
        literal: tells whether an entry's value stands in a compose file just as it is.
        kind: returns what is at an absolute path of the host, or ``None`` for nothing.
    """

    project: Project
    warnings: tuple[Problem, ...]
    uses: tuple[Use, ...]
    locate: Callable[[Path], Location | None]
    literal: Callable[[Path], bool]
    kind: Callable[[str], FileKind | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """One thing that a rule found: where in the model, what, and what to do about it.

    `location` is for what the model no longer has, such as a text that became empty.
    """

    path: Path
    message: str
    hint: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One check.

    Attributes:
        code: stable identifier, to ignore it by.
        summary: what it finds, in one line.
        find: returns what it has to say about a stack.
    """

    code: str
    summary: str
    find: Callable[[Facts], Iterable[Remark]]
