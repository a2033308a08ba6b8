"""How `ps` shows containers: docker compose's fields, as a table, JSON lines or a template's output."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from compose_lite.cli.views.table import table
from compose_lite.cli.views.text import ago, clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compose_lite.cli.terminal import Terminal
    from compose_lite.planner.observed import ObservedContainer, ObservedPort

HEADERS = ("NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS")
_SHRINK = ("COMMAND", "PORTS", "IMAGE", "CREATED", "STATUS")
_COLUMN_NAMES = {"ID": "CONTAINER ID", "CreatedAt": "CREATED AT", "RunningFor": "CREATED", "Names": "NAMES"}
_SHORT_ID = 12
_COMMAND = 20


def container_row(container: ObservedContainer, *, truncate: bool = True) -> dict[str, Any]:
    """What `ps` knows of a container, under docker compose's field names."""
    command = clip(container.command, _COMMAND) if truncate else container.command
    named = [mount.name for mount in container.mounts if mount.type == "volume" and mount.name]
    mounts = [mount.name or mount.source or "" for mount in container.mounts]
    return {
        "Command": json.dumps(command, ensure_ascii=False),
        "CreatedAt": time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime(container.created)),
        "ExitCode": container.exit_code or 0,
        "Health": container.health or "",
        "ID": container.id[:_SHORT_ID] if truncate else container.id,
        "Image": container.image,
        "Labels": ",".join(f"{name}={value}" for name, value in sorted(container.labels.items())),
        "LocalVolumes": str(len(named)),
        "Mounts": ",".join(mounts),
        "Name": container.name,
        "Names": container.name,
        "Networks": ",".join(endpoint.network for endpoint in container.endpoints),
        "Ports": ports_text(container.ports),
        "Project": container.labels.get("com.docker.compose.project", ""),
        "Publishers": [_publisher(port) for port in _ordered(container.ports)],
        "RunningFor": f"{ago(time.time() - container.created)} ago",
        "Service": container.service,
        "Size": "0B",
        "State": container.state,
        "Status": container.status,
    }


def show_containers(terminal: Terminal, rows: Sequence[Mapping[str, Any]], wish: str | None) -> None:
    """Print rows as `--format` asks for; raises `UsageError` for a template that is not understood."""
    if wish == "json":
        for row in rows:
            terminal.print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    elif wish in (None, "", "table"):
        columns = terminal.size()[0] if terminal.out_tty else None
        cells = [_default_cells(row) for row in rows]
        terminal.print(table(HEADERS, cells, columns=columns, shrink=_SHRINK))
    else:
        from compose_lite.cli.views.formats import formatted

        for line in formatted(rows, wish, _COLUMN_NAMES):
            terminal.print(line)


def _default_cells(row: Mapping[str, Any]) -> list[str]:
    names = ("Name", "Image", "Command", "Service", "RunningFor", "Status", "Ports")
    return [row[name] for name in names]


def _ordered(ports: Iterable[ObservedPort]) -> list[ObservedPort]:
    return sorted(
        ports, key=lambda port: (port.target, port.protocol, ":" in port.host_ip, port.published or 0)
    )


def _publisher(port: ObservedPort) -> dict[str, Any]:
    return {
        "URL": port.host_ip,
        "TargetPort": port.target,
        "PublishedPort": port.published or 0,
        "Protocol": port.protocol,
    }


def ports_text(ports: Iterable[ObservedPort]) -> str:
    """Ports as docker prints them, runs of neighbours joined: `0.0.0.0:8000-8002->8000-8002/tcp, 443/tcp`."""
    published: list[list[ObservedPort]] = []
    exposed: list[list[ObservedPort]] = []
    for port in sorted(ports, key=_run_key):
        runs = exposed if port.published is None else published
        if runs and _follows(runs[-1][-1], port):
            runs[-1].append(port)
        else:
            runs.append([port])
    published.sort(key=lambda run: (run[0].target, run[0].protocol, ":" in run[0].host_ip))
    exposed.sort(key=lambda run: (run[0].target, run[0].protocol))
    return ", ".join([*map(_published_text, published), *map(_exposed_text, exposed)])


def _run_key(port: ObservedPort) -> tuple[str, str, int, int]:
    return (port.host_ip, port.protocol, port.target, port.published or 0)


def _follows(before: ObservedPort, port: ObservedPort) -> bool:
    """Whether a port continues a run: the next target, published on the next port of the same address."""
    if (before.host_ip, before.protocol) != (port.host_ip, port.protocol) or port.target != before.target + 1:
        return False
    if before.published is None or port.published is None:
        return before.published is port.published
    return port.published == before.published + 1 and before.published == before.target


def _published_text(run: Sequence[ObservedPort]) -> str:
    first, last = run[0], run[-1]
    host = f"[{first.host_ip}]" if ":" in first.host_ip else first.host_ip
    if len(run) == 1:
        return f"{host}:{first.published}->{first.target}/{first.protocol}"
    return f"{host}:{first.published}-{last.published}->{first.target}-{last.target}/{first.protocol}"


def _exposed_text(run: Sequence[ObservedPort]) -> str:
    first, last = run[0], run[-1]
    span = str(first.target) if len(run) == 1 else f"{first.target}-{last.target}"
    return f"{span}/{first.protocol}"
