"""The command `sh`: the best shell that a container's image has."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, rest, text, texts, word
from compose_lite.lazy_dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class ShOptions:
    """Options of `sh`."""

    service: str = word("SERVICE")
    args: tuple[str, ...] = rest("[ARGS...]")
    env: tuple[str, ...] = texts("Environment variable", short="-e", metavar="NAME=VALUE")
    index: int = number("Number of the container, if the service has several", default=0)
    no_tty: bool = flag(
        "No terminal, as in a pipe (default unless both sides are terminals)",
        short="-T",
        aliases=("--no-TTY",),
    )
    privileged: bool = flag("Give the shell extended privileges")
    user: str | None = text("User to run the shell as", short="-u", metavar="USER")
    workdir: str | None = text("Folder to start in", short="-w", metavar="DIR")


def run_sh(ctx: Invocation, options: ShOptions) -> int:
    """Start a shell in a service's container; its exit code is ours."""
    from compose_lite import pipeline
    from compose_lite.cli.console import console_of, variables
    from compose_lite.cli.project import find_stack
    from compose_lite.runner import exec as sessions
    from compose_lite.runner.shell import find_shell

    stack = find_stack(ctx, (options.service,))
    daemon = ctx.connect()
    container = pipeline.service_container(daemon, stack.name, options.service, index=options.index)
    if ctx.common.dry_run:
        ctx.terminal.print(f"would start a shell in {container.name}")
        return 0
    terminal = ctx.terminal
    wanted = sessions.ExecOptions(
        command=(),
        tty=not options.no_tty and terminal.in_tty and terminal.out_tty,
        environment=variables(options.env, ctx.environ),
        user=options.user,
        workdir=options.workdir,
        privileged=options.privileged,
    )
    shell = find_shell(daemon, container.id, container.name, wanted)
    session = replace(wanted, command=(*shell, *options.args))
    return sessions.execute(daemon, container.id, session, console_of(terminal)) or 0


COMMANDS = {"sh": Command(options=ShOptions, run=run_sh, example="sh --user root web")}
