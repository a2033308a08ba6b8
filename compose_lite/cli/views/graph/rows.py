"""Puts boxes into rows: whatever leans on something stands above it, no row gets too wide, few lines cross.

Layered drawing in the manner of Sugiyama: rows first, then the order within each. A wire joins all who lean on
one box in the same way. It passes other rows in a lane of its own, and ends in a gate that has its words.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Between two boxes of a row.
GAP = 28.0
_SWEEPS = 24
# Sweeps without a gain (four are one round of all their kinds) before it is enough.
_PATIENCE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """Something to place; sizes are in pixels."""

    key: str
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """A line from some boxes down to another; `key`, `width` and `height` are those of its gate."""

    key: str
    sources: tuple[str, ...]
    target: str
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Rows of boxes at even places, between them rows of gates; lanes pass through both.

    Attributes:
        rows: keys from left to right.
        links: for each row, what is joined to what in the next one.
        lanes: key of a lane → key of its wire.
    """

    rows: tuple[tuple[str, ...], ...]
    links: tuple[tuple[tuple[str, str], ...], ...]
    lanes: Mapping[str, str]


def arranged(boxes: Sequence[Box], wires: Sequence[Wire], *, limit: float) -> Grid:
    """Put boxes into rows that are not wider than `limit` (one box always fits).

    Args:
        boxes: sources before targets.
    """
    return _untangled(_grid(_box_rows(boxes, wires, limit), wires))


def _box_rows(boxes: Sequence[Box], wires: Sequence[Wire], limit: float) -> list[list[str]]:
    """The boxes of each row: linked ones from the top, those without any link below."""
    above: dict[str, set[str]] = {box.key: set() for box in boxes}
    below: dict[str, set[str]] = {box.key: set() for box in boxes}
    for wire in wires:
        above[wire.target].update(wire.sources)
        for source in wire.sources:
            below[source].add(wire.target)
    shelf = _Shelf(limit)
    linked = [box for box in _urgent_first(boxes, above, below) if above[box.key] or below[box.key]]
    for box in linked:
        shelf.put(box, first=max((shelf.row[key] + 1 for key in above[box.key]), default=0))
    for box in reversed(linked):
        if not above[box.key]:
            shelf.lower(box, last=min(shelf.row[key] for key in below[box.key]) - 1)
    bottom = max(shelf.row.values(), default=-1) + 1
    for box in boxes:
        if box.key not in shelf.row:
            shelf.put(box, first=bottom)
    rows: defaultdict[int, list[str]] = defaultdict(list)
    for key, row in shelf.row.items():
        rows[row].append(key)
    return [rows[row] for row in sorted(rows)]


def _urgent_first(
    boxes: Sequence[Box], above: Mapping[str, Iterable[str]], below: Mapping[str, Iterable[str]]
) -> list[Box]:
    """By how much stands above; of equals, first the one with the longest way down, which needs the room."""
    depth: dict[str, int] = {}
    height: dict[str, int] = {}
    for box in boxes:
        depth[box.key] = max((depth[key] + 1 for key in above[box.key]), default=0)
    for box in reversed(boxes):
        height[box.key] = max((height[key] + 1 for key in below[box.key]), default=0)
    return sorted(boxes, key=lambda box: (depth[box.key], -height[box.key]))


class _Shelf:
    """Rows of limited width."""

    def __init__(self, limit: float) -> None:
        self.row: dict[str, int] = {}
        self._limit = limit
        self._used: defaultdict[int, float] = defaultdict(float)

    def put(self, box: Box, *, first: int) -> None:
        """Put a box into the first row from `first` on that has room."""
        row = first
        while not self._fits(box, row):
            row += 1
        self._take(box, row)

    def lower(self, box: Box, *, last: int) -> None:
        """Move a box to the last row up to `last` that has room, if that is below where it is."""
        for row in range(last, self.row[box.key], -1):
            if self._fits(box, row):
                self._used[self.row[box.key]] -= box.width + GAP
                self._take(box, row)
                return

    def _fits(self, box: Box, row: int) -> bool:
        return not self._used[row] or self._used[row] + box.width <= self._limit

    def _take(self, box: Box, row: int) -> None:
        self.row[box.key] = row
        self._used[row] += box.width + GAP


def _grid(box_rows: Sequence[Sequence[str]], wires: Sequence[Wire]) -> Grid:
    row_of = {key: 2 * index for index, row in enumerate(box_rows) for key in row}
    count = max(2 * len(box_rows) - 1, 0)
    rows: list[list[str]] = [[] for _ in range(count)]
    links: list[list[tuple[str, str]]] = [[] for _ in range(count)]
    lanes: dict[str, str] = {}
    for index, row in enumerate(box_rows):
        rows[2 * index] += row
    for wire in wires:
        top, gate = min(row_of[source] for source in wire.sources) + 1, row_of[wire.target] - 1
        stops = {index: f"{wire.key}@{index}" for index in range(top, gate)} | {gate: wire.key}
        for index, key in stops.items():
            rows[index].append(key)
            links[index].append((key, stops.get(index + 1, wire.target)))
            if index != gate:
                lanes[key] = wire.key
        for source in wire.sources:
            links[row_of[source]].append((source, stops[row_of[source] + 1]))
    return Grid(rows=tuple(map(tuple, rows)), links=tuple(map(tuple, links)), lanes=lanes)


def _untangled(grid: Grid) -> Grid:
    """The order with the fewest crossings of those that some sweeps down and up come by."""
    best, fewest = grid.rows, _crossings(grid.rows, grid.links)
    rows = [list(row) for row in grid.rows]
    last_gain = 0
    for sweep in range(_SWEEPS):
        if not fewest or sweep - last_gain > _PATIENCE:
            break
        above = sweep % 2 == 0
        for index in range(1, len(rows)) if above else range(len(rows) - 2, -1, -1):
            links = grid.links[index - 1] if above else grid.links[index]
            pairs = [(lower, upper) for upper, lower in links] if above else list(links)
            # Who ties changes places in every other pair of sweeps: else some knots are never undone.
            row = rows[index][::-1] if sweep // 2 % 2 else rows[index]
            rows[index] = _by_neighbours(row, rows[index - 1 if above else index + 1], pairs)
        _swap_where_it_helps(rows, grid.links)
        found = _crossings(rows, grid.links)
        if found < fewest:
            best, fewest, last_gain = tuple(map(tuple, rows)), found, sweep
    return Grid(rows=best, links=grid.links, lanes=grid.lanes)


def _swap_where_it_helps(rows: list[list[str]], links: Sequence[Sequence[tuple[str, str]]]) -> None:
    """Let two who stand side by side change places if fewer of their links cross then."""
    place = {key: index for row in rows for index, key in enumerate(row)}
    above: defaultdict[str, list[str]] = defaultdict(list)
    below: defaultdict[str, list[str]] = defaultdict(list)
    for pairs in links:
        for upper, lower in pairs:
            below[upper].append(lower)
            above[lower].append(upper)

    def crossed(left: str, right: str) -> int:
        return sum(
            place[one] > place[other]
            for joined in (above, below)
            for one in joined[left]
            for other in joined[right]
        )

    for row in rows:
        for index in range(len(row) - 1):
            left, right = row[index], row[index + 1]
            if crossed(right, left) < crossed(left, right):
                row[index], row[index + 1] = right, left
                place[left], place[right] = index + 1, index


def _by_neighbours(row: Sequence[str], fixed: Sequence[str], pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The row ordered by the mean place of what each is joined to; who is joined to nothing keeps its share."""
    place = {key: (index + 0.5) / len(fixed) for index, key in enumerate(fixed)}
    found: defaultdict[str, list[float]] = defaultdict(list)
    for key, other in pairs:
        found[key].append(place[other])
    wish = {
        key: sum(found[key]) / len(found[key]) if key in found else (index + 0.5) / len(row)
        for index, key in enumerate(row)
    }
    return sorted(row, key=wish.__getitem__)


def _crossings(rows: Sequence[Sequence[str]], links: Sequence[Sequence[tuple[str, str]]]) -> int:
    """How many pairs of links cross: for each link, those before it that end further right."""
    count = 0
    for upper, lower, pairs in zip(rows, rows[1:], links, strict=False):
        left = {key: index for index, key in enumerate(upper)}
        right = {key: index for index, key in enumerate(lower)}
        seen: list[int] = []
        for _, end in sorted((left[a], right[b]) for a, b in pairs):
            count += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return count
