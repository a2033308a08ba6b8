"""The picture in DOT, Graphviz's language: a digraph of records, drums and hexagons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.graph.words import (
    need_words,
    resource_lines,
    service_lines,
    use_words,
)
from compose_lite.cli.views.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.planner.picture import Picture
    from compose_lite.planner.standing import Standing, Tone

# Fill colours that dark text is legible on; the label has the word for each.
_FILLS: dict[Tone, str] = {
    "good": "#aceebb",
    "busy": "#ffe08a",
    "bad": "#ffb8b3",
    "done": "#b6e3ff",
    "none": "#eaeef2",
}
_PLAIN = "#f6f8fa"


def render_dot(picture: Picture) -> str:
    """The whole picture; `dot -Tsvg` draws it."""
    return "\n".join([f"digraph {_quoted(safe(picture.project))} {{", *_statements(picture), "}"]) + "\n"


def _statements(picture: Picture) -> Iterator[str]:
    yield '  node [shape=box, style="rounded,filled", fontname="monospace", fontsize=11, fontcolor="#1f2328"];'
    yield '  edge [fontname="monospace", fontsize=10, color="#59636e"];'
    for service in picture.services:
        style = "" if service.enabled else ', style="rounded,filled,dashed"'
        label = _lines(*service_lines(service))
        yield f"  {_id('service', service.name)} [label={label}{_fill(service.standing)}{style}];"
    for network in picture.networks:
        label = _lines(*resource_lines("network", network))
        yield f"  {_id('network', network.name)} [label={label}, shape=hexagon, style=filled{_fill(network.standing)}];"
    for volume in picture.volumes:
        label = _lines(*resource_lines("volume", volume))
        yield f"  {_id('volume', volume.name)} [label={label}, shape=cylinder, style=filled{_fill(volume.standing)}];"
    for need in picture.needs:
        style = ", style=dashed" if "optional" in need.words else ""
        ends = f"{_id('service', need.service)} -> {_id('service', need.needed)}"
        yield f"  {ends} [label={_quoted(need_words(need))}{style}];"
    for use in picture.uses:
        words = ", ".join(filter(None, [safe(use.target), use_words(use)]))
        ends = f"{_id('service', use.service)} -> {_id('volume', use.volume)}"
        yield f"  {ends} [label={_quoted(words)}, arrowhead=dot];"
    for service in picture.services:
        for name in service.networks:
            ends = f"{_id('service', service.name)} -> {_id('network', name)}"
            yield f"  {ends} [arrowhead=none, style=dotted];"


def _fill(standing: Standing | None) -> str:
    return f', fillcolor="{_PLAIN if standing is None else _FILLS[standing.tone]}"'


def _id(kind: str, name: str) -> str:
    return _quoted(f"{kind} {safe(name)}")


def _lines(*lines: str) -> str:
    return '"' + "\\n".join(map(_escaped, lines)) + '"'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Text within quotes: a lone backslash would begin one of Graphviz's own escapes (`\\N`, `\\l`)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
