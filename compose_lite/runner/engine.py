"""The Engine API's conventions over HTTP: versioned paths, JSON, filters, feeds, and errors as ours."""

from __future__ import annotations

import errno
import json

from compose_lite.errors import (
    AnswerLost,
    Conflict,
    DaemonError,
    DaemonUnavailable,
    DiskFull,
    EngineTooOld,
    NotFound,
)
from compose_lite.runner.connect import OLDEST_API
from compose_lite.runner.http import Answer, DialError, HttpClient

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from compose_lite.runner.connect import Endpoint
    from compose_lite.runner.http import RawStream

# What we ask for: the oldest version that has all we always need, the newest that we know.
OLDEST = OLDEST_API
NEWEST = (1, 51)

# Podman sends it with every answer, Docker Engine never.
_PODMAN_HEADER = "libpod-api-version"

# What the daemon, its builder and the programs that they run say then.
DISK_FULL = "no space left on device"

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Engine:
    """One daemon, spoken to in the newest API version that both sides know.

    The version is learned from the first answer, so that a plain listing needs no extra call.
    """

    def __init__(
        self, dial: Callable[[], socket.socket], endpoint: Endpoint, *, pinned_version: str | None = None
    ) -> None:
        self.endpoint = endpoint
        self._http = HttpClient(dial)
        self._version = pinned_version
        self._podman: bool | None = None

    @property
    def is_podman(self) -> bool:
        """Whether it is a Podman that speaks the Engine API; asks the daemon if it has not answered anything yet."""
        if self._podman is None:
            self.read(self._send("GET", "/_ping", {}, None, {}))
        return bool(self._podman)

    @property
    def version(self) -> str:
        """The API version in use; asks the daemon if it has not answered anything yet."""
        if self._version is None:
            self.read(self._send("GET", "/_ping", {}, None, {}))
        return self._version or _text(OLDEST)

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request and return its JSON answer (`None` if it has none).

        `body` is sent as JSON. Parameters that are `None` are left out, mappings go as JSON.
        """
        return self._parse(self.read(self.open(method, path, params, body=body, headers=headers)))

    def changed(self, method: str, path: str, params: Mapping[str, Any] | None = None) -> bool:
        """Send a request that changes a state; False if the daemon says that it was there already."""
        answer = self.open(method, path, params)
        self.read(answer)
        return answer.status != 304

    def open(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        data: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request, with a JSON `body` or raw `data`, and return its answer still to be read.

        Raises DaemonUnavailable, NotFound, Conflict or DaemonError with the daemon's message, EngineTooOld
        for a daemon from before the oldest API version that is spoken here.
        """
        sent = dict(headers or {})
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        if data is not None and not isinstance(data, bytes):
            _ = self.version  # such a body can't be sent twice, so the version must not be a guess
        agreed = self._version is not None
        answer = self._send(method, path, params or {}, data, sent)
        if answer.status == 400 and not agreed:
            # Perhaps only because the daemon is too new for the version guessed; now it is known.
            self.read(answer)
            answer = self._send(method, path, params or {}, data, sent)
        if answer.status >= 400:
            raise _refusal(answer.status, self.read(answer))
        return answer

    def take_over(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        upgrade: bool = True,
    ) -> RawStream:
        """Send a request and return its connection as a stream (see HttpClient). Raises as `open` does."""
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        target = self._target(path, params or {})
        try:
            taken = self._http.take_over(method, target, body=data, headers=headers, upgrade=upgrade)
        except OSError as error:
            raise self._mapped(error) from error
        if isinstance(taken, Answer):
            raise _refusal(taken.status, self.read(taken))
        return taken

    def json_feed(self, answer: Answer) -> JsonFeed:
        """The answer as a feed of JSON values."""
        return JsonFeed(answer, self._mapped)

    def progress_feed(self, answer: Answer) -> ProgressFeed:
        """The answer as a feed of progress messages that raises when one reports an error."""
        return ProgressFeed(answer, self._mapped)

    def log_feed(self, answer: Answer, *, tty: bool) -> LogFeed:
        """The answer as a feed of `(stream, chunk)`."""
        return LogFeed(answer, self._mapped, tty=tty)

    def raw_feed(self, answer: Answer) -> RawFeed:
        """The answer as a feed of byte blocks."""
        return RawFeed(answer, self._mapped)

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any],
        data: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
    ) -> Answer:
        try:
            answer = self._http.request(method, self._target(path, params), body=data, headers=headers)
        except OSError as error:
            raise self._mapped(error) from error
        if self._version is None and "api-version" in answer.headers:
            self._version = _agreed(answer.headers["api-version"])
        self._podman = _PODMAN_HEADER in answer.headers
        return answer

    def _target(self, path: str, params: Mapping[str, Any]) -> str:
        return f"/v{self._version or _text(OLDEST)}{path}{_query(params)}"

    def read(self, answer: Answer) -> bytes:
        """The answer's whole body. Raises AnswerLost if it is cut short."""
        try:
            return answer.read()
        except OSError as error:
            raise self._mapped(error) from error

    def _parse(self, data: bytes) -> Any:
        try:
            return json.loads(data) if data.strip() else None
        except ValueError as error:
            raise AnswerLost(f"the daemon's answer is not JSON: {error}") from error

    def _mapped(self, error: OSError) -> DaemonError:
        if isinstance(error, DialError):
            return unavailable(self.endpoint, error)
        return AnswerLost(
            f"the connection to the Docker daemon at {self.endpoint.address} broke: {error}",
            hint="see whether the daemon runs, then run the command again: it continues where it was",
        )


class JsonFeed:
    """JSON values, one a line, until the daemon ends the answer or another thread calls `close`."""

    def __init__(self, answer: Answer, mapped: Callable[[OSError], DaemonError]) -> None:
        self._answer = answer
        self._mapped = mapped

    def __iter__(self) -> Iterator[Any]:
        try:
            for line in self._answer.lines():
                yield json.loads(line)
        except OSError as error:
            raise self._mapped(error) from error
        except ValueError as error:
            raise AnswerLost(f"the daemon's answer is not JSON: {error}") from error

    def close(self) -> None:
        self._answer.close()


class ProgressFeed(JsonFeed):
    """Progress messages of a pull, push or build; one that reports an error ends the feed with it."""

    def __iter__(self) -> Iterator[Any]:
        for message in super().__iter__():
            if "error" in message:
                detail = message.get("errorDetail") or {}
                raise failure(str(detail.get("message") or message["error"]), 200)
            yield message


class RawFeed:
    """Blocks of bytes."""

    def __init__(self, answer: Answer, mapped: Callable[[OSError], DaemonError]) -> None:
        self._answer = answer
        self._mapped = mapped

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer
        except OSError as error:
            raise self._mapped(error) from error

    def close(self) -> None:
        self._answer.close()


class LogFeed(RawFeed):
    """Pairs `(stream, chunk)`, taken out of the daemon's frames unless the container has a terminal."""

    def __init__(self, answer: Answer, mapped: Callable[[OSError], DaemonError], *, tty: bool) -> None:
        super().__init__(answer, mapped)
        self._tty = tty

    def __iter__(self) -> Iterator[tuple[int, bytes]]:  # type: ignore[override]  # pairs, not blocks
        blocks = super().__iter__()
        return ((1, block) for block in blocks) if self._tty else frames(blocks)


def frames(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Take the frames of the multiplexed format out of blocks that are cut anywhere."""
    rest = b""
    for block in blocks:
        rest = rest + block if rest else block
        at, end = 0, len(rest)
        while end - at >= 8:
            size = int.from_bytes(rest[at + 4 : at + 8], "big")
            if end - at < 8 + size:
                break
            yield rest[at], rest[at + 8 : at + 8 + size]
            at += 8 + size
        rest = rest[at:]


def unavailable(endpoint: Endpoint, error: OSError) -> DaemonUnavailable:
    """Say why nothing could be reached at the endpoint and what can be done."""
    where = f"no Docker daemon answers at {endpoint.address}"
    if endpoint.origin != "default":
        where += f" (from {endpoint.origin})"
    path = endpoint.address.removeprefix("unix://")
    local = endpoint.address.startswith("unix://")
    start = "start it with `sudo systemctl start docker`, or `sudo dockerd` where there is no systemd"
    if local and error.errno in (errno.EACCES, errno.EPERM):
        return DaemonUnavailable(
            f"permission denied for the Docker daemon's socket {path}",
            hint="add yourself to the socket's group (`sudo usermod -aG docker $USER`, then log in again), or use sudo",
        )
    if local and error.errno == errno.ENOENT:
        return DaemonUnavailable(
            f"{where}: there is no such socket",
            hint=f"{start}; if it runs elsewhere, set DOCKER_HOST or --context",
        )
    if local and error.errno == errno.ECONNREFUSED:
        return DaemonUnavailable(f"{where}: the socket is there but nobody listens", hint=start)
    said = error.strerror or str(error)
    hint = "check the address (DOCKER_HOST, --context) and that the daemon listens there"
    if endpoint.tls is not None and "SSL" in said:
        hint = (
            "see whether ca.pem, cert.pem and key.pem (of the context, or in DOCKER_CERT_PATH) are those for"
            " this daemon, and whether it speaks TLS at all"
        )
    return DaemonUnavailable(f"{where}: {said}", hint=hint)


def quoted(segment: str) -> str:
    """A path segment or query value as a URL takes it."""
    data = segment.encode()
    if _UNRESERVED.issuperset(data):
        return segment
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in data)


def _query(params: Mapping[str, Any]) -> str:
    pairs = [f"{name}={quoted(_param(value))}" for name, value in params.items() if value is not None]
    return "?" + "&".join(pairs) if pairs else ""


def _param(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (str, int, float)):
        return str(value)
    return json.dumps({key: list(items) for key, items in value.items()})


def _refusal(status: int, body: bytes) -> DaemonError:
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body.decode(errors="replace").strip()
    message = message.strip() or f"the daemon answered with status {status}"
    kind = {404: NotFound, 409: Conflict}.get(status)
    return failure(message, status) if kind is None else kind(message, status=status)


def failure(message: str, status: int) -> DaemonError:
    """The error for what the daemon says of its own failure."""
    if DISK_FULL in message:
        text = f"the disk of the Docker daemon's machine is full: {message}"
        return DiskFull(text, hint=DiskFull.REMEDY, status=status)
    return DaemonError(message, status=status)


def _agreed(daemons: str) -> str:
    """The newest version that both sides know; the oldest if what the daemon says is no version."""
    try:
        newest = version_tuple(daemons)
    except ValueError:
        return _text(OLDEST)
    if newest < OLDEST:
        raise EngineTooOld(
            f"the Docker daemon is too old: it speaks API {daemons}, {_text(OLDEST)} is needed",
            hint="update to Docker Engine 20.10 or later",
        )
    return _text(min(newest, NEWEST))


def version_tuple(text: str) -> tuple[int, ...]:
    """`1.41` as `(1, 41)`, for comparing. Raises ValueError if it is no version."""
    return tuple(int(part) for part in text.split("."))


def _text(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
