"""Lets others write between the log lines of an attached command: whole lines, for which what is drawn steps aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from compose_lite.lazy_dataclasses import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.cli.invocation import Invocation


def beside(ctx: Invocation, aside: Callable[[Callable[[], None]], None]) -> Invocation:
    """The invocation for somebody who writes lines, and draws nothing, while others do.

    Args:
        aside: calls a function that writes whole lines, and has what is drawn step aside for it.
    """
    mode = ctx.common.progress or ctx.environ.get("COMPOSE_PROGRESS")
    terminal = ctx.terminal
    return replace(
        ctx,
        common=replace(ctx.common, progress=mode if mode in ("json", "quiet") else "plain"),
        terminal=replace(
            terminal,
            stdout=cast("BinaryIO", _Stream(terminal.stdout, aside)),
            stderr=cast("BinaryIO", _Stream(terminal.stderr, aside)),
            live=False,
        ),
    )


class _Stream:
    """A stream of whole lines, each written aside."""

    def __init__(self, stream: BinaryIO, aside: Callable[[Callable[[], None]], None]) -> None:
        self._stream = stream
        self._aside = aside

    def write(self, data: bytes) -> int:
        def write() -> None:
            self._stream.write(data)
            self._stream.flush()

        self._aside(write)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def fileno(self) -> int:
        return self._stream.fileno()
