"""Gives everything its place: boxes that never overlap, and lines that never run through a box."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from compose_lite.cli.views.graph.rows import GAP, Grid, arranged
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from compose_lite.cli.views.graph.rows import Box, Wire

# The room in which lines bend, above and below a row of gates, and between rows that nothing joins.
_BEND = 24.0
_LANE = 10.0
# How much it matters that a link is straight: between boxes or gates, to a lane, within a lane.
_STRAIGHTNESS = (1.0, 3.0, 12.0)
_SETTLING = 60
# Parts of the width that boxes get at first; where lanes need too much beside them, the next one is tried.
_SHARES = (1.0, 0.9, 0.8, 0.7)
_SPREAD = 22.0
_INSET = 14.0

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A rectangle; `x` and `y` are its top left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Where it is from left to right."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A line: straight down from the first to the second point, then bending on to the third.

    Attributes:
        wire: the wire that it is a part of.
        arrives: it ends at the wire's target, not at its gate.
    """

    wire: str
    points: tuple[Point, Point, Point]
    arrives: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Where boxes and gates are, by key, and the lines between them."""

    places: Mapping[str, Place]
    routes: tuple[Route, ...]
    width: float
    height: float


def laid_out(boxes: Sequence[Box], wires: Sequence[Wire], *, limit: float) -> Layout:
    """Place boxes, sources before targets, in a picture that is `limit` pixels wide or, if need be, wider."""
    sized: list[Box | Wire] = [*boxes, *wires]
    own_widths = {item.key: item.width for item in sized}
    heights = {item.key: item.height for item in sized}
    tries: list[tuple[float, Grid, list[_Row]]] = []
    for share in _SHARES:
        grid = arranged(boxes, wires, limit=limit * share)
        widths = own_widths | dict.fromkeys(grid.lanes, _LANE)
        rows = [_Row(row, widths, grid.lanes) for row in grid.rows if row]
        tries.append((max([limit, *(row.least for row in rows)]), grid, rows))
        if tries[-1][0] == limit:
            break
    room, grid, rows = min(tries, key=lambda found: found[0])
    return _placed(grid, wires, _middles(grid, rows, room), own_widths, heights)


def _placed(
    grid: Grid,
    wires: Sequence[Wire],
    middles: Mapping[str, float],
    widths: Mapping[str, float],
    heights: Mapping[str, float],
) -> Layout:
    """Move what lies around the middle to the right and down, so that the picture begins at 0."""
    lefts = {key: middle - widths.get(key, _LANE) / 2 for key, middle in middles.items()}
    edge = min(lefts.values(), default=0.0)
    bands, total = _bands(grid, heights)
    places = {
        key: Place(x=lefts[key] - edge, y=top, width=widths.get(key, _LANE), height=heights.get(key, 0.0))
        for row, (top, _) in zip(grid.rows, bands, strict=True)
        for key in row
    }
    return Layout(
        places={key: place for key, place in places.items() if key not in grid.lanes},
        routes=tuple(_routes(grid, wires, places, bands)),
        width=max((place.x + place.width for place in places.values()), default=0.0),
        height=total,
    )


def _bands(grid: Grid, heights: Mapping[str, float]) -> tuple[list[Point], float]:
    """Top and bottom of each row, and where the last one ends."""
    bands: list[Point] = []
    y = 0.0
    for index, row in enumerate(grid.rows):
        if index:
            y += _BEND if row or index % 2 == 0 else 0
        height = max((heights.get(key, 0.0) for key in row), default=0.0)
        bands.append((y, y + height))
        y += height
    return bands, y


def _middles(grid: Grid, rows: Sequence[_Row], room: float) -> dict[str, float]:
    """Where everything is from left to right: as near to what it is joined to as its neighbours let it."""
    joined: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for links in grid.links:
        for upper, lower in links:
            weight = _STRAIGHTNESS[(upper in grid.lanes) + (lower in grid.lanes)]
            joined[upper].append((lower, weight))
            joined[lower].append((upper, weight))
    middles: dict[str, float] = {}
    for row in rows:
        middles.update(row.settled(dict.fromkeys(row.keys, (0.0, 1.0)), room))
    for sweep in range(_SETTLING):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            middles.update(row.settled({key: _wish(key, joined[key], middles) for key in row.keys}, room))
    return middles


def _wish(key: str, joined: Iterable[tuple[str, float]], middles: Mapping[str, float]) -> tuple[float, float]:
    """Where something would best be, in the middle of what it is joined to; and how much that matters."""
    weight = sum(weight for _, weight in joined)
    if not weight:
        return middles[key], 1.0
    return sum(middles[other] * weight for other, weight in joined) / weight, weight


class _Row:
    """A row whose members keep their order and their distance; 0 is the middle of the picture."""

    def __init__(self, keys: Sequence[str], widths: Mapping[str, float], lanes: Container[str]) -> None:
        self.keys = keys
        # Where each member's middle is, from the left edge of the row at its narrowest.
        self._offsets = [widths[keys[0]] / 2]
        for before, key in pairwise(keys):
            gap = GAP / 2 if before in lanes or key in lanes else GAP
            self._offsets.append(self._offsets[-1] + (widths[before] + widths[key]) / 2 + gap)
        self.least = self._offsets[-1] + widths[keys[-1]] / 2

    def settled(self, wishes: Mapping[str, tuple[float, float]], room: float) -> dict[str, float]:
        """The places nearest to where the members wish to be (least squares) at which all keep their distance.

        Measured from the narrowest row, places must not decrease from left to right: neighbours whose wishes
        contradict each other are pooled, and get the mean of these.
        """
        pools: list[tuple[float, float, int]] = []
        for key, offset in zip(self.keys, self._offsets, strict=True):
            wish, weight = wishes[key]
            total, count = (wish - offset) * weight, 1
            while pools and pools[-1][0] / pools[-1][1] >= total / weight:
                more, heavier, members = pools.pop()
                total, weight, count = total + more, weight + heavier, count + members
            pools.append((total, weight, count))
        first, last = -room / 2, room / 2 - self.least
        shifts = [
            min(max(total / weight, first), last) for total, weight, count in pools for _ in range(count)
        ]
        return {
            key: shift + offset for key, shift, offset in zip(self.keys, shifts, self._offsets, strict=True)
        }


def _routes(
    grid: Grid, wires: Sequence[Wire], places: Mapping[str, Place], bands: Sequence[Point]
) -> Iterable[Route]:
    """A line for each link: lines that meet at a box leave and reach it side by side."""
    wire_of = {wire.key: wire.key for wire in wires} | dict(grid.lanes)
    for links, (_, floor), (ceiling, _) in zip(grid.links, bands, bands[1:], strict=False):
        leaving = _spread([(upper, lower) for upper, lower in links], places)
        reaching = _spread([(lower, upper) for upper, lower in links], places)
        for upper, lower in links:
            start, end = leaving[upper, lower], reaching[lower, upper]
            arrives = lower not in wire_of
            yield Route(
                wire=wire_of[upper] if arrives else wire_of[lower],
                points=(
                    (start, places[upper].bottom),
                    (start, floor),
                    (end, ceiling),
                ),
                arrives=arrives,
            )


def _spread(links: Sequence[tuple[str, str]], places: Mapping[str, Place]) -> dict[tuple[str, str], float]:
    """Where the line of each link (box, other end) touches the box: in the order of the other ends."""
    ends: defaultdict[str, list[str]] = defaultdict(list)
    for box, other in links:
        ends[box].append(other)
    found: dict[tuple[str, str], float] = {}
    for box, others in ends.items():
        others.sort(key=lambda key: places[key].middle)
        room = max(places[box].width - 2 * _INSET, 0.0)
        step = min(_SPREAD, room / max(len(others) - 1, 1))
        for index, other in enumerate(others):
            found[box, other] = places[box].middle + (index - (len(others) - 1) / 2) * step
    return found
