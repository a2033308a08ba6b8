"""`up` with the user attached: logs while and after the stack comes up, and what ends it.

The plan is carried out in the main thread, where signals arrive; logs are read and written by a second one.
"""

from __future__ import annotations

from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from compose_lite.cli.carry_out import carrying_out
from compose_lite.cli.signals import ending_as_ctrl_c
from compose_lite.errors import ComposeLiteError, Interrupted
from compose_lite.events import ContainerExited
from compose_lite.lazy_dataclasses import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compose_lite.cli.carry_out import Run
    from compose_lite.cli.commands.up import UpOptions
    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.views.progress import View
    from compose_lite.planner.requests import ImagesRequest, UpRequest
    from compose_lite.runner.follow import LogFollower
    from compose_lite.spec.model import Project

INTERRUPTED = 130
# Seconds that the last log lines have to arrive once everything is stopped.
_LAST_LINES = 2.0


def attached_up(
    ctx: Invocation, project: Project, request: UpRequest, images: ImagesRequest, options: UpOptions
) -> int:
    """Bring the stack up and stay with it until it ends; returns the exit code."""
    from compose_lite import pipeline

    with ending_as_ctrl_c(), _Attached.opened(ctx, project, options) as attached:
        try:
            with attached.showing_progress("up") as run:
                # Started by the follower's daemon, nothing is missed however short it lives.
                means = replace(run.means, daemon=attached.follower.daemon)
                pipeline.up(project, request, images, means)
            if run.exit_code:
                return run.exit_code
            attached.announce()
            attached.follower.expect_no_more()
            return attached.until_end()
        except (KeyboardInterrupt, Interrupted):
            attached.say("Gracefully stopping... (press Ctrl+C again to force)")
            attached.stop_all()
            return INTERRUPTED


@dataclass(frozen=True, slots=True)
class _LogsEnded:
    """The log thread has nothing more to show; `error` is why, if it failed."""

    error: BaseException | None = None


@dataclass(kw_only=True)
class _Attached:
    """The logs of a stack that is coming up or running."""

    ctx: Invocation
    project: Project
    options: UpOptions
    follower: LogFollower
    wanted: frozenset[str]
    messages: SimpleQueue[ContainerExited | _LogsEnded] = field(default_factory=SimpleQueue)
    exit_codes: dict[str, int] = field(default_factory=dict)
    view: View | None = None
    ended: bool = False

    def __post_init__(self) -> None:
        from compose_lite.cli.views.logs import LogPrinter

        terminal, options = self.ctx.terminal, self.options
        self.printer = LogPrinter(
            terminal,
            self.project.name,
            prefix=not options.no_log_prefix,
            timestamps=options.timestamps,
            coloured=terminal.out_colour and not options.no_color,
            aside=self._aside,
        )

    @classmethod
    @contextmanager
    def opened(cls, ctx: Invocation, project: Project, options: UpOptions) -> Iterator[_Attached]:
        """Subscribe to what happens, before anything is started, and begin to show logs."""
        from compose_lite import pipeline
        from compose_lite.runner.follow import LogFollower
        from compose_lite.runner.logs import LogOptions, LogSource

        wanted = _attached_services(project, options)
        followed = frozenset(options.services or project.services) | wanted
        daemon = ctx.connect()
        follower = LogFollower(
            daemon, project.name, services=followed, attach=lambda service: service in wanted
        )
        found = [
            container
            for container in pipeline.containers(daemon, project.name)
            if container.service in followed and not container.oneoff
        ]
        running = [container.id for container in found if container.running]
        # Of what runs already, only what it writes from now on belongs to this `up`.
        follower.follow(
            [LogSource.of(container) for container in found], running=running, options=LogOptions(tail="0")
        )
        attached = cls(ctx=ctx, project=project, options=options, follower=follower, wanted=wanted)
        reader = Thread(target=attached._read, name="logs", daemon=True)
        reader.start()
        try:
            yield attached
        finally:
            follower.close()
            reader.join(_LAST_LINES)

    @contextmanager
    def showing_progress(self, title: str) -> Iterator[Run]:
        """Show progress; log lines step around it meanwhile."""
        options = self.options
        with carrying_out(
            self.ctx, title=title, quiet_pull=options.quiet_pull, quiet_build=options.quiet_build
        ) as run:
            self.view = run.view
            yield run

    def announce(self) -> None:
        """Tell whose logs are shown."""
        from compose_lite import pipeline

        names = [
            self.printer.name_of(container.service, container.number, container.name)
            for container in pipeline.containers(self.ctx.connect(), self.project.name)
            if container.service in self.wanted and not container.oneoff
        ]
        if names:
            self.say(f"Attaching to {', '.join(names)}")

    def say(self, text: str) -> None:
        """Tell the user something between the log lines."""
        self._aside(lambda: self.ctx.terminal.note(text))

    def until_end(self) -> int:
        """Wait until everything has ended, or an end that ends all; returns the exit code."""
        while True:
            message = self.messages.get()
            if isinstance(message, _LogsEnded):
                self.ended = True
                if message.error is not None:
                    raise message.error
                return 0
            if self._aborts(message):
                self.say("Aborting on container exit...")
                self.stop_all()
                service = self.options.exit_code_from
                return message.exit_code if service is None else self._exit_code_of(service)

    def stop_all(self) -> None:
        """Stop what `up` was asked for and wait for the last lines; a further Ctrl-C kills."""
        stopping = Thread(target=self._guarded, args=(self._stop,), name="stop", daemon=True)
        stopping.start()
        try:
            stopping.join()
        except KeyboardInterrupt:
            self.say("Killing...")
            self._kill()
            stopping.join()
        self._drain()

    # what the threads do

    def _read(self) -> None:
        printer = self.printer
        try:
            for item in self.follower:
                if isinstance(item, ContainerExited):
                    printer.exited(item)
                    self.messages.put(item)
                else:
                    printer.show(item)
        except (ComposeLiteError, OSError) as error:
            self.messages.put(_LogsEnded(error))
        else:
            self.messages.put(_LogsEnded())

    def _guarded(self, work: Callable[[], None]) -> None:
        """Run in a thread of its own what may fail; the failure is told, not raised."""
        from compose_lite.cli.views.problems import render_error

        try:
            work()
        except ComposeLiteError as error:
            self.say(render_error(error, coloured=self.ctx.terminal.err_colour))

    def _stop(self) -> None:
        from compose_lite import pipeline
        from compose_lite.planner.requests import StopRequest

        stack = pipeline.Stack(name=self.project.name, project=self.project)
        request = StopRequest(services=self.options.services, timeout=self.options.timeout)
        with self.showing_progress("stop") as run:
            pipeline.stop(stack, request, run.means)

    def _kill(self) -> None:
        from compose_lite import pipeline
        from compose_lite.pipeline.means import Means
        from compose_lite.planner.requests import KillRequest

        stack = pipeline.Stack(name=self.project.name, project=self.project)
        pipeline.kill(
            stack, KillRequest(services=self.options.services), Means(daemon=self.ctx.connect(), lock=False)
        )

    # the end

    def _aborts(self, event: ContainerExited) -> bool:
        """Note how a container ended and tell whether that ends everything."""
        self.exit_codes[event.service] = event.exit_code
        options = self.options
        if event.restarting or not options.aborting:
            return False
        return event.exit_code != 0 or not options.abort_on_container_failure

    def _drain(self) -> None:
        """Wait for the last lines of what has been stopped."""
        self.follower.expect_no_more()
        while not self.ended:
            try:
                message = self.messages.get(timeout=_LAST_LINES)
            except Empty:
                return
            if isinstance(message, ContainerExited):
                self.exit_codes[message.service] = message.exit_code
            else:
                self.ended = True

    def _exit_code_of(self, service: str) -> int:
        from compose_lite import pipeline

        if service in self.exit_codes:
            return self.exit_codes[service]
        container = pipeline.service_container(self.ctx.connect(), self.project.name, service, running=False)
        return container.exit_code or 0

    def _aside(self, write: Callable[[], None]) -> None:
        if self.view is None:
            write()
        else:
            self.view.aside(write)


def _attached_services(project: Project, options: UpOptions) -> frozenset[str]:
    """The services whose logs are shown."""
    if options.attach:
        wanted = frozenset(options.attach)
    elif options.attach_dependencies or not options.services:
        wanted = frozenset(project.services)
    else:
        wanted = frozenset(options.services)
    return frozenset(
        name
        for name in wanted - set(options.no_attach)
        if project.services[name].attach or name in options.attach
    )
