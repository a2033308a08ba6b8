"""The commands that stay with containers: `wait`, `attach`, `events`."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, word, words
from compose_lite.errors import NotFound
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitOptions:
    """Options of `wait`."""

    services: tuple[str, ...] = words("SERVICE", required=True)
    down_project: bool = flag("Take the project down when the first container ends")


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachOptions:
    """Options of `attach`."""

    service: str = word("SERVICE")
    detach_keys: str | None = text("Keys that detach, as in ctrl-p,ctrl-q", metavar="KEYS")
    index: int = number("Number of the container, if the service has several", default=0)
    no_stdin: bool = flag("Don't pass standard input on")
    sig_proxy: bool = flag("Pass signals on to the process", default=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class EventsOptions:
    """Options of `events`."""

    services: tuple[str, ...] = words("SERVICE")
    json: bool = flag("A JSON object per line")
    since: str | None = text("Events from this time on, or this long ago (10m)", metavar="TIME")
    until: str | None = text("Events up to this time", metavar="TIME")


def run_wait(ctx: Invocation, options: WaitOptions) -> int:
    """Wait until containers end; the exit code is that of the last one (of the first with a `down`).

    Of services none of whose containers runs, the exit codes are told at once.
    """
    from compose_lite import pipeline
    from compose_lite.cli.carry_out import carrying_out
    from compose_lite.cli.project import find_stack
    from compose_lite.planner.requests import DownRequest

    stack = find_stack(ctx, options.services)
    daemon = ctx.connect()
    found = [
        container
        for container in pipeline.containers(daemon, stack.name)
        if container.service in options.services and not container.oneoff
    ]
    awaited = [container for container in found if container.running] or found
    if not awaited:
        raise NotFound(f"there is no container of {', '.join(options.services)} in project {stack.name!r}")
    code = _await_ends(ctx, daemon, awaited, first_only=options.down_project)
    if options.down_project:
        with carrying_out(ctx, title="down") as run:
            pipeline.down(stack, DownRequest(), run.means)
        return code or run.exit_code
    return code


def _await_ends(
    ctx: Invocation, daemon: Daemon, awaited: Sequence[ObservedContainer], *, first_only: bool
) -> int:
    """Tell each end as it comes; returns the last exit code that was told."""
    from queue import SimpleQueue
    from threading import Thread

    from compose_lite.errors import ComposeLiteError

    ends: SimpleQueue[tuple[ObservedContainer, int | ComposeLiteError]] = SimpleQueue()

    def watch(container: ObservedContainer) -> None:
        try:
            ends.put((container, daemon.wait_container(container.id)))
        except ComposeLiteError as error:
            ends.put((container, error))

    for container in awaited:
        Thread(target=watch, args=(container,), daemon=True).start()
    code = 0
    for _ in awaited:
        container, end = ends.get()
        if isinstance(end, ComposeLiteError):
            raise end
        code = end
        ctx.terminal.print(f'container "{container.id}" exited with status code {code}')
        ctx.terminal.flush()
        if first_only:
            break
    return code


def run_attach(ctx: Invocation, options: AttachOptions) -> int:
    """Connect to a container's main process; its exit code is ours."""
    from compose_lite import pipeline
    from compose_lite.cli.console import console_of
    from compose_lite.cli.project import find_stack
    from compose_lite.runner import attach

    stack = find_stack(ctx, (options.service,))
    daemon = ctx.connect()
    container = pipeline.service_container(daemon, stack.name, options.service, index=options.index)
    wanted = attach.AttachOptions(
        stdin=not options.no_stdin, signals=options.sig_proxy, detach_keys=options.detach_keys
    )
    return attach.attach(daemon, container.id, wanted, console_of(ctx.terminal)) or 0


def run_events(ctx: Invocation, options: EventsOptions) -> int:
    """Print what happens to the project's containers."""
    import time

    from compose_lite import labels
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.text import json_text
    from compose_lite.runner.timestamps import as_unix

    now = time.time()
    since = float(as_unix(options.since, now=now, option="--since")) if options.since else None
    until = float(as_unix(options.until, now=now, option="--until")) if options.until else None
    stack = find_stack(ctx, options.services)
    filters = {"type": ["container"], "label": [f"{labels.PROJECT}={stack.name}"]}
    for event in ctx.connect().events(filters=filters, since=since, until=until):
        attributes = event["Actor"]["Attributes"]
        service = attributes.get(labels.SERVICE, "")
        if attributes.get(labels.ONEOFF) == "True" or (options.services and service not in options.services):
            continue
        found = _event(event, service)
        shown = json_text(found, compact=True) if options.json else _line(found)
        ctx.terminal.print(shown)
        ctx.terminal.flush()
    return 0


def _event(event: dict[str, Any], service: str) -> dict[str, Any]:
    """An event with docker compose's fields; labels of its own are left out."""
    attributes = event["Actor"]["Attributes"]
    return {
        "action": event["Action"],
        "attributes": {
            name: value
            for name, value in sorted(attributes.items())
            if name in ("name", "image") or "." not in name
        },
        "id": event["Actor"]["ID"],
        "service": service,
        "time": _rfc3339(int(event["timeNano"])),
        "type": "container",
    }


def _line(found: dict[str, Any]) -> str:
    from compose_lite.cli.views.text import safe

    moment = found["time"].replace("T", " ").rstrip("Z")[: len("2026-01-01 00:00:00.000000")]
    details = ", ".join(f"{name}={value}" for name, value in found["attributes"].items())
    return safe(f"{moment} container {found['action']} {found['id']} ({details})")


def _rfc3339(nanoseconds: int) -> str:
    import time

    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"


COMMANDS = {
    "wait": Command(options=WaitOptions, run=run_wait, example="wait job"),
    "attach": Command(options=AttachOptions, run=run_attach, example="attach --no-stdin web"),
    "events": Command(options=EventsOptions, run=run_events, example="events --json --since 10m"),
}
