"""The picture as SVG: cards for services, drums for volumes, gates on the lines that say what is waited for.

All text is set in a monospaced font, so that its width is known without the font. Each colour repeats what a
word says.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from compose_lite.cli.views.graph.cards import (
    BULGE,
    CARD,
    CHIP,
    LEADING,
    LINE,
    PADDING,
    SMALL,
    TITLE,
    card_of,
    drum_of,
    gate_size,
    legend_of,
    text_width,
)
from compose_lite.cli.views.graph.layout import laid_out
from compose_lite.cli.views.graph.rows import GAP, Box, Wire
from compose_lite.cli.views.graph.style import STYLE
from compose_lite.cli.views.graph.words import use_words
from compose_lite.cli.views.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.cli.views.graph.cards import Card, Chip, Drum
    from compose_lite.cli.views.graph.layout import Place, Point, Route
    from compose_lite.planner.picture import Picture
    from compose_lite.planner.standing import Standing

# Three of the widest cards stand side by side: as wide as a page shows without shrinking it much.
_LIMIT = 3 * CARD + 2 * GAP
_MARGIN = 16.0
_HEAD = 36.0
_NARROWEST = 320.0
_TIP = 7.0
# How far below the top of its line a text's baseline is, as a part of its size.
_BASELINE = 1.05


def render_svg(picture: Picture) -> str:
    """The whole picture, a document that stands for itself."""
    cards = {f"service {box.name}": card_of(box, picture.networks) for box in picture.services}
    drums = {f"volume {box.name}": drum_of(box) for box in picture.volumes}
    words = _wires(picture)
    sized: dict[str, Card | Drum] = {**cards, **drums}
    boxes = [Box(key=key, width=found.width, height=found.height) for key, found in sized.items()]
    layout = laid_out(boxes, [wire for wire, _ in words], limit=_LIMIT)
    width = max(layout.width, _NARROWEST, text_width(safe(picture.project), TITLE))
    legend = legend_of(picture, width)
    width = max(width, legend.width)
    foot = _MARGIN + _HEAD + layout.height + (1.5 * _MARGIN if legend.chips else 0)
    root = _document(picture.project, width + 2 * _MARGIN, foot + legend.height + _MARGIN)
    _text(root, (_MARGIN, _MARGIN + TITLE), safe(picture.project), "title ink")
    drawing = _group(root, (_MARGIN + (width - layout.width) / 2, _MARGIN + _HEAD))
    _draw_wires(drawing, words, layout.routes, layout.places)
    for key, card in cards.items():
        _card(drawing, layout.places[key], card)
    for key, drum in drums.items():
        _drum(drawing, layout.places[key], drum)
    if legend.chips:
        _chips(_group(root, (_MARGIN, foot)), legend.chips)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _wires(picture: Picture) -> list[tuple[Wire, tuple[str, ...]]]:
    """One wire for all who wait for the same thing in the same service, or mount a volume alike; with its words."""
    sources: defaultdict[tuple[str, tuple[str, ...]], dict[str, None]] = defaultdict(dict)
    for need in picture.needs:
        sources[f"service {need.needed}", need.words][f"service {need.service}"] = None
    for use in picture.uses:
        words = tuple(filter(None, [use_words(use)]))
        sources[f"volume {use.volume}", words][f"service {use.service}"] = None
    found = []
    for (target, words), users in sources.items():
        width, height = gate_size(words)
        key = f"{target}: {', '.join(words)}"
        found.append((Wire(key=key, sources=tuple(users), target=target, width=width, height=height), words))
    return found


def _document(name: str, width: float, height: float) -> ET.Element:
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": _number(width),
            "height": _number(height),
            "viewBox": f"0 0 {_number(width)} {_number(height)}",
            "role": "img",
        },
    )
    ET.SubElement(root, "title").text = f"The services, networks and volumes of {safe(name)}"
    ET.SubElement(root, "style").text = STYLE
    ET.SubElement(root, "rect", {"width": "100%", "height": "100%", "class": "paper"})
    return root


def _draw_wires(
    parent: ET.Element,
    wires: Iterable[tuple[Wire, tuple[str, ...]]],
    routes: Iterable[Route],
    places: Mapping[str, Place],
) -> None:
    words = {wire.key: of_wire for wire, of_wire in wires}
    for route in routes:
        optional = "optional" in words[route.wire]
        mounts = not route.wire.startswith("service ")
        ET.SubElement(
            parent,
            "path",
            {
                "class": "wire dashed" if optional else "wire",
                "d": _curve(route, short=_TIP if route.arrives else 0),
            },
        )
        if route.arrives:
            _tip(parent, route.points[-1], dot=mounts)
    for key, of_wire in words.items():
        if of_wire:
            place = places[key]
            _rect(parent, (place.x, place.y, place.width, place.height), "gate", radius=place.height / 2)
            _text(parent, (place.middle, place.y + SMALL + 2), ", ".join(of_wire), "small middle soft")


def _curve(route: Route, *, short: float) -> str:
    """The path of a route that ends `short` of its last point, to leave room for the tip."""
    (x, top), (_, floor), (end, ceiling) = route.points
    ceiling -= short
    bend = (floor + ceiling) / 2
    down = f"M{_number(x)} {_number(top)}V{_number(floor)}"
    if x == end:
        return f"{down}V{_number(ceiling)}"
    points = ((x, bend), (end, bend), (end, ceiling))
    return f"{down}C{' '.join(f'{_number(px)} {_number(py)}' for px, py in points)}"


def _tip(parent: ET.Element, point: Point, *, dot: bool) -> None:
    """What a line ends with: an arrow head at a service, a dot at a volume."""
    x, y = point
    if dot:
        where = {"cx": _number(x), "cy": _number(y - _TIP / 2), "r": _number(_TIP / 2)}
        ET.SubElement(parent, "circle", {**where, "class": "tip"})
        return
    corners = ((x, y), (x - _TIP * 0.6, y - _TIP * 1.2), (x + _TIP * 0.6, y - _TIP * 1.2))
    shape = " ".join(f"{_number(px)},{_number(py)}" for px, py in corners)
    ET.SubElement(parent, "polygon", {"points": shape, "class": "tip"})


def _card(parent: ET.Element, place: Place, card: Card) -> None:
    group = _group(parent, (place.x, place.y))
    ET.SubElement(group, "title").text = card.full
    _rect(group, (0, 0, place.width, place.height), "card" if card.enabled else "card dashed", radius=7)
    ink = "ink" if card.enabled else "soft"
    y = PADDING
    for text in card.title:
        _text(group, (PADDING, y + TITLE * _BASELINE), text, f"title {ink}")
        y += TITLE * LEADING
    if card.standing is not None:
        _standing(group, y, place.height, card.standing)
        y += LINE * LEADING
    for line in card.lines:
        if line.label:
            _text(group, (PADDING, y + LINE * _BASELINE), line.label, "soft")
        x = PADDING + text_width(" " * line.indent, LINE)
        _text(group, (x, y + LINE * _BASELINE), line.text, ink)
        y += LINE * LEADING
    if card.chips.chips:
        _chips(_group(group, (PADDING, place.height - PADDING - card.chips.height)), card.chips.chips)


def _standing(group: ET.Element, y: float, height: float, standing: Standing) -> None:
    """A word on how the service is, and its colour, as a spot and down the card's edge."""
    _rect(group, (0, 7, 4, height - 14), standing.tone)
    middle = y + LINE * _BASELINE - LINE / 3
    ET.SubElement(
        group,
        "circle",
        {"cx": _number(PADDING + 4), "cy": _number(middle), "r": "4", "class": standing.tone},
    )
    where = (PADDING + text_width("● ", LINE), y + LINE * _BASELINE)
    _text(group, where, safe(str(standing)), "ink")


def _drum(parent: ET.Element, place: Place, drum: Drum) -> None:
    group = _group(parent, (place.x, place.y))
    wide, low, half = _number(place.width), _number(place.height - BULGE), _number(place.width / 2)
    side = f"A{half} {_number(BULGE)} 0 0 0"
    top = f"M0 {_number(BULGE)}{side} {wide} {_number(BULGE)}"
    body = f"M0 {_number(BULGE)}V{low}{side} {wide} {low}V{_number(BULGE)}A{half} {_number(BULGE)} 0 0 0 0 {_number(BULGE)}Z"
    ET.SubElement(group, "path", {"class": "drum", "d": body})
    ET.SubElement(group, "path", {"class": "drum", "d": top})
    y = 2 * BULGE + 2
    for text in drum.name:
        _text(group, (place.width / 2, y + LINE * _BASELINE), text, "name middle ink")
        y += LINE * LEADING
    for text in drum.notes:
        _text(group, (place.width / 2, y + SMALL * _BASELINE), text, "small middle soft")
        y += SMALL * LEADING


def _chips(group: ET.Element, chips: Iterable[Chip]) -> None:
    for chip in chips:
        _rect(group, (chip.x, chip.y, chip.width, CHIP), f"net{chip.colour}", radius=5)
        _text(group, (chip.x + 8, chip.y + CHIP / 2 + SMALL * 0.36), chip.text, "small ink")


def _group(parent: ET.Element, origin: Point) -> ET.Element:
    shift = f"translate({_number(origin[0])} {_number(origin[1])})"
    return ET.SubElement(parent, "g", {"transform": shift})


def _rect(
    parent: ET.Element, where: tuple[float, float, float, float], style: str, *, radius: float = 0
) -> None:
    names = ("x", "y", "width", "height")
    shape = {name: _number(value) for name, value in zip(names, where, strict=True)}
    if radius:
        shape["rx"] = _number(radius)
    ET.SubElement(parent, "rect", {**shape, "class": style})


def _text(parent: ET.Element, where: Point, text: str, style: str) -> ET.Element:
    found = ET.SubElement(parent, "text", {"x": _number(where[0]), "y": _number(where[1]), "class": style})
    found.text = text
    return found


def _number(value: float) -> str:
    """Tenths of a pixel are enough."""
    return f"{round(value, 1):g}"
