"""The HTTP client against a server that answers, byte for byte, what a test tells it to."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from compose_lite.runner.http import Answer, DialError, HttpClient, LostAnswer, RawStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[Callable[[socket.socket], None]], "Server"]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Hands each connection to a function of the test; counts them."""

    def __init__(self, folder: Path, serve: Callable[[socket.socket], None]) -> None:
        self.path = str(folder / "s.sock")
        self.connections = 0
        self._serve = serve
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(50)
        threading.Thread(target=self._accept, daemon=True).start()

    def dial(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self.path)
        return sock

    def client(self) -> HttpClient:
        return HttpClient(self.dial)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with connection:
            self._serve(connection)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    servers: list[Server] = []

    def begin(handle: Callable[[socket.socket], None]) -> Server:
        servers.append(Server(tmp_path, handle))
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


def request(connection: socket.socket) -> bytes:
    """The head of the next request; empty at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        head += byte
    return head


def answering(*answers: bytes) -> Callable[[socket.socket], None]:
    """Give these answers, one a request, then hang up."""

    def handle(connection: socket.socket) -> None:
        for answer in answers:
            if not request(connection):
                return
            connection.sendall(answer)

    return handle


def test_connections_are_kept(serve: Serve) -> None:
    server = serve(answering(OK, OK, OK))
    client = server.client()

    assert [client.request("GET", "/").read() for _ in range(3)] == [b"ok"] * 3
    assert server.connections == 1


def test_each_thread_that_asks_has_a_connection_of_its_own(serve: Serve) -> None:
    together = threading.Barrier(4, timeout=10)

    def handle(connection: socket.socket) -> None:
        while request(connection):
            together.wait()
            connection.sendall(OK)

    server = serve(handle)
    client = server.client()
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(client.request("GET", "/").read())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert results == [b"ok"] * 4
    assert server.connections == 4


def test_chunks_are_put_together_wherever_they_are_cut(serve: Serve) -> None:
    def handle(connection: socket.socket) -> None:
        request(connection)
        for (
            byte
        ) in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n":
            connection.sendall(bytes([byte]))
        request(connection)
        connection.sendall(OK)

    server = serve(handle)
    client = server.client()

    assert client.request("GET", "/").read() == b"abcde"
    assert client.request("GET", "/").read() == b"ok"
    assert server.connections == 1


def test_lines_are_put_together_wherever_they_are_cut(serve: Serve) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (b"on", b"e\r\n\ntw", b"o\nrest"))
    server = serve(
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    )

    assert list(server.client().request("GET", "/").lines()) == [b"one", b"two", b"rest"]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
    ],
)
def test_truncated_or_foreign_answer_is_lost(serve: Serve, answer: bytes) -> None:
    server = serve(answering(answer))

    with pytest.raises(LostAnswer):
        server.client().request("POST", "/").read()
    assert server.connections == 1


def test_connection_that_died_while_idle_is_not_used(serve: Serve) -> None:
    server = serve(answering(OK))
    client = server.client()
    client.request("POST", "/").read()
    time.sleep(0.05)  # the server has hung up by now

    assert client.request("POST", "/").read() == b"ok"
    assert server.connections == 2


def test_question_is_asked_again_on_a_kept_connection_that_dies(serve: Serve) -> None:
    def handle(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(OK)
        request(connection)  # and hang up without an answer

    server = serve(handle)
    client = server.client()
    client.request("GET", "/").read()

    assert client.request("GET", "/").read() == b"ok"
    assert server.connections == 2


def test_order_is_not_given_again(serve: Serve) -> None:
    def handle(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(OK)
        request(connection)

    server = serve(handle)
    client = server.client()
    client.request("POST", "/").read()

    with pytest.raises(LostAnswer):
        client.request("POST", "/")
    assert server.connections == 1


def test_refusal_before_the_whole_body_was_read(serve: Serve) -> None:
    def handle(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope")
        time.sleep(0.05)

    answer = serve(handle).client().request("PUT", "/", body=(b"x" * 65536 for _ in range(1000)))

    assert (answer.status, answer.read()) == (404, b"nope")


def test_streamed_body_goes_in_chunks(serve: Serve) -> None:
    seen: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        seen.append(request(connection))
        seen.append(_until(connection, b"0\r\n\r\n"))
        connection.sendall(OK)

    serve(handle).client().request("PUT", "/x?y=1", body=iter([b"ab", b"", b"c"])).read()

    assert b"Transfer-Encoding: chunked" in seen[0]
    assert seen[1] == b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"


def _until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        data += connection.recv(1)
    return data


def test_body_until_the_connection_ends(serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 200 OK\r\n\r\nall of it"))

    assert server.client().request("GET", "/").read() == b"all of it"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_answer_without_a_body(serve: Serve, status: bytes) -> None:
    server = serve(answering(b"HTTP/1.1 " + status + b"\r\n\r\n", OK))
    client = server.client()

    assert client.request("POST", "/").read() == b""
    assert client.request("POST", "/").read() == b"ok"
    assert server.connections == 1


def test_interim_answers_are_skipped(serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 100 Continue\r\n\r\n" + OK))

    assert server.client().request("POST", "/").read() == b"ok"


def test_closing_a_feed_wakes_its_reader(serve: Serve) -> None:
    def handle(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        connection.recv(1)  # until the client hangs up

    answer = serve(handle).client().request("GET", "/events")
    blocks = iter(answer)
    assert next(blocks) == b"a"
    threading.Timer(0.05, answer.close).start()

    assert list(blocks) == []


def test_nobody_there(tmp_path: Path) -> None:
    def dial() -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(tmp_path / "none"))
        return sock

    with pytest.raises(DialError) as caught:
        HttpClient(dial).request("GET", "/")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_connection_taken_over_goes_both_ways(serve: Serve) -> None:
    def handle(connection: socket.socket) -> None:
        head = request(connection)
        assert b"Upgrade: tcp" in head
        connection.sendall(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst")
        data = b""
        while block := connection.recv(100):
            data += block
        connection.sendall(b"got " + data)

    stream = serve(handle).client().take_over("POST", "/attach")
    assert isinstance(stream, RawStream)

    assert stream.read() == b"first"
    assert stream.receive() is None
    stream.write(b"some")
    assert stream.send(b"thing") == 5
    stream.close_write()
    assert stream.read() == b"got something"
    assert stream.read() == b""
    stream.close()
    assert stream.receive() == b""


def test_refused_takeover_is_an_answer(serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 409 Conflict\r\nContent-Length: 3\r\n\r\nno\n"))

    answer = server.client().take_over("POST", "/attach")

    assert isinstance(answer, Answer)
    assert (answer.status, answer.read()) == (409, b"no\n")


def test_body_taken_over_is_asked_for_without_chunks(serve: Serve) -> None:
    heads: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        heads.append(request(connection))
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nlog")

    stream = serve(handle).client().take_over("GET", "/logs", upgrade=False)

    assert isinstance(stream, RawStream)
    assert (stream.read(), stream.read()) == (b"log", b"")
    assert heads[0].startswith(b"GET /logs HTTP/1.0\r\n")


def test_closing_a_stream_wakes_its_reader(serve: Serve) -> None:
    def handle(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 101 UPGRADED\r\n\r\n")
        connection.recv(1)

    stream = serve(handle).client().take_over("POST", "/attach")
    assert isinstance(stream, RawStream)
    threading.Timer(0.05, stream.close).start()

    assert stream.read() == b""
