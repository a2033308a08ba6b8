"""Starts a one-off container and connects the user to it from its first line on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from compose_lite.errors import NotFound
from compose_lite.runner.attach import Connection, ExitWatch

if TYPE_CHECKING:
    from compose_lite.runner.attach import AttachOptions
    from compose_lite.runner.console import Console
    from compose_lite.runner.daemon import Daemon


def run_attached(daemon: Daemon, container: str, options: AttachOptions, console: Console) -> int | None:
    """Start a created container, connected to the console; return its exit code, None if the user detached.

    One that was created to be removed automatically is gone when this returns. Raises DaemonError if it
    can't be started, Interrupted if the user insists on leaving.
    """
    found = daemon.inspect_container(container)
    with ExitWatch(daemon, found["Id"]) as watch:
        connection = Connection(daemon, found["Id"], found["Config"], options)
        try:
            daemon.start_container(container)
        except BaseException:
            connection.stream.close()
            raise
        if connection.converse(console):
            return None
        exit_code = watch.exit_code()
    if found["HostConfig"]["AutoRemove"]:
        with suppress(NotFound):  # it is gone already
            daemon.wait_container(container, condition="removed")
    return exit_code
