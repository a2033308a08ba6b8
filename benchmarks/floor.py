"""The least that a client can do: only the necessary calls, in the best order, over a bare socket.

What it takes is the daemon's own time; nothing that starts the same containers can be faster by more than noise.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.workloads import Service, Workload

_SOCKET = "/var/run/docker.sock"
_PROJECT = "com.docker.compose.project"
_SERVICE = "com.docker.compose.service"


class Connection:
    """One kept connection that carries a call at a time."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(_SOCKET)
        self._file = self._socket.makefile("rb")

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Make a call and return its JSON answer; raises RuntimeError if the daemon refuses."""
        status, headers = self.ask(method, path, body)
        data = self._body(headers) if status != 204 and status != 304 else b""
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {data.decode(errors='replace')}")
        return json.loads(data) if data.strip() else None

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, str]]:
        """Send a request and read the head of its answer."""
        data = b"" if body is None else json.dumps(body).encode()
        self._socket.sendall(
            f"{method} /v1.41{path} HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def lines(self) -> Iterator[dict[str, Any]]:
        """The objects of an endless chunked answer, one a chunk."""
        while size := int(self._file.readline(), 16):
            yield json.loads(self._file.read(size))
            self._file.readline()

    def rest(self) -> bytes:
        """Everything until the daemon closes."""
        return self._file.read()

    def close(self) -> None:
        """Hang up, also while another thread reads."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def ended(self) -> bool:
        """Whether the daemon has hung up meanwhile, as it does after some quiet minutes."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self._file.read(int(headers["content-length"]))
        data = b""
        while size := int(self._file.readline(), 16):
            data += self._file.read(size)
            self._file.readline()
        self._file.readline()
        return data


_local = threading.local()


def _connection() -> Connection:
    """The thread's own connection."""
    if not hasattr(_local, "connection") or _local.connection.ended():
        _local.connection = Connection()
    connection: Connection = _local.connection
    return connection


def call(method: str, path: str, body: object = None) -> Any:
    """Make a call on the thread's own connection."""
    return _connection().call(method, path, body)


def _filter(project: str) -> str:
    return quote(json.dumps({"label": [f"{_PROJECT}={project}"]}))


def up(workload: Workload, project: str, image: str) -> None:
    """Create everything at once, start each container the moment that its dependencies allow it."""
    moments = _Moments(project)
    call("POST", "/networks/create", {"Name": f"{project}_default", "Labels": {_PROJECT: project}})
    with ThreadPoolExecutor(len(workload.services)) as pool:
        for future in [pool.submit(_up_one, s, project, image, moments) for s in workload.services]:
            future.result()
    moments.close()


def _up_one(service: Service, project: str, image: str, moments: _Moments) -> None:
    body: dict[str, object] = {
        "Image": image,
        "Labels": {_PROJECT: project, _SERVICE: service.name},
        "HostConfig": {"NetworkMode": f"{project}_default"},
    }
    if service.command:
        body["Cmd"] = service.command
    if service.healthy:
        body["Healthcheck"] = {"Test": ["CMD", "true"], "Interval": 1_000_000_000}
    name = f"{project}-{service.name}-1"
    call("POST", f"/containers/create?name={name}", body)
    for dependency, condition in service.depends_on.items():
        moments.wait(dependency, condition)
    call("POST", f"/containers/{name}/start")
    moments.tell(service.name, "service_started")


class _Moments:
    """Who has reached which condition: told by the caller or read off the daemon's events."""

    def __init__(self, project: str) -> None:
        self._reached: set[tuple[str, str]] = set()
        self._news = threading.Condition()
        self._events = Connection()
        self._events.ask("GET", f"/events?filters={_filter(project)}")
        threading.Thread(target=self._listen, daemon=True).start()

    def wait(self, service: str, condition: str) -> None:
        with self._news:
            self._news.wait_for(lambda: (service, condition) in self._reached)

    def tell(self, service: str, condition: str) -> None:
        with self._news:
            self._reached.add((service, condition))
            self._news.notify_all()

    def close(self) -> None:
        self._events.close()

    def _listen(self) -> None:
        try:
            for event in self._events.lines():
                service = event["Actor"]["Attributes"].get(_SERVICE, "")
                if event["Action"] == "health_status: healthy":
                    self.tell(service, "service_healthy")
                elif event["Action"] == "die":
                    self.tell(service, "service_completed_successfully")
        except (OSError, ValueError):
            return  # closed


def second_up(project: str) -> None:
    """Look whether everything is there."""
    call("GET", f"/containers/json?all=1&filters={_filter(project)}")


def ps(project: str) -> None:
    """List."""
    call("GET", f"/containers/json?filters={_filter(project)}")


def exec_true(project: str, service: str) -> None:
    """Run `true` in a container and learn its exit code."""
    name = f"{project}-{service}-1"
    created = call(
        "POST", f"/containers/{name}/exec", {"Cmd": ["true"], "AttachStdout": True, "AttachStderr": True}
    )["Id"]
    connection = Connection()
    connection.ask("POST", f"/exec/{created}/start", {"Detach": False, "Tty": False})
    connection.rest()
    connection.close()
    call("GET", f"/exec/{created}/json")


def down(workload: Workload, project: str) -> None:
    """Stop each container once its dependents have stopped, remove it, and at last the network."""
    stopped = {service.name: threading.Event() for service in workload.services}

    def one(service: Service) -> None:
        for other in workload.services:
            if service.name in other.depends_on:
                stopped[other.name].wait()
        name = f"{project}-{service.name}-1"
        call("POST", f"/containers/{name}/stop")
        stopped[service.name].set()
        call("DELETE", f"/containers/{name}")

    with ThreadPoolExecutor(len(workload.services)) as pool:
        for future in [pool.submit(one, service) for service in workload.services]:
            future.result()
    call("DELETE", f"/networks/{project}_default")


def logs(container: str) -> int:
    """Read a container's whole log; how many bytes that was."""
    connection = Connection()
    connection.ask("GET", f"/containers/{container}/logs?stdout=1&stderr=1&timestamps=1")
    size = 0
    while count := int(connection._file.readline(), 16):
        size += len(connection._file.read(count))
        connection._file.readline()
    connection.close()
    return size


def remove_all(project: str) -> None:
    """Remove whatever carries the project's label, as far as it is there."""
    for container in call("GET", f"/containers/json?all=1&filters={_filter(project)}"):
        call("DELETE", f"/containers/{container['Id']}?force=1&v=1")
    for network in call("GET", f"/networks?filters={_filter(project)}"):
        try:
            call("DELETE", f"/networks/{network['Id']}")
        except RuntimeError as error:
            # Under load Engine 20.10 can keep endpoints of containers that are gone, until it is restarted.
            if "active endpoints" not in str(error):
                raise
            print(f"left behind: network {network['Name']}", file=sys.stderr)
