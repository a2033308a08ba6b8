"""Connects the user's terminal or pipes to a running container's main process."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from time import sleep
from typing import TYPE_CHECKING

from compose_lite.errors import Conflict, DaemonError, NotFound
from compose_lite.runner.signal_relay import relayed_signals
from compose_lite.runner.terminal_session import converse

if TYPE_CHECKING:
    from compose_lite.runner.console import Console
    from compose_lite.runner.daemon import Daemon

# A stream may end a moment before the daemon knows that the process has: pauses (seconds) between looks.
_LOOK_AGAIN = (0.0, 0.01, 0.03, 0.1, 0.3)


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
    tty, stdin = bool(config["Tty"]), bool(options.stdin and config["OpenStdin"])
    with ExitWatch(daemon, found["Id"]) as watch:
        connection = Connection(daemon, found["Id"], options, tty=tty, stdin=stdin)
        connection.converse(console)
        return None if connection.detached() else watch.exit_code()


class Connection:
    """An attached stream with all that a session on it needs."""

    def __init__(
        self, daemon: Daemon, container: str, options: AttachOptions, *, tty: bool, stdin: bool
    ) -> None:
        self._daemon = daemon
        self._container = container
        self._relay = options.signals and not tty
        self._tty = tty
        self._stdin = stdin
        self.stream = daemon.attach_container(container, stdin=stdin, detach_keys=options.detach_keys)

    def converse(self, console: Console) -> None:
        """Hold the session until the stream ends."""
        with ExitStack() as stack:
            if self._relay:
                stack.enter_context(relayed_signals(self._daemon, self._container))
            converse(self.stream, console, tty=self._tty, stdin=self._stdin, resize=self._resize)

    def detached(self) -> bool:
        """Tell, after the session, whether the container runs on: only a terminal has keys for that."""
        if not (self._tty and self._stdin):
            return False
        try:
            for pause in _LOOK_AGAIN:
                sleep(pause)
                if not self._daemon.inspect_container(self._container)["State"]["Running"]:
                    return False
        except NotFound:
            return False
        return True

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
