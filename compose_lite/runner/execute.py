"""Carries a plan out: one coordinator owns it, workers do the actions, waits cost no worker.

The outcome of an action is recorded and told before anything that depends on it is handed out. A failure stops
its dependents; independent branches go on to their end.
"""

from __future__ import annotations

import heapq
import threading
from queue import Empty, SimpleQueue
from time import monotonic

from compose_lite.errors import AnswerLost, ComposeLiteError, ExecutionError, Interrupted, Problem, Severity
from compose_lite.events import (
    ActionFailed,
    ActionProgress,
    ActionSkipped,
    ActionStarted,
    ActionSucceeded,
    Notice,
    PlanFinished,
    PlanStarted,
    ignore,
)
from compose_lite.lazy_dataclasses import dataclass, field, replace
from compose_lite.planner.actions import AwaitCondition, RenameContainer, RestartContainer, StopContainer
from compose_lite.planner.reasons import text
from compose_lite.runner.failures import left_undone, report_of
from compose_lite.runner.handlers import HANDLERS, ONCE
from compose_lite.runner.interrupts import on_interrupt
from compose_lite.runner.schedule import Failure, Progress
from compose_lite.runner.site import Outcome
from compose_lite.runner.waiting import Waiter
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.events import Event, EventSink
    from compose_lite.planner.answers import Said
    from compose_lite.planner.plan import Plan, PlannedAction
    from compose_lite.runner.handlers import Handler
    from compose_lite.runner.site import Site

# Twenty independent services on two cores: 8 at a time take a fifth longer, 64 no shorter (Engine 20.10).
DEFAULT_PARALLEL = 16
# These mostly wait for somebody else's process to end: unless a limit was asked for, they take nobody's place.
_PATIENT = (StopContainer, RestartContainer)
_ATTEMPTS = 3
# Seconds until the coordinator looks up from its wait: in a process that is not ours, nothing else would notice a
# signal that came just before the wait.
_LOOK_UP = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionResult:
    """What became of a plan.

    Attributes:
        created: ids of the containers made, by the name that they were created under.
        skipped: ids of the actions that were not begun.
        cancelled: whether the user asked to stop.
        said: what providers have said, by service.
    """

    created: Mapping[str, str] = EMPTY
    failures: tuple[Failure, ...] = ()
    skipped: tuple[int, ...] = ()
    cancelled: bool = False
    said: Mapping[str, Said] = field(default=EMPTY, repr=False)

    def check(self) -> None:
        """Raise Interrupted or ExecutionError if not everything was done."""
        if self.failures:
            raise ExecutionError(
                "; ".join(failure.report.message for failure in self.failures),
                problems=[
                    Problem(
                        code=failure.report.code, message=failure.report.message, hint=failure.report.hint
                    )
                    for failure in self.failures
                ],
                reports=[failure.report for failure in self.failures],
            )
        if self.cancelled:
            raise Interrupted("interrupted", hint="run the command again: it continues from what is there")


@dataclass(frozen=True, slots=True)
class _Ended:
    """What became of an action: an outcome, or an error (a defect, if it is none of ours)."""

    planned: PlannedAction
    seconds: float
    outcome: Outcome | None = None
    error: BaseException | None = None


def execute(
    plan: Plan, site: Site, *, sink: EventSink = ignore, parallel: int | None = None
) -> ExecutionResult:
    """Carry a plan out, at most `parallel` actions at a time. Raises ExecutionError if an action failed, Interrupted if the user asked to stop."""
    result = Executor(plan, site, sink=sink, parallel=parallel).run()
    result.check()
    return result


class Executor:
    """Carries out one plan, once."""

    def __init__(
        self,
        plan: Plan,
        site: Site,
        *,
        sink: EventSink = ignore,
        parallel: int | None = None,
        handlers: Mapping[type, Handler] = HANDLERS,
    ) -> None:
        self._plan = plan
        self._site = site
        self._sink = sink
        self._sink_lock = threading.Lock()
        self._limit = parallel or DEFAULT_PARALLEL
        self._patient = () if parallel else _PATIENT
        self._handlers = handlers
        self._messages: SimpleQueue[_Ended | None] = SimpleQueue()  # None: look whether to stop
        self._work: SimpleQueue[PlannedAction | None] = SimpleQueue()  # None: go home
        self._workers: list[threading.Thread] = []
        self._waiter = Waiter(site.daemon, plan.project)
        self._abandoned = False
        self._progress = Progress(plan)
        self._final_names = _final_names(plan)
        site.cancellation.on_cancel(self._wake)

    def run(self) -> ExecutionResult:
        """Carry the plan out to its end; a failing action is part of the result.

        In the main thread the first Ctrl-C cancels, a second one abandons what is under way.
        """
        begun = monotonic()
        progress = self._progress
        self._tell(PlanStarted(actions=len(self._plan.actions)))
        if any(isinstance(planned.action, AwaitCondition) for planned in self._plan.actions):
            self._waiter.open()
        try:
            with on_interrupt(self.cancel, self.abandon):
                self._coordinate()
        finally:
            for _ in self._workers:
                self._work.put(None)
            self._waiter.close()
        self._tell(
            PlanFinished(
                succeeded=progress.succeeded,
                failed=len(progress.failures),
                skipped=len(progress.skipped),
                seconds=monotonic() - begun,
            )
        )
        return ExecutionResult(
            created=self._site.containers.made,
            failures=left_undone(self._plan, progress.failures, progress.because)
            if progress.failures
            else (),
            skipped=tuple(progress.skipped),
            cancelled=self._site.cancellation.cancelled,
            said=self._site.said,
        )

    def cancel(self) -> None:
        """Begin nothing new, end waits, pulls and builds; other work under way goes on to its end.

        The same as cancelling through the site's `cancellation`. Safe in a signal handler.
        """
        self._site.cancellation.cancel()

    def abandon(self) -> None:
        """Make `run` return without waiting for what is under way. Safe in a signal handler."""
        self._abandoned = True
        self.cancel()
        self._wake()

    def _wake(self) -> None:
        self._messages.put(None)

    # the coordinator

    def _coordinate(self) -> None:
        while not self._abandoned:
            self._hand_out()
            if not self._progress.under_way:
                return
            try:
                message = self._messages.get(timeout=_LOOK_UP)
            except Empty:
                continue
            except KeyboardInterrupt:
                self._abandoned = self._site.cancellation.cancelled
                message = None
            if message is None:
                self._site.cancellation.cancel()
                self._waiter.cancel()
            else:
                self._record(message)

    def _hand_out(self) -> None:
        """Begin everything that may begin now, within the limit; skip what can't succeed any more."""
        progress = self._progress
        while progress.ready:
            number = progress.ready[0]
            if self._site.cancellation.cancelled or number in progress.doomed:
                heapq.heappop(progress.ready)
                self._skip(number, progress.doomed.get(number))
            elif isinstance(progress.actions[number].action, AwaitCondition):
                heapq.heappop(progress.ready)
                self._begin_wait(progress.actions[number])
            elif progress.busy < self._limit or isinstance(progress.actions[number].action, self._patient):
                heapq.heappop(progress.ready)
                self._begin_work(progress.actions[number])
            else:
                return

    def _begin_work(self, planned: PlannedAction) -> None:
        self._count(planned, 1)
        self._announce(planned)
        if len(self._workers) < self._progress.busy + self._progress.patient:
            worker = threading.Thread(target=self._labour, name="worker", daemon=True)
            self._workers.append(worker)
            worker.start()
        self._work.put(planned)

    def _begin_wait(self, planned: PlannedAction) -> None:
        self._count(planned, 1)
        self._announce(planned)
        threading.Thread(target=self._wait, args=(planned,), name="wait", daemon=True).start()

    def _record(self, ended: _Ended) -> None:
        """Note and tell what became of an action, then release what waits for it."""
        planned, progress = ended.planned, self._progress
        self._count(planned, -1)
        if isinstance(ended.error, Interrupted):
            self._skip(planned.id, None)
        elif isinstance(ended.error, ComposeLiteError):
            report = report_of(ended.error, planned)
            progress.failures.append(Failure(planned=planned, report=report))
            self._tell(ActionFailed(id=planned.id, seconds=ended.seconds, report=report))
            progress.release(planned.id, failed=planned.id)
        elif ended.error is not None:
            raise ended.error
        else:
            outcome = ended.outcome or Outcome()
            progress.succeeded += 1
            for warning in outcome.warnings:
                self._tell(Notice(problem=_warning(planned, warning)))
            self._tell(
                ActionSucceeded(
                    id=planned.id, seconds=ended.seconds, changed=outcome.changed, text=outcome.text
                )
            )
            progress.release(planned.id)

    def _count(self, planned: PlannedAction, change: int) -> None:
        if isinstance(planned.action, AwaitCondition):
            self._progress.waits += change
        elif isinstance(planned.action, self._patient):
            self._progress.patient += change
        else:
            self._progress.busy += change

    def _skip(self, number: int, because: int | None) -> None:
        self._progress.skipped.append(number)
        if because is not None:
            self._progress.because[number] = because
        self._tell(ActionSkipped(id=number, because=because))
        self._progress.release(number, failed=because)

    # workers and waits

    def _labour(self) -> None:
        while (planned := self._work.get()) is not None:
            begun = monotonic()
            try:
                outcome = self._carry_out(planned)
            except BaseException as error:  # noqa: BLE001  # the coordinator tells ours from defects
                self._messages.put(_Ended(planned, monotonic() - begun, error=error))
            else:
                self._messages.put(_Ended(planned, monotonic() - begun, outcome))

    def _carry_out(self, planned: PlannedAction) -> Outcome:
        """Carry an action out, once more after a lost answer: handlers see what is done already."""
        kind = type(planned.action)
        handler = self._handlers[kind]
        attempts = 1 if kind in ONCE else _ATTEMPTS
        for left in reversed(range(attempts)):
            try:
                outcome = handler(self._site, planned.action, _Reporter(planned.id, self._tell))
            except AnswerLost:
                if not left:
                    raise
            else:
                return outcome if left == attempts - 1 else replace(outcome, changed=True)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _wait(self, planned: PlannedAction) -> None:
        action = planned.action
        assert isinstance(action, AwaitCondition)
        begun = monotonic()

        def done(error: BaseException | None) -> None:
            outcome = Outcome(changed=False)
            if (
                isinstance(error, ComposeLiteError)
                and not isinstance(error, Interrupted)
                and not action.required
            ):
                outcome, error = Outcome(changed=False, text=str(error)), None
            self._messages.put(_Ended(planned, monotonic() - begun, outcome, error))

        try:
            containers = {self._site.containers.id(ref): ref.name for ref in action.containers}
            self._waiter.add(
                action.condition,
                containers,
                done=done,
                report=_Reporter(planned.id, self._tell),
                timeout=action.timeout,
                hold=action.hold,
                tolerate=action.tolerate,
            )
        except BaseException as error:  # noqa: BLE001  # the coordinator tells ours from defects
            done(error)

    # telling

    def _announce(self, planned: PlannedAction) -> None:
        action = planned.action
        container = getattr(action, "container", None)
        self._tell(
            ActionStarted(
                id=planned.id,
                verb=action.verb,
                kind=action.kind,
                name=action.name,
                service=container.service if container else getattr(action, "service", None),
                reason="; ".join(map(text, planned.reasons)),
                becomes=self._final_names.get(action.name),
            )
        )

    def _tell(self, event: Event) -> None:
        with self._sink_lock:
            self._sink(event)


def _warning(planned: PlannedAction, text: str) -> Problem:
    message = f"{planned.action.name}: {text}"
    return Problem(code="engine-warning", message=message, severity=Severity.WARNING)


class _Reporter:
    """Turns a handler's reports into events of its action."""

    __slots__ = ("_number", "_tell")

    def __init__(self, number: int, tell: EventSink) -> None:
        self._number = number
        self._tell = tell

    def __call__(
        self, text: str, current: int | None = None, total: int | None = None, *, output: bool = False
    ) -> None:
        self._tell(ActionProgress(id=self._number, text=text, current=current, total=total, output=output))


def _final_names(plan: Plan) -> Mapping[str, str]:
    """By the temporary name of each container that takes the place of another one: the name that it gets."""
    renames = (planned.action for planned in plan.actions if isinstance(planned.action, RenameContainer))
    return {rename.name: rename.to for rename in renames if rename.replaces is not None}
