"""The command `stats`: what the project's containers use of processor, memory, network and disks."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, word
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.terminal import Terminal
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon

HEADERS = ("CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS")
_FIELDS = ("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs")
_SHRINK = ("CONTAINER ID", "BLOCK I/O", "NET I/O", "PIDS", "MEM %")
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
    terminal = ctx.terminal
    rounds = _rounds(daemon, stack.name, options)
    if options.no_stream:
        _print(terminal, options, next(rounds))
    elif terminal.out_tty and terminal.live and _is_table(options):
        _redraw(terminal, options, rounds)
    else:
        for rows in rounds:
            _print(terminal, options, rows)
    return 0


def _rounds(daemon: Daemon, project: str, options: StatsOptions) -> Iterator[list[dict[str, str]]]:
    """A measurement of all containers after the other, without end."""
    import time

    while True:
        rows = _rows(daemon, project, options)
        yield rows
        if not rows:  # else the measurement has taken the daemon a second
            time.sleep(_REFRESH)


def _is_table(options: StatsOptions) -> bool:
    return options.format in (None, "") or options.format.startswith("table")


def _print(terminal: Terminal, options: StatsOptions, rows: Sequence[dict[str, str]]) -> None:
    terminal.print("".join(f"{line}\n" for line in _lines(options, rows, terminal.columns())), end="")
    terminal.flush()


def _redraw(terminal: Terminal, options: StatsOptions, rounds: Iterable[list[dict[str, str]]]) -> None:
    """Show each round in the place of the one before; what ends it, like Ctrl-C, leaves the last one there."""
    from itertools import chain

    from compose_lite.cli.signals import ending_as_ctrl_c
    from compose_lite.cli.views.block import Block, fitting

    def write(text: str) -> None:
        terminal.print(text, end="")
        terminal.flush()

    def lines(rows: Sequence[dict[str, str]]) -> list[str]:
        return _lines(options, rows, terminal.size()[0] - 1)

    block = Block(write)
    shown: list[dict[str, str]] = []
    try:
        with ending_as_ctrl_c():
            for shown in chain([[]], rounds):  # the headers at once: the first measurement takes its time
                size = terminal.size()
                block.draw(fitting(lines(shown), size), size=size, whole=True)
    finally:
        block.finish(lines(shown))


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


def _lines(options: StatsOptions, rows: Sequence[dict[str, str]], columns: int | None) -> list[str]:
    """The rows as `--format` wants them; a table in so many columns, if it is for a window."""
    if options.format == "json":
        from compose_lite.cli.views.text import json_text

        return [json_text(row, compact=True) for row in rows]
    if options.format in (None, "", "table"):
        from compose_lite.cli.views.table import table

        cells = [[row[field] for field in _FIELDS] for row in rows]
        return table(HEADERS, cells, columns=columns, shrink=_SHRINK).splitlines()
    from compose_lite.cli.views.formats import formatted

    titles = dict(zip(_FIELDS, HEADERS, strict=True))
    return [line for text in formatted(rows, options.format, titles) for line in text.splitlines()]


COMMANDS = {"stats": Command(options=StatsOptions, run=run_stats, example="stats --no-stream --format json")}
