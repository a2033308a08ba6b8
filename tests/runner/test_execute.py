"""How a plan is carried out: order, limit, failures, skipped dependents, cancellation, lost answers."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite import events
from compose_lite.errors import AnswerLost, DaemonError, ExecutionError, Interrupted
from compose_lite.planner.actions import RunHook, StartContainer, StopContainer
from compose_lite.planner.plan import Plan, PlannedAction
from compose_lite.planner.refs import ContainerRef
from compose_lite.runner.execute import Executor
from compose_lite.runner.site import NOTHING_TO_DO, Containers, Outcome, Site
from compose_lite.spec.model import Hook, Project

if TYPE_CHECKING:
    from collections.abc import Callable


class NoDaemon:
    """Stands where no daemon is asked for anything."""


def start(name: str) -> StartContainer:
    return StartContainer(container=ContainerRef(name=name, service=name, number=1, id=name))


def plan(*steps: tuple[str, tuple[int, ...], tuple[int, ...]]) -> Plan:
    """A plan of starts: names with what they need and what they come after."""
    return Plan(
        project="p",
        actions=tuple(
            PlannedAction(id=number, action=start(name), reasons=(), needs=needs, after=after)
            for number, (name, needs, after) in enumerate(steps, 1)
        ),
    )


class Stage:
    """Runs plans with a handler of the test's own and notes what happens."""

    def __init__(self, handler: Callable[[str], Outcome | None], *, parallel: int | None = 8) -> None:
        self.told: list[events.Event] = []
        self.done: list[str] = []
        self.parallel = parallel
        self._handler = handler
        daemon: Any = NoDaemon()
        self.site = Site(
            daemon=daemon, project=Project(name="p", working_dir="/"), containers=Containers(daemon)
        )

    def handle(self, _site: Site, action: Any, _report: Any) -> Outcome:
        outcome = self._handler(action.name)
        self.done.append(action.name)
        return outcome or Outcome()

    def executor(self, wanted: Plan) -> Executor:
        return Executor(
            wanted,
            self.site,
            sink=self.told.append,
            parallel=self.parallel,
            handlers=dict.fromkeys((StartContainer, StopContainer, RunHook), self.handle),
        )

    def lines(self) -> list[str]:
        """What was told, a word and a number each."""
        words = {
            events.ActionStarted: "begin",
            events.ActionSucceeded: "end",
            events.ActionFailed: "fail",
            events.ActionSkipped: "skip",
        }
        return [f"{words[type(e)]} {e.id}" for e in self.told if type(e) in words]  # type: ignore[union-attr]


def failing(*names: str) -> Callable[[str], None]:
    def handler(name: str) -> None:
        if name in names:
            raise DaemonError(f"{name} is broken")

    return handler


def test_dependents_come_after_what_they_need() -> None:
    stage = Stage(lambda name: None)

    result = stage.executor(plan(("a", (), ()), ("b", (1,), ()), ("c", (1, 2), ()))).run()

    assert stage.done == ["a", "b", "c"]
    assert stage.lines() == ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]
    assert (result.failures, result.skipped, result.cancelled) == ((), (), False)


def test_independent_actions_run_side_by_side() -> None:
    together = threading.Barrier(3, timeout=10)
    stage = Stage(lambda name: together.wait() and None)

    result = stage.executor(plan(("a", (), ()), ("b", (), ()), ("c", (), ()))).run()

    assert not result.failures
    assert sorted(stage.done) == ["a", "b", "c"]


def test_no_more_than_the_limit_at_a_time() -> None:
    busy = most = 0
    lock = threading.Lock()
    pause = threading.Event()

    def handler(_name: str) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        pause.wait(0.01)
        with lock:
            busy -= 1

    stage = Stage(handler, parallel=3)
    stage.executor(plan(*((f"s{i}", (), ()) for i in range(20)))).run()

    assert most == 3
    assert len(stage.done) == 20


@pytest.mark.parametrize(("parallel", "expected"), [(None, 40), (2, 2)])
def test_stops_wait_side_by_side_unless_limited(parallel: int | None, expected: int) -> None:
    stops = Plan(
        project="p",
        actions=tuple(
            PlannedAction(
                id=number, action=StopContainer(container=start(f"s{number}").container), reasons=()
            )
            for number in range(1, 41)
        ),
    )
    waiting = threading.Semaphore(0)
    go_on = threading.Event()

    def handler(_name: str) -> None:
        waiting.release()
        go_on.wait(30)

    stage = Stage(handler, parallel=parallel)
    running = threading.Thread(target=stage.executor(stops).run)
    running.start()
    for _ in range(expected):
        assert waiting.acquire(timeout=10)
    more = waiting.acquire(timeout=0.2)
    go_on.set()
    running.join()

    assert not more
    assert len(stage.done) == 40


def test_failure_stops_its_dependents_and_nobody_else() -> None:
    stage = Stage(failing("a"))

    result = stage.executor(
        plan(("a", (), ()), ("b", (1,), ()), ("c", (2,), ()), ("d", (), ()), ("e", (4,), ()))
    ).run()

    assert sorted(stage.done) == ["d", "e"]
    assert [failure.report.message for failure in result.failures] == ["can't start container a: a is broken"]
    assert result.skipped == (2, 3)
    assert [event.because for event in stage.told if isinstance(event, events.ActionSkipped)] == [1, 1]


def test_what_only_comes_after_is_done_in_spite_of_a_failure() -> None:
    stage = Stage(failing("a"))

    result = stage.executor(plan(("a", (), ()), ("b", (), (1,)))).run()

    assert stage.done == ["b"]
    assert result.skipped == ()


def test_what_comes_after_a_skipped_action_is_done() -> None:
    stage = Stage(failing("a"))

    result = stage.executor(plan(("a", (), ()), ("b", (1,), ()), ("c", (), (2,)))).run()

    assert stage.done == ["c"]
    assert result.skipped == (2,)


def test_outcome_is_told_before_a_dependent_begins() -> None:
    for _ in range(50):
        stage = Stage(lambda name: None)
        stage.executor(plan(("a", (), ()), ("b", (1,), ()), ("c", (1,), ()), ("d", (2, 3), ()))).run()
        lines = stage.lines()
        assert lines.index("end 1") < min(lines.index("begin 2"), lines.index("begin 3"))
        assert max(lines.index("end 2"), lines.index("end 3")) < lines.index("begin 4")


def test_result_raises_with_every_report() -> None:
    stage = Stage(failing("a", "c"))
    result = stage.executor(plan(("a", (), ()), ("b", (), ()), ("c", (), ()))).run()

    with pytest.raises(ExecutionError) as caught:
        result.check()

    assert sorted(report.message for report in caught.value.reports) == [
        "can't start container a: a is broken",
        "can't start container c: c is broken",
    ]
    assert len(caught.value.problems) == 2


def test_cancelling_begins_nothing_new_and_waits_for_what_is_under_way() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def handler(name: str) -> None:
        if name == "a":
            begun.set()
            go_on.wait(10)

    stage = Stage(handler)
    executor = stage.executor(plan(("a", (), ()), ("b", (1,), ()), ("c", (2,), ())))

    def interrupt() -> None:
        begun.wait(10)
        executor.cancel()
        go_on.set()

    threading.Thread(target=interrupt, daemon=True).start()
    result = executor.run()

    assert stage.done == ["a"]
    assert result.skipped == (2, 3)
    assert result.cancelled
    with pytest.raises(Interrupted):
        result.check()


def test_abandoning_leaves_what_is_under_way() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def handler(_name: str) -> None:
        begun.set()
        go_on.wait(60)

    stage = Stage(handler)
    executor = stage.executor(plan(("a", (), ())))
    threading.Thread(target=lambda: (begun.wait(10), executor.abandon()), daemon=True).start()

    assert executor.run().cancelled
    go_on.set()


@pytest.mark.parametrize(("presses", "done"), [(1, ["a"]), (2, [])])
def test_ctrl_c_cancels_and_the_second_one_abandons(presses: int, done: list[str]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def handler(_name: str) -> None:
        begun.set()
        go_on.wait(30)

    def press() -> None:
        begun.wait(10)
        os.kill(os.getpid(), signal.SIGINT)
        while not stage.site.cancellation.cancelled:
            time.sleep(0.01)
        if presses == 1:
            go_on.set()
        else:
            os.kill(os.getpid(), signal.SIGINT)

    stage = Stage(handler)
    threading.Thread(target=press, daemon=True).start()
    result = stage.executor(plan(("a", (), ()), ("b", (1,), ()))).run()

    assert result.cancelled
    assert stage.done == done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    go_on.set()


def test_lost_answer_is_asked_for_again_and_counts_as_a_change() -> None:
    attempts: list[str] = []

    def handler(name: str) -> Outcome:
        attempts.append(name)
        if len(attempts) == 1:
            raise AnswerLost("cut")
        return NOTHING_TO_DO  # the first attempt was obeyed

    stage = Stage(handler)
    result = stage.executor(plan(("a", (), ()))).run()

    assert attempts == ["a", "a"]
    assert not result.failures
    assert [event.changed for event in stage.told if isinstance(event, events.ActionSucceeded)] == [True]


def test_answer_that_stays_lost_is_a_failure() -> None:
    def handler(_name: str) -> Outcome:
        raise AnswerLost("cut")

    result = Stage(handler).executor(plan(("a", (), ()))).run()

    assert [failure.report.code for failure in result.failures] == ["answer-lost"]


def test_hook_is_never_run_twice() -> None:
    attempts: list[str] = []

    def handler(name: str) -> Outcome:
        attempts.append(name)
        raise AnswerLost("cut")

    hook = RunHook(
        container=ContainerRef(name="a", service="a", number=1, id="a"),
        hook=Hook(command=("true",)),
        event="post_start",
    )
    steps = (PlannedAction(id=1, action=hook, reasons=()),)
    Stage(handler).executor(Plan(project="p", actions=steps)).run()

    assert attempts == ["a"]


def test_defect_of_a_handler_surfaces() -> None:
    def handler(_name: str) -> Outcome:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Stage(handler).executor(plan(("a", (), ()))).run()


def test_warnings_of_the_engine_are_passed_on() -> None:
    stage = Stage(lambda name: Outcome(warnings=("no swap here",)))

    stage.executor(plan(("a", (), ()))).run()

    notices = [event.problem.message for event in stage.told if isinstance(event, events.Notice)]
    assert notices == ["a: no swap here"]


def test_empty_plan_tells_so() -> None:
    stage = Stage(lambda name: None)

    stage.executor(Plan(project="p")).run()

    assert [type(event) for event in stage.told] == [events.PlanStarted, events.PlanFinished]
