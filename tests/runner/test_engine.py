"""The Engine API's conventions: versions, parameters, errors, feeds."""

from __future__ import annotations

import errno
import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite.errors import (
    AnswerLost,
    Conflict,
    DaemonError,
    DaemonUnavailable,
    DiskFull,
    EngineTooOld,
    NotFound,
)
from compose_lite.runner.connect import Endpoint
from compose_lite.runner.docker_daemon import DockerDaemon, split_reference
from compose_lite.runner.engine import Engine, frames, quoted, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

Reply = tuple[int, Any]


class Scripted:
    """An engine at the other end of a socket pair: answers requests by a function of the test's own."""

    def __init__(
        self, reply: Callable[[str, str, bytes], Reply], *, version: str = "1.41", headers: str = ""
    ) -> None:
        self.requests: list[tuple[str, str]] = []
        self._reply = reply
        self._head = f"Api-Version: {version}\r\n{headers}"

    def dial(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._serve, args=(theirs,), daemon=True).start()
        return ours

    def daemon(self, *, pinned: str | None = None) -> DockerDaemon:
        return DockerDaemon(Engine(self.dial, Endpoint(address="unix:///x"), pinned_version=pinned))

    def _serve(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        while line := reader.readline():
            method, target, _ = line.decode().split(" ")
            size = 0
            while (header := reader.readline()) != b"\r\n":
                if header.lower().startswith(b"content-length:"):
                    size = int(header.split(b":")[1])
            self.requests.append((method, target))
            status, answer = self._reply(method, target, reader.read(size))
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            head = f"HTTP/1.1 {status} X\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)


def test_version_is_learned_from_the_first_answer() -> None:
    script = Scripted(lambda *_: (200, []), version="1.45")
    daemon = script.daemon()

    daemon.list_containers(filters={})
    daemon.list_containers(filters={})

    assert [target for _, target in script.requests] == [
        "/v1.41/containers/json?all=1&filters=%7B%7D",
        "/v1.45/containers/json?all=1&filters=%7B%7D",
    ]
    assert daemon.api_version == "1.45"


def test_version_is_asked_for_where_nothing_was_asked_yet() -> None:
    script = Scripted(lambda *_: (200, b"OK"), version="1.42")

    assert script.daemon().api_version == "1.42"
    assert script.requests == [("GET", "/v1.41/_ping")]


def test_newer_daemon_is_spoken_to_in_the_newest_version_known() -> None:
    assert Scripted(lambda *_: (200, b"OK"), version="1.99").daemon().api_version == "1.51"


def test_daemon_that_has_given_up_the_oldest_version_is_asked_again() -> None:
    def reply(_method: str, target: str, _body: bytes) -> Reply:
        if target.startswith("/v1.41/"):
            return 400, {"message": "client version 1.41 is too old. Minimum supported API version is 1.44"}
        return 200, {"Id": "abc"}

    script = Scripted(reply, version="1.51")

    assert script.daemon().create_container(name="x", body={}) == "abc"
    assert len(script.requests) == 2


def test_daemon_from_before_the_oldest_version_is_refused() -> None:
    def reply(*_: object) -> Reply:
        return 400, {"message": "client version 1.41 is too new. Maximum supported API version is 1.40"}

    script = Scripted(reply, version="1.40")

    with pytest.raises(EngineTooOld, match=r"it speaks API 1\.40, 1\.41 is needed") as refused:
        script.daemon().list_containers(filters={})
    assert refused.value.problems[0].code == "engine-too-old"
    assert "20.10" in str(refused.value.hint)


def test_pinned_version_is_kept() -> None:
    script = Scripted(lambda *_: (400, {"message": "too old"}), version="1.51")

    with pytest.raises(DaemonError, match="too old"):
        script.daemon(pinned="1.41").version()
    assert script.requests == [("GET", "/v1.41/version")]


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (409, Conflict), (400, DaemonError), (500, DaemonError)]
)
def test_refusals(status: int, kind: type[DaemonError]) -> None:
    script = Scripted(lambda *_: (status, {"message": "No such thing\n"}))

    with pytest.raises(DaemonError) as caught:
        script.daemon(pinned="1.41").version()
    assert type(caught.value) is kind
    assert (str(caught.value), caught.value.status) == ("No such thing", status)


@pytest.mark.parametrize(("body", "message"), [(b"plain words\n", "plain words"), (b"", "status 500")])
def test_refusal_without_json(body: bytes, message: str) -> None:
    with pytest.raises(DaemonError, match=message):
        Scripted(lambda *_: (500, body)).daemon(pinned="1.41").version()


def test_answer_that_is_no_json_is_lost() -> None:
    with pytest.raises(AnswerLost):
        Scripted(lambda *_: (200, b"<html>")).daemon().version()


def test_answer_that_is_cut_short_is_lost() -> None:
    def dial() -> socket.socket:
        ours, theirs = socket.socketpair()
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        theirs.shutdown(socket.SHUT_WR)
        dialled.append(theirs)
        return ours

    dialled: list[socket.socket] = []
    daemon = DockerDaemon(Engine(dial, Endpoint(address="unix:///x")))

    for ask in (
        daemon.version,
        lambda: daemon.start_container("x"),
        lambda: daemon.put_archive("x", path="/", archive=b""),
        lambda: list(daemon.events(filters={})),
    ):
        with pytest.raises(AnswerLost):
            ask()


def test_state_that_was_there_already() -> None:
    daemon = Scripted(lambda *_: (304, b"")).daemon()

    assert daemon.start_container("x") is False
    assert daemon.stop_container("x", timeout=1.2) is False


def test_grace_period_is_rounded_up() -> None:
    script = Scripted(lambda *_: (204, b""))

    assert script.daemon(pinned="1.41").stop_container("a b", timeout=1.2) is True
    assert script.requests == [("POST", "/v1.41/containers/a%20b/stop?t=2")]


@pytest.mark.parametrize(
    "ask",
    [
        lambda daemon: daemon.create_container(name="x", body={}),
        lambda daemon: list(daemon.pull_image("a/b")),
    ],
)
def test_a_full_disk_has_an_error_of_its_own(ask: Callable[[DockerDaemon], object]) -> None:
    said = "write /var/lib/docker/x: no space left on device"

    def answer(_method: str, target: str, _body: bytes) -> Reply:
        return (200, {"error": said}) if "/images/" in target else (500, {"message": said})

    with pytest.raises(DiskFull, match=f"disk of the Docker daemon's machine is full: {said}") as caught:
        ask(Scripted(answer).daemon(pinned="1.41"))
    assert "docker system df" in str(caught.value.hint)


def test_progress_that_reports_an_error_raises_it() -> None:
    lines = b'{"status":"Pulling"}\r\n{"errorDetail":{"message":"manifest unknown"},"error":"x"}\r\n'
    feed = Scripted(lambda *_: (200, lines)).daemon().pull_image("a/b")

    messages = iter(feed)
    assert next(messages) == {"status": "Pulling"}
    with pytest.raises(DaemonError, match="manifest unknown"):
        next(messages)


def test_warnings_of_a_creation_are_told() -> None:
    warned: list[str] = []
    daemon = Scripted(lambda *_: (201, {"Id": "a", "Warnings": ["no swap"]})).daemon()

    assert daemon.create_container(name="x", body={}, warn=warned.append) == "a"
    assert warned == ["no swap"]


@pytest.mark.parametrize(
    ("number", "fact"),
    [
        (errno.ENOENT, "no such socket"),
        (errno.ECONNREFUSED, "nobody listens"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_unreachable_daemon_is_told_apart(number: int, fact: str) -> None:
    error = unavailable(Endpoint(address="unix:///run/d.sock"), OSError(number, "x"))

    assert isinstance(error, DaemonUnavailable)
    assert fact in str(error)
    assert "/run/d.sock" in str(error)
    assert error.hint
    assert ("group" in error.hint) == (number == errno.EACCES)


def test_origin_of_a_wrong_address_is_named() -> None:
    error = unavailable(
        Endpoint(address="tcp://h:1", origin="DOCKER_HOST"), OSError(errno.ETIMEDOUT, "timed out")
    )

    assert str(error) == "no Docker daemon answers at tcp://h:1 (from DOCKER_HOST): timed out"


@pytest.mark.parametrize(
    ("ref", "parts"),
    [
        ("a", ("a", "latest")),
        ("a/b:1", ("a/b", "1")),
        ("host:5000/a", ("host:5000/a", "latest")),
        ("host:5000/a:1", ("host:5000/a", "1")),
        ("a@sha256:1", ("a", "sha256:1")),
        ("host:5000/a:2@sha256:1", ("host:5000/a", "sha256:1")),
    ],
)
def test_references_are_split(ref: str, parts: tuple[str, str]) -> None:
    assert split_reference(ref) == parts


def test_quoting() -> None:
    assert quoted("a-b_c.d~1") == "a-b_c.d~1"
    assert quoted("a/b c&ü") == "a%2Fb%20c%26%C3%BC"


def test_frames_cut_anywhere() -> None:
    data = b"".join(
        bytes([s]) + bytes(3) + len(t).to_bytes(4, "big") + t for s, t in ((1, b"one"), (2, b"two!"))
    )
    whole = [(1, b"one"), (2, b"two!")]

    assert list(frames([data])) == whole
    assert list(frames([data[i : i + 1] for i in range(len(data))])) == whole
    for cut in range(len(data)):
        assert list(frames([data[:cut], data[cut:]])) == whole


@pytest.mark.parametrize(
    ("version", "query"), [("1.48", ""), ("1.49", "?platform=%7B%22os%22%3A%20%22linux%22")]
)
def test_an_image_is_inspected_for_a_platform_where_the_daemon_can_tell(version: str, query: str) -> None:
    script = Scripted(lambda *_: (200, {}), version=version)
    daemon = script.daemon()
    assert daemon.api_version == version
    daemon.inspect_image("app", platform="linux/arm64")
    asked = script.requests[-1][1]
    assert asked.startswith(f"/v{version}/images/app/json{query}")
    assert ("arm64" in asked) == bool(query)
