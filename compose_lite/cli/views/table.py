"""Tables as docker compose prints them: columns padded with blanks, no borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.text import clip, pad, safe, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NARROWEST = 8


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    least: int = 10,
    gap: int = 3,
    columns: int | None = None,
    shrink: Sequence[str] = (),
) -> str:
    """Lay out rows below their headers.

    Args:
        least: the least width of a column with its gap.
        gap: blanks between columns.
        columns: width of the window, `None` to use as much as it takes.
        shrink: headers of the columns that give way in a narrow window, first to last.
    """
    cells = [list(headers), *([safe(cell) for cell in row] for row in rows)]
    widths = [max(width(row[index]) for row in cells) for index in range(len(headers))]
    if columns is not None:
        widths = _narrowed(widths, headers, columns, shrink, least, gap)
    return "\n".join(_line(row, widths, least, gap) for row in cells)


def _narrowed(
    widths: Sequence[int], headers: Sequence[str], columns: int, shrink: Sequence[str], least: int, gap: int
) -> list[int]:
    """Take from the columns that may shrink until the table fits, or nothing more can be taken."""
    found = list(widths)
    for name in shrink:
        total = sum(max(size + gap, least) for size in found[:-1]) + found[-1]
        if total > columns:
            index = list(headers).index(name)
            found[index] = max(min(found[index], _NARROWEST), found[index] - (total - columns))
    return found


def _line(row: Sequence[str], widths: Sequence[int], least: int, gap: int) -> str:
    *front, last = zip(row, widths, strict=True)
    padded = (pad(clip(cell, size), max(size + gap, least)) for cell, size in front)
    return "".join(padded) + clip(*last)
