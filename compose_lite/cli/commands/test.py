"""The command `test`: run one service with all that it needs, beside what runs already, and take all down again."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, rest, word
from compose_lite.cli.signals import ending_as_ctrl_c
from compose_lite.errors import Interrupted
from compose_lite.events import ContainerExited
from compose_lite.lazy_dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from compose_lite.cli.carry_out import Run
    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.requests import ImagesRequest, UpRequest
    from compose_lite.runner.follow import LogFollower
    from compose_lite.spec.model import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class TestOptions:
    """Options of `test`."""

    service: str = word("SERVICE")
    args: tuple[str, ...] = rest("[ARGS...]")
    build: bool = flag("Build images first")
    quiet: bool = flag("Don't show progress", short="-q")


def run_test(ctx: Invocation, options: TestOptions) -> int:
    """Run a service once in a stack of its own; its exit code is ours, and nothing of the stack stays."""
    import secrets

    from compose_lite import pipeline
    from compose_lite.cli.carry_out import print_only
    from compose_lite.cli.project import load_for_containers
    from compose_lite.planner.requests import UpRequest
    from compose_lite.planner.trial import trial_project

    project = load_for_containers(ctx, (options.service,))
    trial = trial_project(project, options.service, slug=secrets.token_hex(3), command=options.args or None)
    request, images = UpRequest(services=(options.service,), verb="test"), _images(options)
    if ctx.common.dry_run:
        return print_only(ctx, lambda means: pipeline.up(trial, request, images, means))
    with ending_as_ctrl_c():
        return _tested(ctx, options, trial, request, images)


def _tested(
    ctx: Invocation, options: TestOptions, trial: Project, request: UpRequest, images: ImagesRequest
) -> int:
    """The exit code of the service's container, or of what kept it from running; everything is removed again."""
    code = 1
    try:
        code = _run(ctx, options, trial, request, images)
    except (KeyboardInterrupt, Interrupted):
        code = Interrupted.exit_code
        ctx.terminal.note("Interrupted: taking everything down...")
    finally:
        left = _take_down(ctx, options, trial)
    return code or left


def _run(
    ctx: Invocation, options: TestOptions, trial: Project, request: UpRequest, images: ImagesRequest
) -> int:
    """Bring the stack up, show what the service writes, and return its exit code."""
    from compose_lite import pipeline
    from compose_lite.runner.follow import LogFollower

    # Subscribed before anything starts, so that nothing is missed however short it lives.
    follower = LogFollower(ctx.connect(), trial.name, attach=lambda service: service == options.service)
    try:
        with _progress(ctx, options, "test") as run:
            pipeline.up(trial, request, images, replace(run.means, daemon=follower.daemon))
        return run.exit_code or _shown(ctx, options, trial, follower)
    finally:
        follower.close()


def _shown(ctx: Invocation, options: TestOptions, trial: Project, follower: LogFollower) -> int:
    """Pass on what the service writes, each stream to ours, until it ends; returns its exit code."""
    from compose_lite.cli.views.logs import LogPrinter

    printer = LogPrinter(ctx.terminal, trial.name, prefix=False)
    follower.expect_no_more()
    for item in follower:
        if not isinstance(item, ContainerExited):
            printer.show(item)
        elif item.service == options.service:
            return item.exit_code
    return 1  # somebody took it away


def _take_down(ctx: Invocation, options: TestOptions, trial: Project) -> int:
    """Remove all that was made, with its data; says what to do where that does not succeed."""
    from compose_lite import pipeline
    from compose_lite.planner.requests import DownRequest

    done = False
    try:
        with _progress(ctx, options, "down") as run:
            stack = pipeline.Stack(name=trial.name, project=trial)
            pipeline.down(stack, DownRequest(volumes=True, remove_orphans=True), run.means)
        done = run.exit_code == 0
        return run.exit_code
    finally:
        if not done:
            ctx.terminal.note(f"What is left goes with: compose-lite -p {trial.name} down --volumes")


def _progress(ctx: Invocation, options: TestOptions, title: str) -> AbstractContextManager[Run]:
    from compose_lite.cli.carry_out import carrying_out

    return carrying_out(ctx, title=title, mode="quiet" if options.quiet else None)


def _images(options: TestOptions) -> ImagesRequest:
    import time

    from compose_lite.planner.requests import ImagesRequest

    return ImagesRequest(
        services=(options.service,),
        build="always" if options.build else "auto",
        now=int(time.time()),
        verb="test",
    )


COMMANDS = {"test": Command(options=TestOptions, run=run_test, example="test --build tests pytest -q")}
