"""The commands `down` and `rm`: take the stack, or its stopped containers, away."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, words
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class DownOptions:
    """Options of `down`."""

    services: tuple[str, ...] = words("SERVICE")
    volumes: bool = flag("Remove named volumes and anonymous ones too, with their data", short="-v")
    rmi: str | None = text(
        "Remove images too: all that services use, or only those without a name of their own",
        choices=("local", "all"),
    )
    yes: bool = flag("Don't ask before volumes are removed", short="-y")
    remove_orphans: bool = flag("Remove containers of services that the files no longer have")
    timeout: int | None = number(
        "Seconds to wait for a container to stop before it is killed", short="-t", metavar="SECONDS"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class RmOptions:
    """Options of `rm`."""

    services: tuple[str, ...] = words("SERVICE")
    force: bool = flag("Don't ask", short="-f")
    stop: bool = flag("Stop containers first that run", short="-s")
    volumes: bool = flag("Remove their anonymous volumes too", short="-v")


def run_down(ctx: Invocation, options: DownOptions) -> int:
    """Stop and remove the project's containers and networks; before volumes go, a person is asked."""
    from compose_lite import pipeline
    from compose_lite.cli.carry_out import carrying_out
    from compose_lite.cli.losses import Question, asks
    from compose_lite.cli.project import find_stack
    from compose_lite.planner.requests import DownRequest

    stack = find_stack(ctx, options.services)
    request = DownRequest(
        services=options.services,
        volumes=options.volumes,
        rmi="all" if options.rmi == "all" else "local" if options.rmi else None,
        remove_orphans=options.remove_orphans or ctx.variable_set("COMPOSE_REMOVE_ORPHANS"),
        timeout=options.timeout,
    )
    doubtful = options.volumes and not options.yes and not ctx.common.dry_run and asks(ctx.terminal)
    with carrying_out(ctx, title="down") as run:
        question = Question(ctx, run, stack.name)
        plan = pipeline.down(stack, request, question.means() if doubtful else run.means)
        if question.refused:
            return 1
        if plan.empty and stack.project is None:
            ctx.terminal.note(f"warning: project {stack.name!r} has nothing to remove")
    return run.exit_code


def run_rm(ctx: Invocation, options: RmOptions) -> int:
    """Remove stopped containers, after asking."""
    from compose_lite import pipeline
    from compose_lite.cli.carry_out import carrying_out
    from compose_lite.cli.losses import agreed
    from compose_lite.cli.project import find_stack
    from compose_lite.planner.requests import RemoveRequest

    stack = find_stack(ctx, options.services)
    request = RemoveRequest(services=options.services, stop=options.stop, volumes=options.volumes)
    with carrying_out(ctx, title="rm") as run:
        if not options.force and not ctx.common.dry_run:
            names = pipeline.removable(stack, request, run.means)
            with_them = ", with their anonymous volumes and the data in them" if options.volumes else ""
            if names and not agreed(ctx.terminal, f"Going to remove {', '.join(names)}{with_them}", ()):
                return 1
        plan = pipeline.rm(stack, request, run.means)
        if plan.empty:
            ctx.terminal.note("No stopped containers")
    return run.exit_code


COMMANDS = {
    "down": Command(options=DownOptions, run=run_down, example="down --volumes"),
    "rm": Command(options=RmOptions, run=run_rm, example="rm --stop --force web"),
}
