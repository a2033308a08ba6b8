"""Who listens on a port, as /proc tells it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from compose_lite.errors import DaemonError
from compose_lite.runner import sockets
from compose_lite.runner.conflicts import explained, port_holder
from compose_lite.runner.sockets import listening_process


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_listener_is_named(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        name = Path("/proc/self/comm").read_text().strip()
        assert listening_process(port, "tcp") == f"process {os.getpid()} ({name})"
        assert listening_process(port, "udp") is None


def test_datagram_socket_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        found = listening_process(sock.getsockname()[1], "udp")
        assert found is not None
        assert f"process {os.getpid()} " in found


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert listening_process(port, "tcp") is None


def test_process_that_may_not_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    row = "0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1"
    (tmp_path / "net" / "tcp").write_text(f"header\n  {row}\n")

    assert listening_process(8080, "tcp", proc=tmp_path) == "a process of another user"


class Listing:
    """A daemon with one container that publishes port 8080."""

    def list_containers(self, **_: object) -> list[dict[str, object]]:
        return [
            {
                "Id": "c1",
                "Names": ["/other-web-1"],
                "Labels": {"com.docker.compose.project": "other"},
                "Ports": [{"PublicPort": 8080, "PrivatePort": 80}],
            }
        ]


@pytest.mark.parametrize(
    "words",
    [
        "driver failed programming external connectivity on endpoint x (1a): Bind for 0.0.0.0:8080 failed: "
        "port is already allocated",
        "Bind for :::8080 failed: port is already allocated",
        "Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use",
        "listen tcp6 [::]:8080: bind: address already in use",
        "failed to bind host port for 0.0.0.0:8080:172.18.0.2:80/tcp: address already in use",
        "failed to set up container networking: failed to bind host port 127.0.0.1:8080/tcp: address already in use",
    ],
)
def test_every_wording_of_the_engine_is_understood(words: str) -> None:
    found = explained(Listing(), "c2", DaemonError(words, status=500))  # type: ignore[arg-type]

    assert str(found) == "port 8080 is already in use by container 'other-web-1' of project 'other'"
    assert found.status == 500


class Starting:
    """A daemon that does not list the ports of a container yet, while its proxy listens already."""

    def list_containers(self, **_: object) -> list[dict[str, object]]:
        names = {"Names": ["/other-web-1"], "Labels": {"com.docker.compose.project": "other"}}
        return [
            {"Id": "c1", "State": "created", **names},
            {"Id": "c3", "State": "exited", "Names": ["/old-1"]},
        ]


def test_a_proxy_stands_for_the_container_that_is_being_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "listening_process", lambda *_, **__: "process 7 (docker-proxy)")

    assert port_holder(Starting(), 8080, "tcp") == "container 'other-web-1' of project 'other'"  # type: ignore[arg-type]
    assert port_holder(Starting(), 8080, "tcp", but="c1") == "another container"  # type: ignore[arg-type]


def test_other_refusals_stay_as_they_are() -> None:
    error = DaemonError("OCI runtime create failed", status=400)

    assert explained(Listing(), "c2", error) is error  # type: ignore[arg-type]
