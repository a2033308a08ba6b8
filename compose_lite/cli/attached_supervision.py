"""The supervision beside the logs of an attached `up --supervise`."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from compose_lite.events import ContainerGivenUp
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.actions import StopContainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compose_lite.cli.invocation import Invocation
    from compose_lite.events import ContainerExited, Event
    from compose_lite.pipeline.supervising import Supervisor
    from compose_lite.planner.plan import Plan
    from compose_lite.runner.follow import LogFollower
    from compose_lite.spec.model import Project


class AttachedSupervision:
    """At most one supervision, from `switch_on` until `switch_off`.

    Args:
        project: the project as it is now.
        say: tells the user something between the log lines.
        given_up: told of each container that is restarted no more.
        failed: told what ended the supervision, if nobody has switched it off.
    """

    def __init__(
        self,
        ctx: Invocation,
        follower: LogFollower,
        *,
        project: Callable[[], Project],
        say: Callable[[str], None],
        given_up: Callable[[ContainerGivenUp], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._ctx = ctx
        self._follower = follower
        self._project = project
        self._say = say
        self._given_up = given_up
        self._failed = failed
        self._supervisor: Supervisor | None = None
        self._lock = Lock()
        self._stopping: Counter[str] = Counter()  # by name: ends to come that are part of a restart

    @property
    def exit_code(self) -> int:
        """What an `up` whose containers have all ended exits with."""
        return 1 if self._supervisor is not None and self._supervisor.given_up else 0

    @contextmanager
    def on_while(self, wanted: bool) -> Iterator[None]:
        """Supervise meanwhile, if that is wanted."""
        if wanted:
            self._switch_on()
        try:
            yield
        finally:
            self.switch_off()

    def switch_off(self) -> None:
        """End it, if it has not ended; a restart under way is completed."""
        if self._supervisor is not None:
            self._supervisor.stop()

    def told(self, end: ContainerExited) -> ContainerExited:
        """A container's end as it is to be told: one that is part of a restart says so."""
        with self._lock:
            if not self._stopping[end.container]:
                return end
            self._stopping[end.container] -= 1
        return replace(end, restarting=True)

    def _switch_on(self) -> None:
        from compose_lite.cli.carry_out import means_of
        from compose_lite.cli.views.progress import chosen_mode
        from compose_lite.cli.views.supervise import SupervisionView
        from compose_lite.pipeline.supervising import Supervisor

        terminal = self._ctx.terminal
        mode = chosen_mode(self._ctx.common.progress, terminal, self._ctx.environ)
        view = SupervisionView(self._say, mode=mode, coloured=terminal.err_colour)

        def emit(event: Event, /) -> None:
            view(event)
            if isinstance(event, ContainerGivenUp):
                self._given_up(event)

        # Started by the follower's daemon, nothing is missed however short it lives.
        means = replace(means_of(self._ctx, emit), daemon=self._follower.daemon, review=self._note_stops)
        self._supervisor = Supervisor(
            self._project, means, failed=self._failed, around=self._follower.going_on
        )
        self._supervisor.start()

    def _note_stops(self, plan: Plan) -> bool:
        """Expect the ends of what the plan stops; every plan passes."""
        with self._lock:
            self._stopping.update(
                step.action.name for step in plan.actions if isinstance(step.action, StopContainer)
            )
        return True
