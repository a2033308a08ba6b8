"""Runs a command in a running container, at the user's terminal, in a pipe or in the background."""

from __future__ import annotations

from time import sleep

from compose_lite.errors import DaemonError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.engine import frames, version_tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.runner.console import Console
    from compose_lite.runner.daemon import Daemon, Json

# The first API version in which a terminal has its size from the start.
_SIZED_FROM = (1, 42)

# Part of the engine's message when the command's program is not there.
_NOT_RUNNABLE = "OCI runtime exec failed"
_STDOUT = 1

# A stream may end a moment before the daemon knows the exit code: how often and how long (seconds) it is asked.
_ASK_AGAIN = (0.0, 0.01, 0.03, 0.1, 0.3)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecOptions:
    """The options of `exec`; `environment` has `NAME=value` items, `detach_keys` the daemon's notation."""

    command: tuple[str, ...]
    tty: bool = False
    stdin: bool = True
    environment: tuple[str, ...] = ()
    user: str | None = None
    workdir: str | None = None
    privileged: bool = False
    detach_keys: str | None = None


def execute(daemon: Daemon, container: str, options: ExecOptions, console: Console) -> int | None:
    """Run the command, connected to the console; return its exit code, None if the user detached from it.

    Raises DaemonError if the container doesn't run, BrokenPipeError if nobody reads the output any more.
    """
    body = _body(options, attached=True)
    size = console.size()
    if options.tty and size is not None and version_tuple(daemon.api_version) >= _SIZED_FROM:
        body["ConsoleSize"] = list(size)
    exec_id = daemon.create_exec(container, body)
    stream = daemon.start_exec(exec_id, tty=options.tty)
    from compose_lite.runner.terminal_session import converse  # while the daemon starts the command

    def resize(height: int, width: int) -> None:
        daemon.resize_exec(exec_id, height=height, width=width)

    left = converse(
        stream,
        console,
        tty=options.tty,
        stdin=options.stdin,
        detach_keys=options.detach_keys,
        resize=resize,
    )
    return None if left else _exit_code(daemon, exec_id)


def execute_detached(daemon: Daemon, container: str, options: ExecOptions) -> None:
    """Start the command and leave it running. Raises DaemonError if it can't be started."""
    daemon.start_exec_detached(daemon.create_exec(container, _body(options, attached=False)))


def execute_quietly(daemon: Daemon, container: str, options: ExecOptions) -> tuple[int, bytes]:
    """Run the command to its end without input; return its exit code and what it wrote to standard output.

    What can't be found or run has the exit code 126 or 127, as in a shell. Raises DaemonError.
    """
    body = {**_body(options, attached=True), "Tty": False, "AttachStdin": False}
    try:
        exec_id = daemon.create_exec(container, body)
        stream = daemon.start_exec(exec_id, tty=False)
    except DaemonError as error:
        if _NOT_RUNNABLE in str(error):
            return 127, b""  # newer engines refuse the start (seen on 28.5), older ones tell by the exit code
        raise
    try:
        output = b"".join(chunk for kind, chunk in frames(iter(stream.read, b"")) if kind == _STDOUT)
    finally:
        stream.close()
    return _exit_code(daemon, exec_id), output


def _body(options: ExecOptions, *, attached: bool) -> Json:
    body: Json = {
        "Cmd": list(options.command),
        "Env": list(options.environment),
        "User": options.user or "",
        "WorkingDir": options.workdir or "",
        "Privileged": options.privileged,
        "Tty": options.tty,
        "AttachStdin": attached and options.stdin,
        "AttachStdout": attached,
        "AttachStderr": attached,
        "Detach": not attached,
    }
    if options.detach_keys:
        body["DetachKeys"] = options.detach_keys
    return body


def _exit_code(daemon: Daemon, exec_id: str) -> int:
    for pause in _ASK_AGAIN:
        sleep(pause)
        state = daemon.inspect_exec(exec_id)
        if not state["Running"]:
            return int(state["ExitCode"] or 0)
    return 0  # it has closed its output and goes on in the background
