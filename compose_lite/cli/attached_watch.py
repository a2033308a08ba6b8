"""The watch beside the logs of an attached `up`: switched on and off by `--watch` and by the menu."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Thread
from typing import TYPE_CHECKING

from compose_lite.cli.beside import beside
from compose_lite.lazy_dataclasses import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline.watching import WatchHandle
    from compose_lite.pipeline.watching_files import Origin
    from compose_lite.planner.requests import UpRequest
    from compose_lite.runner.follow import LogFollower
    from compose_lite.spec.model import Project


class AttachedWatch:
    """At most one watch at a time.

    Args:
        origin: where the project comes from; asked each time that the watch is switched on.
        request: what `up` was asked for.
        aside: has what is drawn step aside for a function that writes.
        failed: told what ended a watch that nobody has stopped.
    """

    def __init__(
        self,
        ctx: Invocation,
        follower: LogFollower,
        *,
        origin: Callable[[], Origin],
        request: UpRequest,
        aside: Callable[[Callable[[], None]], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._ctx = beside(ctx, aside)
        self._follower = follower
        self._origin = origin
        self._services = request.services
        self._request = _for_changes(request)
        self._failed = failed
        self._handle: WatchHandle | None = None
        self._stack = ExitStack()
        self._project: Project | None = None

    @property
    def project(self) -> Project | None:
        """The project as the last watch has read it; `None` if there was none."""
        return self._project if self._handle is None else self._handle.project

    @property
    def on(self) -> bool:
        """Whether changed files take effect."""
        return self._handle is not None and self._handle.running

    def switch_on(self, bring_up: Callable[[], None] | None = None) -> None:
        """Begin to watch; raises as `start_watch` does, and what `bring_up` raises."""
        from compose_lite.cli.watching import watch_means
        from compose_lite.pipeline.watching import start_watch
        from compose_lite.planner.watch import check_rules

        origin = self._origin()
        check_rules(origin.project, self._services)
        with ExitStack() as stack:
            # In order: a watch may replace everything that runs, and logs go on with what comes after.
            self._follower.expect_more()
            means = stack.enter_context(watch_means(self._ctx, origin, quiet=True))
            means = replace(means, daemon=self._follower.daemon)
            self._handle = start_watch(
                origin, means, services=self._services, request=self._request, bring_up=bring_up
            )
            stack.callback(self._handle.stop)
            self._stack = stack.pop_all()
        Thread(target=self._until_end, args=(self._handle,), name="watch end", daemon=True).start()

    def switch_off(self) -> None:
        """End it; a change under way is completed."""
        self._stack.close()
        self._project, self._handle = self.project, None
        self._follower.expect_no_more()

    def _until_end(self, handle: WatchHandle) -> None:
        ended_by: BaseException | None
        try:
            handle.wait()
            ended_by = handle.failure
        except BaseException as error:  # noqa: BLE001  # raised again where `up` is waited for
            ended_by = error
        if ended_by is not None:
            self._failed(ended_by)
            self._follower.expect_no_more()


def _for_changes(request: UpRequest) -> UpRequest:
    """What changed project files are applied with: as `up` was asked to, but what it was to make anew is made once."""
    return replace(
        request,
        recreate="diverged" if request.recreate == "force" else request.recreate,
        recreate_dependencies="diverged"
        if request.recreate_dependencies == "force"
        else request.recreate_dependencies,
        recreate_volumes=frozenset(),
    )
