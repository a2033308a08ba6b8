"""A proxy before a Docker daemon that records every call and can strike at a chosen one."""

from __future__ import annotations

import contextlib
import re
import select
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote

DAEMON_SOCKET = Path("/var/run/docker.sock")

_BLOCK = 65536
_VERSION = re.compile(r"^/v\d+\.\d+(?=/)")
# What is asked for with POST but changes nothing that a later run could see. /session and /grpc carry BuildKit's
# own conversation; the build itself is a POST to /build.
_HARMLESS = re.compile(r"/(auth|session|grpc)|/containers/[^/]+/(wait|attach|resize)|/exec/[^/]+/resize")
# Calls after which the connection may become a raw stream: the next bytes of the client are not a request.
_HIJACKING = re.compile(r"/containers/[^/]+/attach|/exec/[^/]+/start|/session|/grpc")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request that a client made.

    Attributes:
        number: 1-based, in the order in which requests arrived.
        change: 1-based among the changing calls, or None if this one changes nothing.
        method: HTTP method.
        path: path without the API version and the query (`/containers/create`).
        query: what follows the question mark, decoded (`name=shop-web-1`).
    """

    number: int
    change: int | None
    method: str
    path: str
    query: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the proxy answers in the daemon's place."""

    status: int
    message: str = "struck by the test"


@dataclass(frozen=True, kw_only=True, slots=True)
class Strike:
    """What befalls one call.

    Attributes:
        when: before the daemon sees the request, or after its answer has arrived whole at the proxy.
        do: called at that moment (`process.kill`, `lambda: time.sleep(60)`).
        then: go on as if nothing had happened, close the client's connection, or send it half of the answer
            and close.
        answer: sent instead of asking the daemon; only with `when="before"`.
    """

    when: Literal["before", "after"]
    do: Callable[[], object] | None = None
    then: Literal["continue", "cut", "truncate"] = "continue"
    answer: Answer | None = None


OnCall = Callable[[Call], Strike | None]


def at_change(number: int, strike: Strike) -> OnCall:
    """Return a hook that strikes at the changing call `number` (1-based) and lets all others pass."""
    return lambda call: strike if call.change == number else None


class Proxy:
    """Listens on a Unix socket of its own and passes calls on to the daemon; a context manager."""

    def __init__(self, *, daemon: Path = DAEMON_SOCKET, on_call: OnCall | None = None) -> None:
        self.on_call = on_call
        self._daemon = daemon
        self._folder = Path(tempfile.mkdtemp(prefix="proxy-"))
        self.path = self._folder / "docker.sock"
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(128)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """The value for DOCKER_HOST."""
        return f"unix://{self.path}"

    @property
    def calls(self) -> tuple[Call, ...]:
        with self._lock:
            return tuple(self._calls)

    @property
    def changes(self) -> tuple[Call, ...]:
        """The calls that change the daemon's state."""
        return tuple(call for call in self.calls if call.change is not None)

    def forget(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self._calls.clear()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            _hang_up(connection)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        daemon = socket.socket(socket.AF_UNIX)
        with self._lock:
            self._open |= {client, daemon}
        try:
            daemon.connect(str(self._daemon))
            _Conversation(client, daemon, self._arrived).run()
        except OSError:
            pass  # either side hung up, which the finally clause tells the other one
        finally:
            with self._lock:
                self._open -= {client, daemon}
            for end in (client, daemon):
                _hang_up(end)
                end.close()

    def _arrived(self, method: str, target: str) -> Strike | None:
        path, _, query = target.partition("?")
        path = _VERSION.sub("", path)
        changing = method not in ("GET", "HEAD") and not _HARMLESS.fullmatch(path)
        with self._lock:
            change = sum(call.change is not None for call in self._calls) + 1 if changing else None
            call = Call(
                number=len(self._calls) + 1, change=change, method=method, path=path, query=unquote(query)
            )
            self._calls.append(call)
        return self.on_call(call) if self.on_call else None


class _Cut(OSError):
    """A strike, or either side, ended the connection."""


class _Conversation:
    """The requests of one connection, one after the other, until it ends or becomes a raw stream."""

    def __init__(
        self,
        client: socket.socket,
        daemon: socket.socket,
        arrived: Callable[[str, str], Strike | None],
    ) -> None:
        self._client, self._daemon = client, daemon
        self._requests, self._answers = _Reader(client), _Reader(daemon)
        self._arrived = arrived

    def run(self) -> None:
        """Relay until the end; raises OSError when either side hangs up."""
        while (head := self._requests.head()) is not None:
            if not self._exchange(head):
                return

    def _exchange(self, request: _Head) -> bool:
        """Relay one request and its answer; False if the connection can't carry another."""
        method, target, _ = request.first_line.split(" ", 2)
        strike = self._arrived(method, target)
        if strike and strike.when == "before" and self._strike_before(strike, request):
            return False
        self._daemon.sendall(request.raw)
        if request.header("expect").lower() == "100-continue":
            self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._upload(request)
        answer = self._await_answer()
        if answer.status == 101 or (not answer.framed and _may_hijack(target)):
            self._strike_after(strike)
            self._client.sendall(answer.raw)
            self._tunnel()
            return False
        if strike and strike.when == "after":
            body = b"".join(self._answers.body(answer, method))
            self._strike_after(strike, head=answer.raw, body=body)
            self._client.sendall(answer.raw + body)
            return not answer.closes
        self._client.sendall(answer.raw)
        for block in self._answers.body(answer, method, or_gone=self._client):
            self._client.sendall(block)
        return not answer.closes and not request.closes

    def _upload(self, request: _Head) -> None:
        """Pass the request's body on; a daemon that answers early and stops reading is no failure."""
        try:
            for block in self._requests.body(request, request=True):
                self._daemon.sendall(block)
        except BrokenPipeError:
            return

    def _await_answer(self) -> _Head:
        while True:
            self._answers.wait(or_gone=self._client)
            answer = self._answers.head()
            if answer is None:
                raise _Cut
            if answer.status != 100:
                return answer

    def _strike_before(self, strike: Strike, request: _Head) -> bool:
        """Carry the strike out; True if the request must not reach the daemon."""
        if strike.do:
            strike.do()
        if strike.answer:
            for _ in self._requests.body(request, request=True):
                pass
            text = f'{{"message":"{strike.answer.message}"}}\n'
            self._client.sendall(
                f"HTTP/1.1 {strike.answer.status} Struck\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode()
            )
            return True
        return strike.then != "continue"

    def _strike_after(self, strike: Strike | None, *, head: bytes = b"", body: bytes = b"") -> None:
        """Carry the strike out; raises _Cut unless the whole answer is still to be sent."""
        if strike is None or strike.when != "after":
            return
        if strike.do:
            strike.do()
        if strike.then == "truncate":
            lost = len(body) // 2 or len(head) // 2
            self._client.sendall((head + body)[:-lost] if lost else b"")
        if strike.then != "continue":
            raise _Cut

    def _tunnel(self) -> None:
        """Relay raw bytes both ways until both ends are done."""
        back = threading.Thread(target=_pump, args=(self._answers, self._client), daemon=True)
        back.start()
        _pump(self._requests, self._daemon)
        back.join()


def _may_hijack(target: str) -> bool:
    return bool(_HIJACKING.fullmatch(_VERSION.sub("", target.partition("?")[0])))


def _pump(source: _Reader, sink: socket.socket) -> None:
    try:
        while block := source.some():
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        _hang_up(sink)
        source.hang_up()


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class _Head:
    """The first line and headers of a request or an answer, as they were sent."""

    raw: bytes

    @property
    def first_line(self) -> str:
        return self.raw.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def status(self) -> int:
        return int(self.first_line.split(" ", 2)[1])

    def header(self, name: str) -> str:
        for line in self.raw.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name:
                return value.strip()
        return ""

    @property
    def chunked(self) -> bool:
        return "chunked" in self.header("transfer-encoding").lower()

    @property
    def length(self) -> int | None:
        value = self.header("content-length")
        return int(value) if value else None

    @property
    def framed(self) -> bool:
        """True if the message itself tells where its body ends."""
        return self.chunked or self.length is not None

    @property
    def closes(self) -> bool:
        return "close" in self.header("connection").lower() or "HTTP/1.0" in self.first_line


class _Reader:
    """Takes HTTP messages off a socket, byte for byte as they were sent."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source
        self._buffer = b""

    def head(self) -> _Head | None:
        """The next head, or None if the other side has closed."""
        while b"\r\n\r\n" not in self._buffer:
            block = self._source.recv(_BLOCK)
            if not block:
                return None
            self._buffer += block
        raw, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        return _Head(raw + b"\r\n\r\n")

    def body(
        self, head: _Head, method: str = "", *, request: bool = False, or_gone: socket.socket | None = None
    ) -> Iterator[bytes]:
        """The body's bytes with their framing; raises _Cut if `or_gone` hangs up meanwhile."""
        if head.chunked:
            yield from self._chunks(or_gone)
        elif head.length is not None:
            if method != "HEAD":
                yield from self._exactly(head.length, or_gone)
        elif not request and method != "HEAD" and head.status not in (204, 304):
            while block := self.some(or_gone):
                yield block

    def some(self, or_gone: socket.socket | None = None) -> bytes:
        """Whatever is there next, `b""` at the end."""
        if self._buffer:
            block, self._buffer = self._buffer, b""
            return block
        self.wait(or_gone)
        return self._source.recv(_BLOCK)

    def wait(self, or_gone: socket.socket | None = None) -> None:
        """Return once there is something to read; raises _Cut if `or_gone` hangs up before."""
        if self._buffer or or_gone is None:
            return
        both = select.poll()
        both.register(self._source, select.POLLIN)
        both.register(or_gone, select.POLLIN)
        while self._source.fileno() not in dict(both.poll()):
            if not or_gone.recv(1, socket.MSG_PEEK):
                raise _Cut
            both.unregister(or_gone)  # the client sent its next request early

    def hang_up(self) -> None:
        _hang_up(self._source)

    def _exactly(self, size: int, or_gone: socket.socket | None) -> Iterator[bytes]:
        while size:
            block = self.some(or_gone)
            if not block:
                raise _Cut
            if len(block) > size:
                self._buffer = block[size:]
                block = block[:size]
            size -= len(block)
            yield block

    def _chunks(self, or_gone: socket.socket | None) -> Iterator[bytes]:
        while True:
            line = self._line(or_gone)
            yield line
            size = int(line.split(b";")[0], 16)
            yield from self._exactly(size + 2, or_gone)
            if size == 0:
                return

    def _line(self, or_gone: socket.socket | None) -> bytes:
        while b"\r\n" not in self._buffer:
            partial, self._buffer = self._buffer, b""
            block = self.some(or_gone)
            if not block:
                raise _Cut
            self._buffer = partial + block
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line + b"\r\n"
