"""Tables as docker compose prints them: columns padded with blanks, no borders; cut to fit a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.text import clip, pad, safe, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A column that gives way stays this wide, or goes.
_NARROWEST = 12


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
    cells = [[safe(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(width(row[index]) for row in cells) for index in range(len(headers))]
    if columns is not None and _total(widths, least, gap) > columns:
        widths, least = _narrowed(widths, headers, columns, shrink, gap), 0
    return "\n".join(_line(row, widths, least, gap) for row in cells)


def _narrowed(
    widths: Sequence[int], headers: Sequence[str], columns: int, shrink: Sequence[str], gap: int
) -> list[int]:
    """The widths that fit, 0 for a column that is left out: as few as possible are."""
    order = [list(headers).index(name) for name in shrink]
    found = list(widths)
    for left_out in range(len(order) + 1):
        found = [0 if index in order[:left_out] else size for index, size in enumerate(widths)]
        for index in order[left_out:]:
            excess = _total(found, 0, gap) - columns
            if excess > 0:
                found[index] = max(min(found[index], _NARROWEST), found[index] - excess)
        if _total(found, 0, gap) <= columns:
            break
    return found


def _total(widths: Sequence[int], least: int, gap: int) -> int:
    *front, last = (size for size in widths if size)
    return sum(max(size + gap, least) for size in front) + last


def _line(row: Sequence[str], widths: Sequence[int], least: int, gap: int) -> str:
    *front, last = ((cell, size) for cell, size in zip(row, widths, strict=True) if size)
    padded = (pad(clip(cell, size), max(size + gap, least)) for cell, size in front)
    return "".join(padded) + clip(*last)
