"""Records, when asked to, every source that had a say in a value: overridden values and variables used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import dataclass, field

if TYPE_CHECKING:
    from compose_lite.spec.tree import Mark, Path
    from compose_lite.spec.variables import Variables


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """One source's say in the value at a path.

    Attributes:
        path: position in the model.
        kind: `overridden` (an earlier file's value), `extends`, `env-file`, or `shell` (an entry without a value).
        value: what it said.
        mark: where, or ``None``.
        detail: the service extended, the env file read, …
    """

    path: Path
    kind: str
    value: Any
    mark: Mark | None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """One template that named variables.

    Attributes:
        path: position in the model.
        template: the text as written.
        mark: where.
        variables: what interpolation saw there.
    """

    path: Path
    template: str
    mark: Mark | None
    variables: Variables


@dataclass(kw_only=True, slots=True)
class Trace:
    """Everything recorded during one load, in the order in which it happened."""

    says: list[Say] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    def say(self, path: Path, kind: str, value: Any, mark: Mark | None, detail: str = "") -> None:
        """Record that a source gave `value` to `path`."""
        self.says.append(Say(path=path, kind=kind, value=value, mark=mark, detail=detail))

    def interpolated(self, path: Path, template: str, mark: Mark | None, variables: Variables) -> None:
        """Record that the text at `path` named variables."""
        self.uses.append(Use(path=path, template=template, mark=mark, variables=variables))
