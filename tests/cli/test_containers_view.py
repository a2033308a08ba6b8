"""`ps` shows what docker compose shows."""

import json

import pytest

from compose_lite.cli.views.containers import container_row, ports_text
from compose_lite.planner.observed import ObservedContainer, ObservedEndpoint, ObservedMount, ObservedPort


def port(text: str) -> ObservedPort:
    """`0.0.0.0:8080->80/tcp` or `80/tcp`."""
    host, arrow, target = text.rpartition("->")
    number, _, protocol = target.partition("/")
    if not arrow:
        return ObservedPort(target=int(number), protocol=protocol)
    address, _, published = host.rpartition(":")
    return ObservedPort(target=int(number), protocol=protocol, published=int(published), host_ip=address)


@pytest.mark.parametrize(
    ("ports", "shown"),
    [
        ([], ""),
        (["80/tcp"], "80/tcp"),
        (["100/tcp", "99/tcp"], "99-100/tcp"),
        (["0.0.0.0:8080->80/tcp", ":::8080->80/tcp"], "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"),
        (
            ["0.0.0.0:7001->7001/tcp", "0.0.0.0:7000->7000/tcp", "99/tcp", "127.0.0.1:8000->80/tcp"],
            "99/tcp, 0.0.0.0:7000-7001->7000-7001/tcp, 127.0.0.1:8000->80/tcp",
        ),
        (["80/tcp", "80/udp", "90/tcp"], "80/tcp, 90/tcp, 80/udp"),
    ],
)
def test_ports(ports: list[str], shown: str) -> None:
    assert ports_text(map(port, ports)) == shown


def test_a_row_has_docker_composes_fields() -> None:
    container = ObservedContainer(
        id="f" * 64,
        name="demo-web-1",
        service="web",
        number=1,
        image="busybox",
        state="running",
        status="Up 2 seconds",
        command="sh -c 'exec sleep \"100000\"'",
        labels={"com.docker.compose.project": "demo", "a": "1"},
        endpoints=(ObservedEndpoint(network="demo_default", network_id="n"),),
        mounts=(
            ObservedMount(type="volume", target="/a", name="e" * 64),
            ObservedMount(type="bind", target="/b", source="/tmp/b"),
        ),
        ports=(port("0.0.0.0:8080->80/tcp"),),
    )
    row = container_row(container)
    assert row["Command"] == '"sh -c \'exec sleep \\"…"'
    assert row["ID"] == "f" * 12
    assert row["Labels"] == "a=1,com.docker.compose.project=demo"
    assert row["LocalVolumes"] == "1"
    assert row["Mounts"] == "e" * 14 + "…,/tmp/b"
    assert row["Networks"] == "demo_default"
    assert row["Project"] == "demo"
    assert json.dumps(row["Publishers"]) == (
        '[{"URL": "0.0.0.0", "TargetPort": 80, "PublishedPort": 8080, "Protocol": "tcp"}]'
    )
    whole = container_row(container, truncate=False)
    assert whole["ID"] == "f" * 64
    assert "100000" in whole["Command"]
