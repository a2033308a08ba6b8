"""What `explain` answers: plain data that views print and programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.errors import Location

SayKind: TypeAlias = Literal["file", "env-file", "shell", "default", "built-in", "implied"]
"""Who says something: a compose file, an env file, the shell, a default in the text, compose-lite, the format."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """What one source says about a value or a variable.

    Attributes:
        kind: what sort of source it is.
        value: what it says, variables filled in.
        location: where, or ``None``.
        wins: whether this is what counts in the end.
        template: the text as written, if it names variables.
        variables: those variables, each with its own sources.
    """

    kind: SayKind
    value: Any
    location: Location | None = None
    wins: bool = False
    template: str | None = None
    variables: tuple[VariableSays, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class VariableSays:
    """A variable, and everybody who has a say in it, in order of precedence."""

    name: str
    says: tuple[Say, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry of the model as one file gave it.

    Attributes:
        path: position in the model.
        value: what it says, variables filled in.
        location: where.
        overridden: whether another file has the last word.
        template: the text as written, if it names variables.
    """

    path: str
    value: Any
    location: Location | None
    overridden: bool = False
    template: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """What one file contributed, in the order of its lines; no file stands for what the format implies."""

    file: str | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Where something comes from.

    Attributes:
        subject: the full path, or ``${NAME}``.
        value: the final value; ``None`` for a variable that is set nowhere.
        says: who has a say in it, the winner first.
        contributions: for a mapping or list, what each file contributed.
        uses: for a variable, where it is used.
    """

    subject: str
    value: Any
    says: tuple[Say, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    uses: tuple[Entry, ...] = ()


def explanation_data(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON data."""
    return {
        "subject": explanation.subject,
        "value": explanation.value,
        "sources": [_say_data(say) for say in explanation.says],
        "contributions": [
            {"file": contribution.file, "entries": _entries_data(contribution.entries)}
            for contribution in explanation.contributions
        ],
        "uses": _entries_data(explanation.uses),
    }


def _say_data(say: Say) -> dict[str, Any]:
    return {
        "kind": say.kind,
        "value": say.value,
        "wins": say.wins,
        **_place_data(say.location),
        "template": say.template,
        "variables": [
            {"name": variable.name, "sources": [_say_data(inner) for inner in variable.says]}
            for variable in say.variables
        ],
    }


def _entries_data(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "path": entry.path,
            "value": entry.value,
            "overridden": entry.overridden,
            "template": entry.template,
            **_place_data(entry.location),
        }
        for entry in entries
    ]


def _place_data(location: Location | None) -> dict[str, Any]:
    return {
        "file": location.file if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
    }
