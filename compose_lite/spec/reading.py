"""Reads the user's files: safely (fifos, devices, size, encoding) and with messages that name them."""

from __future__ import annotations

import os
import posixpath
import select
import stat
import time
from typing import TYPE_CHECKING

from compose_lite.spec.evidence import kind_of
from compose_lite.spec.tree import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.spec.evidence import Kind
    from compose_lite.spec.problems import Problems

MAX_BYTES = 10 * 1024 * 1024
"""Largest file that is read; a stack of four thousand services is a tenth of it."""
PIPE_PATIENCE = 1.0
"""Seconds to wait for a fifo that nobody writes to."""


class Reader:
    """The one door to the file system: reads each file once per load and remembers all that it was asked.

    Attributes:
        contents: what was read, by path, in the order of reading.
        kinds: what was found at the paths that were looked at.
        links: the paths that were resolved, and what they stand for.
    """

    def __init__(self, problems: Problems, *, base: str, stdin: Callable[[], bytes] | None = None) -> None:
        self._problems = problems
        self._base = base
        self._stdin = stdin
        self._sources: dict[str, Source] = {}
        self.contents: dict[str, bytes] = {}
        self.kinds: dict[str, Kind] = {}
        self.links: dict[str, str] = {}

    def source(self, path: str) -> Source:
        """Return the content of `path` (``-``: standard input).

        Raises:
            SpecError: it can't be read, or is no text.
        """
        found = self._sources.get(path)
        if found is None:
            name = self.shown(path)
            data = self._standard_input() if path == "-" else self._bytes(path, name)
            text = self._text(data, name)
            found = Source(name=name, path=None if path == "-" else path, text=text)
            self._sources[path] = found
            self.contents[path] = data
        return found

    def kind(self, path: str) -> Kind:
        """Return what is at `path`."""
        found = self.kinds[path] = kind_of(path)
        return found

    def is_missing(self, path: str) -> bool:
        """Tell whether nothing is there; what is, but can't be looked at, is left to `source` to refuse."""
        return self.kind(path) in ("missing", "dangling")

    def resolved(self, path: str) -> str:
        """Return `path` without links."""
        found = self.links[path] = posixpath.realpath(path)
        return found

    def shown(self, path: str) -> str:
        """Return `path` as messages show it: relative to the working directory where that is shorter."""
        if path == "-":
            return path
        relative = posixpath.relpath(path, self._base)
        return path if relative.startswith("..") and len(relative) >= len(path) else relative

    def _standard_input(self) -> bytes:
        return b"" if self._stdin is None else self._stdin()

    def _bytes(self, path: str, name: str) -> bytes:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self._problems.fail("no-such-file", f"{name} does not exist")
        except OSError as error:
            self._problems.fail(
                "unreadable-file", f"{name} can't be read: {_reason(error)}", hint=_remedy(error)
            )
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                self._problems.fail("unreadable-file", f"{name} is a directory, not a file")
            if stat.S_ISREG(status.st_mode) and status.st_size > MAX_BYTES:
                self._too_big(name)
            return self._drain(descriptor, name, patient=not stat.S_ISREG(status.st_mode))
        except OSError as error:
            self._problems.fail("unreadable-file", f"{name} can't be read: {_reason(error)}")
        finally:
            os.close(descriptor)

    def _drain(self, descriptor: int, name: str, *, patient: bool) -> bytes:
        chunks: list[bytes] = []
        size = 0
        deadline = time.monotonic() + PIPE_PATIENCE
        while True:
            if patient and not _readable(descriptor, max(0.0, deadline - time.monotonic())):
                self._problems.fail("unreadable-file", f"{name} is a pipe, and nothing is written to it")
            try:
                chunk = os.read(descriptor, 1 << 20)
            except BlockingIOError:
                continue
            if not chunk:
                if patient and not chunks and time.monotonic() < deadline and _is_fifo(descriptor):
                    time.sleep(0.01)  # a fifo without a writer yet reads as empty
                    continue
                return b"".join(chunks)
            deadline = time.monotonic() + PIPE_PATIENCE
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BYTES:
                self._too_big(name)

    def _too_big(self, name: str) -> None:
        self._problems.fail(
            "file-too-big",
            f"{name} is larger than {MAX_BYTES >> 20} MiB, too large for a compose or env file",
        )

    def _text(self, data: bytes, name: str) -> str:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            encoding = "utf-16"
        else:
            encoding = "utf-8-sig"
            if b"\0" in data:
                line = data.count(b"\n", 0, data.index(b"\0")) + 1
                self._problems.fail(
                    "binary-file", f"{name} is not a text file: line {line} contains a NUL byte"
                )
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._problems.fail(
                "not-utf8",
                f"{name} is not UTF-8: line {line} contains the byte 0x{data[error.start]:02x}",
                hint="save the file as UTF-8",
            )


def _readable(descriptor: int, timeout: float) -> bool:
    ready, _, _ = select.select([descriptor], [], [], timeout)
    return bool(ready)


def _is_fifo(descriptor: int) -> bool:
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _remedy(error: OSError) -> str | None:
    return "check the file's permissions" if isinstance(error, PermissionError) else None
