"""The command `logs`: what the project's containers wrote, in the order in which they wrote it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, words
from compose_lite.errors import UsageError

if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.views.logs import LogPrinter
    from compose_lite.errors import DaemonError
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.logs import LogOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class LogsOptions:
    """Options of `logs`."""

    services: tuple[str, ...] = words("SERVICE")
    follow: bool = flag("Go on with what is written from now on", short="-f")
    tail: str = text("Only the last lines of each container", short="-n", default="all", metavar="N")
    since: str | None = text("Only from this time on, or this long ago (10m)", metavar="TIME")
    until: str | None = text("Only up to this time, or this long ago (10m)", metavar="TIME")
    timestamps: bool = flag("Show when each line was written", short="-t")
    index: int = number("Number of the container, if the service has several", default=0)
    no_log_prefix: bool = flag("Leave out who wrote it", group="Look")
    no_color: bool = flag("No colours", group="Look")


def run_logs(ctx: Invocation, options: LogsOptions) -> int:
    """Show the containers' logs."""
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.logs import LogPrinter

    wanted = _log_options(options)
    stack = find_stack(ctx, options.services)
    printer = LogPrinter(
        ctx.terminal,
        stack.name,
        prefix=not options.no_log_prefix,
        timestamps=options.timestamps,
        coloured=ctx.terminal.out_colour and not options.no_color,
        one_stream=True,
    )
    daemon = ctx.connect()
    if options.follow:
        _follow(daemon, stack.name, options, wanted, printer)
    else:
        from compose_lite.runner.logs import LogSource, read_history

        sources = [LogSource.of(container) for container in _chosen(daemon, stack.name, options)]
        printer.expect(sources)

        def say(source: LogSource, error: DaemonError) -> None:
            ctx.terminal.note(f"the log of {source.name} can't be shown: {error}")

        for batch in read_history(daemon, sources, wanted, unreadable=say):
            printer.show(batch)
    return 0


def _follow(
    daemon: Daemon, project: str, options: LogsOptions, wanted: LogOptions, printer: LogPrinter
) -> None:
    """Show lines until every container has ended."""
    from compose_lite.runner.follow import LogFollower
    from compose_lite.runner.logs import LogSource

    follower = LogFollower(daemon, project, services=options.services or None, number=options.index)
    containers = _chosen(daemon, project, options)
    sources = [LogSource.of(container) for container in containers]
    printer.expect(sources)
    running = [container.id for container in containers if container.running]
    follower.follow(sources, running=running, options=wanted)
    follower.expect_no_more()
    for item in follower:
        if isinstance(item, list):
            printer.show(item)
        else:
            printer.exited(item)


def _chosen(daemon: Daemon, project: str, options: LogsOptions) -> list[ObservedContainer]:
    from compose_lite import pipeline

    return [
        container
        for container in pipeline.containers(daemon, project)
        if not container.oneoff
        and (not options.services or container.service in options.services)
        and options.index in (0, container.number)
    ]


def _log_options(options: LogsOptions) -> LogOptions:
    """Check and translate; raises `UsageError` for a tail or a time that is none."""
    from compose_lite.runner.logs import LogOptions
    from compose_lite.runner.timestamps import as_unix

    if options.tail != "all" and not options.tail.isdigit():
        raise UsageError(f"--tail: {options.tail!r} is not a number of lines", hint="give a number, or all")
    now = time.time()
    return LogOptions(
        tail=options.tail,
        since=as_unix(options.since, now=now, option="--since") if options.since else None,
        until=as_unix(options.until, now=now, option="--until") if options.until else None,
    )


COMMANDS = {"logs": Command(options=LogsOptions, run=run_logs, example="logs --follow --tail 20 web")}
