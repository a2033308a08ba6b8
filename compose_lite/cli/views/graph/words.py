"""What every format writes about a service, network or volume: labelled rows of short texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.text import safe
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
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


def need_words(need: Need) -> str:
    """What one service waits for in another: `healthy, restart`."""
    return ", ".join(need.words)


def use_words(use: Use) -> str:
    """What there is to say on the line from a service to a volume; empty for an ordinary one."""
    return "read-only" if use.read_only else ""
