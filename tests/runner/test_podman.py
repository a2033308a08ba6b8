"""Podman is recognised by its answers, which then read like Docker Engine's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compose_lite.runner import podman
from tests.runner.test_engine import Scripted

LIBPOD = "Libpod-Api-Version: 4.3.1\r\n"


def test_it_is_known_by_a_header() -> None:
    assert Scripted(lambda *_: (200, b"OK"), headers=LIBPOD).daemon().is_podman
    assert not Scripted(lambda *_: (200, b"OK")).daemon().is_podman


def test_any_answer_tells() -> None:
    script = Scripted(lambda *_: (200, []), headers=LIBPOD)
    daemon = script.daemon()
    assert daemon.list_containers(filters={}) == []
    assert daemon.is_podman
    assert len(script.requests) == 1


def test_a_network_that_is_named_in_the_place_of_its_id() -> None:
    listed = podman.listed({"NetworkSettings": {"Networks": {"a": {"NetworkID": "a", "Aliases": ["x"]}}}})
    assert listed["NetworkSettings"]["Networks"] == {"a": {"NetworkID": "", "Aliases": ["x"]}}


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"PrivatePort": 80, "PublicPort": 8080}, "0.0.0.0"),
        ({"PrivatePort": 80, "PublicPort": 8080, "IP": "127.0.0.1"}, "127.0.0.1"),
        ({"PrivatePort": 80}, None),
    ],
)
def test_addresses_of_ports(given: dict[str, Any], address: str | None) -> None:
    [port] = podman.listed({"Ports": [given]})["Ports"]
    assert port.get("IP") == address


@pytest.mark.parametrize(
    ("mode", "networks", "expected"),
    [
        ("bridge", ["demo_default"], "demo_default"),
        ("bridge", ["podman"], "bridge"),
        ("bridge", [], "bridge"),
        ("host", [], "host"),
    ],
)
def test_the_network_mode_is_the_network_that_was_asked_for(
    mode: str, networks: list[str], expected: str
) -> None:
    settings = {"Networks": {name: {} for name in networks}}
    inspected = podman.inspected({"HostConfig": {"NetworkMode": mode}, "NetworkSettings": settings})
    assert inspected["HostConfig"]["NetworkMode"] == expected


@pytest.mark.parametrize(
    ("given", "expected"), [("9", "SIGKILL"), ("SIGINT", "SIGINT"), ("99", "99"), (None, "")]
)
def test_signals_have_names(given: str | None, expected: str) -> None:
    assert podman.inspected({"Config": {"StopSignal": given}})["Config"]["StopSignal"] == expected


def test_a_tmpfs_has_the_options_that_were_asked_for() -> None:
    given = {"/t": "rw,size=1048576,mode=0,rprivate,nosuid,nodev,tmpcopyup", "/tmp": "rw,rprivate,tmpcopyup"}
    inspected = podman.inspected({"HostConfig": {"Tmpfs": given}})
    assert inspected["HostConfig"]["Tmpfs"] == {"/t": "size=1048576", "/tmp": ""}
    read_only = podman.inspected({"HostConfig": {"Tmpfs": given, "ReadonlyRootfs": True}})
    assert read_only["HostConfig"]["Tmpfs"] == {"/t": "size=1048576"}


def test_containers_get_the_usual_time_to_stop() -> None:
    assert podman.create_body({"Image": "x"}) == {"Image": "x", "StopTimeout": 10}
    assert podman.create_body({"StopTimeout": 0}) == {"StopTimeout": 0}


def test_events_are_asked_for_by_both_names_and_told_by_dockers() -> None:
    asked: list[str] = []

    def reply(_method: str, target: str, _body: bytes) -> tuple[int, bytes]:
        asked.append(target)
        events = [
            {"Type": "container", "Action": "remove"},
            {"Type": "network", "Action": "remove"},
            {"Type": "container", "Action": "health_status", "HealthStatus": "healthy"},
            {"Type": "container", "Action": "die"},
        ]
        return 200, "\n".join(map(json.dumps, events)).encode()

    daemon = Scripted(reply, headers=LIBPOD).daemon()
    told = [event["Action"] for event in daemon.events(filters={"event": ["die", "start", "destroy"]})]
    assert told == ["destroy", "remove", "health_status: healthy", "die"]
    assert (
        "%5B%22die%22%2C%20%22start%22%2C%20%22destroy%22%2C%20%22died%22%2C%20%22remove%22%5D" in asked[-1]
    )


def test_all_events_stay_all_events() -> None:
    assert podman.event_filters({"type": ["container"]}) == {"type": ["container"]}
