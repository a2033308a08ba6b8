"""The command `stats`: what the project's containers use of processor, memory, network and disks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, word
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.terminal import Terminal
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon

HEADERS = ("CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS")
_FIELDS = ("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs")
_SHRINK = ("CONTAINER ID", "BLOCK I/O", "NET I/O")
_SHORT_ID = 12
_REFRESH = 1.0  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class StatsOptions:
    """Options of `stats`."""

    service: str | None = word("SERVICE", required=False)
    all: bool = flag("Containers that don't run, too", short="-a")
    format: str | None = text("table, table TEMPLATE, json or a Go template", metavar="FORMAT")
    no_stream: bool = flag("Show one result and stop")
    no_trunc: bool = flag("Show ids in full")


def run_stats(ctx: Invocation, options: StatsOptions) -> int:
    """Show what containers use, again and again unless told otherwise."""
    from compose_lite.cli.project import find_stack

    stack = find_stack(ctx, (options.service,) if options.service else ())
    daemon = ctx.connect()
    if options.no_stream:
        _show(ctx.terminal, options, _rows(daemon, stack.name, options))
        return 0
    live = ctx.terminal.out_tty and ctx.terminal.live
    if live:
        ctx.terminal.print("\x1b[2J", end="")
    while True:
        rows = _rows(daemon, stack.name, options)
        if live:
            ctx.terminal.print("\x1b[H", end="")
        _show(ctx.terminal, options, rows, live=live)
        _pause(bool(rows))


def _pause(measured: bool) -> None:
    """Wait until the next round: a measurement takes the daemon a second by itself."""
    import time

    if not measured:
        time.sleep(_REFRESH)


def _rows(daemon: Daemon, project: str, options: StatsOptions) -> list[dict[str, str]]:
    """One measurement of each container, by name, all at the same time."""
    from functools import partial

    from compose_lite import pipeline
    from compose_lite.runner.parallel import gather

    containers = [
        container
        for container in pipeline.containers(daemon, project, stopped=options.all)
        if options.service in (None, container.service)
    ]
    calls = [partial(_measured, daemon, container) for container in containers]
    measured = gather(calls, limit=max(1, len(calls)))
    return [
        row_of(container, sample, truncate=not options.no_trunc)
        for container, sample in zip(containers, measured, strict=True)
    ]


def _measured(daemon: Daemon, container: ObservedContainer) -> dict[str, Any]:
    """What the daemon measures over a second; nothing for a container that does not run."""
    from compose_lite.errors import NotFound

    if not container.running:
        return {}
    try:
        feed = daemon.stats_container(container.id, stream=False)
        return next(iter(feed), {})
    except NotFound:
        return {}


def row_of(container: ObservedContainer, sample: dict[str, Any], *, truncate: bool = True) -> dict[str, str]:
    """A sample of the daemon under docker's field names."""
    from compose_lite.cli.views.text import binary_size, size

    memory = sample.get("memory_stats") or {}
    used, limit = memory_used(memory), memory.get("limit", 0)
    received, sent = _network(sample)
    read, written = _disks(sample)
    return {
        "BlockIO": f"{size(read)} / {size(written)}",
        "CPUPerc": f"{processor_share(sample):.2f}%",
        "Container": container.id,
        "ID": container.id[:_SHORT_ID] if truncate else container.id,
        "MemPerc": f"{used / limit * 100 if limit else 0:.2f}%",
        "MemUsage": f"{binary_size(used)} / {binary_size(limit)}",
        "Name": container.name,
        "NetIO": f"{size(received)} / {size(sent)}",
        "PIDs": str((sample.get("pids_stats") or {}).get("current", 0)),
    }


def processor_share(sample: dict[str, Any]) -> float:
    """Processor time used since the sample before, in per cent of one processor."""
    now, before = sample.get("cpu_stats") or {}, sample.get("precpu_stats") or {}
    used = _total(now) - _total(before)
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    processors = now.get("online_cpus") or 1
    return used / passed * processors * 100 if used > 0 and passed > 0 else 0.0


def _total(processor: dict[str, Any]) -> int:
    return int((processor.get("cpu_usage") or {}).get("total_usage", 0))


def memory_used(memory: dict[str, Any]) -> int:
    """Memory in use, without the page cache that could be dropped (its key depends on the cgroup version)."""
    details = memory.get("stats") or {}
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    used = int(memory.get("usage", 0))
    return used - cache if cache < used else used


def _network(sample: dict[str, Any]) -> tuple[int, int]:
    networks = (sample.get("networks") or {}).values()
    return sum(one["rx_bytes"] for one in networks), sum(one["tx_bytes"] for one in networks)


def _disks(sample: dict[str, Any]) -> tuple[int, int]:
    entries = (sample.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
    read = sum(entry["value"] for entry in entries if entry["op"].lower() == "read")
    return read, sum(entry["value"] for entry in entries if entry["op"].lower() == "write")


def _show(
    terminal: Terminal, options: StatsOptions, rows: Sequence[dict[str, str]], *, live: bool = False
) -> None:
    from compose_lite.cli.views.formats import formatted
    from compose_lite.cli.views.table import table
    from compose_lite.cli.views.text import json_text

    if options.format == "json":
        lines = [json_text(row, compact=True) for row in rows]
    elif options.format in (None, "", "table"):
        columns = terminal.size()[0] if terminal.out_tty else None
        cells = [[row[field] for field in _FIELDS] for row in rows]
        lines = table(HEADERS, cells, columns=columns, shrink=_SHRINK).splitlines()
    else:
        lines = list(formatted(rows, options.format, dict(zip(_FIELDS, HEADERS, strict=True))))
    ends = "\x1b[K\n" if live else "\n"
    terminal.print("".join(line + ends for line in lines) + ("\x1b[J" if live else ""), end="")
    terminal.flush()


COMMANDS = {"stats": Command(options=StatsOptions, run=run_stats, example="stats --no-stream --format json")}
