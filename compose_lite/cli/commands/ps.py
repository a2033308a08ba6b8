"""The command `ps`: the project's containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, texts, words
from compose_lite.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.observed import ObservedContainer

STATES = ("paused", "restarting", "removing", "running", "dead", "created", "exited")


@dataclass(frozen=True, kw_only=True, slots=True)
class PsOptions:
    """Options of `ps`."""

    services: tuple[str, ...] = words("SERVICE")
    all: bool = flag("Stopped containers and one-off containers too", short="-a")
    status: tuple[str, ...] = texts(f"Only containers in this state ({', '.join(STATES)})", metavar="STATE")
    filter: str | None = text("Only what fits, as in status=running", metavar="NAME=VALUE")
    orphans: bool = flag("Containers of services that the files no longer have, too", default=True)
    format: str | None = text("table, table TEMPLATE, json or a Go template", metavar="FORMAT")
    no_trunc: bool = flag("Show commands in full")
    quiet: bool = flag("Ids only", short="-q")
    services_only: bool = flag("Names of services only", long="--services")


def run_ps(ctx: Invocation, options: PsOptions) -> int:
    """List the project's containers."""
    from compose_lite import pipeline
    from compose_lite.cli.project import find_stack

    states = _states(options)
    stack = find_stack(ctx, options.services)
    containers = pipeline.containers(ctx.connect(), stack.name)
    known = None if stack.project is None else {*stack.project.services, *stack.project.disabled_services}
    if options.services:
        _require(options.services, known if known is not None else {c.service for c in containers})
    shown = [
        container
        for container in sorted(containers, key=lambda found: found.name)
        if _wanted(container, options, states)
        and (options.orphans or known is None or container.service in known)
    ]
    _show(ctx, options, shown)
    return 0


def _require(services: Sequence[str], known: set[str]) -> None:
    from compose_lite.spec.suggest import did_you_mean

    for name in services:
        if name not in known:
            raise UsageError(f"no such service: {name}", hint=did_you_mean(name, known))


def _states(options: PsOptions) -> tuple[str, ...]:
    """The states asked for by `--status` and `--filter`; raises `UsageError` for any other filter."""
    if options.filter is None:
        return options.status
    name, _, value = options.filter.partition("=")
    if name != "status" or not value:
        raise UsageError(f"ps can't filter by {options.filter!r}", hint="it knows status=STATE")
    return (*options.status, value)


def _wanted(container: ObservedContainer, options: PsOptions, states: Sequence[str]) -> bool:
    if options.services and container.service not in options.services:
        return False
    if states:
        return container.state in states
    return options.all or (container.running and not container.oneoff)


def _show(ctx: Invocation, options: PsOptions, containers: Sequence[ObservedContainer]) -> None:
    from compose_lite.cli.views.containers import container_row, show_containers

    if options.quiet:
        for container in containers:
            ctx.terminal.print(container.id)
    elif options.services_only:
        for service in sorted({container.service for container in containers}):
            ctx.terminal.print(service)
    else:
        rows = [container_row(container, truncate=not options.no_trunc) for container in containers]
        show_containers(ctx.terminal, rows, options.format)


COMMANDS = {"ps": Command(options=PsOptions, run=run_ps, example="ps --all --format json")}
