"""The commands `port`, `top` and `volumes`: small questions about what runs."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, word, words
from compose_lite.errors import Conflict, NotFound, UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.observed import ObservedContainer, ObservedPort

# Of the columns that the host's ps has: those that are cut, or left out, where a window is too narrow for all.
_COMMANDS = ("CMD", "COMMAND")
_LESS_TELLING = ("C", "STIME", "TTY", "PPID", "TIME")


@dataclass(frozen=True, kw_only=True, slots=True)
class PortOptions:
    """Options of `port`."""

    service: str = word("SERVICE")
    private_port: str = word("PRIVATE_PORT")
    index: int = number("Number of the container, if the service has several", default=0)
    protocol: str = text("tcp or udp", default="tcp", metavar="PROTOCOL")


@dataclass(frozen=True, kw_only=True, slots=True)
class TopOptions:
    """Options of `top`."""

    services: tuple[str, ...] = words("SERVICE")


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumesOptions:
    """Options of `volumes`."""

    services: tuple[str, ...] = words("SERVICE")
    format: str | None = text("table, table TEMPLATE, json or a Go template", metavar="FORMAT")
    quiet: bool = flag("Names only", short="-q")


def run_port(ctx: Invocation, options: PortOptions) -> int:
    """Print the address under which a container's port is published."""
    from compose_lite import pipeline
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.text import safe

    if not options.private_port.isdigit():
        raise UsageError(f"{options.private_port!r} is not a port number")
    stack = find_stack(ctx, (options.service,))
    container = pipeline.service_container(ctx.connect(), stack.name, options.service, index=options.index)
    target, protocol = int(options.private_port), options.protocol.lower()
    found = [p for p in container.ports if (p.target, p.protocol) == (target, protocol) and p.published]
    if not found:
        raise NotFound(
            f"{container.name} publishes no port {target}/{protocol}", hint=_published(container.ports)
        )
    port = min(found, key=lambda port: ":" in port.host_ip)
    host = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip
    ctx.terminal.print(f"{safe(host)}:{port.published}")
    return 0


def _published(ports: Iterable[ObservedPort]) -> str:
    shown = sorted({f"{port.target}/{port.protocol}" for port in ports if port.published})
    return f"it publishes {', '.join(shown)}" if shown else "it publishes none"


def run_top(ctx: Invocation, options: TopOptions) -> int:
    """List the processes in the project's containers."""
    from compose_lite import pipeline
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.table import table

    stack = find_stack(ctx, options.services)
    daemon = ctx.connect()
    running = [
        container
        for container in pipeline.containers(daemon, stack.name, stopped=False)
        if not options.services or container.service in options.services
    ]
    titles: list[str] = ["SERVICE", "#"]
    rows: list[dict[str, str]] = []
    for container in running:
        try:
            answer = daemon.top_container(container.id)
        except (Conflict, NotFound):
            continue  # it has ended since it was listed
        titles += [title for title in answer["Titles"] if title not in titles]
        rows += [_process(container, answer["Titles"], process) for process in answer["Processes"]]
    if rows:
        cells = [[row.get(title, "-") for title in titles] for row in rows]
        columns = ctx.terminal.columns()
        shown = table(titles, cells, least=4, gap=2, columns=columns, cut=_COMMANDS, shrink=_LESS_TELLING)
        ctx.terminal.print(shown)
    return 0


def _process(container: ObservedContainer, titles: Sequence[str], process: Sequence[str]) -> dict[str, str]:
    own = {"SERVICE": container.service, "#": "" if container.oneoff else str(container.number)}
    return {**own, **dict(zip(titles, process, strict=False))}


def run_volumes(ctx: Invocation, options: VolumesOptions) -> int:
    """List the project's volumes."""
    from compose_lite import labels
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.listing import show_listing
    from compose_lite.cli.views.text import safe

    stack = find_stack(ctx, options.services)
    listed = ctx.connect().list_volumes(filters={"label": [f"{labels.PROJECT}={stack.name}"]})
    if options.services and stack.project is not None:
        services = [stack.project.services[name] for name in options.services]
        used = {mount.source for service in services for mount in service.volumes if mount.type == "volume"}
        listed = [item for item in listed if (item.get("Labels") or {}).get(labels.VOLUME) in used]
    rows = [_volume(item) for item in sorted(listed, key=lambda item: str(item["Name"]))]
    if options.quiet:
        for row in rows:
            ctx.terminal.print(safe(row["Name"]))
    else:
        show_listing(ctx.terminal, rows, options.format, {"Driver": "DRIVER", "Name": "VOLUME NAME"})
    return 0


def _volume(listed: dict[str, Any]) -> dict[str, Any]:
    marks = sorted((listed.get("Labels") or {}).items())
    unknown = dict.fromkeys(("Availability", "Group", "Links", "Size", "Status"), "N/A")
    return {
        **unknown,
        "Driver": listed["Driver"],
        "Labels": ",".join(f"{name}={value}" for name, value in marks),
        "Mountpoint": listed["Mountpoint"],
        "Name": listed["Name"],
        "Scope": listed["Scope"],
    }


COMMANDS = {
    "port": Command(options=PortOptions, run=run_port, example="port web 80"),
    "top": Command(options=TopOptions, run=run_top, example="top web"),
    "volumes": Command(options=VolumesOptions, run=run_volumes, example="volumes --quiet"),
}
