"""Finds the known name that a misspelt one was probably meant to be."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_LIKENESS = 0.6
"""Share of matching letters below which a suggestion would rather confuse."""
_MOST_COMPLETIONS = 3
_CANDIDATES = 3


def nearest(name: str, known: Iterable[str], *, likeness: float = LEAST_LIKENESS) -> str | None:
    """Return the entry of `known` that looks most like `name`, or ``None`` if none comes near.

    Case and the choice between ``-`` and ``_`` don't count as a difference.

    Args:
        name: what the user wrote.
        known: what would have been right.
        likeness: how alike two names have to be, from 0 to 1.
    """
    from difflib import get_close_matches

    folded = {_fold(candidate): candidate for candidate in sorted(known, reverse=True)}
    close = get_close_matches(_fold(name), folded, n=_CANDIDATES, cutoff=likeness)
    # The most frequent slip is two letters in each other's place.
    swapped = (candidate for candidate in close if sorted(candidate) == sorted(_fold(name)))
    best = next(swapped, close[0] if close else None)
    return None if best is None else folded[best]


def did_you_mean(name: str, known: Iterable[str], *, likeness: float = LEAST_LIKENESS) -> str | None:
    """Return ``did you mean "ports"?``, or ``None`` if nothing known comes near `name`.

    Where no name looks alike, the few that start with `name` are offered (``env``).
    """
    names = sorted(known)
    alike = nearest(name, names, likeness=likeness)
    offers = [alike] if alike is not None else _completions(name, names)
    quoted = [f'"{offer}"' for offer in offers]
    return f"did you mean {' or '.join(quoted)}?" if quoted else None


def _completions(name: str, known: list[str]) -> list[str]:
    longer = [candidate for candidate in known if _fold(candidate).startswith(_fold(name))]
    return longer if len(name) > 1 and len(longer) <= _MOST_COMPLETIONS else []


def _fold(name: str) -> str:
    return name.casefold().replace("-", "_")
