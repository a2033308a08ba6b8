"""The picture as text: a small tree for each service, then the networks and volumes; it fits any window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.graph.words import (
    Row,
    need_words,
    resource_notes,
    service_rows,
    service_title,
    use_words,
    wrapped,
)
from compose_lite.cli.views.text import BLUE, BOLD, DIM, GREEN, RED, YELLOW, pad, paint, safe, width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compose_lite.planner.picture import Picture, ResourceBox, ServiceBox
    from compose_lite.planner.standing import Standing

_COLOURS = {"good": GREEN, "busy": YELLOW, "bad": RED, "done": BLUE, "none": DIM}
_LABEL = max(len(label) for label in ("provider", "network", "profile"))
_INDENT = len("├─ ") + _LABEL + 2
_NARROWEST = 8


def render_text(picture: Picture, *, columns: int, coloured: bool) -> str:
    """The whole picture, several lines of at most `columns` (names that are longer go on in the next line)."""
    blocks = [[paint(safe(picture.project), BOLD, on=coloured)]]
    blocks += [_service(box, picture, columns, coloured=coloured) for box in picture.services]
    for title, resources in (("Networks", picture.networks), ("Volumes", picture.volumes)):
        if resources:
            blocks.append([title, *_resources(resources, columns, coloured=coloured)])
    return "\n\n".join("\n".join(lines) for lines in blocks)


def _service(service: ServiceBox, picture: Picture, columns: int, *, coloured: bool) -> list[str]:
    title = wrapped([service_title(service)], columns)
    lines = [paint(line, BOLD, on=coloured) for line in title]
    if service.standing is not None:
        standing = service.standing
        if width(title[-1]) + 4 + width(str(standing)) <= columns:
            lines[-1] += "  " + _standing(standing, coloured=coloured)
        else:
            lines.append("│  " + _standing(standing, coloured=coloured))
    rows = [*service_rows(service), *_links(service, picture)]
    for index, row in enumerate(rows):
        lines += _row(row, columns, last=index == len(rows) - 1, coloured=coloured)
    return lines


def _links(service: ServiceBox, picture: Picture) -> Iterator[Row]:
    """A row for each volume that the service mounts, and for each service that it needs."""
    for use in picture.uses:
        if use.service == service.name:
            note = use_words(use)
            target = f"{safe(use.volume)} → {safe(use.target)}"
            yield Row(label="volume", items=(f"{target} ({note})" if note else target,))
    for need in picture.needs:
        if need.service == service.name:
            yield Row(label="needs", items=(f"{safe(need.needed)} ({need_words(need)})",))


def _row(row: Row, columns: int, *, last: bool, coloured: bool) -> list[str]:
    first, *more = wrapped(row.items, max(columns - _INDENT, _NARROWEST))
    branch, stem = ("└─ ", "   ") if last else ("├─ ", "│  ")
    lines = [branch + paint(pad(row.label, _LABEL), DIM, on=coloured) + "  " + first]
    return lines + [stem + " " * (_LABEL + 2) + line for line in more]


def _resources(resources: Sequence[ResourceBox], columns: int, *, coloured: bool) -> list[str]:
    room = max(columns - 2, _NARROWEST)
    lines: list[str] = []
    for resource in resources:
        standing = resource.standing
        missing = "" if standing is None or standing.tone == "good" else standing.word
        notes = [note for note in (resource_notes(resource), missing) if note]
        text = safe(resource.name) + (f" ({', '.join(notes)})" if notes else "")
        lines += [
            "  " + (paint(line, DIM, on=coloured) if missing else line) for line in wrapped([text], room)
        ]
    return lines


def _standing(standing: Standing, *, coloured: bool) -> str:
    return paint(f"● {safe(str(standing))}", _COLOURS[standing.tone], on=coloured)
