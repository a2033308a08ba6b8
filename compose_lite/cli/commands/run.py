"""The command `run`: one container of a service for one command, beside its replicas."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.commands.up import PULL
from compose_lite.cli.options import flag, rest, text, texts, word
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.requests import ImagesRequest, RunRequest
    from compose_lite.spec.model import Project

_CONTAINER = "The container"
_IMAGES = "Images"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """Options of `run`."""

    service: str = word("SERVICE")
    command: tuple[str, ...] = rest("[COMMAND] [ARGS...]")
    detach: bool = flag("Leave it running in the background and print its id", short="-d")
    rm: bool = flag("Remove the container when it ends")
    no_deps: bool = flag("Leave alone what the service depends on")
    remove_orphans: bool = flag("Remove containers of services that the files no longer have")
    no_tty: bool = flag(
        "No terminal, as in a pipe (default unless both sides are terminals)",
        short="-T",
        aliases=("--no-TTY",),
    )
    interactive: bool = flag("Pass standard input on", short="-i", default=True)
    tty: bool = flag("Use a terminal", short="-t", default=True, hidden=True)
    quiet: bool = flag("Don't show progress", short="-q")
    name: str | None = text("Name of the container", metavar="NAME", group=_CONTAINER)
    entrypoint: str | None = text("Entrypoint instead of the image's", metavar="COMMAND", group=_CONTAINER)
    env: tuple[str, ...] = texts("Environment variable", short="-e", metavar="NAME=VALUE", group=_CONTAINER)
    env_from_file: tuple[str, ...] = texts(
        "File with environment variables", metavar="FILE", group=_CONTAINER
    )
    label: tuple[str, ...] = texts("Label", short="-l", metavar="NAME=VALUE", group=_CONTAINER)
    user: str | None = text("User to run as", short="-u", metavar="USER", group=_CONTAINER)
    workdir: str | None = text("Folder to run in", short="-w", metavar="DIR", group=_CONTAINER)
    volume: tuple[str, ...] = texts("Mount", short="-v", metavar="SOURCE:TARGET", group=_CONTAINER)
    publish: tuple[str, ...] = texts("Publish a port", short="-p", metavar="PORT", group=_CONTAINER)
    service_ports: bool = flag("Publish the service's ports", short="-P", group=_CONTAINER)
    use_aliases: bool = flag("Answer to the service's name and aliases", group=_CONTAINER)
    cap_add: tuple[str, ...] = texts("Add a capability", metavar="CAPABILITY", group=_CONTAINER)
    cap_drop: tuple[str, ...] = texts("Drop a capability", metavar="CAPABILITY", group=_CONTAINER)
    build: bool = flag("Build the image first", group=_IMAGES)
    pull: str | None = text(
        "When to pull images (default: each service's policy)", choices=PULL, group=_IMAGES
    )
    quiet_build: bool = flag("Show no output of builds", group=_IMAGES)
    quiet_pull: bool = flag("Show no progress of pulls", group=_IMAGES)


def run_run(ctx: Invocation, options: RunOptions) -> int:
    """Run a one-off container; attached to it, its exit code is ours."""
    from contextlib import ExitStack

    from compose_lite import pipeline
    from compose_lite.cli.carry_out import carrying_out
    from compose_lite.cli.project import load_for_containers

    project = load_for_containers(ctx, (options.service,))
    request, images = run_requests(ctx, options, project)
    if ctx.common.dry_run:
        return _print_plan(ctx, project, request, images)
    mode = "quiet" if options.quiet else None
    container: str | None = None  # where the plan fails, the block is left before there is one
    with ExitStack() as lock:
        with carrying_out(
            ctx, title="run", mode=mode, quiet_pull=options.quiet_pull, quiet_build=options.quiet_build
        ) as run:
            container = pipeline.create_one_off(project, request, images, run.means, lock=lock)
        if container is None or run.exit_code:
            return run.exit_code
        if options.detach:
            ctx.terminal.print(container)
            return 0
        return _attach(ctx, options, container, started=lock.close)


def _print_plan(ctx: Invocation, project: Project, request: RunRequest, images: ImagesRequest) -> int:
    from compose_lite.cli.carry_out import print_only
    from compose_lite.pipeline import Stack
    from compose_lite.pipeline.planned import preview

    stack = Stack(name=project.name, project=project)
    return print_only(ctx, lambda means: preview(stack, (request, images), means.daemon).plans)


def _attach(ctx: Invocation, options: RunOptions, container: str, *, started: Callable[[], None]) -> int:
    """Start the container with the user connected to it, and wait for its end."""
    from compose_lite.cli.console import console_of
    from compose_lite.runner.attach import AttachOptions
    from compose_lite.runner.run_session import run_attached

    attach = AttachOptions(stdin=options.interactive)
    console = console_of(ctx.terminal)
    return run_attached(ctx.connect(), container, attach, console, started=started) or 0


def run_requests(ctx: Invocation, options: RunOptions, project: Project) -> tuple[RunRequest, ImagesRequest]:
    """What `run` asks the planner for."""
    return _request(ctx, options, project), _images(options)


def _request(ctx: Invocation, options: RunOptions, project: Project) -> RunRequest:
    import secrets

    from compose_lite.cli import overrides
    from compose_lite.cli.project import working_dir
    from compose_lite.planner.requests import RunRequest
    from compose_lite.spec.commands import split_command

    terminal = ctx.terminal
    return RunRequest(
        service=options.service,
        slug=secrets.token_hex(6),
        name=options.name,
        command=options.command or None,
        entrypoint=None if options.entrypoint is None else tuple(split_command(options.entrypoint)),
        environment=overrides.environment(options.env, options.env_from_file, project.environment),
        labels=overrides.labels(options.label),
        user=options.user,
        working_dir=options.workdir,
        cap_add=options.cap_add,
        cap_drop=options.cap_drop,
        publish=overrides.ports(options.publish),
        volumes=overrides.mounts(
            options.volume, folder=working_dir(ctx.environ), home=ctx.environ.get("HOME")
        ),
        tty=options.tty and not options.no_tty and terminal.in_tty and terminal.out_tty,
        interactive=options.interactive,
        detach=options.detach,
        remove=options.rm,
        no_deps=options.no_deps,
        service_ports=options.service_ports,
        use_aliases=options.use_aliases,
        remove_orphans=options.remove_orphans,
        ignore_orphans=ctx.variable_set("COMPOSE_IGNORE_ORPHANS"),
    )


def _images(options: RunOptions) -> ImagesRequest:
    import time

    from compose_lite.planner.requests import ImagesRequest

    return ImagesRequest(
        services=(options.service,),
        no_deps=options.no_deps,
        pull=options.pull,
        build="always" if options.build else "auto",
        now=int(time.time()),
        verb="run",
    )


COMMANDS = {"run": Command(options=RunOptions, run=run_run, example="run --rm web sh")}
