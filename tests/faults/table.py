"""The fault matrix as tables: points struck and healed, by scenario and mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tests.faults import form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.faults.matrix import Found

# Points struck and healed, by scenario and mode.
Rows = dict[tuple[str, str], tuple[int, int]]
# What the names of scenarios begin with that another program was put through.
PEER = "docker compose: "


class Noted(Protocol):
    """Notes for the tables what came of a scenario in a mode."""

    def __call__(self, case: str, mode: str, found: Found, /) -> None: ...


def report(rows: Rows) -> Iterator[str]:
    """The rows as Markdown, those of docker compose in a table of their own."""
    ours = {key: row for key, row in rows.items() if not key[0].startswith(PEER)}
    peers = {key: row for key, row in rows.items() if key not in ours}
    yield "Points healed/struck, by scenario and by what befalls one changing call."
    for part in filter(None, (ours, peers)):
        yield ""
        yield from _table(part)


def _table(rows: Mapping[tuple[str, str], tuple[int, int]]) -> Iterator[str]:
    cases = sorted({case for case, _ in rows})
    yield from _lined_up(
        ["", *form.MODES],
        *([case, *(_shown(rows.get((case, mode))) for mode in form.MODES)] for case in cases),
    )
    struck, healed = (sum(column) for column in zip(*rows.values(), strict=True))
    yield f"\n{healed} of {struck} points healed."


def _shown(row: tuple[int, int] | None) -> str:
    return "-" if row is None else f"{row[1]}/{row[0]}"


def _lined_up(*lines: list[str]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    for cells in (lines[0], rule, *lines[1:]):
        yield f"| {' | '.join(map(str.ljust, cells, widths))} |"
