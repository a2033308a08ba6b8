"""A block of rows below everything else on a terminal, redrawn in place.

The cursor rests on the first row of the block, so that writing over it from there and erasing the rest of the
screen replaces it, whatever a resize has made of its rows; nothing has to be counted back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.text import RESET, clip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ERASE_ROW, _ERASE_REST = "\x1b[K", "\x1b[J"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


class Block:
    """Draws rows; what does not change is not written again, so that nothing flickers.

    All rows must be narrower than the window, and fewer than it has, except for the last time (`finish`).

    Args:
        write: writes to the terminal, at once.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._rows: Sequence[str] = ()
        self._size = (0, 0)

    def draw(
        self, rows: Sequence[str], *, size: tuple[int, int], above: str = "", whole: bool = False
    ) -> None:
        """Show these rows.

        Args:
            size: the window's columns and rows: after a change everything is written anew.
            above: whole lines that go above the block, for good.
            whole: write everything anew, in case that somebody else has written there.
        """
        anew = bool(whole or above or size != self._size or len(rows) < len(self._rows))
        before = () if anew else self._rows
        self._rows, self._size = list(rows), size
        begin = _HIDE if anew else ""
        # What goes above may be wider than the window: it can't be written over the block row by row.
        begin += f"\r{_ERASE_REST}{above}{RESET}" if above else "\r"
        self._write(begin + _over(rows, before) + (_ERASE_REST if anew else "") + _back(rows, before))

    def clear(self) -> None:
        """Take the block away; the next drawing begins where the cursor is then."""
        self._rows, self._size = (), (0, 0)
        self._write(f"\r{_ERASE_REST}")

    def finish(self, rows: Sequence[str]) -> None:
        """Leave these rows, however many, for good, and give the cursor back below them."""
        self._rows = ()
        self._write(f"\r{_over(rows, ())}{_ERASE_REST}\n{_SHOW}")


def fitting(lines: Sequence[str], size: tuple[int, int]) -> list[str]:
    """As many of the lines, and of each as much, as a block in a window of that size can show; without escapes."""
    columns, rows = size
    room = max(1, rows - 1)
    shown = list(lines)
    if len(shown) > room > 1:
        shown = [*shown[: room - 1], f"… and {len(shown) - room + 1} more"]
    return [clip(line, max(1, columns - 1)) for line in shown[:room]]


def _over(rows: Sequence[str], before: Sequence[str]) -> str:
    """The rows up to the last that is new, to be written over those of before."""
    written = rows[: _last_new(rows, before) + 1]
    return "\n".join(
        "" if _is_old(index, row, before) else row + _ERASE_ROW for index, row in enumerate(written)
    )


def _back(rows: Sequence[str], before: Sequence[str]) -> str:
    """Brings the cursor back to the first row."""
    down = _last_new(rows, before)
    return f"\r\x1b[{down}A" if down else "\r"


def _last_new(rows: Sequence[str], before: Sequence[str]) -> int:
    return max((index for index, row in enumerate(rows) if not _is_old(index, row, before)), default=0)


def _is_old(index: int, row: str, before: Sequence[str]) -> bool:
    """Whether a row stands there already; of the first one that is never sure, for keys are echoed there."""
    return 0 < index < len(before) and before[index] == row
