"""Goes on after a mistake, so that one run reports them all: refused places are cut out of the tree, and what
a later stage finds only because of an earlier one's findings is dropped."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compose_lite.errors import Problem
    from compose_lite.spec.tree import Map, Path

_HOLES = frozenset({"missing-key", "no-image", "no-source"})
"""Codes of problems that say what is not there."""
_WHOLE_ENTRY = 2
"""Length of the path of a whole service, network, volume …"""


def cut(tree: Map, places: Iterable[Path]) -> list[Path]:
    """Take the refused places out of `tree`, and return what was taken.

    Of a list nothing is taken but the whole: merging may have moved its items.
    """
    taken: list[Path] = []
    for place in places:
        steps = list(takewhile(lambda step: isinstance(step, str), place))
        if not steps:
            continue
        node: object = tree
        for step in steps[:-1]:
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, dict) and node.pop(steps[-1], None) is not None:
            taken.append(tuple(steps))
    return taken


def only_news(
    found: Sequence[Problem],
    earlier: Sequence[Problem],
    places: Mapping[Problem, Path],
    lost: Iterable[Path],
) -> list[Problem]:
    """Return those of a stage's findings that don't follow from what earlier stages found.

    Args:
        places: where in the model each problem is, as far as it is somewhere.
        lost: what was cut out.
    """
    if not found or not earlier:
        return list(found)
    told = {problem.location for problem in earlier if problem.location is not None}
    wrong = [places[problem] for problem in earlier if problem in places]
    entries = [place for place in lost if len(place) <= _WHOLE_ENTRY]
    return [
        problem
        for problem in found
        if problem.location not in told  # the same text, under another name where it is extended
        and not _misses(problem, entries)
        and not _follows(problem, places.get(problem, ()), wrong)
    ]


def _misses(problem: Problem, lost: Iterable[Path]) -> bool:
    """Whether it says that something is undefined which was cut out."""
    return problem.code.startswith("undefined-") and any(
        len(place) < _WHOLE_ENTRY or f"`{place[1]}`" in problem.message for place in lost
    )


def _follows(problem: Problem, place: Path, wrong: Iterable[Path]) -> bool:
    """Whether it stands where something is wrong already, or misses what was cut out."""
    if not place:
        return False
    if problem.code in _HOLES and any(other[: len(place)] == place for other in wrong):
        return True
    return any(place[: len(other)] == other for other in wrong)
