"""The command `open`: a service's web page in the browser."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, word
from compose_lite.errors import NotFound, UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline import Stack
    from compose_lite.planner.observed import ObservedContainer


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenOptions:
    """Options of `open`."""

    service: str = word("SERVICE")
    port: str | None = word("PORT", required=False)
    path: str = text("Page to open", default="", metavar="PATH")
    print: bool = flag("Print the address and open nothing")
    index: int = number("Number of the container, if the service has several", default=0)


def run_open(ctx: Invocation, options: OpenOptions) -> int:
    """Print the address of a service's web page and send the browser there."""
    from compose_lite import pipeline
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.text import safe

    if options.port is not None and not options.port.isdigit():
        raise UsageError(f"{options.port!r} is not a port number", hint="give the port inside the container")
    stack = find_stack(ctx, (options.service,))
    daemon = ctx.connect()
    container = pipeline.service_container(daemon, stack.name, options.service, index=options.index)
    address = _address(stack, container, options, daemon.address)
    ctx.terminal.print(safe(address))
    if not (options.print or ctx.common.dry_run):
        ctx.terminal.flush()
        _browse(ctx, address)
    return 0


def _address(stack: Stack, container: ObservedContainer, options: OpenOptions, daemon: str) -> str:
    from compose_lite.cli.web_address import shown_ports, web_address, web_port

    service = None if stack.project is None else stack.project.services.get(options.service)
    told = {} if service is None else {port.target: port.app_protocol or "" for port in service.ports}
    port = web_port(container.ports, told, None if options.port is None else int(options.port))
    if port is None:
        which = f"port {options.port}/tcp" if options.port else "TCP port"
        others = shown_ports(container.ports)
        publishes = (
            f"it publishes {others}" if others else f'publish one: `ports: ["8080:{options.port or 80}"]`'
        )
        raise NotFound(f"{container.name} publishes no {which}", hint=publishes)
    return web_address(port, told, daemon=daemon, path=options.path)


def _browse(ctx: Invocation, address: str) -> None:
    import webbrowser

    try:
        opened = webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        ctx.terminal.note("no browser could be started here (BROWSER names one)")


COMMANDS = {"open": Command(options=OpenOptions, run=run_open, example="open web --path /docs")}
