"""`graph --format svg`: everything is in the picture, nothing overlaps, all text has room."""

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from compose_lite.cli.views.graph.cards import LINE, SMALL, TITLE, text_width
from compose_lite.cli.views.graph.style import STYLE
from compose_lite.cli.views.graph.svg import render_svg
from compose_lite.planner.picture import Need, Picture, ResourceBox, ServiceBox, Use
from tests.cli.graph.drawing import HOSTILE, SHOP, drawn, running

SVG = "{http://www.w3.org/2000/svg}"
WIDE = "\n".join(
    [
        "services:",
        "  db: {image: postgres, volumes: ['data:/data']}",
        *(
            f"  s{n}: {{image: 'team/service:{n}', depends_on: [db], ports: ['80{n}:80']}}"
            for n in range(10, 22)
        ),
        "volumes: {data: }",
    ]
)
LONG = f"""
services:
  {"quite-a-long-name-" * 4}:
    image: registry.example.com/a/rather/deep/path/{"of-an-image-" * 6}:2026.11.21
    profiles: [{", ".join(f"profile-{n}" for n in range(12))}]
    networks: [{", ".join(f"network-{n}" for n in range(12))}]
networks: {{{", ".join(f"network-{n}: " for n in range(12))}}}
"""
LONG_NETWORK = (
    f"services: {{a: {{image: x, networks: [{'n' * 60}]}}}}\nnetworks: {{{'n' * 60}: {{internal: true}}}}\n"
)
CHAIN = "services:\n" + "\n".join(
    f"  s{n:02}: {{image: x, depends_on: [{', '.join(f's{m:02}' for m in (n + 1, n + 3, n + 6) if m < 16)}]}}"
    for n in range(16)
)
STACKS = pytest.mark.parametrize(
    "text", [SHOP, WIDE, LONG, LONG_NETWORK, CHAIN], ids=["shop", "wide", "long", "long-network", "chain"]
)


class Drawing:
    """The parsed SVG with the places of its boxes (cards, drums, gates), absolute."""

    def __init__(self, picture: Picture) -> None:
        self.root = ET.fromstring(render_svg(picture))
        self.boxes: list[tuple[str, tuple[float, float, float, float]]] = []
        self.texts: list[tuple[str, float, float, float]] = []
        self.lines: list[list[tuple[float, float]]] = []
        self._read(self.root, 0.0, 0.0)

    def _read(self, element: ET.Element, x: float, y: float) -> None:
        shift = re.match(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
        if shift:
            x, y = x + float(shift[1]), y + float(shift[2])
        style = (element.get("class") or "").split()
        if element.tag == f"{SVG}rect" and {"card", "gate"} & set(style):
            left, top = x + number(element, "x"), y + number(element, "y")
            box = (left, top, left + number(element, "width"), top + number(element, "height"))
            self.boxes.append((style[0], box))
        elif element.tag == f"{SVG}path" and "drum" in style and element.get("d", "").endswith("Z"):
            values = [float(value) for value in re.findall(r"-?[\d.]+", element.get("d", ""))]
            # M 0 bulge V low A half bulge 0 0 0 wide low …
            self.boxes.append(("drum", (x, y, x + values[8], y + values[2] + values[1])))
        elif element.tag == f"{SVG}path" and "wire" in style:
            self.lines.append(curve(element.get("d", ""), x, y))
        elif element.tag == f"{SVG}text":
            size = TITLE if "title" in style else SMALL if "small" in style else LINE
            text = "".join(element.itertext())
            wide = text_width(text, size)
            left = x + number(element, "x") - (wide / 2 if "middle" in style else 0)
            self.texts.append((text, left, left + wide, y + number(element, "y")))
        for child in element:
            self._read(child, x, y)

    @property
    def words(self) -> str:
        """All that is written, the tooltips left out."""
        return "\n".join(text for text, *_ in self.texts)


def number(element: ET.Element, name: str) -> float:
    return float(element.get(name, "0"))


def curve(path: str, x: float, y: float) -> list[tuple[float, float]]:
    """Points along `Mx yVy…` or `Mx yVyCx y x y x y`."""
    values = [float(value) for value in re.findall(r"-?[\d.]+", path)]
    start, floor = (values[0], values[1]), (values[0], values[2])
    if "C" not in path:
        return [(x + start[0], y + end) for end in (start[1], values[-1])]
    control = [floor, *zip(values[3::2], values[4::2], strict=True)]
    steps = [step / 12 for step in range(13)]
    points = [
        tuple(
            (1 - t) ** 3 * control[0][axis]
            + 3 * (1 - t) ** 2 * t * control[1][axis]
            + 3 * (1 - t) * t**2 * control[2][axis]
            + t**3 * control[3][axis]
            for axis in (0, 1)
        )
        for t in steps
    ]
    return [(x + px, y + py) for px, py in (start, *points)]


@STACKS
def test_no_two_boxes_overlap(text: str) -> None:
    boxes = Drawing(drawn(text, running())).boxes
    assert len(boxes) >= len(drawn(text).services)
    for (_, one), (_, other) in combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


@STACKS
def test_no_line_runs_through_a_box(text: str) -> None:
    drawing = Drawing(drawn(text))
    inner = [(left + 1, top + 1, right - 1, bottom - 1) for _, (left, top, right, bottom) in drawing.boxes]
    for line in drawing.lines:
        for x, y in line:
            assert not any(left < x < right and top < y < bottom for left, top, right, bottom in inner)


@STACKS
def test_every_text_lies_within_the_page_and_its_box(text: str) -> None:
    drawing = Drawing(drawn(text, running()))
    wide, high = number(drawing.root, "width"), number(drawing.root, "height")
    for words, left, right, y in drawing.texts:
        assert 0 <= left < right <= wide + 1, words
        assert 0 <= y <= high, words
        for _, (box_left, top, box_right, bottom) in drawing.boxes:
            if top < y < bottom and box_left < left < box_right:
                assert right <= box_right, words


def test_a_wide_stack_is_no_wider_than_a_page() -> None:
    assert number(Drawing(drawn(WIDE)).root, "width") < 800


def test_everything_is_told() -> None:
    found = Drawing(drawn(SHOP)).words
    for word in (
        "proxy", "image", "haproxy", "port", "80 → 80,", "127.0.0.1:8404 → 8404", "web ×3", "migrate (job)",  # noqa: RUF001
        "profile", "ops (off)", "none", "network back (internal)", "network front", "volume, external",
        "started", "healthy", "healthy, restart", "completed", "started, optional", "read-only",
    ):  # fmt: skip
        assert word in found.splitlines(), word


def test_how_each_service_is_is_told_in_a_word_and_a_colour() -> None:
    observed = running(web="unhealthy", db="running", migrate="exited 0", proxy="starting")
    drawing = Drawing(drawn(SHOP, observed))
    for word in (
        "unhealthy 0/3",
        "running",
        "completed",
        "starting",
        "missing",
        "off",
        "network front (missing)",
    ):
        assert word in drawing.words.splitlines()
    spots = [element.get("class") for element in drawing.root.iter(f"{SVG}circle")]
    assert {"good", "busy", "bad", "done", "none"} <= set(spots)


def test_those_who_wait_for_the_same_share_a_gate() -> None:
    gates = [kind for kind, _ in Drawing(drawn(WIDE)).boxes if kind == "gate"]
    assert len(gates) == 1


def test_every_colour_has_its_like_in_the_dark() -> None:
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")
    coloured = re.compile(r"^(\.\w+) \{ (\w+): #", re.MULTILINE)
    assert coloured.findall(light) == coloured.findall(dark)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_the_document(name: str) -> None:
    picture = Picture(
        project=name,
        services=(ServiceBox(name=name, image=name, networks=(name,)), ServiceBox(name="other")),
        networks=(ResourceBox(name=name),),
        volumes=(ResourceBox(name=name),),
        needs=(Need(service=name, needed="other", words=("started",)),),
        uses=(Use(service="other", volume=name, target=name),),
    )
    tags = {element.tag.removeprefix(SVG) for element in Drawing(picture).root.iter()}
    assert tags <= {"svg", "title", "style", "rect", "g", "path", "text", "circle", "polygon"}


def test_an_empty_stack_is_a_title() -> None:
    assert Drawing(Picture(project="empty")).words == "empty"
