"""The command `cp`: copy files between the host and containers."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, word
from compose_lite.errors import NotFound, UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon


@dataclass(frozen=True, kw_only=True, slots=True)
class CpOptions:
    """Options of `cp`."""

    source: str = word("SOURCE")
    target: str = word("TARGET")
    all: bool = flag("One-off containers too")
    archive: bool = flag("Keep owners", short="-a")
    follow_link: bool = flag("Copy what a link points to", short="-L")
    index: int = number("Number of the container, if the service has several", default=0)


def run_cp(ctx: Invocation, options: CpOptions) -> int:
    """Copy into containers or out of one; `-` is a tar on standard input or output."""
    from compose_lite.cli.project import find_stack

    from_service, inner_source = _split(options.source)
    to_service, inner_target = _split(options.target)
    if bool(from_service) == bool(to_service):
        raise UsageError(
            "exactly one of source and target is in a container", hint="for example web:/etc/hosts ."
        )
    stack = find_stack(ctx, (from_service or to_service,))
    daemon = ctx.connect()
    containers = _containers(daemon, stack.name, from_service or to_service, options)
    if ctx.common.dry_run:
        names = ", ".join(container.name for container in containers)
        ctx.terminal.print(f"would copy {options.source} to {options.target} ({names})")
    elif from_service:
        _copy_out(ctx, daemon, containers[0], inner_source, options)
    else:
        _copy_in(ctx, daemon, containers, inner_target, options)
    return 0


def _split(place: str) -> tuple[str, str]:
    """`SERVICE:PATH` taken apart; a host path has no service (`./a:b` and `/a:b` are such)."""
    service, colon, path = place.partition(":")
    if not colon or place.startswith((".", "/", "-")):
        return "", place
    return service, path


def _containers(daemon: Daemon, project: str, service: str, options: CpOptions) -> list[ObservedContainer]:
    """The containers meant, by number. Raises `NotFound` if there is none."""
    from compose_lite import pipeline

    found = [
        container
        for container in pipeline.containers(daemon, project, service=service)
        if (options.all or not container.oneoff) and options.index in (0, container.number)
    ]
    if not found:
        which = f" #{options.index}" if options.index else ""
        raise NotFound(f"service {service!r} has no container{which}")
    return sorted(found, key=lambda container: (container.oneoff, container.number))


def _copy_out(
    ctx: Invocation, daemon: Daemon, container: ObservedContainer, source: str, options: CpOptions
) -> None:
    from compose_lite.runner import copy

    if options.target == "-":
        copy.get_archive(daemon, container.id, source, ctx.terminal.stdout)
        return
    how = copy.CopyOptions(follow_link=options.follow_link, archive=options.archive)
    copy.copy_out(daemon, container.id, source, options.target, how)
    ctx.terminal.note(f" {container.name}  Copied {source} to {options.target}")


def _copy_in(
    ctx: Invocation, daemon: Daemon, containers: list[ObservedContainer], target: str, options: CpOptions
) -> None:
    from compose_lite.runner import copy

    if options.source == "-":
        copy.put_archive(daemon, containers[0].id, ctx.terminal.stdin, target)
        return
    how = copy.CopyOptions(follow_link=options.follow_link, archive=options.archive)
    for container in containers:
        copy.copy_in(daemon, container.id, options.source, target, how)
        ctx.terminal.note(f" {container.name}  Copied {options.source} to {target}")


COMMANDS = {"cp": Command(options=CpOptions, run=run_cp, example="cp web:/etc/hosts ./hosts")}
