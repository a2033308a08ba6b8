"""Reads single keys from the terminal while something else goes on."""

from __future__ import annotations

import codecs
import os
import select
import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# How long a job in the background waits before it looks again whether it may read (seconds).
_IN_BACKGROUND = 0.2


@contextmanager
def reading_keys(descriptor: int, take: Callable[[str], None]) -> Iterator[None]:
    """Call `take` from a thread of its own with what is typed; the terminal is restored at the end."""
    from compose_lite.runner.console import key_mode

    stop, stopped = os.pipe()
    reader = Thread(target=_read, args=(descriptor, stop, take), name="keys", daemon=True)
    try:
        with key_mode(descriptor):
            reader.start()
            try:
                yield
            finally:
                os.write(stopped, b"x")
                reader.join()
    finally:
        os.close(stop)
        os.close(stopped)


def _read(descriptor: int, stop: int, take: Callable[[str], None]) -> None:
    from compose_lite.runner.console import in_foreground

    decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
    while True:
        ready, _, _ = select.select([descriptor, stop], [], [])
        if stop in ready:
            return
        if not in_foreground(descriptor):
            time.sleep(_IN_BACKGROUND)
            continue
        try:
            data = os.read(descriptor, 1024)
        except OSError:
            return  # hung up
        if not data:
            return
        if typed := decoder.decode(data):
            take(typed)
