"""Calls made side by side on a few threads, for the many small questions that the daemon is asked."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    T = TypeVar("T")


_LIMIT = 8


def gather(calls: Sequence[Callable[[], T]], *, limit: int = _LIMIT) -> list[T]:
    """Return the calls' results in their order; raises the first call's exception that there is."""
    results: dict[int, T] = {}
    failures: dict[int, BaseException] = {}
    waiting = iter(enumerate(calls))
    lock = threading.Lock()

    def work() -> None:
        while not failures:
            with lock:
                position, call = next(waiting, (-1, None))
            if call is None:
                return
            try:
                results[position] = call()
            except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
                failures[position] = error

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(limit, len(calls)) - 1)]
    for thread in threads:
        thread.start()
    work()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[min(failures)]
    return [results[position] for position in range(len(calls))]
