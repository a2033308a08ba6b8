"""`graph --format png`: the SVG as an image, on any machine."""

import struct

import resvg_py

from compose_lite.cli.views.graph import png
from compose_lite.cli.views.graph.svg import render_svg
from compose_lite.planner.picture import Picture
from tests.cli.graph.drawing import SHOP, drawn


def size(image: bytes) -> tuple[int, int]:
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", image[16:24])
    return width, height


def test_it_is_twice_as_large_as_the_svg() -> None:
    svg = render_svg(Picture(project="empty"))
    width = float(svg.partition('width="')[2].partition('"')[0])
    assert abs(size(png.render_png(svg))[0] - 2 * width) <= 2


def test_a_huge_picture_is_not_enlarged() -> None:
    width, height = size(
        png.render_png('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="70000"/>')
    )
    assert width * height <= png._MOST_PIXELS * 1.01


def test_its_letters_need_no_font_of_the_machine() -> None:
    svg = render_svg(drawn(SHOP))
    fonts = {"font_files": [str(png._FONT)], "monospace_family": "DejaVu Sans Mono"}
    with_ours = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, **fonts)
    without = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    assert len(with_ours) > 1.5 * len(without)
