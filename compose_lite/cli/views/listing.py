"""Shows rows of data as `--format` asks: a table, JSON lines or a template's output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.cli.views.text import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compose_lite.cli.terminal import Terminal


def show_listing(
    terminal: Terminal,
    rows: Sequence[Mapping[str, Any]],
    wish: str | None,
    columns: Mapping[str, str],
    *,
    shrink: Iterable[str] = (),
) -> None:
    """Print rows; raises `UsageError` for a template that is not understood.

    Args:
        wish: `table` (also for nothing), `json`, or a template.
        columns: the fields of the table, in order, with their titles.
        shrink: titles of the columns that give way in a narrow window, first to last.
    """
    if wish == "json":
        for row in rows:
            terminal.print(json_text(dict(sorted(row.items())), compact=True))
    elif wish in (None, "", "table"):
        from compose_lite.cli.views.table import table

        cells = [[str(row[name]) for name in columns] for row in rows]
        titles = tuple(columns.values())
        terminal.print(table(titles, cells, columns=terminal.columns(), shrink=tuple(shrink)))
    else:
        from compose_lite.cli.views.formats import formatted

        for line in formatted(rows, wish, columns):
            terminal.print(line)
