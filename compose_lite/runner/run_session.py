"""Starts a one-off container and connects the user to it from its first line on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from compose_lite.errors import AnswerLost, DaemonError, DaemonUnavailable
from compose_lite.runner.attach import Connection, ExitWatch
from compose_lite.runner.conflicts import explained
from compose_lite.runner.removal import await_removal
from compose_lite.runner.start import start_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.runner.attach import AttachOptions
    from compose_lite.runner.console import Console
    from compose_lite.runner.daemon import Daemon, Json


def run_attached(
    daemon: Daemon,
    container: str,
    options: AttachOptions,
    console: Console,
    *,
    started: Callable[[], object] = lambda: None,
) -> int | None:
    """Start a created container, connected to the console; return its exit code, None if the user detached.

    One that was created to be removed automatically is gone when this returns, also if it can't be started.

    Args:
        started: called once the container has been started.

    Raises:
        DaemonError: it can't be started.
        Interrupted: the user insists on leaving.
    """
    found = daemon.inspect_container(container)
    with ExitWatch(daemon, found["Id"]) as watch:
        connection = Connection(daemon, found["Id"], found["Config"], options)
        try:
            _start(daemon, found)
        except BaseException:
            connection.stream.close()
            raise
        started()
        if connection.converse(console):
            return None
        exit_code = watch.exit_code()
    if found["HostConfig"]["AutoRemove"]:
        await_removal(daemon, found["Id"])
    return exit_code


def _start(daemon: Daemon, found: Json) -> None:
    """Start the container; one that can't be started goes if it was to go when it ends."""
    try:
        start_once(daemon, found["Id"])
    except (AnswerLost, DaemonUnavailable):
        raise
    except DaemonError as error:
        if found["HostConfig"]["AutoRemove"]:
            with suppress(DaemonError):  # else the next `run` or `up` removes it
                daemon.remove_container(found["Id"], volumes=True)
        raise _refused(daemon, found, error) from error


def _refused(daemon: Daemon, found: Json, error: DaemonError) -> DaemonError:
    why = explained(daemon, found["Id"], error)
    return DaemonError(
        f"can't start container {found['Name'].removeprefix('/')}: {why}",
        hint=why.hint or "remove the cause, then run the same command again",
        status=error.status,
    )
