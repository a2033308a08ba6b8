"""The commands that move existing containers: start, stop, restart, kill, pause, unpause, rollback."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, words
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeVar

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline import Means, Stack
    from compose_lite.planner.plan import Plan

    class _OnServices(Protocol):
        """A request about some services."""

        @property
        def services(self) -> tuple[str, ...]: ...

    Request = TypeVar("Request", bound=_OnServices)


_TIMEOUT = "Seconds to wait for a container to stop before it is killed"


@dataclass(frozen=True, kw_only=True, slots=True)
class StartOptions:
    """Options of `start`."""

    services: tuple[str, ...] = words("SERVICE")
    wait: bool = flag("Return once the services run or are healthy")
    wait_timeout: int | None = number("Longest time to wait", metavar="SECONDS")


@dataclass(frozen=True, kw_only=True, slots=True)
class StopOptions:
    """Options of `stop`."""

    services: tuple[str, ...] = words("SERVICE")
    timeout: int | None = number(_TIMEOUT, short="-t", metavar="SECONDS")


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartOptions:
    """Options of `restart`."""

    services: tuple[str, ...] = words("SERVICE")
    no_deps: bool = flag("Leave alone the services that restart along")
    timeout: int | None = number(_TIMEOUT, short="-t", metavar="SECONDS")


@dataclass(frozen=True, kw_only=True, slots=True)
class KillOptions:
    """Options of `kill`."""

    services: tuple[str, ...] = words("SERVICE")
    signal: str = text("Signal to send", short="-s", default="SIGKILL", metavar="SIGNAL")
    remove_orphans: bool = flag("Also containers of services that the files no longer have")


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseOptions:
    """Options of `pause` and `unpause`."""

    services: tuple[str, ...] = words("SERVICE")


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackOptions:
    """Options of `rollback`."""

    services: tuple[str, ...] = words("SERVICE")
    timeout: int | None = number(_TIMEOUT, short="-t", metavar="SECONDS")


def run_start(ctx: Invocation, options: StartOptions) -> int:
    """Start containers that exist."""
    from compose_lite import pipeline
    from compose_lite.planner.requests import StartRequest

    request = StartRequest(services=options.services, wait=options.wait, wait_timeout=options.wait_timeout)
    return _move(ctx, "start", pipeline.start, request)


def run_stop(ctx: Invocation, options: StopOptions) -> int:
    """Stop containers without removing them."""
    from compose_lite import pipeline
    from compose_lite.planner.requests import StopRequest

    request = StopRequest(services=options.services, timeout=options.timeout)
    return _move(ctx, "stop", pipeline.stop, request)


def run_restart(ctx: Invocation, options: RestartOptions) -> int:
    """Stop and start containers again."""
    from compose_lite import pipeline
    from compose_lite.planner.requests import RestartRequest

    request = RestartRequest(services=options.services, timeout=options.timeout, no_deps=options.no_deps)
    return _move(ctx, "restart", pipeline.restart, request)


def run_kill(ctx: Invocation, options: KillOptions) -> int:
    """Send containers a signal."""
    from compose_lite import pipeline
    from compose_lite.planner.requests import KillRequest

    request = KillRequest(
        services=options.services, signal=options.signal, remove_orphans=options.remove_orphans
    )
    return _move(ctx, "kill", pipeline.kill, request)


def run_pause(ctx: Invocation, options: PauseOptions) -> int:
    """Freeze containers."""
    from compose_lite import pipeline
    from compose_lite.planner.requests import PauseRequest

    return _move(ctx, "pause", pipeline.pause, PauseRequest(services=options.services))


def run_unpause(ctx: Invocation, options: PauseOptions) -> int:
    """Let paused containers go on."""
    from compose_lite import pipeline
    from compose_lite.planner.requests import UnpauseRequest

    return _move(ctx, "unpause", pipeline.unpause, UnpauseRequest(services=options.services))


def run_rollback(ctx: Invocation, options: RollbackOptions) -> int:
    """Go back to the containers from before an update that is unfinished, or whose old containers are kept."""
    from compose_lite import pipeline
    from compose_lite.planner.requests import RollbackRequest

    request = RollbackRequest(services=options.services, timeout=options.timeout)
    return _move(ctx, "rollback", pipeline.rollback, request)


def _move(
    ctx: Invocation, title: str, verb: Callable[[Stack, Request, Means], Plan], request: Request
) -> int:
    """Carry out a verb on the stack that the command line names."""
    from compose_lite.cli.carry_out import carrying_out
    from compose_lite.cli.project import find_stack

    stack = find_stack(ctx, request.services)
    with carrying_out(ctx, title=title) as run:
        verb(stack, request, run.means)
    return run.exit_code


COMMANDS = {
    "start": Command(options=StartOptions, run=run_start, example="start --wait"),
    "stop": Command(options=StopOptions, run=run_stop, example="stop --timeout 5 web"),
    "restart": Command(options=RestartOptions, run=run_restart, example="restart web"),
    "kill": Command(options=KillOptions, run=run_kill, example="kill --signal HUP web"),
    "pause": Command(options=PauseOptions, run=run_pause, example="pause web"),
    "unpause": Command(options=PauseOptions, run=run_unpause, example="unpause web"),
    "rollback": Command(options=RollbackOptions, run=run_rollback, example="rollback web"),
}
