"""`up` with the user attached: logs while and after the stack comes up, and what ends it.

The plan is carried out in the main thread, where signals arrive; logs are read and written by a second one.
"""

from __future__ import annotations

from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

from compose_lite.cli.attached_announcement import Announcement, coming_up, shown_services
from compose_lite.cli.attached_deeds import Deeds
from compose_lite.cli.attached_exits import Exits
from compose_lite.cli.attached_menu import MenuSession, Typed, menu_wanted
from compose_lite.cli.attached_supervision import AttachedSupervision
from compose_lite.cli.attached_watch import AttachedWatch
from compose_lite.cli.carry_out import carrying_out
from compose_lite.cli.signals import ending_as_ctrl_c
from compose_lite.cli.views.text import safe
from compose_lite.errors import ComposeLiteError, Interrupted
from compose_lite.events import ContainerExited, ContainerGivenUp
from compose_lite.lazy_dataclasses import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from compose_lite.cli.carry_out import Run
    from compose_lite.cli.commands.up import UpOptions
    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.views.progress import View
    from compose_lite.pipeline import Stack
    from compose_lite.pipeline.watching_files import Origin
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.planner.requests import ImagesRequest, UpRequest
    from compose_lite.runner.follow import LogFollower
    from compose_lite.spec.model import Project

INTERRUPTED = 130
# Seconds that the last log lines have to arrive once everything is stopped.
_LAST_LINES = 2.0


def attached_up(
    ctx: Invocation,
    project: Project,
    request: UpRequest,
    images: ImagesRequest,
    options: UpOptions,
    *,
    origin: Callable[[], Origin],
) -> int:
    """Bring the stack up and stay with it until it ends; returns the exit code.

    `origin` tells where the project comes from, for a watch.
    """
    with ending_as_ctrl_c(), Attached.opened(ctx, project, options, request, origin) as attached:
        try:
            with attached.watch_if_wanted(lambda: attached.bring_up(images)):
                if not options.watch:
                    attached.bring_up(images)
                attached.brought_up()
                with attached.menu_if_wanted(), attached.supervision.on_while(options.supervise):
                    return attached.until_end()
        except (KeyboardInterrupt, Interrupted, OSError) as error:
            # A window that is closed interrupts too, but what is written to it may fail first.
            if not ctx.terminal.let_go() and isinstance(error, OSError):
                raise
            ctx.terminal.forget_echo()
            attached.say("Gracefully stopping... (press Ctrl+C again to force)")
            attached.stop_all()
            return INTERRUPTED
        except _NotUp as failed:
            return failed.exit_code


class _NotUp(Exception):
    """The stack could not be brought up, which has been told."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class _LogsEnded:
    """The log thread has nothing more to show; `error` is why, if it failed."""

    error: BaseException | None = None


@dataclass(kw_only=True)
class Attached:
    """The logs of a stack that is coming up or running."""

    ctx: Invocation
    project: Project
    options: UpOptions
    request: UpRequest
    follower: LogFollower
    origin: Callable[[], Origin]
    wanted: frozenset[str]
    before: Sequence[ObservedContainer]
    messages: SimpleQueue[ContainerExited | ContainerGivenUp | _LogsEnded | Typed] = field(
        default_factory=SimpleQueue
    )
    view: View | None = None
    ended: bool = False

    def __post_init__(self) -> None:
        from compose_lite.cli.views.logs import LogPrinter

        terminal, options = self.ctx.terminal, self.options
        self.exits = Exits(options)
        self.announcement = Announcement(self._announce)
        self.menu = MenuSession(Deeds(self), terminal)
        self.watch = AttachedWatch(
            self.ctx,
            self.follower,
            origin=self.origin,
            request=self.request,
            aside=self._aside,
            failed=self._watch_failed,
        )
        self.supervision = AttachedSupervision(
            self.ctx,
            self.follower,
            project=lambda: self.watch.project or self.project,
            say=self.say,
            given_up=self.messages.put,
            failed=lambda error: self.messages.put(_LogsEnded(error)),
        )
        self.printer = LogPrinter(
            terminal,
            self.project.name,
            prefix=not options.no_log_prefix,
            timestamps=options.timestamps,
            coloured=terminal.out_colour and not options.no_color,
            write=self._write,
        )

    @classmethod
    @contextmanager
    def opened(
        cls,
        ctx: Invocation,
        project: Project,
        options: UpOptions,
        request: UpRequest,
        origin: Callable[[], Origin],
    ) -> Iterator[Attached]:
        """Subscribe to what happens, before anything is started, and begin to show logs."""
        from compose_lite import pipeline
        from compose_lite.runner.follow import LogFollower
        from compose_lite.runner.logs import LogOptions, LogSource

        wanted = shown_services(project, options)
        followed = frozenset(options.services or project.services) | wanted
        daemon = ctx.connect()
        made: list[Attached] = []
        # A watch may bring services up that the files don't have yet.
        all_there_will_be = options.watch and not options.services
        follower = LogFollower(
            daemon,
            project.name,
            services=None if all_there_will_be else followed,
            attach=lambda service: service in (made[0].shown() if made else wanted),
            patient=options.supervise,
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
        attached = cls(
            ctx=ctx,
            project=project,
            options=options,
            request=request,
            follower=follower,
            origin=origin,
            wanted=wanted,
            before=found,
        )
        made.append(attached)
        reader = Thread(target=attached._read, name="logs", daemon=True)
        reader.start()
        try:
            yield attached
        finally:
            follower.close()
            reader.join(_LAST_LINES)

    def shown(self) -> frozenset[str]:
        """The services whose logs are shown, also those that a watch has found in its files."""
        return self.wanted | shown_services(self.watch.project or self.project, self.options)

    @property
    def stack(self) -> Stack:
        """The stack as its files say now: a watch reads them again when they change."""
        from compose_lite import pipeline

        return pipeline.Stack(name=self.project.name, project=self.watch.project or self.project)

    @contextmanager
    def showing_progress(self, title: str) -> Iterator[Run]:
        """Show progress; log lines step around it meanwhile."""
        options = self.options
        with (
            self.menu.bar.hidden(),
            carrying_out(
                self.ctx, title=title, quiet_pull=options.quiet_pull, quiet_build=options.quiet_build
            ) as run,
        ):
            self.view = run.view
            yield run

    def bring_up(self, images: ImagesRequest) -> None:
        """Create and start the containers; raises `_NotUp` if that failed."""
        from compose_lite import pipeline

        with self.showing_progress("up") as run:
            # Started by the follower's daemon, nothing is missed however short it lives.
            means = replace(run.means, daemon=self.follower.daemon)
            pipeline.up(self.project, self.request, images, means)
        if run.exit_code:
            raise _NotUp(run.exit_code)

    def brought_up(self) -> None:
        """Go on with the logs alone; they end with the last container, unless changed files may start others."""
        self.announcement.make()
        if not self.options.watch:
            self.follower.expect_no_more()

    def _announce(self) -> None:
        """Tell whose logs are shown."""
        numbers = [(container.service, container.number) for container in self.before]
        names = [
            self.printer.name_of(*container) for container in coming_up(self.project, self.wanted, numbers)
        ]
        self.printer.expect_names(names)
        if names:
            self.say(safe(f"Attaching to {', '.join(names)}"))

    def say(self, text: str) -> None:
        """Tell the user something between the log lines."""
        self._write(self.ctx.terminal.stderr, f"{text}\n".encode("utf-8", "surrogateescape"))

    def until_end(self) -> int:
        """Wait until everything has ended, or an end that ends all; returns the exit code."""
        while True:
            message = self.messages.get()
            if isinstance(message, _LogsEnded):
                self.ended = True
                if message.error is not None:
                    raise message.error
                return self.supervision.exit_code
            if isinstance(message, Typed):
                if self.menu.pressed(message):
                    logs = f"compose-lite -p {self.project.name} logs --follow"
                    self.say(f"Detached; the containers run on. Their logs: {logs}")
                    return 0
                continue
            if isinstance(message, ContainerGivenUp):
                if self.options.abort_on_container_failure:
                    self.say("Aborting on container failure...")
                    self.stop_all()
                    return 1
                continue
            self.exits.note(message)
            if self.exits.ends_all(message):
                self.say("Aborting on container exit...")
                self.stop_all()
                service = self.options.exit_code_from
                return message.exit_code if service is None else self._exit_code_of(service)

    def stop_all(self) -> None:
        """Stop what `up` was asked for and wait for the last lines; a further Ctrl-C kills."""
        self.supervision.switch_off()
        stopping = Thread(target=self.guarded, args=(self._stop,), name="stop", daemon=True)
        stopping.start()
        try:
            stopping.join()
        except KeyboardInterrupt:
            self.say("Killing...")
            self._kill()
            stopping.join()
        self._drain()

    # the watch and the menu

    @contextmanager
    def watch_if_wanted(self, bring_up: Callable[[], None]) -> Iterator[None]:
        """Watch meanwhile if `--watch` says so (then `bring_up` is called), or as soon as the menu is told to."""
        if self.options.watch:
            self.watch.switch_on(bring_up)
        try:
            yield
        finally:
            self.watch.switch_off()

    @contextmanager
    def menu_if_wanted(self) -> Iterator[None]:
        """Have the menu below the logs meanwhile, if it was asked for and there is a terminal for it."""
        if not menu_wanted(self.ctx, self.options):
            yield
            return
        with self.menu.open(self.messages.put):
            yield

    # what the threads do

    def _read(self) -> None:
        printer = self.printer
        try:
            for item in self.follower:
                self.announcement.make()
                if isinstance(item, ContainerExited):
                    end = self.supervision.told(item)
                    printer.exited(end)
                    self.messages.put(end)
                elif chosen := self.menu.chosen(item):
                    printer.show(chosen)
        except (ComposeLiteError, OSError) as error:
            self.messages.put(_LogsEnded(error))
        else:
            self.messages.put(_LogsEnded())

    def guarded(self, work: Callable[[], None]) -> None:
        """Run in a thread of its own what may fail; the failure is told, not raised."""
        try:
            work()
        except ComposeLiteError as error:
            self._tell(error)

    def _watch_failed(self, error: BaseException) -> None:
        """Go on without the watch, unless it was a defect that ended it."""
        if isinstance(error, ComposeLiteError):
            self._tell(error)
        else:
            self.messages.put(_LogsEnded(error))

    def _tell(self, error: ComposeLiteError) -> None:
        from compose_lite.cli.views.problems import render_error

        self.say(render_error(error, coloured=self.ctx.terminal.err_colour))

    def _stop(self) -> None:
        from compose_lite import pipeline
        from compose_lite.planner.requests import StopRequest

        request = StopRequest(services=self.options.services, timeout=self.options.timeout)
        with self.showing_progress("stop") as run:
            pipeline.stop(self.stack, request, run.means)

    def _kill(self) -> None:
        from compose_lite import pipeline
        from compose_lite.pipeline.means import Means
        from compose_lite.planner.requests import KillRequest

        means = Means(daemon=self.ctx.connect(), lock=False)
        pipeline.kill(self.stack, KillRequest(services=self.options.services), means)

    # the end

    def _drain(self) -> None:
        """Wait for the last lines of what has been stopped."""
        self.follower.expect_no_more()
        while not self.ended:
            try:
                message = self.messages.get(timeout=_LAST_LINES)
            except Empty:
                return
            if isinstance(message, ContainerExited):
                self.exits.note(message)
            elif isinstance(message, _LogsEnded):
                self.ended = True

    def _exit_code_of(self, service: str) -> int:
        from compose_lite import pipeline

        known = self.exits.code_of(service)
        if known is not None:
            return known
        container = pipeline.service_container(self.ctx.connect(), self.project.name, service, running=False)
        return container.exit_code or 0

    def _write(self, stream: BinaryIO, data: bytes) -> None:
        """Write whole lines, above what is drawn on the same screen."""
        if self.view is None or not self.view.above(stream, data):
            self.menu.bar.write(stream, data)

    def _aside(self, write: Callable[[], None]) -> None:
        if self.view is None:
            self.menu.bar.aside(write)
        else:
            self.view.aside(lambda: self.menu.bar.aside(write))
