"""The short syntax of `ports`: `[HOST_IP:][PUBLISHED:]TARGET[/PROTOCOL]`, with ranges."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Any

_NUMBER = re.compile(r"[0-9]+\Z")
_PROTOCOLS = ("tcp", "udp", "sctp")


class BadPort(ValueError):
    """The text is no port; the error's text says why."""


def parse_port(text: str) -> list[dict[str, Any]]:
    """Read one short port as its long forms, one for each target port.

    Raises:
        BadPort: it is none.
    """
    host_ip, published, target = _split(text)
    target, protocol = _protocol(target)
    host_ip = _address(host_ip)
    if not target:
        raise BadPort("it names no container port")
    first, last = _range(target, "container port")
    if first == 0:
        raise BadPort("the container port can't be 0")
    host_first = host_last = 0
    if published:
        host_first, host_last = _range(published, "host port")
        if last - first != host_last - host_first and first != last:
            raise BadPort(f"the ranges `{published}` and `{target}` are not of the same length")
    if protocol.lower() not in _PROTOCOLS:
        raise BadPort(f"`{protocol}` is not a protocol; use tcp, udp or sctp")
    entries = []
    for offset in range(last - first + 1):
        entry: dict[str, Any] = {"mode": "ingress"}
        if host_ip:
            entry["host_ip"] = host_ip
        entry["target"] = first + offset
        if published:
            entry["published"] = (
                f"{host_first}-{host_last}"
                if first == last and host_first != host_last
                else str(host_first + offset)
            )
        entry["protocol"] = protocol.lower()
        entries.append(entry)
    entries.sort(key=lambda entry: str(entry["target"]))
    return entries


def _split(text: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if len(parts) == 1:
        return "", "", text
    if len(parts) == 2:
        return "", parts[0], parts[1]
    return ":".join(parts[:-2]), parts[-2], parts[-1]


def _protocol(target: str) -> tuple[str, str]:
    port, _, protocol = target.partition("/")
    protocol = protocol.split("/")[0]
    if not port:
        return "", "tcp"
    return port, protocol or "tcp"


@lru_cache
def _address(text: str) -> str:
    if not text:
        return ""
    address = text
    if text.startswith("["):
        if not text.endswith("]"):
            raise BadPort(f"`{text}` is not an IP address")
        address = text[1:-1]
    elif ":" in text:
        raise BadPort(f"`{text}` is not an IP address; write IPv6 addresses in brackets: [{text}]")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise BadPort(f"`{text}` is not an IP address") from None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.scope_id:
        raise BadPort(f"`{text}` is not an IP address")
    return address


def _range(text: str, what: str) -> tuple[int, int]:
    parts = text.split("-")
    numbers = [_port_number(part, what) for part in parts[:2]]
    first, last = numbers[0], numbers[-1]
    if last < first:
        raise BadPort(f"the range `{text}` ends before it starts")
    return first, last


def _port_number(text: str, what: str) -> int:
    if not _NUMBER.match(text):
        raise BadPort(f"`{text}` is not a {what} number" if text else f"the {what} is empty")
    number = int(text[:10])
    if number > 65535:
        raise BadPort(f"the {what} {text} is larger than 65535")
    return number
