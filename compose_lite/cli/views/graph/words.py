"""What every format writes about a service, network or volume: labelled rows of short texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.text import safe, width
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.picture import Need, ResourceBox, ServiceBox, Use


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of a box: what it is about, and what there is of it."""

    label: str
    items: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.label} {', '.join(self.items)}"


def service_rows(service: ServiceBox) -> tuple[Row, ...]:
    """The rows below a service's name, without those that have nothing to say."""
    profiles = ", ".join(service.profiles) + ("" if service.enabled else " (off)")
    rows = (
        ("image", (service.image,)),
        ("build", (service.build,)),
        ("provider", (service.provider,)),
        ("port", service.ports),
        ("network", service.networks or (service.mode,)),
        ("profile", (profiles,) if service.profiles else ()),
    )
    kept = ((label, tuple(safe(item) for item in items if item)) for label, items in rows)
    return tuple(Row(label=label, items=items) for label, items in kept if items)


def service_title(service: ServiceBox) -> str:
    """The service's name, how many containers it should have, and whether it runs to completion."""
    count = "" if service.replicas == 1 else f" ×{service.replicas}"  # noqa: RUF001
    return f"{safe(service.name)}{count}{' (job)' if service.job else ''}"


def resource_notes(resource: ResourceBox) -> str:
    """What is special about a network or volume, in one line; empty for an ordinary one."""
    return safe(", ".join(resource.notes))


def service_lines(service: ServiceBox) -> list[str]:
    """A service's lines where its networks are drawn beside it: name, how it is, and what there is to say."""
    standing = [safe(str(service.standing))] if service.standing else []
    rows = [row for row in service_rows(service) if row.label != "network" or not service.networks]
    return [service_title(service), *standing, *map(str, rows)]


def resource_lines(kind: str, resource: ResourceBox) -> list[str]:
    """A network's or volume's lines: what it is and its name, then what is special, then whether it is missing."""
    missing = resource.standing is not None and resource.standing.tone != "good"
    told = [f"{kind} {safe(resource.name)}", resource_notes(resource), "missing" if missing else ""]
    return [line for line in told if line]


def need_words(need: Need) -> str:
    """What one service waits for in another: `healthy, restart`."""
    return ", ".join(need.words)


def use_words(use: Use) -> str:
    """What there is to say on the line from a service to a volume; empty for an ordinary one."""
    return "read-only" if use.read_only else ""


def wrapped(items: Iterable[str], columns: int) -> list[str]:
    """The items, joined by commas, in lines of at most so many columns; nothing is left out."""
    lines = [""]
    for item in items:
        separator = ", " if lines[-1] else ""
        if lines[-1] and width(lines[-1] + separator + item) > columns - 1:
            lines[-1] += ","
            lines.append("")
            separator = ""
        lines[-1] += separator + item
        while width(lines[-1]) > columns:
            head = _fitting(lines[-1], columns)
            lines[-1:] = [head.rstrip(), lines[-1][len(head) :].lstrip()]
    return lines


def _fitting(text: str, columns: int) -> str:
    """As much of the beginning as fits: up to where a name has a joint, if that is far enough."""
    end = len(text)
    while width(text[:end]) > columns:
        end -= 1
    joint = 1 + max(text.rfind(character, 0, end) for character in " /:,-_")
    return text[:joint] if joint > end // 2 else text[:end]
