"""A small HTTP/1.1 client over connected sockets, for the Engine API: kept connections, streams, hijacking.

It costs next to nothing to import, may be used by any number of threads at once, and knows no timeouts:
the daemon answers a `stop` or a `wait` when it is done. All failures are `OSError`s.
"""

from __future__ import annotations

import socket
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from io import BufferedReader

_BLOCK = 65536


class DialError(OSError):
    """No connection could be made; the cause is chained. Nothing was sent."""


class LostAnswer(ConnectionError):
    """The connection broke before the whole answer was there: whether the request was obeyed is unknown."""


class Connection:
    """One connection: at most one request is under way on it."""

    __slots__ = ("_reader", "reused", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.reused = False
        self._reader: BufferedReader = sock.makefile("rb", _BLOCK)  # type: ignore[assignment]  # typeshed says its base

    def send(self, head: bytes, body: bytes | Iterable[bytes]) -> None:
        """Send a request; an iterable body goes out in chunks, as it comes."""
        if isinstance(body, bytes):
            self.sock.sendall(head + body)
            return
        self.sock.sendall(head)
        for block in body:
            if block:
                self.sock.sendall(b"%x\r\n%b\r\n" % (len(block), block))
        self.sock.sendall(b"0\r\n\r\n")

    def line(self) -> bytes:
        """Read a line of the head or of the chunk framing, without its end."""
        line = self._reader.readline(_BLOCK)
        if not line.endswith(b"\n"):
            raise LostAnswer("the connection was closed in the middle of an answer")
        return line.rstrip(b"\r\n")

    def exactly(self, size: int) -> bytes:
        """Read exactly `size` bytes."""
        data = self._reader.read(size)
        if len(data) != size:
            raise LostAnswer("the connection was closed in the middle of an answer")
        return data

    def some(self, limit: int = _BLOCK) -> bytes:
        """Read what is there, at most `limit` bytes; `b""` at the end of the connection."""
        return self._reader.read1(limit)

    def stale(self) -> bool:
        """Tell whether the other side has closed (or written to) this idle connection."""
        try:
            self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """End the connection; a thread that reads from it wakes up."""
        with suppress(OSError):  # already disconnected
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class Answer:
    """An answer whose body is still to be read, whole or piece by piece; `close` ends it from any thread."""

    __slots__ = ("_closed", "_connection", "_keep", "_last", "headers", "status")

    def __init__(
        self, connection: Connection, keep: Callable[[Connection], None], *, bodiless: bool = False
    ) -> None:
        self._connection = connection
        self._keep = keep
        self._closed = False
        self.status, self.headers = _read_head(connection.line)
        self._last = self.headers.get("connection", "").lower() == "close"
        if bodiless or self.status in (204, 304):
            self.headers["content-length"] = "0"
            self.headers.pop("transfer-encoding", None)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body's blocks as they arrive; ends quietly after `close`."""
        try:
            yield from self._blocks()
        except (OSError, ValueError) as error:
            if self._closed:
                return
            self.close()
            raise LostAnswer(str(error)) from error
        if self._closed:
            return
        if self._last:
            self.close()
        else:
            self._keep(self._connection)

    def _blocks(self) -> Iterator[bytes]:
        connection = self._connection
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(connection.line().split(b";")[0], 16):
                yield connection.exactly(size)
                connection.line()
            while connection.line():
                pass  # trailers
        elif "content-length" in self.headers:
            left = int(self.headers["content-length"])
            while left:
                block = connection.some(min(left, _BLOCK))
                if not block:
                    raise LostAnswer("the connection was closed in the middle of an answer")
                left -= len(block)
                yield block
        else:
            self._last = True
            while block := connection.some():
                yield block

    def read(self) -> bytes:
        """Return the whole body."""
        return b"".join(self)

    def lines(self) -> Iterator[bytes]:
        """Yield the body's lines as they arrive, without their ends; empty ones are left out."""
        rest = b""
        for block in self:
            *complete, rest = (rest + block).split(b"\n")
            for line in complete:
                if line := line.rstrip(b"\r"):
                    yield line
        if rest:
            yield rest

    def close(self) -> None:
        """Give up the rest of the body and the connection."""
        self._closed = True
        self._connection.close()


class RawStream:
    """A connection taken over after the head of an answer: bytes both ways, until either side ends."""

    __slots__ = ("_sock",)

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def fileno(self) -> int:
        return self._sock.fileno()

    def read(self, size: int = _BLOCK) -> bytes:
        """Return the next bytes, `b""` at the end, also one that another thread brought about by `close`."""
        try:
            return self._sock.recv(size)
        except OSError:
            return b""

    def receive(self, size: int = _BLOCK) -> bytes | None:
        """Return what has arrived, `None` if nothing has, `b""` at the end."""
        try:
            return self._sock.recv(size, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """Send all of `data`; raises OSError when the other side is gone."""
        self._sock.sendall(data)

    def send(self, data: bytes | memoryview) -> int:
        """Send what can be sent at once, return how many bytes; raises OSError when the other side is gone."""
        try:
            return self._sock.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def close_write(self) -> None:
        """Tell the other side that nothing more will be sent; it can still answer."""
        with suppress(OSError):  # the other side was faster
            self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the stream; a thread that reads from it wakes up."""
        with suppress(OSError):  # already disconnected
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


class HttpClient:
    """Requests to one server, over as many kept connections as there are threads asking at once."""

    def __init__(self, dial: Callable[[], socket.socket], *, host: str = "docker") -> None:
        self._dial = dial
        self._host = host
        self._idle: list[Connection] = []  # append and pop are atomic

    def request(
        self,
        method: str,
        target: str,
        *,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and return its answer, whose body is still unread.

        A request on a kept connection that turns out to be dead is sent again if it can't have changed
        anything (GET, HEAD). Raises DialError or LostAnswer.
        """
        head = self._head(method, target, body, headers or {})
        while True:
            connection = self._connection()
            try:
                return self._exchange(connection, head, body, bodiless=method == "HEAD")
            except (OSError, ValueError) as error:
                connection.close()
                if connection.reused and method in ("GET", "HEAD"):
                    continue
                raise LostAnswer(f"no complete answer: {error}") from error

    def take_over(
        self,
        method: str,
        target: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        upgrade: bool = True,
    ) -> Answer | RawStream:
        """Send a request on a connection of its own and return that as a stream, behind the answer's head.

        With `upgrade` the stream goes both ways. Without, it is the body: asked for with HTTP/1.0, it comes
        without chunks and ends with the connection. A refusal comes as an answer.
        """
        sent = {"Connection": "Upgrade", "Upgrade": "tcp", **(headers or {})} if upgrade else headers or {}
        head = self._head(method, target, body, sent, version="1.1" if upgrade else "1.0")
        sock = self._connect()
        try:
            sock.sendall(head + (body or b""))
            start = _take_head(sock)
            if start.split(b" ", 2)[1] == (b"101" if upgrade else b"200"):
                return RawStream(sock)
            return Answer(_Begun(sock, start), _drop)
        except (OSError, ValueError, IndexError) as error:
            sock.close()
            raise LostAnswer(f"no complete answer: {error}") from error

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _head(
        self,
        method: str,
        target: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
        *,
        version: str = "1.1",
    ) -> bytes:
        lines = [f"{method} {target} HTTP/{version}", f"Host: {self._host}"]
        if isinstance(body, bytes):
            lines.append(f"Content-Length: {len(body)}")
        elif body is not None:
            lines.append("Transfer-Encoding: chunked")
        elif method == "POST":
            lines.append("Content-Length: 0")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join((*lines, "\r\n")).encode("latin-1")

    def _exchange(
        self, connection: Connection, head: bytes, body: bytes | Iterable[bytes] | None, *, bodiless: bool
    ) -> Answer:
        try:
            connection.send(head, b"" if body is None else body)
        except (BrokenPipeError, ConnectionResetError):
            # The server may refuse before it has read the whole body: its answer says why.
            return Answer(connection, _drop)
        return Answer(connection, self._keep, bodiless=bodiless)

    def _keep(self, connection: Connection) -> None:
        connection.reused = True
        self._idle.append(connection)

    def _connection(self) -> Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return Connection(self._connect())
            if not connection.stale():
                return connection
            connection.close()

    def _connect(self) -> socket.socket:
        try:
            return self._dial()
        except OSError as error:
            raise DialError(error.errno, error.strerror or str(error)) from error


class _Begun(Connection):
    """A connection whose answer's head has been taken already and is read once more."""

    __slots__ = ("_head",)

    def __init__(self, sock: socket.socket, head: bytes) -> None:
        super().__init__(sock)
        self._head = head.removesuffix(b"\r\n").split(b"\r\n")

    def line(self) -> bytes:
        return self._head.pop(0) if self._head else super().line()


def _drop(connection: Connection) -> None:
    connection.close()


def _read_head(line: Callable[[], bytes]) -> tuple[int, dict[str, str]]:
    """Read status line and headers (names in lower case), skipping interim 1xx answers but 101."""
    while True:
        version, _, rest = line().partition(b" ")
        if not version.startswith(b"HTTP/1."):
            raise LostAnswer("this is not an HTTP answer")
        status = int(rest[:3])
        headers: dict[str, str] = {}
        while field := line():
            name, _, value = field.partition(b":")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        if status == 101 or status >= 200:
            return status, headers


def _take_head(sock: socket.socket) -> bytes:
    """Read a whole head and not a byte more: what follows belongs to somebody else."""
    head = b""
    while True:
        # A peek at a Unix socket never waits for more than what is there, so what is seen has to be taken.
        seen = sock.recv(_BLOCK, socket.MSG_PEEK)
        if not seen or len(head) > _BLOCK:
            raise LostAnswer("the connection was closed in the middle of an answer")
        end = (head + seen).find(b"\r\n\r\n")
        head += sock.recv(len(seen) if end < 0 else end + 4 - len(head))
        if end >= 0:
            return head
