"""The variables that interpolation sees, and a record of which ones were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a variable's value comes from.

    Attributes:
        kind: `shell`, `env-file` (a `.env` or `--env-file`), or `built-in` (set by compose-lite itself).
        file: the env file's absolute path, or ``None``.
        line: 1-based line in that file, or ``None``.
    """

    kind: str
    file: str | None = None
    line: int | None = None


SHELL = Origin(kind="shell")
BUILT_IN = Origin(kind="built-in")


@dataclass(kw_only=True, slots=True)
class Variables:
    """Values by name, with where each came from.

    Attributes:
        values: what `${NAME}` becomes.
        origins: where the value was set; names from the shell may be missing.
        asked: the names that somebody wanted to know, set or not; copies add to the same set.
    """

    values: dict[str, str] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def get(self, name: str) -> str | None:
        """Return the value of `name`, or ``None`` if it is not set."""
        self.asked.add(name)
        return self.values.get(name)

    def origin(self, name: str) -> Origin | None:
        """Return where `name` was set, or ``None`` if it is not."""
        if name not in self.values:
            return None
        return self.origins.get(name, SHELL)

    def add_missing(self, values: Mapping[str, str], origins: Mapping[str, Origin]) -> None:
        """Add the variables that are not set yet."""
        self.asked.update(values)
        for name, value in values.items():
            if name not in self.values:
                self.values[name] = value
                if name in origins:
                    self.origins[name] = origins[name]

    def copy(self) -> Variables:
        """Return an independent copy."""
        return Variables(values=dict(self.values), origins=dict(self.origins), asked=self.asked)
