"""Runs the program under test: to its end, in the background, or in a pseudo-terminal with a screen."""

import contextlib
import fcntl
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import pyte

_TAIL = 6000


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How an invocation ended: `code` is negative for a signal, as subprocess counts."""

    command: str
    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        """Everything it printed, standard output first."""
        return self.out + self.err

    def __str__(self) -> str:
        return (
            f"$ {self.command}\nexit {self.code} after {self.seconds:.2f} s\n"
            f"--- stdout\n{self.out[-_TAIL:]}\n--- stderr\n{self.err[-_TAIL:]}"
        )


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    env: Mapping[str, str],
    stdin: str | None = None,
    timeout: float = 60,
) -> Result:
    """Run to the end, without a terminal; kill it and raise AssertionError after `timeout` seconds."""
    with Background(arguments, folder=folder, env=env, stdin=stdin) as process:
        return process.ended(timeout)


class _Watched:
    """A process whose output is collected by threads; whoever waits is woken by each piece."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.command = shlex.join(arguments)
        self._news = threading.Condition()
        self._process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process alone."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def running(self) -> bool:
        return self._process.poll() is None

    def await_text(self, text: str, *, times: int = 1, timeout: float = 30) -> None:
        """Return once the output contains `text`, `times` times; raises AssertionError after `timeout` seconds."""
        self._await(lambda: self.seen().count(text) >= times, f"{text!r} x {times}", timeout)

    def await_match(self, pattern: str, *, timeout: float = 30) -> None:
        """Return once the output matches the regular expression `pattern`."""
        self._await(lambda: re.search(pattern, self.seen()) is not None, f"/{pattern}/", timeout)

    def seen(self) -> str:
        """What was printed so far."""
        raise NotImplementedError

    def _await(self, arrived: Callable[[], bool], what: str, timeout: float) -> None:
        with self._news:
            if not self._news.wait_for(arrived, timeout):
                raise AssertionError(
                    f"$ {self.command}\ndid not print {what} in {timeout} s; printed:\n{self.seen()[-_TAIL:]}"
                )

    def _collect(self, read: Callable[[], bytes], store: Callable[[bytes], None]) -> threading.Thread:
        def pump() -> None:
            while block := read():
                with self._news:
                    store(block)
                    self._news.notify_all()

        thread = threading.Thread(target=pump, daemon=True)
        thread.start()
        return thread

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill what still runs and release its descriptors."""
        self.kill()
        self._process.wait()


class Background(_Watched):
    """An invocation without a terminal that goes on while the scenario does."""

    def __init__(
        self, arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], stdin: str | None = None
    ) -> None:
        super().__init__(arguments)
        self._begun = time.monotonic()
        self._process = subprocess.Popen(
            arguments,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._out, self._err = bytearray(), bytearray()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            self._collect(_reader(self._process.stdout), self._out.extend),
            self._collect(_reader(self._process.stderr), self._err.extend),
        ]
        if stdin is not None:
            threading.Thread(target=self._feed, args=(stdin.encode(),), daemon=True).start()

    def _feed(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def seen(self) -> str:
        return self._out.decode(errors="replace") + self._err.decode(errors="replace")

    def ended(self, timeout: float = 30) -> Result:
        """Wait for its end; raises AssertionError (and kills it) after `timeout` seconds."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"$ {self.command}\nstill ran after {timeout} s; printed:\n{self.seen()[-_TAIL:]}"
            ) from None
        for reader in self._readers:
            reader.join(5)
        return Result(
            command=self.command,
            code=code,
            out=self._out.decode(errors="replace"),
            err=self._err.decode(errors="replace"),
            seconds=time.monotonic() - self._begun,
        )


class Terminal(_Watched):
    """An invocation in a pseudo-terminal, as its session's foreground process.

    `screen` is what a person would see; `seen` everything that was ever written to it, escapes included.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        env: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        super().__init__(arguments)
        self._written = bytearray()
        self._display = _Display(columns, rows, reply=self._reply)
        self._stream = pyte.ByteStream(self._display)
        self._master, slave = pty.openpty()
        self._closed = False
        self.resize(columns, rows)
        # setsid makes the pseudo-terminal the controlling one, so that ^C typed into it becomes a signal.
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *arguments],
            cwd=folder,
            env={"TERM": "xterm-256color", **env},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        self._slave = slave
        self._reader = self._collect(self._read, self._show)

    def send(self, keys: str) -> None:
        """Type: control keys as their characters (`\\x03` for Ctrl-C)."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size; the foreground process gets SIGWINCH."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with self._news:
            self._display.resize(rows, columns)

    def hang_up(self) -> None:
        """Close the window."""
        if not self._closed:
            self._closed = True
            os.close(self._slave)
            os.close(self._master)

    def seen(self) -> str:
        return self._written.decode(errors="replace")

    @property
    def screen(self) -> list[str]:
        """The screen's lines without trailing blanks and without the empty ones at the end."""
        with self._news:
            lines = [line.rstrip() for line in self._display.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def shows_cursor(self) -> bool:
        """False while the program hides the cursor."""
        with self._news:
            return not self._display.cursor.hidden

    @property
    def echoes(self) -> bool:
        """True while the terminal is in its ordinary mode; False in raw mode."""
        return bool(termios.tcgetattr(self._slave)[3] & termios.ECHO)

    def ended(self, timeout: float = 30) -> Result:
        """Wait for its end; raises AssertionError (and kills it) after `timeout` seconds."""
        begun = time.monotonic()
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"$ {self.command}\nstill ran after {timeout} s; its screen:\n" + "\n".join(self.screen)
            ) from None
        time.sleep(0.05)  # what it wrote last is still on its way through the pseudo-terminal
        with self._news:
            text = self.seen()
        return Result(command=self.command, code=code, out=text, err="", seconds=time.monotonic() - begun)

    def close(self) -> None:
        super().close()
        self.hang_up()

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError:
            return b""

    def _show(self, block: bytes) -> None:
        self._written.extend(block)
        self._stream.feed(block)

    def _reply(self, data: str) -> None:
        """Answer the program's question about the terminal (cursor position, attributes)."""
        with contextlib.suppress(OSError):
            os.write(self._master, data.encode())


class _Display(pyte.Screen):
    """A screen whose answers to the program's questions go back to it."""

    def __init__(self, columns: int, rows: int, *, reply: Callable[[str], None]) -> None:
        self._answer = reply
        super().__init__(columns, rows)

    def write_process_input(self, data: str) -> None:
        self._answer(data)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """As xterm and its kin: a lower window loses what is below the cursor, then what is far above it."""
        lines = lines or self.lines
        lost = max(0, self.cursor.y + 1 - lines)
        kept = {at - lost: row for at, row in self.buffer.items() if lost <= at < lost + lines}
        self.buffer.clear()
        self.buffer.update(kept)
        self.cursor.y -= lost
        self.lines = lines
        super().resize(lines, columns)


def _reader(pipe: IO[bytes]) -> Callable[[], bytes]:
    return lambda: os.read(pipe.fileno(), 65536)
