"""Decides which published port of a container a browser should be sent to, and under which address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compose_lite.planner.observed import ObservedPort

# Ports inside containers on which web pages usually are, the likeliest first.
_WEB = (80, 8080, 443, 8443, 8000, 3000, 5000, 8888, 4200, 5173, 9000, 9090, 8081, 15672, 5601, 9443)
_SECURE = frozenset((443, 8443, 9443))
# Ports of other well-known protocols: mail, names, data bases, queues, shells.
_OTHERS = frozenset((
    21, 22, 23, 25, 53, 110, 143, 389, 465, 587, 636, 873, 993, 995, 1433, 1521, 1883, 2049, 2181, 3306, 4222, 5432,
    5672, 5671, 6379, 6432, 8883, 9042, 9092, 11211, 27017, 50000,
))  # fmt: skip
_SCHEMES = {"http": "http", "https": "https", "http2": "http", "h2c": "http", "ws": "http", "wss": "https"}
_ANYWHERE = ("0.0.0.0", "::", "")


def web_port(
    ports: Iterable[ObservedPort], protocols: Mapping[int, str], target: int | None = None
) -> ObservedPort | None:
    """The published TCP port that most looks like a web page's, or `target` if it is published.

    Args:
        protocols: what the files say of ports (`app_protocol`), by port inside the container.
    """
    published = [port for port in ports if port.published and port.protocol == "tcp"]
    if target is not None:
        published = [port for port in published if port.target == target]
    # Of the same port on several addresses the IPv4 one goes anywhere.
    order = sorted(
        published, key=lambda port: (_unlikeliness(port.target, protocols), port.target, ":" in port.host_ip)
    )
    return order[0] if order else None


def _unlikeliness(target: int, protocols: Mapping[int, str]) -> int:
    told = protocols.get(target, "").lower()
    if told:
        return 0 if told in _SCHEMES else len(_WEB) + 3
    if target in _WEB:
        return 1 + _WEB.index(target)
    return len(_WEB) + (2 if target in _OTHERS else 1)


def web_address(port: ObservedPort, protocols: Mapping[int, str], *, daemon: str, path: str = "") -> str:
    """The URL of a published port as a browser on this machine takes it.

    Args:
        daemon: the daemon's address; where it is on another machine, the port is there too.
        path: what stands behind the host, with or without its first slash.
    """
    told = protocols.get(port.target, "").lower()
    scheme = _SCHEMES.get(told, "https" if port.target in _SECURE else "http")
    host = port.host_ip
    if host in _ANYWHERE:
        host = _machine(daemon)
    host = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[scheme]
    where = host if port.published == usual else f"{host}:{port.published}"
    return f"{scheme}://{where}/{path.removeprefix('/')}"


def _machine(daemon: str) -> str:
    """The name of the machine that the daemon is on."""
    parts = urlsplit(daemon)
    return (parts.hostname or "localhost") if parts.scheme in ("tcp", "ssh", "http", "https") else "localhost"


def shown_ports(ports: Sequence[ObservedPort]) -> str:
    """The published ports, for a message: `80/tcp, 53/udp`."""
    return ", ".join(sorted({f"{port.target}/{port.protocol}" for port in ports if port.published}))
