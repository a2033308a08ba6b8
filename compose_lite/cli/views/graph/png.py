"""The picture as PNG: the SVG, rendered by resvg, with a font that is always there."""

from __future__ import annotations

import math
import re
from pathlib import Path

_FONT = Path(__file__).parent / "fonts" / "DejaVuSansMono.ttf"
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
# Sharp on dense screens; less where a huge stack would take more memory than a picture is worth.
_ZOOM = 2.0
_MOST_PIXELS = 40_000_000


def render_png(svg: str) -> bytes:
    """A PNG of an SVG that `render_svg` has made."""
    import resvg_py

    return resvg_py.svg_to_bytes(
        svg_string=svg, zoom=_zoom(svg), font_files=[str(_FONT)], monospace_family="DejaVu Sans Mono"
    )


def _zoom(svg: str) -> float:
    found = _SIZE.search(svg)
    pixels = float(found[1]) * float(found[2]) if found else 1.0
    return min(_ZOOM, math.sqrt(_MOST_PIXELS / pixels))
