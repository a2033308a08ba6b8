"""Starts a container that was never started, once: a lost answer must not make a job run twice."""

from __future__ import annotations

from compose_lite.errors import AnswerLost, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.runner.daemon import Daemon

_ATTEMPTS = 3


def start_once(daemon: Daemon, container: str) -> None:
    """Start a container in state `created`; after a lost answer, only if it has not begun yet.

    Raises what `Daemon.start_container` raises.
    """
    for left in reversed(range(_ATTEMPTS)):
        try:
            daemon.start_container(container)
        except AnswerLost:
            if _has_begun(daemon, container):
                return
            if not left:
                raise
        else:
            return


def _has_begun(daemon: Daemon, container: str) -> bool:
    """Whether it was started; one that removes itself when it ends may be gone already."""
    try:
        return bool(daemon.inspect_container(container)["State"]["Status"] != "created")
    except NotFound:
        return True
