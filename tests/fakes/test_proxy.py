"""The proxy passes every kind of the daemon's conversations on unchanged, counts them, and strikes where told."""

import contextlib
import io
import threading
from collections.abc import Iterator
from typing import Any

import docker
import docker.errors
import pytest
import requests

from tests.e2e.images import ensure_busybox
from tests.fakes.proxy import Answer, OnCall, Proxy, Strike, at_change

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(60)]


@contextlib.contextmanager
def _client(on_call: OnCall | None = None) -> Iterator[tuple[docker.APIClient, Proxy]]:
    with Proxy(on_call=on_call) as proxy:
        client = docker.APIClient(base_url=proxy.address, version="1.41", timeout=20)
        yield client, proxy
        client.close()


@contextlib.contextmanager
def _container(client: docker.APIClient, command: str = "sleep 1000") -> Iterator[str]:
    created = client.create_container(ensure_busybox(), command, stop_signal="SIGKILL")["Id"]
    try:
        yield created
    finally:
        docker.APIClient(version="1.41").remove_container(created, force=True, v=True)


def test_calls_on_one_connection_are_recorded_in_order() -> None:
    with _client() as (client, proxy), _container(client) as container:
        client.start(container)
        client.inspect_container(container)
        assert [(call.method, call.change) for call in proxy.calls] == [
            ("POST", 1),
            ("POST", 2),
            ("GET", None),
        ]
        assert proxy.calls[0].path == "/containers/create"


def test_waiting_is_no_change() -> None:
    with _client() as (client, proxy), _container(client, "true") as container:
        client.start(container)
        assert client.wait(container)["StatusCode"] == 0
        assert [call.path.rpartition("/")[2] for call in proxy.changes] == ["create", "start"]


def test_a_hijacked_connection_carries_both_directions() -> None:
    with _client() as (client, _), _container(client) as container:
        client.start(container)
        started = client.exec_create(container, "cat", stdin=True)["Id"]
        connection: Any = client.exec_start(started, socket=True)
        raw = connection._sock
        raw.sendall(b"through the proxy\n")
        raw.shutdown(1)
        received = b""
        while block := raw.recv(4096):
            received += block
        connection.close()
        assert received[8:] == b"through the proxy\n"


def test_a_chunked_upload_arrives_whole() -> None:
    dockerfile = io.BytesIO(f"FROM {ensure_busybox()}\nRUN echo built\n".encode())
    with _client() as (client, proxy):
        output = list(client.build(fileobj=dockerfile, rm=True, decode=True))
        images = [line["aux"]["ID"] for line in output if "aux" in line]
        client.remove_image(images[-1], force=True)
        assert proxy.changes[0].path == "/build"


def test_an_endless_answer_ends_when_the_client_leaves() -> None:
    with _client() as (client, _):
        events = client.events(decode=True)
        before = threading.active_count()
        events.close()
        for thread in threading.enumerate():
            if thread.name.startswith("Thread-") and "_serve" in thread.name:
                thread.join(timeout=5)
        assert threading.active_count() < before


def test_an_answer_in_place_of_the_daemons() -> None:
    strike = Strike(when="before", answer=Answer(status=503, message="down for a moment"))
    with _client(at_change(1, strike)) as (client, _), pytest.raises(docker.errors.APIError) as caught:
        client.create_network("never-made")
    assert caught.value.status_code == 503
    assert "down for a moment" in str(caught.value)
    assert docker.APIClient(version="1.41").networks(names=["never-made"]) == []


@pytest.mark.parametrize(("when", "made"), [("before", False), ("after", True)])
def test_a_cut_before_or_after_the_daemon_acted(when: str, made: bool) -> None:
    moments: list[str] = []
    strike = Strike(when="after" if made else "before", do=lambda: moments.append(when), then="cut")
    name = f"proxy-test-{when}"
    with _client(at_change(1, strike)) as (client, _), pytest.raises(requests.exceptions.ConnectionError):
        client.create_network(name)
    direct = docker.APIClient(version="1.41")
    found = [network["Id"] for network in direct.networks(names=[name])]
    for network in found:
        direct.remove_network(network)
    assert bool(found) == made
    assert moments == [when]


def test_a_truncated_answer() -> None:
    strike = Strike(when="after", then="truncate")
    with _client(at_change(1, strike)) as (client, _), pytest.raises(requests.exceptions.RequestException):
        client.create_container(ensure_busybox(), "true", name="proxy-test-truncated")
    docker.APIClient(version="1.41").remove_container("proxy-test-truncated", force=True)
