"""Passes the signals that this process gets on to a container."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

from compose_lite.errors import DaemonError, Interrupted
from compose_lite.runner.console import on_signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.runner.daemon import Daemon

_RELAYED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)

# This many requests to end are passed on; one more and we leave, whatever the container does.
_PATIENCE = 2


@contextmanager
def relayed_signals(daemon: Daemon, container: str) -> Iterator[None]:
    """Send signals to `container` instead of obeying them.

    Raises Interrupted in the body on the third request to end, for a container that heeds none.
    """
    due: SimpleQueue[int | None] = SimpleQueue()  # `put` may be called in a signal handler
    requests_to_end = 0

    def relay(number: int) -> None:
        nonlocal requests_to_end
        if number in (signal.SIGINT, signal.SIGTERM):
            requests_to_end += 1
            if requests_to_end > _PATIENCE:
                raise Interrupted("the container goes on: it did not end when it was asked to")
        due.put(number)

    def send() -> None:
        while (number := due.get()) is not None:
            try:
                daemon.kill_container(container, signal=signal.Signals(number).name)
            except DaemonError:
                continue  # it has ended meanwhile

    thread = threading.Thread(target=send, name="signals", daemon=True)
    thread.start()
    try:
        with on_signal(relay, *_RELAYED):
            yield
    finally:
        due.put(None)
        thread.join()
