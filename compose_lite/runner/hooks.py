"""Runs a lifecycle hook's command in a container and passes its output on, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.errors import ComposeLiteError
from compose_lite.runner.engine import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.planner.actions import RunHook
    from compose_lite.runner.daemon import Daemon, Stream
    from compose_lite.runner.progress import Report

TAIL = 20  # lines that a failure quotes


def run(daemon: Daemon, container: str, action: RunHook, report: Report) -> None:
    """Run the hook to its end. Raises ComposeLiteError with its last lines if it fails."""
    hook = action.hook
    exec_id = daemon.create_exec(
        container,
        {
            "Cmd": list(hook.command),
            "User": hook.user or "",
            "Privileged": hook.privileged,
            "WorkingDir": hook.working_dir or "",
            "Env": [name if value is None else f"{name}={value}" for name, value in hook.environment.items()],
            "AttachStdout": True,
            "AttachStderr": True,
        },
    )
    stream = daemon.start_exec(exec_id, tty=False)
    tail: list[str] = []
    try:
        for line in lines(stream):
            report(line)
            tail = [*tail[1 - TAIL :], line]
    finally:
        stream.close()
    code = daemon.inspect_exec(exec_id)["ExitCode"]
    if code:
        told = ": " + " / ".join(tail) if tail else ""
        raise ComposeLiteError(
            f"the {action.event} hook of {action.name} exited with code {code}{told}",
            hint=f"its command is {' '.join(hook.command)!r}",
            code="hook-failed",
        )


def lines(stream: Stream) -> Iterator[str]:
    """The lines of both outputs of a command without a terminal, as they come."""
    rest = b""
    for _, chunk in frames(iter(stream.read, b"")):
        *complete, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace").rstrip("\r") for line in complete)
    if rest:
        yield rest.decode(errors="replace")
