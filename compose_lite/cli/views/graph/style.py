"""The SVG's style sheet: what is drawn how, in a set of colours for light and one for dark surroundings.

Every class has its colour in both sets. What can't read media queries (a PNG's renderer) takes the light ones;
the paper is opaque, so those can be read anywhere.
"""

from __future__ import annotations

_SHAPES = """
text { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px }
.title { font-size: 14px; font-weight: bold }
.name { font-weight: bold }
.small { font-size: 11px }
.middle { text-anchor: middle }
.wire { fill: none; stroke-width: 1.4 }
.dashed { stroke-dasharray: 5 4 }
"""

# selector: property, light, dark
_COLOURS = (
    (".paper", "fill", "#ffffff", "#0d1117"),
    (".ink", "fill", "#1f2328", "#e6edf3"),
    (".soft", "fill", "#59636e", "#9198a1"),
    (".card", "fill", "#f6f8fa", "#161b22"),
    (".card", "stroke", "#9aa4ae", "#4c5561"),
    (".drum", "fill", "#fff8e5", "#272115"),
    (".drum", "stroke", "#a27b1d", "#a5842f"),
    (".gate", "fill", "#ffffff", "#0d1117"),
    (".gate", "stroke", "#9aa4ae", "#59636e"),
    (".wire", "stroke", "#6b7580", "#8b949e"),
    (".tip", "fill", "#6b7580", "#8b949e"),
    (".good", "fill", "#1a7f37", "#3fb950"),
    (".busy", "fill", "#b46a00", "#e3b341"),
    (".bad", "fill", "#cf222e", "#ff7b72"),
    (".done", "fill", "#0969da", "#58a6ff"),
    (".none", "fill", "#818b98", "#767e88"),
    (".net0", "fill", "#ddf4ff", "#0c2d4d"),
    (".net1", "fill", "#dafbe1", "#0f3320"),
    (".net2", "fill", "#fbefff", "#341d4f"),
    (".net3", "fill", "#fff1e5", "#4a2507"),
    (".net4", "fill", "#ffeff7", "#4a1537"),
    (".net5", "fill", "#eaeef2", "#2d333b"),
)


def _rules(column: int) -> str:
    return "\n".join(f"{rule[0]} {{ {rule[1]}: {rule[column]} }}" for rule in _COLOURS)


STYLE = f"{_SHAPES}{_rules(2)}\n@media (prefers-color-scheme: dark) {{\n{_rules(3)}\n}}\n"
