"""The command `du`: what the project occupies on the daemon's disk."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import text
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline import Stack
    from compose_lite.runner.usage import Occupied

_COLUMNS = {"Type": "TYPE", "Name": "NAME", "Services": "SERVICES", "Size": "SIZE"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DuOptions:
    """Options of `du`."""

    format: str | None = text("table, table TEMPLATE, json or a Go template", metavar="FORMAT")


def run_du(ctx: Invocation, options: DuOptions) -> int:
    """Show what images, containers, logs and volumes of the project occupy."""
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.listing import show_listing
    from compose_lite.runner.usage import usage

    stack = find_stack(ctx)
    found = usage(ctx.connect(), stack.name, _named_images(stack))
    rows = [usage_row(occupied) for occupied in found]
    as_table = options.format in (None, "", "table")
    if as_table:
        rows.append(_total(found))
    show_listing(ctx.terminal, rows, options.format, _COLUMNS, shrink=("SERVICES",))
    if as_table:
        for note in _notes(found):
            ctx.terminal.note(note)
    return 0


def _named_images(stack: Stack) -> dict[str, set[str]]:
    """The images that the files name, each with its services."""
    found: dict[str, set[str]] = {}
    for service in stack.project.services.values() if stack.project is not None else ():
        found.setdefault(service.image_name(stack.name), set()).add(service.name)
    return found


def usage_row(occupied: Occupied) -> dict[str, Any]:
    """A row of `du`: `Bytes` is for programs (null if unknown, `Note` says why), `Size` for people."""
    from compose_lite.cli.views.text import size

    return {
        "Type": occupied.kind,
        "Name": occupied.name,
        "Services": ",".join(occupied.services),
        "Bytes": occupied.size,
        "Size": "unknown" if occupied.size is None else size(occupied.size),
        "Note": occupied.note,
    }


def _total(found: Iterable[Occupied]) -> dict[str, Any]:
    from compose_lite.cli.views.text import size

    return {
        "Type": "total",
        "Name": "",
        "Services": "",
        "Size": size(sum(occupied.size or 0 for occupied in found)),
    }


def _notes(found: Sequence[Occupied]) -> list[str]:
    """What a reader of the table has to know: why sizes are missing, and that images overlap."""
    reasons = dict.fromkeys((occupied.kind, occupied.note) for occupied in found if occupied.note)
    notes = [f"The size of a {kind} is unknown: {note}" for kind, note in reasons]
    if sum(occupied.kind == "image" for occupied in found) > 1:
        notes.append("Images may share layers: together they can take less.")
    return notes


COMMANDS = {"du": Command(options=DuOptions, run=run_du, example="du --format json")}
