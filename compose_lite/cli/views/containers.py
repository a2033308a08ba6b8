"""How `ps` shows containers: docker compose's fields, as a table, JSON lines or a template's output."""

from __future__ import annotations

import json
import time

from compose_lite.cli.views.record import Record
from compose_lite.cli.views.table import table
from compose_lite.cli.views.text import ago, clip, json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any

    from compose_lite.cli.terminal import Terminal
    from compose_lite.planner.observed import ObservedContainer, ObservedPort

HEADERS = ("NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS")
_SHRINK = ("COMMAND", "CREATED", "IMAGE", "SERVICE", "PORTS")
_COLUMN_NAMES = {"ID": "CONTAINER ID", "CreatedAt": "CREATED AT", "RunningFor": "CREATED", "Names": "NAMES"}
_SHORT_ID = 12
_COMMAND = 20
_MOUNT = 15


def container_row(container: ObservedContainer, *, truncate: bool = True) -> dict[str, Any]:
    """What `ps` knows of a container, under docker compose's field names."""
    command = clip(container.command, _COMMAND) if truncate else container.command
    named = [mount.name for mount in container.mounts if mount.type == "volume" and mount.name]
    mounts = [mount.name or mount.source or "" for mount in container.mounts]
    if truncate:
        mounts = [clip(mount, _MOUNT) for mount in mounts]
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


def show_containers(
    terminal: Terminal, rows: Sequence[Mapping[str, Any]], wish: str | None, jobs: Collection[str] = ()
) -> None:
    """Print rows as `--format` asks for; raises `UsageError` for a template that is not understood.

    Args:
        jobs: services that run to completion: the table says so of those that did.
    """
    if wish == "json":
        for row in rows:
            terminal.print(json_text(row, compact=True))
    elif wish in (None, "", "table"):
        columns = terminal.columns()
        cells = [_default_cells(_completed(row) if row["Service"] in jobs else row) for row in rows]
        terminal.print(table(HEADERS, cells, columns=columns, shrink=_SHRINK))
    else:
        from compose_lite.cli.views.formats import formatted

        for line in formatted(rows, wish, _COLUMN_NAMES):
            terminal.print(line)


def _completed(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row of a job, with the engine's `Exited (0) 5 minutes ago` in a job's words."""
    return {**row, "Status": row["Status"].replace("Exited (0)", "Completed")}


def _default_cells(row: Mapping[str, Any]) -> list[str]:
    names = ("Name", "Image", "Command", "Service", "RunningFor", "Status", "Ports")
    return [row[name] for name in names]


def _ordered(ports: Iterable[ObservedPort]) -> list[ObservedPort]:
    return sorted(ports, key=lambda port: (port.target, port.host_ip, port.published or 0, port.protocol))


def _publisher(port: ObservedPort) -> Record:
    return Record(
        URL=port.host_ip, TargetPort=port.target, PublishedPort=port.published or 0, Protocol=port.protocol
    )


def ports_text(ports: Iterable[ObservedPort]) -> str:
    """Ports as docker prints them: `80/tcp, 0.0.0.0:7000-7003->7000-7003/tcp, [::]:8080->80/tcp`.

    Neighbours that are published under their own numbers, or not at all, are joined to runs; the others
    come last, one by one.
    """
    runs: dict[tuple[str, str], list[tuple[int, int]]] = {}
    single: list[str] = []
    for port in _ordered(ports):
        if port.published is not None and port.published != port.target:
            single.append(f"{_host(port.host_ip)}:{port.published}->{port.target}/{port.protocol}")
            continue
        found = runs.setdefault((port.host_ip if port.published is not None else "", port.protocol), [])
        if found and found[-1][1] + 1 == port.target:
            found[-1] = (found[-1][0], port.target)
        else:
            found.append((port.target, port.target))
    # Of the runs of one address only the last is still open when docker has seen all ports: it goes behind.
    closed = [_run(key, run) for key, found in runs.items() for run in found[:-1]]
    last = [_run(key, found[-1]) for key, found in runs.items()]
    return ", ".join([*closed, *last, *single])


def _run(key: tuple[str, str], run: tuple[int, int]) -> str:
    host_ip, protocol = key
    first, last = run
    span = str(first) if first == last else f"{first}-{last}"
    return f"{_host(host_ip)}:{span}->{span}/{protocol}" if host_ip else f"{span}/{protocol}"


def _host(host_ip: str) -> str:
    return f"[{host_ip}]" if ":" in host_ip else host_ip
