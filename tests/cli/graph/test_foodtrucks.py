"""The README's picture of examples/foodtrucks shows what `graph` draws today; `scripts/draw-foodtrucks` redraws it."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from compose_lite.cli.views.graph.dot import render_dot
from compose_lite.cli.views.graph.mermaid import render_mermaid
from compose_lite.cli.views.graph.png import render_png
from compose_lite.cli.views.graph.svg import render_svg
from compose_lite.cli.views.graph.text import render_text
from compose_lite.planner.picture import Picture, picture
from compose_lite.spec.load import load
from compose_lite.spec.options import LoadOptions

ROOT = Path(__file__).parents[3]
TEXT = """\
foodtrucks

web
├─ build     ./web
├─ port      5000 → 5000
├─ network   default
└─ needs     es (healthy)

es
├─ image     elasticsearch:8.19.12
├─ port      127.0.0.1:9200 → 9200
├─ network   default
└─ volume    trucks → /usr/share/elasticsearch/data

Networks
  default

Volumes
  trucks"""


@pytest.fixture(scope="module")
def foodtrucks() -> Picture:
    folder = ROOT / "examples/foodtrucks"
    options = LoadOptions(working_dir=str(folder), files=(str(folder / "compose.yaml"),))
    return picture(load(options).project)


def structure(svg: str) -> Counter[tuple[str, str, str]]:
    """What is drawn, wherever it stands: every shape with its class, every text."""
    return Counter(
        (element.tag.partition("}")[2], element.get("class", ""), (element.text or "").strip())
        for element in ET.fromstring(svg).iter()
    )


def test_the_readme_shows_what_is_drawn_today(foodtrucks: Picture) -> None:
    committed = (ROOT / "docs/foodtrucks.svg").read_text()
    assert structure(committed) == structure(render_svg(foodtrucks)), "run scripts/draw-foodtrucks"
    assert "](docs/foodtrucks.svg)" in (ROOT / "README.md").read_text()


def test_as_text(foodtrucks: Picture) -> None:
    assert render_text(foodtrucks, columns=60, coloured=False) == TEXT


@pytest.mark.parametrize("render", [render_dot, render_mermaid, render_svg])
def test_every_format_tells_the_same(foodtrucks: Picture, render: object) -> None:
    assert callable(render)
    shown = render(foodtrucks)
    for word in (
        "elasticsearch:8.19.12",
        "127.0.0.1:9200 → 9200",
        "5000 → 5000",
        "healthy",
        "trucks",
        "./web",
    ):
        assert word in shown


def test_as_an_image(foodtrucks: Picture) -> None:
    assert render_png(render_svg(foodtrucks)).startswith(b"\x89PNG")
