"""What is written on the SVG's cards, drums and chips, and how much room that takes; sizes are in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.graph.words import resource_notes, service_rows, service_title, wrapped
from compose_lite.cli.views.text import safe, width
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compose_lite.planner.picture import Picture, ResourceBox, ServiceBox
    from compose_lite.planner.standing import Standing

# Font sizes; a line is as high as `LEADING` times its size.
TITLE, LINE, SMALL = 14.0, 12.0, 11.0
LEADING = 1.45
# Monospaced fonts are between 0.5 and 0.61 times as wide as high.
_ASPECT = 0.61
PADDING = 12.0
CHIP = 20.0
_CHIP_GAP = 6.0
_COLUMNS, _TITLE_COLUMNS = 29, 24
CARD = _COLUMNS * LINE * _ASPECT + 2 * PADDING
_LEAST = 120.0
# The upper and lower curves of a drum.
BULGE = 7.0
COLOURS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a card: a label (empty where the line before goes on) and a text `indent` characters further."""

    label: str
    text: str
    indent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    """A network's name on its colour, at a place within its card."""

    text: str
    colour: int
    x: float
    y: float
    width: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Chips:
    """Chips in lines, and the room that they need together."""

    chips: tuple[Chip, ...]
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A service's card; `full` is what the pointer is told that rests on it."""

    width: float
    height: float
    title: tuple[str, ...]
    lines: tuple[Line, ...]
    chips: Chips
    standing: Standing | None
    enabled: bool
    full: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drum:
    """A volume's drum: its name, then what it is."""

    width: float
    height: float
    name: tuple[str, ...]
    notes: tuple[str, ...]


def text_width(text: str, size: float) -> float:
    """How wide a text gets at most, in any of the fonts that it may be set in."""
    return width(text) * size * _ASPECT


def card_of(service: ServiceBox, networks: Sequence[ResourceBox]) -> Card:
    """The card of a service; its networks become chips in the colours of the picture's networks."""
    title = tuple(wrapped([service_title(service)], _TITLE_COLUMNS))
    rows = service_rows(service)
    lines: list[Line] = []
    for row in rows:
        if row.label == "network" and service.networks:
            continue
        items = [_short(item) for item in row.items] if row.label == "image" else row.items
        indent = len(row.label) + 1
        first, *more = wrapped(items, _COLUMNS - indent)
        lines.append(Line(label=row.label, text=first, indent=indent))
        lines += [Line(label="", text=text, indent=indent) for text in more]
    colours = {network.name: index % COLOURS for index, network in enumerate(networks)}
    named = [(safe(name), colours.get(name, 0)) for name in service.networks]
    inner = max(
        [text_width(text, TITLE) for text in title]
        + [text_width(" " * line.indent + line.text, LINE) for line in lines]
        + [text_width(f"● {service.standing}", LINE) if service.standing else 0.0]
        + [_chip_width(text) for text, _ in named]
        + [_LEAST]
    )
    chips = _flowed(named, inner)
    written = len(title) * TITLE + (len(lines) + (service.standing is not None)) * LINE
    return Card(
        width=inner + 2 * PADDING,
        height=written * LEADING + (chips.height + _CHIP_GAP if named else 0) + 2 * PADDING,
        title=title,
        lines=tuple(lines),
        chips=chips,
        standing=service.standing,
        enabled=service.enabled,
        full="\n".join([service_title(service), *map(str, rows)]),
    )


def drum_of(volume: ResourceBox) -> Drum:
    """The drum of a volume."""
    missing = volume.standing is not None and volume.standing.tone != "good"
    notes = ["volume", resource_notes(volume), "missing" if missing else ""]
    name = tuple(wrapped([safe(volume.name)], _TITLE_COLUMNS))
    told = tuple(wrapped(filter(None, notes), _TITLE_COLUMNS))
    inner = max(*(text_width(text, LINE) for text in (*name, *told)), 70.0)
    return Drum(
        width=inner + 2 * PADDING,
        height=len(name) * LINE * LEADING + len(told) * SMALL * LEADING + 4 * BULGE,
        name=name,
        notes=told,
    )


def legend_of(picture: Picture, room: float) -> Chips:
    """A chip for each network, with what is special about it; one that is wider than `room` stands alone."""
    named = []
    for index, network in enumerate(picture.networks):
        missing = network.standing is not None and network.standing.tone != "good"
        notes = ", ".join(filter(None, [resource_notes(network), "missing" if missing else ""]))
        text = f"network {safe(network.name)}" + (f" ({notes})" if notes else "")
        named.append((text, index % COLOURS))
    return _flowed(named, room)


def gate_size(words: Iterable[str]) -> tuple[float, float]:
    """Width and height of the gate that has these words; nothing for none."""
    text = ", ".join(words)
    return (text_width(text, SMALL) + 16, SMALL + 8) if text else (0.0, 0.0)


def _short(image: str) -> str:
    """An image's name without its registry and path, if it is long; of a digest its beginning."""
    name, at, digest = image.partition("@")
    shown = name if not at else f"{name}@{digest[:19]}"
    if len(shown) <= _COLUMNS - len("image "):
        return shown
    return "…/" + shown.rpartition("/")[2] if "/" in shown else shown


def _chip_width(text: str) -> float:
    return text_width(text, SMALL) + 16


def _flowed(named: Iterable[tuple[str, int]], room: float) -> Chips:
    """Chips side by side, in as many lines as it takes."""
    chips: list[Chip] = []
    x = y = 0.0
    for text, colour in named:
        wide = _chip_width(text)
        if x and x + wide > room:
            x, y = 0.0, y + CHIP + _CHIP_GAP
        chips.append(Chip(text=text, colour=colour, x=x, y=y, width=wide))
        x += wide + _CHIP_GAP
    return Chips(
        chips=tuple(chips),
        width=max((chip.x + chip.width for chip in chips), default=0.0),
        height=y + CHIP if chips else 0.0,
    )
