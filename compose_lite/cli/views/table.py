"""Tables as docker compose prints them: columns padded with blanks, no borders; cut to fit a window."""

from __future__ import annotations

from compose_lite.cli.views.text import clip, pad, safe, shorten, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A column that gives way stays this wide, or goes.
_NARROWEST = 12
# No column that stays is cut to less.
_BAREST = 4


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    least: int = 10,
    gap: int = 3,
    columns: int | None = None,
    cut: Sequence[str] = (),
    shrink: Sequence[str] = (),
) -> str:
    """Lay out rows below their headers.

    Args:
        least: the least width of a column with its gap.
        gap: blanks between columns.
        columns: width of the window, `None` to use as much as it takes.
        cut: headers of the columns that are cut first in a narrow window, to a third of it at least.
        shrink: headers of the columns that give way then, one after the other: each is cut, then left out.
    """
    cells = [[safe(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(width(row[index]) for row in cells) for index in range(len(headers))]
    if columns is None or _total(widths, least, gap) <= columns:
        return "\n".join(_line(row, widths, least, gap) for row in cells)
    widths = _narrowed(widths, headers, columns, cut, shrink, gap)
    return "\n".join(clip(_line(row, widths, 0, gap).rstrip(), columns) for row in cells)


def _narrowed(
    widths: Sequence[int],
    headers: Sequence[str],
    columns: int,
    cut: Sequence[str],
    shrink: Sequence[str],
    gap: int,
) -> list[int]:
    """The widths that fit, 0 for a column that is left out: as few as possible are.

    If nothing else helps, the widest of those that stay are cut.
    """
    first = [(index, max(_NARROWEST, columns // 3)) for index in _places(cut, headers)]
    going = _places(shrink, headers)
    found = list(widths)
    for left_out in range(len(going) + 1):
        found = [0 if index in going[:left_out] else size for index, size in enumerate(widths)]
        for index, narrowest in (*first, *((index, _NARROWEST) for index in going[left_out : left_out + 1])):
            excess = max(0, _total(found, 0, gap) - columns)
            found[index] = max(min(found[index], narrowest), found[index] - excess)
        if _total(found, 0, gap) <= columns:
            return found
    while _total(found, 0, gap) > columns and max(found) > _BAREST:
        found[found.index(max(found))] -= 1
    return found


def _places(names: Iterable[str], headers: Sequence[str]) -> list[int]:
    return [list(headers).index(name) for name in names if name in headers]


def _total(widths: Sequence[int], least: int, gap: int) -> int:
    *front, last = (size for size in widths if size)
    return sum(max(size + gap, least) for size in front) + last


def _line(row: Sequence[str], widths: Sequence[int], least: int, gap: int) -> str:
    *front, last = ((cell, size) for cell, size in zip(row, widths, strict=True) if size)
    padded = (pad(_cut(cell, size), max(size + gap, least)) for cell, size in front)
    return "".join(padded) + _cut(*last)


def _cut(cell: str, columns: int) -> str:
    """The cell in so many columns: names are cut in the middle, text at its end, and a port keeps its numbers."""
    if " " in cell or width(cell) <= columns:
        return clip(cell, columns)
    return f"…{cell[1 - columns :]}" if "->" in cell and columns > 1 else shorten(cell, columns)
