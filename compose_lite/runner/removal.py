"""Waits until the daemon has removed a container."""

from __future__ import annotations

import threading

from compose_lite.errors import DaemonError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.runner.daemon import Daemon

_GLANCE = 1.0  # seconds


def await_removal(daemon: Daemon, container: str) -> None:
    """Return once the container, whose removal is under way, is gone.

    Raises:
        DaemonError: it can't be removed.
    """
    failures: list[DaemonError] = []

    def wait() -> None:
        try:
            daemon.wait_container(container, condition="removed")
        except NotFound:
            pass
        except DaemonError as error:
            failures.append(error)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    while waiting.is_alive():
        waiting.join(_GLANCE)
        # An engine (20.10) that is just done with it when the question comes never answers.
        if waiting.is_alive() and _is_gone(daemon, container):
            return
    if failures:
        raise failures[0]


def _is_gone(daemon: Daemon, container: str) -> bool:
    try:
        daemon.inspect_container(container)
    except NotFound:
        return True
    return False
