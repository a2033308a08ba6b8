"""The command `exec`: run something in a container that runs."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, rest, text, texts, word
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecOptions:
    """Options of `exec`."""

    service: str = word("SERVICE")
    command: tuple[str, ...] = rest("COMMAND [ARGS...]", required=True)
    detach: bool = flag("Run the command in the background", short="-d")
    env: tuple[str, ...] = texts("Environment variable", short="-e", metavar="NAME=VALUE")
    index: int = number("Number of the container, if the service has several", default=0)
    no_tty: bool = flag(
        "No terminal, as in a pipe (default unless both sides are terminals)",
        short="-T",
        aliases=("--no-TTY",),
    )
    privileged: bool = flag("Give the command extended privileges")
    user: str | None = text("User to run the command as", short="-u", metavar="USER")
    workdir: str | None = text("Folder to run the command in", short="-w", metavar="DIR")
    interactive: bool = flag("Pass standard input on", short="-i", default=True, hidden=True)
    tty: bool = flag("Use a terminal", short="-t", default=True, hidden=True)


def run_exec(ctx: Invocation, options: ExecOptions) -> int:
    """Run a command in a service's container; its exit code is ours."""
    from compose_lite import pipeline
    from compose_lite.cli.console import console_of, variables
    from compose_lite.cli.project import find_stack
    from compose_lite.runner import exec as sessions

    stack = find_stack(ctx, (options.service,))
    daemon = ctx.connect()
    container = pipeline.service_container(daemon, stack.name, options.service, index=options.index)
    terminal = ctx.terminal
    wanted = sessions.ExecOptions(
        command=options.command,
        tty=options.tty
        and not options.no_tty
        and not options.detach
        and terminal.in_tty
        and terminal.out_tty,
        stdin=options.interactive,
        environment=variables(options.env, ctx.environ),
        user=options.user,
        workdir=options.workdir,
        privileged=options.privileged,
    )
    if ctx.common.dry_run:
        ctx.terminal.print(f"would run {' '.join(options.command)} in {container.name}")
        return 0
    if options.detach:
        sessions.execute_detached(daemon, container.id, wanted)
        return 0
    return sessions.execute(daemon, container.id, wanted, console_of(terminal)) or 0


COMMANDS = {"exec": Command(options=ExecOptions, run=run_exec, example="exec web sh")}
