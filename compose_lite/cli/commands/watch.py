"""The command `watch`: changed files take effect in running containers."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, words
from compose_lite.lazy_dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline.means import Means
    from compose_lite.pipeline.watching_files import Origin
    from compose_lite.planner.plan import Plan
    from compose_lite.planner.requests import UpRequest
    from compose_lite.planner.watch import WatchedTree

INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchOptions:
    """Options of `watch`."""

    services: tuple[str, ...] = words("SERVICE")
    no_up: bool = flag("Watch only: don't build and start the services first")
    prune: bool = flag("Remove images that a rebuild leaves without a name", default=True)
    quiet: bool = flag("Show no output of builds")


def run_watch(ctx: Invocation, options: WatchOptions) -> int:
    """Build and start the services, then act on changed files as their `develop` sections say; until Ctrl-C."""
    from compose_lite.cli.signals import ending_as_ctrl_c
    from compose_lite.cli.watching import watch_means, watch_origin
    from compose_lite.errors import Interrupted
    from compose_lite.pipeline.watching import start_watch
    from compose_lite.planner.watch import check_rules

    origin = watch_origin(ctx, options.services)
    check_rules(origin.project, options.services)
    if ctx.common.dry_run:
        return _dry_run(ctx, origin, options)
    try:
        with ending_as_ctrl_c(), watch_means(ctx, origin, quiet=options.quiet) as means:
            up = None if options.no_up else lambda: _bring_up(ctx, origin, options)
            handle = start_watch(
                origin,
                means,
                services=options.services,
                request=_request(ctx, options),
                prune=options.prune,
                bring_up=up,
            )
            try:
                handle.wait()
            finally:
                handle.stop()
    except (KeyboardInterrupt, Interrupted):
        return INTERRUPTED
    except _NotUp as error:
        return error.exit_code
    if handle.failure is not None:
        raise handle.failure
    return 0


class _NotUp(Exception):
    """The services could not be brought up, which has been told."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


def _bring_up(ctx: Invocation, origin: Origin, options: WatchOptions) -> None:
    from compose_lite.cli.carry_out import carrying_out

    with carrying_out(ctx, title="watch", quiet_pull=options.quiet, quiet_build=options.quiet) as run:
        _up(ctx, origin, options)(run.means)
    if run.exit_code:
        raise _NotUp(run.exit_code)


def _up(ctx: Invocation, origin: Origin, options: WatchOptions) -> Callable[[Means], Sequence[Plan]]:
    """The verb that brings the services up, what is watched built anew."""
    import time

    from compose_lite import pipeline
    from compose_lite.planner.requests import ImagesRequest
    from compose_lite.planner.watch_rebuild import built_first

    project = built_first(origin.project, options.services)
    request = replace(_request(ctx, options), recreate_dependencies="never")
    images = ImagesRequest(services=options.services, now=int(time.time()))
    return lambda means: pipeline.up(project, request, images, means)


def _request(ctx: Invocation, options: WatchOptions) -> UpRequest:
    """What `up` would ask for."""
    from compose_lite.planner.requests import UpRequest

    return UpRequest(
        services=options.services,
        remove_orphans=ctx.variable_set("COMPOSE_REMOVE_ORPHANS"),
        ignore_orphans=ctx.variable_set("COMPOSE_IGNORE_ORPHANS"),
    )


def _dry_run(ctx: Invocation, origin: Origin, options: WatchOptions) -> int:
    """Print what would be brought up, and what would be watched."""
    from compose_lite.cli.carry_out import print_only
    from compose_lite.pipeline.watching_files import read_ignored
    from compose_lite.planner.watch import watched_trees

    project = origin.project
    trees = watched_trees(project, options.services, read_ignored(project))
    if not options.no_up:
        print_only(ctx, _up(ctx, origin, options))
    for tree in trees:
        ctx.terminal.print(f"watch {tree.service}: {_told(tree)}")
    return 0


def _told(tree: WatchedTree) -> str:
    where = f" to {tree.target}" if tree.target else ""
    return f"{tree.action} {tree.path}{where}"


COMMANDS = {"watch": Command(options=WatchOptions, run=run_watch, example="watch web")}
