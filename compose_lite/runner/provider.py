"""Calls providers, the programs that run services instead of containers, and reads what they say.

The protocol is docker compose's: one JSON object a line on the provider's standard output.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from compose_lite.errors import ComposeLiteError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner.answers import Said
from compose_lite.runner.cli_plugins import find_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

    from compose_lite.planner.actions import RunProvider
    from compose_lite.runner.cancellation import Cancellation
    from compose_lite.runner.progress import Report
    from compose_lite.spec.model import Provider

_GRACE = 5.0  # seconds that a provider has to end once it was asked to
_LONGEST_LINE = 1 << 20
_TAIL = 20  # lines of standard error that a failure quotes
_DEED = {"up": "bring up", "stop": "stop", "down": "take down"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What a provider tells about its options: command → option → whether it is required; empty if nothing."""

    commands: Mapping[str, Mapping[str, bool]]

    @property
    def empty(self) -> bool:
        """Whether it told nothing, so that it gets every option."""
        return not self.commands


def call(
    action: RunProvider,
    provider: Provider,
    binary: str,
    *,
    project: str,
    environ: Mapping[str, str],
    cancellation: Cancellation,
    report: Report,
) -> Said | None:
    """Have the provider do what the action says; what it said, or `None` if it does not know how to stop.

    Args:
        binary: the provider's program, from `find`.

    Raises:
        ComposeLiteError: the program failed, or said what nobody understands.
        Interrupted: the user asked to stop; the program has been ended.
    """
    metadata = _metadata(binary, environ, cancellation)
    if action.command == "stop" and "stop" not in metadata.commands:
        return None
    words = arguments(action, provider, project, metadata)
    with _running([binary, *words], environ, cancellation) as process:
        assert process.stdout is not None, "it was asked for"
        tail = _Tail(process)
        answers = _Answers(action)
        for line in _lines(process.stdout, action):
            answers.take(line, report)
        code = process.wait()
        tail.join()
    cancellation.check()
    if answers.error or code:
        raise _failed(action, answers.error or _ending(code, tail.lines))
    return answers.said


def find(kind: str, environ: Mapping[str, str]) -> str:
    """The provider's program: a plugin of the `docker` command (`docker-KIND`), else `KIND` in the `PATH`.

    No path, so that a stack can't bring the program along.
    """
    hint = "provider.type names a plugin of the docker command (docker-TYPE) or a program in the PATH"
    if kind == "compose" or "/" in kind or not kind:
        raise ComposeLiteError(f"{kind!r} is no provider", hint=hint, code="no-provider")
    path = find_plugin(kind, environ) or shutil.which(kind, path=environ.get("PATH", os.defpath))
    if path is None:
        raise ComposeLiteError(
            f"the provider {kind!r} is not installed: there is neither a program {kind} nor docker-{kind}",
            hint=hint,
            code="no-provider",
        )
    return path


def arguments(action: RunProvider, provider: Provider, project: str, metadata: Metadata) -> list[str]:
    """The words of the command line behind the program's name.

    Raises:
        ComposeLiteError: an option that the provider requires is missing.
    """
    known = metadata.commands.get(action.command, {})
    missing = [name for name, required in known.items() if required and name not in provider.options]
    if missing:
        raise ComposeLiteError(
            f"service {action.service!r}: the provider {provider.type!r} requires "
            f"the option {', '.join(map(repr, missing))}",
            hint="set it under provider.options",
            code="provider-option",
        )
    return [
        "compose",
        f"--project-name={project}",
        action.command,
        *(
            f"--{name}={value}"
            for name, values in provider.options.items()
            if metadata.empty or name in known
            for value in values
        ),
        action.service,
    ]


def metadata_of(text: bytes) -> Metadata:
    """What the answer to `compose metadata` tells; what is no such answer tells nothing."""
    try:
        told = json.loads(text)
    except ValueError:
        return Metadata(commands={})
    if not isinstance(told, dict):
        return Metadata(commands={})
    commands = {
        command: _parameters(told[command])
        for command in ("up", "stop", "down")
        if isinstance(told.get(command), dict)
    }
    bare = not told.get("description") and not any(commands.values()) and "stop" not in commands
    return Metadata(commands={} if bare else commands)


def _parameters(told: dict[str, Any]) -> dict[str, bool]:
    listed = told.get("parameters")
    return {
        entry["name"]: entry.get("required") is True
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    }


def _metadata(binary: str, environ: Mapping[str, str], cancellation: Cancellation) -> Metadata:
    with _running([binary, "compose", "metadata"], environ, cancellation) as process:
        assert process.stdout is not None, "it was asked for"
        tail = _Tail(process)
        told = process.stdout.read(_LONGEST_LINE)
        while process.stdout.read(_LONGEST_LINE):
            told = b""  # nobody has that many options
        code = process.wait()
        tail.join()
    cancellation.check()
    return metadata_of(told) if code == 0 else Metadata(commands={})


class _Answers:
    """Takes in a provider's messages, one by one."""

    def __init__(self, action: RunProvider) -> None:
        self._action = action
        self._prefixed: dict[str, str] = {}
        self._raw: dict[str, str] = {}
        self.error = ""

    @property
    def said(self) -> Said:
        """The variables so far."""
        return Said(prefixed=dict(self._prefixed), raw=dict(self._raw))

    def take(self, line: bytes, report: Report) -> None:
        """Take in one message. Raises ComposeLiteError, which quotes no variable's value, if it is none."""
        kind, message = self._parsed(line)
        match kind:
            case "info":
                report(message.strip().partition("\n")[0])
            case "error":
                self.error = self.error or message.strip() or "it does not say why"
            case "setenv":
                self._set(self._prefixed, message)
            case "rawsetenv":
                self._set(self._raw, message)
            case "debug":
                pass  # for who writes providers; docker compose shows it with its own --verbose only
            case _:
                raise self._misunderstood(f"a message of the unknown type {kind!r}")

    def _parsed(self, line: bytes) -> tuple[str, str]:
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise self._misunderstood("a line that is no JSON object")
        kind, message = told.get("type"), told.get("message", "")
        if not isinstance(kind, str) or not isinstance(message, str):
            raise self._misunderstood("a message whose `type` or `message` is no text")
        return kind, message

    def _set(self, variables: dict[str, str], message: str) -> None:
        name, equals, value = message.partition("=")
        if not name or not equals or "\0" in message:
            raise self._misunderstood("a variable that is not NAME=VALUE")
        variables[name] = value

    def _misunderstood(self, what: str) -> ComposeLiteError:
        return ComposeLiteError(
            f"service {self._action.service!r}: the provider {self._action.provider!r} wrote {what}",
            hint="its standard output must be JSON messages, one a line; what people should read goes to standard error",
            code="provider-protocol",
        )


def _failed(action: RunProvider, why: str) -> ComposeLiteError:
    return ComposeLiteError(
        f"the provider {action.provider!r} could not {_DEED[action.command]} service {action.service!r}: {why}",
        code="provider-failed",
    )


def _ending(code: int, said: list[str]) -> str:
    how = f"it exited with code {code}" if code > 0 else f"signal {-code} ended it"
    return f"{how}: " + " / ".join(said) if said else how


def _lines(stream: IO[bytes], action: RunProvider) -> Iterator[bytes]:
    while line := stream.readline(_LONGEST_LINE):
        if len(line) >= _LONGEST_LINE:
            raise ComposeLiteError(
                f"service {action.service!r}: the provider {action.provider!r} wrote a line longer than 1 MiB",
                code="provider-protocol",
            )
        if line.strip():
            yield line


class _Tail:
    """Reads what a provider tells people in a thread of its own, and keeps the last lines."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None, "it was asked for"
        self.lines: list[str] = []
        self._stream = process.stderr
        self._thread = threading.Thread(target=self._read, name="provider", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream as stream:
            while line := stream.readline(_LONGEST_LINE):
                text = line.decode(errors="replace").strip()
                if text:
                    self.lines = [*self.lines[1 - _TAIL :], text]

    def join(self) -> None:
        """Wait for the end of the stream; not for long, for a process that was left behind may hold it open."""
        self._thread.join(_GRACE)


@contextmanager
def _running(
    command: list[str], environ: Mapping[str, str], cancellation: Cancellation
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a provider in a session of its own, which ends with the block, with a cancellation and with us."""
    cancellation.check()
    try:
        process = subprocess.Popen(
            [*_ending_with_us(), *command],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ComposeLiteError(
            f"the provider {command[0]} can't be run: {error.strerror}", code="no-provider"
        ) from error

    def kill() -> None:
        _signal(process, signal.SIGKILL)

    atexit.register(kill)
    cancellation.on_cancel(lambda: _give_up(process))
    try:
        yield process
    finally:
        if process.returncode is None:
            _end(process)
        atexit.unregister(kill)
        if process.stdout is not None:
            process.stdout.close()


@functools.cache
def _ending_with_us() -> tuple[str, ...]:
    """The words before a command that make the kernel send it a SIGTERM when we are killed; none where nobody can.

    It is util-linux's `setpriv` from 2.33 on that can. Python could between fork and exec only, which other threads
    make unsafe.
    """
    program = shutil.which("setpriv")
    if program is None:
        return ()
    words = (program, "--pdeathsig", "TERM")
    try:
        tried = subprocess.run([*words, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return ()
    return () if tried.returncode else words


def _give_up(process: subprocess.Popen[bytes]) -> None:
    """Ask the provider to end, and make it if it does not; returns at once."""
    _signal(process, signal.SIGTERM)
    timer = threading.Timer(_GRACE, _signal, (process, signal.SIGKILL))
    timer.daemon = True
    timer.start()


def _end(process: subprocess.Popen[bytes]) -> None:
    _signal(process, signal.SIGTERM)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send the provider and what it has started a signal.

    It keeps its number until it is waited for, so this reaches what it has left behind and nobody else.
    """
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
