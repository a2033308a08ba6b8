"""Connects the user's terminal or pipes to a running container's main process."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from compose_lite.errors import Conflict, DaemonError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.signal_relay import relayed_signals
from compose_lite.runner.terminal_session import converse

if TYPE_CHECKING:
    from compose_lite.runner.console import Console
    from compose_lite.runner.daemon import Daemon, Json


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachOptions:
    """How to connect; `signals`: pass on those that this process gets (never with a terminal, whose keys do)."""

    stdin: bool = True
    signals: bool = True
    detach_keys: str | None = None


def attach(daemon: Daemon, container: str, options: AttachOptions, console: Console) -> int | None:
    """Connect to a running container until it ends; return its exit code, None if the user detached.

    Raises Conflict if it does not run, Interrupted if the user insists on leaving.
    """
    found = daemon.inspect_container(container)
    state, config = found["State"], found["Config"]
    if not state["Running"] or state["Paused"] or state["Restarting"]:
        raise Conflict(
            f"can't attach to {found['Name'].lstrip('/')}: it is {state['Status']}",
            hint="start or unpause it first; `logs` shows what it wrote",
        )
    with ExitWatch(daemon, found["Id"]) as watch:
        connection = Connection(daemon, found["Id"], config, options)
        return None if connection.converse(console) else watch.exit_code()


class Connection:
    """An attached stream with all that a session on it needs."""

    def __init__(self, daemon: Daemon, container: str, config: Json, options: AttachOptions) -> None:
        self._daemon = daemon
        self._container = container
        self._tty = bool(config["Tty"])
        self._stdin = bool(options.stdin and config["OpenStdin"])
        # Where the input stays open for others, the daemon takes our end of it for a wish to leave.
        self._input_ends = bool(config["StdinOnce"])
        self._detach_keys = options.detach_keys
        self._relay = options.signals and not self._tty
        self.stream = daemon.attach_container(container, stdin=self._stdin, detach_keys=options.detach_keys)

    def converse(self, console: Console) -> bool:
        """Hold the session until the stream ends; return whether the user left before."""
        with ExitStack() as stack:
            if self._relay:
                stack.enter_context(relayed_signals(self._daemon, self._container))
            return converse(
                self.stream,
                console,
                tty=self._tty,
                stdin=self._stdin,
                pass_end=self._input_ends,
                detach_keys=self._detach_keys,
                resize=self._resize,
            )

    def _resize(self, height: int, width: int) -> None:
        self._daemon.resize_container(self._container, height=height, width=width)


class ExitWatch:
    """Learns a container's exit code even if it is removed at once; make it before the container can end."""

    def __init__(self, daemon: Daemon, container: str) -> None:
        filters = {"type": ["container"], "container": [container], "event": ["die"]}
        self._feed = daemon.events(filters=filters)

    def __enter__(self) -> ExitWatch:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._feed.close()

    def exit_code(self) -> int:
        """Wait until the container ends. Raises DaemonError if the daemon ends first."""
        for event in self._feed:
            return int(event["Actor"]["Attributes"]["exitCode"])
        raise DaemonError("the daemon ended its events before it told the container's exit code")
