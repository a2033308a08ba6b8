"""The picture as a Mermaid flowchart, as forges and editors draw it within Markdown."""

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

# Fill and stroke; text is dark on each, and has the word for it.
_CLASSES: dict[Tone, tuple[str, str]] = {
    "good": ("#aceebb", "#1a7f37"),
    "busy": ("#ffe08a", "#9a6700"),
    "bad": ("#ffb8b3", "#cf222e"),
    "done": ("#b6e3ff", "#0969da"),
    "none": ("#eaeef2", "#818b98"),
}
# What may stand in a quoted text as it is. All else becomes its number: quotes, `#`, and what would begin
# Markdown, HTML or a directive (`%%{`), which Mermaid looks for everywhere.
_PLAIN = frozenset(" .,:/-_+=@→×…()")  # noqa: RUF001


def render_mermaid(picture: Picture) -> str:
    """The whole picture, the text of a `mermaid` block."""
    return "\n".join(["flowchart TB", *_statements(picture)]) + "\n"


def _statements(picture: Picture) -> Iterator[str]:
    """Nodes are numbered, for names may be words of the language (`end`)."""
    services = {service.name: f"s{index}" for index, service in enumerate(picture.services)}
    networks = {network.name: f"n{index}" for index, network in enumerate(picture.networks)}
    volumes = {volume.name: f"v{index}" for index, volume in enumerate(picture.volumes)}
    used: dict[Tone, None] = {}
    for service in picture.services:
        label = _lines(*service_lines(service))
        yield f"  {services[service.name]}[{label}]{_class(service.standing, used)}"
    for network in picture.networks:
        label = _lines(*resource_lines("network", network))
        yield f"  {networks[network.name]}{{{{{label}}}}}{_class(network.standing, used)}"
    for volume in picture.volumes:
        label = _lines(*resource_lines("volume", volume))
        yield f"  {volumes[volume.name]}[({label})]{_class(volume.standing, used)}"
    for need in picture.needs:
        arrow = "-.->" if "optional" in need.words else "-->"
        yield f"  {services[need.service]} {arrow}|{_lines(need_words(need))}| {services[need.needed]}"
    for use in picture.uses:
        words = _lines(", ".join(filter(None, [use.target, use_words(use)])))
        yield f"  {services[use.service]} --o|{words}| {volumes[use.volume]}"
    for service in picture.services:
        for name in service.networks:
            yield f"  {services[service.name]} -.- {networks[name]}"
    for tone in used:
        fill, stroke = _CLASSES[tone]
        yield f"  classDef {tone}State fill:{fill},stroke:{stroke},color:#1f2328"


def _class(standing: Standing | None, used: dict[Tone, None]) -> str:
    if standing is None:
        return ""
    used[standing.tone] = None
    return f":::{standing.tone}State"


def _lines(*lines: str) -> str:
    return '"' + "<br>".join(_escaped(safe(line)) for line in lines) + '"'


def _escaped(text: str) -> str:
    return "".join(
        character if character.isalnum() or character in _PLAIN else f"#{ord(character)};"
        for character in text
    )
