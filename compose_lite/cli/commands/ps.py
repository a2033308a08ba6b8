"""The command `ps`: the project's containers."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, texts, words
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.spec.model import Project

_WHICH = "Which containers"
_LOOK = "Look"
STATES = ("paused", "restarting", "removing", "running", "dead", "created", "exited")


@dataclass(frozen=True, kw_only=True, slots=True)
class PsOptions:
    """Options of `ps`."""

    services: tuple[str, ...] = words("SERVICE")
    all: bool = flag(
        "Stopped and one-off containers too, and those kept for a rollback", short="-a", group=_WHICH
    )
    status: tuple[str, ...] = texts(
        f"Only containers in this state ({', '.join(STATES)})", metavar="STATE", group=_WHICH
    )
    filter: str | None = text("Only what fits, as in status=running", metavar="NAME=VALUE", group=_WHICH)
    orphans: bool = flag(
        "Containers of services that the files no longer have, too", default=True, group=_WHICH
    )
    format: str | None = text("table, table TEMPLATE, json or a Go template", metavar="FORMAT", group=_LOOK)
    no_trunc: bool = flag("Show commands in full", group=_LOOK)
    quiet: bool = flag("Ids only", short="-q", group=_LOOK)
    services_only: bool = flag("Names of services only", long="--services", group=_LOOK)


def run_ps(ctx: Invocation, options: PsOptions) -> int:
    """List the project's containers."""
    from compose_lite import pipeline
    from compose_lite.cli.project import find_stack

    states = _states(options)
    stack = find_stack(ctx, options.services)
    containers = pipeline.containers(ctx.connect(), stack.name, previous=options.all)
    known = None if stack.project is None else {*stack.project.services, *stack.project.disabled_services}
    if options.services:
        _require(options.services, known if known is not None else {c.service for c in containers})
    marked, jobs = _jobs(stack.project)
    shown = [
        container
        for container in sorted(containers, key=lambda found: found.name)
        if _wanted(container, options, states, marked)
        and (options.orphans or known is None or container.service in known)
    ]
    _show(ctx, options, shown, jobs)
    return 0


def _jobs(project: Project | None) -> tuple[frozenset[str], frozenset[str]]:
    """The services that the files call jobs, and all that run to completion: none where there are no files."""
    from compose_lite.planner.jobs import jobs_of, marked_as_job

    if project is None:
        return frozenset(), frozenset()
    jobs = jobs_of(project)
    return frozenset(name for name in jobs if marked_as_job(project.services[name])), jobs


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


def _wanted(
    container: ObservedContainer, options: PsOptions, states: Sequence[str], marked: frozenset[str]
) -> bool:
    if options.services and container.service not in options.services:
        return False
    if states:
        return container.state in states
    if options.all:
        return True
    return (container.running or container.service in marked) and not container.oneoff


def _show(
    ctx: Invocation, options: PsOptions, containers: Sequence[ObservedContainer], jobs: frozenset[str]
) -> None:
    from compose_lite.cli.views.containers import container_row, show_containers
    from compose_lite.cli.views.text import safe

    if options.quiet:
        for container in containers:
            ctx.terminal.print(container.id)
    elif options.services_only:
        for service in sorted({container.service for container in containers}):
            ctx.terminal.print(safe(service))
    else:
        rows = [container_row(container, truncate=not options.no_trunc) for container in containers]
        show_containers(ctx.terminal, rows, options.format, jobs)


COMMANDS = {"ps": Command(options=PsOptions, run=run_ps, example="ps --all --format json")}
