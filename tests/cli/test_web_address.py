"""`open` goes to the port that most looks like a web page's, under an address that works from here."""

import pytest

from compose_lite.cli.web_address import web_address, web_port
from compose_lite.planner.observed import ObservedPort

LOCAL = "unix:///var/run/docker.sock"


def port(
    target: int, published: int | None = 30000, host_ip: str = "0.0.0.0", protocol: str = "tcp"
) -> ObservedPort:
    return ObservedPort(target=target, published=published, host_ip=host_ip, protocol=protocol)


@pytest.mark.parametrize(
    ("targets", "chosen"),
    [
        ((5432, 8080, 9000), 8080),
        ((443, 80), 80),
        ((5432, 7777), 7777),
        ((6379,), 6379),
        ((7777, 4711), 4711),
    ],
)
def test_the_usual_ports_of_web_pages_come_first_and_those_of_other_protocols_last(
    targets: tuple[int, ...], chosen: int
) -> None:
    found = web_port([port(target) for target in targets], {})
    assert found is not None
    assert found.target == chosen


def test_what_the_file_says_of_a_port_wins() -> None:
    ports = [port(80), port(7777)]
    found = web_port(ports, {80: "tcp", 7777: "http"})
    assert found is not None
    assert found.target == 7777


def test_only_published_tcp_ports_count() -> None:
    assert web_port([port(80, None), port(53, protocol="udp")], {}) is None
    assert web_port([port(80)], {}, 8080) is None


def test_of_two_addresses_the_ipv4_one_is_taken() -> None:
    found = web_port([port(80, host_ip="::"), port(80, host_ip="0.0.0.0")], {})
    assert found is not None
    assert found.host_ip == "0.0.0.0"


@pytest.mark.parametrize(
    ("of", "told", "daemon", "address"),
    [
        (port(80), {}, LOCAL, "http://localhost:30000/"),
        (port(80, 80), {}, LOCAL, "http://localhost/"),
        (port(443, 443), {}, LOCAL, "https://localhost/"),
        (port(7777), {7777: "https"}, LOCAL, "https://localhost:30000/"),
        (port(80, host_ip="127.0.0.2"), {}, LOCAL, "http://127.0.0.2:30000/"),
        (port(80, host_ip="::1"), {}, LOCAL, "http://[::1]:30000/"),
        (port(80), {}, "tcp://build.example:2376", "http://build.example:30000/"),
        (port(80), {}, "ssh://me@build.example", "http://build.example:30000/"),
    ],
)
def test_the_address(of: ObservedPort, told: dict[int, str], daemon: str, address: str) -> None:
    assert web_address(of, told, daemon=daemon) == address


def test_a_page_stands_behind_the_host() -> None:
    assert web_address(port(80, 80), {}, daemon=LOCAL, path="/docs?x=1") == "http://localhost/docs?x=1"
    assert web_address(port(80, 80), {}, daemon=LOCAL, path="docs") == "http://localhost/docs"
