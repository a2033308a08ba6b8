"""The command `logs`: what the project's containers wrote, in the order in which they wrote it."""

from __future__ import annotations

import time

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, words
from compose_lite.errors import NotFound, UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.views.logs import LogPrinter
    from compose_lite.cli.views.logs_json import JsonLogPrinter
    from compose_lite.errors import DaemonError
    from compose_lite.events import ContainerExited
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.follow import LogFollower
    from compose_lite.runner.logs import Line, LogOptions, LogSource

_CHOICE = "Which lines"


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
    previous: bool = flag("The container before: the one that an update has replaced and kept")
    grep: str | None = text(
        "Only lines that match this regular expression (of those that --tail names)",
        metavar="PATTERN",
        group=_CHOICE,
    )
    level: str | None = text(
        "Only lines at this level or above: trace, debug, info, notice, warn, error, fatal",
        metavar="LEVEL",
        group=_CHOICE,
    )
    json: bool = flag("An object a line: service, container, stream, time, message", group="Look")
    no_log_prefix: bool = flag("Leave out who wrote it", group="Look")
    no_color: bool = flag("No colours", group="Look")


def run_logs(ctx: Invocation, options: LogsOptions) -> int:
    """Show the containers' logs."""
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.log_sieve import sieve

    if options.previous and options.follow:
        raise UsageError("--previous can't be combined with --follow: the container before has ended")
    wanted = _log_options(options)
    choose = sieve(options.grep, options.level)
    stack = find_stack(ctx, options.services)
    printer = _printer(ctx, options, stack.name)
    daemon = ctx.connect()
    items: Iterable[list[Line] | ContainerExited]
    if options.follow:
        items = _followed(daemon, stack.name, options, wanted, printer)
    else:
        items = _written(ctx, daemon, stack.name, options, wanted, printer)
    for item in items:
        if not isinstance(item, list):
            printer.exited(item)
        elif chosen := choose(item):
            printer.show(chosen)
    return 0


def _printer(ctx: Invocation, options: LogsOptions, project: str) -> LogPrinter | JsonLogPrinter:
    if options.json:
        from compose_lite.cli.views.logs_json import JsonLogPrinter

        return JsonLogPrinter(ctx.terminal)
    from compose_lite.cli.views.logs import LogPrinter

    return LogPrinter(
        ctx.terminal,
        project,
        prefix=not options.no_log_prefix,
        timestamps=options.timestamps,
        coloured=ctx.terminal.out_colour and not options.no_color,
        one_stream=True,
    )


def _written(
    ctx: Invocation,
    daemon: Daemon,
    project: str,
    options: LogsOptions,
    wanted: LogOptions,
    printer: LogPrinter | JsonLogPrinter,
) -> Iterator[list[Line]]:
    """What was written so far, in the order of time."""
    from compose_lite.cli.views.text import safe
    from compose_lite.runner.logs import LogSource, read_history

    def say(source: LogSource, error: DaemonError) -> None:
        ctx.terminal.note(safe(f"the log of {source.name} can't be shown: {error}"))

    choose = _previous if options.previous else _chosen
    sources = [LogSource.of(container) for container in choose(daemon, project, options)]
    printer.expect(sources)
    return read_history(daemon, sources, wanted, unreadable=say)


def _followed(
    daemon: Daemon,
    project: str,
    options: LogsOptions,
    wanted: LogOptions,
    printer: LogPrinter | JsonLogPrinter,
) -> LogFollower:
    """What was and will be written, until every container has ended."""
    from compose_lite.runner.follow import LogFollower
    from compose_lite.runner.logs import LogSource

    follower = LogFollower(daemon, project, services=options.services or None, number=options.index)
    containers = _chosen(daemon, project, options)
    sources = [LogSource.of(container) for container in containers]
    printer.expect(sources)
    running = [container.id for container in containers if container.running]
    follower.follow(sources, running=running, options=wanted)
    follower.expect_no_more()
    return follower


def _chosen(daemon: Daemon, project: str, options: LogsOptions) -> list[ObservedContainer]:
    """The containers that are asked for; raises `NotFound` for a number that its service does not have."""
    from compose_lite import pipeline

    found = _asked_for(pipeline.containers(daemon, project), options)
    if options.index and options.services and not found:
        raise NotFound(f"service {options.services[0]!r} has no container #{options.index}")
    return found


def _previous(daemon: Daemon, project: str, options: LogsOptions) -> list[ObservedContainer]:
    """The containers that were replaced and are still there; raises `NotFound` if there are none."""
    from compose_lite import pipeline

    found = _asked_for(pipeline.replaced_containers(daemon, project), options)
    if not found:
        whose = f"service {options.services[0]!r}" if len(options.services) == 1 else "the project"
        raise NotFound(
            f"{whose} has no container of before: a replaced one is removed with its log",
            hint="to keep the last generation, put `x-compose-lite: {keep_previous: true}` into the compose file",
        )
    return found


def _asked_for(found: Iterable[ObservedContainer], options: LogsOptions) -> list[ObservedContainer]:
    return [
        container
        for container in found
        if not container.oneoff
        and (not options.services or container.service in options.services)
        and options.index in (0, container.number)
    ]


def _log_options(options: LogsOptions) -> LogOptions:
    """Check and translate; raises `UsageError` for a tail or a time that is none."""
    from compose_lite.runner.logs import LogOptions
    from compose_lite.runner.timestamps import as_unix

    now = time.time()
    return LogOptions(
        tail=_tail(options.tail),
        since=as_unix(options.since, now=now, option="--since") if options.since else None,
        until=as_unix(options.until, now=now, option="--until") if options.until else None,
    )


def _tail(wish: str) -> str:
    """The number of lines as the daemon takes it; as in docker compose nothing and -1 mean all."""
    if wish in ("", "all"):
        return "all"
    try:
        count = int(wish)
    except ValueError:
        raise UsageError(f"--tail: {wish!r} is not a number of lines", hint="give a number, or all") from None
    return str(count) if count >= 0 else "all"


COMMANDS = {"logs": Command(options=LogsOptions, run=run_logs, example="logs --follow --level warn web")}
