"""When a condition is met, when it can't be any more, and what wakes a wait up."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite.errors import ComposeLiteError, DaemonError, DaemonUnavailable, Interrupted, NotFound
from compose_lite.runner import waiting
from compose_lite.runner.failures import ContainerFailure
from compose_lite.runner.progress import silent
from compose_lite.runner.waiting import Waiter, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTED = "2026-01-01T00:00:10Z"
BEFORE, AFTER = "2026-01-01T00:00:05Z", "2026-01-01T00:00:15Z"


def container(status: str, health: str | None = None, *, code: int = 0, end: str = AFTER, **more: Any) -> Any:
    state = {
        "Status": status,
        "Running": status in ("running", "paused", "restarting"),
        "ExitCode": code,
        "StartedAt": STARTED,
        **more,
    }
    if health is not None:
        state["Health"] = {
            "Status": health,
            "FailingStreak": 0,
            "Log": [{"End": end, "ExitCode": 1, "Output": "no\n"}],
        }
    return {"Id": "c1", "Name": "/web-1", "State": state, "Config": {"Tty": False}}


@pytest.mark.parametrize(
    ("condition", "inspected", "expected"),
    [
        ("service_started", container("running"), "met"),
        ("service_started", container("paused"), "met"),
        ("service_started", container("exited", code=0), "met"),
        ("service_started", container("exited", code=1), "failed"),
        ("service_started", container("restarting", code=1), "pending"),
        ("service_started", container("created"), "failed"),
        ("service_started", container("running", "unhealthy"), "met"),
        ("service_healthy", container("running", "starting"), "pending"),
        ("service_healthy", container("running", "healthy"), "met"),
        ("service_healthy", container("running", "unhealthy"), "failed"),
        ("service_healthy", container("running", "unhealthy", end=BEFORE), "pending"),
        ("service_healthy", container("running", "healthy", end=BEFORE), "pending"),
        ("service_healthy", container("running"), "failed"),
        ("service_healthy", container("running", "none"), "failed"),
        ("service_healthy", container("exited", "healthy"), "failed"),
        ("service_healthy", container("restarting", "unhealthy"), "pending"),
        ("service_healthy", container("dead"), "failed"),
        ("service_running_or_healthy", container("running"), "met"),
        ("service_running_or_healthy", container("running", "starting"), "pending"),
        ("service_running_or_healthy", container("exited", code=0), "met"),
        ("service_completed_successfully", container("running"), "pending"),
        ("service_completed_successfully", container("exited", code=0), "met"),
        ("service_completed_successfully", container("exited", code=3), "failed"),
        ("service_completed_successfully", container("restarting", code=3), "pending"),
        ("service_completed_successfully", container("created"), "failed"),
    ],
)
def test_verdict(condition: Any, inspected: Any, expected: str) -> None:
    assert judge(condition, inspected).state == expected


def test_verdict_names_what_happened() -> None:
    killed = container("exited", code=137, OOMKilled=True)
    assert judge("service_healthy", killed).text == (
        "container web-1 exited with code 137 (killed: out of memory) before it was healthy"
    )
    assert "no health check" in judge("service_healthy", container("running")).text


class Feed:
    """Events that the test hands out; `None` breaks the connection."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.closed = False

    def __iter__(self) -> Iterator[Any]:
        while True:
            event = self.events.get()
            if self.closed:
                return
            if event is None:
                raise DaemonError("the connection broke")
            yield event

    def close(self) -> None:
        self.closed = True
        self.events.put(None)


class FakeDaemon:
    """Containers whose state the test changes, and their events."""

    def __init__(self, **states: Any) -> None:
        self.states = states
        self.feeds: list[Feed] = []
        self.reachable = True
        self.subscribed = threading.Event()

    def events(self, *, filters: Any) -> Feed:
        if not self.reachable:
            raise DaemonUnavailable("no daemon")
        self.feeds.append(Feed())
        self.subscribed.set()
        return self.feeds[-1]

    def inspect_container(self, container: str) -> Any:
        if not self.reachable:
            raise DaemonUnavailable("no daemon")
        if container not in self.states:
            raise NotFound("no such container")
        return self.states[container]

    def logs_container(self, container: str, **_: Any) -> Any:
        return iter([(1, b"first\n"), (2, b"second\r\n")])

    def change(self, container: str, state: Any) -> None:
        """Change a container's state and tell of it."""
        self.states[container] = state
        self.feeds[-1].events.put({"id": container, "Action": "x"})


class Waiting:
    """One wait under way."""

    def __init__(
        self,
        daemon: FakeDaemon,
        condition: Any,
        *containers: str,
        timeout: float | None = None,
        hold: float = 0,
        tolerate: int = 0,
    ) -> None:
        self.told: list[str] = []
        self._results: queue.SimpleQueue[ComposeLiteError | None] = queue.SimpleQueue()
        port: Any = daemon
        self.waiter = Waiter(port, "p")
        self.waiter.open()
        self.waiter.add(
            condition,
            {one: f"web-{one}" for one in containers},
            done=self._results.put,
            report=lambda text, *_args, **_kwargs: self.told.append(text),
            timeout=timeout,
            hold=hold,
            tolerate=tolerate,
        )

    @property
    def pending(self) -> bool:
        return self._results.empty()

    def result(self) -> ComposeLiteError | None:
        try:
            return self._results.get(timeout=10)
        finally:
            self.waiter.close()


def test_met_at_once() -> None:
    assert Waiting(FakeDaemon(c1=container("running")), "service_started", "c1").result() is None


def test_nothing_to_wait_for() -> None:
    assert Waiting(FakeDaemon(), "service_healthy").result() is None


def test_an_event_ends_the_wait() -> None:
    daemon = FakeDaemon(c1=container("running", "starting"))
    wait = Waiting(daemon, "service_healthy", "c1")
    assert wait.pending
    assert wait.told == ["until healthy"]

    daemon.change("c1", container("running", "healthy"))

    assert wait.result() is None


def test_all_containers_have_to_meet_it() -> None:
    daemon = FakeDaemon(c1=container("running"), c2=container("running"))
    wait = Waiting(daemon, "service_completed_successfully", "c1", "c2")
    daemon.change("c1", container("exited"))
    daemon.change("c2", container("exited"))

    assert wait.result() is None


def test_failure_tells_probes_log_and_exit_code() -> None:
    daemon = FakeDaemon(c1=container("running", "starting"))
    wait = Waiting(daemon, "service_healthy", "c1")

    daemon.change("c1", container("running", "unhealthy"))

    failure = wait.result()
    assert isinstance(failure, ContainerFailure)
    assert failure.report.probes == ("exit code 1: no",)
    assert failure.report.log_tail == ("first", "second")
    assert failure.report.code == "unhealthy"
    assert failure.report.exit_code is None


def test_exit_while_health_is_awaited_fails() -> None:
    daemon = FakeDaemon(c1=container("running", "starting"))
    wait = Waiting(daemon, "service_healthy", "c1")

    daemon.change("c1", container("exited", "starting", code=2))

    failure = wait.result()
    assert isinstance(failure, ContainerFailure)
    assert failure.report.exit_code == 2


def test_removal_fails() -> None:
    daemon = FakeDaemon(c1=container("running"))
    wait = Waiting(daemon, "service_completed_successfully", "c1")
    del daemon.states["c1"]
    daemon.feeds[-1].events.put({"id": "c1"})

    assert "was removed" in str(wait.result())


def test_timeout_says_what_was_missing() -> None:
    daemon = FakeDaemon(c1=container("running", "starting"))
    failure = Waiting(daemon, "service_healthy", "c1", timeout=0.05).result()

    assert isinstance(failure, ContainerFailure)
    assert failure.report.message == "container web-c1 was not healthy within 0.05 s"
    assert failure.report.code == "timeout"


def test_cancelling_ends_waits_and_those_to_come() -> None:
    daemon = FakeDaemon(c1=container("running"))
    wait = Waiting(daemon, "service_completed_successfully", "c1")
    wait.waiter.cancel()
    late: list[Any] = []
    wait.waiter.add("service_completed_successfully", {"c1": "x"}, done=late.append, report=silent)

    assert isinstance(wait.result(), Interrupted)
    assert isinstance(late[0], Interrupted)


def test_after_a_reconnect_everything_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_RECONNECT", (0.01, 0.01))
    daemon = FakeDaemon(c1=container("running"))
    wait = Waiting(daemon, "service_completed_successfully", "c1")
    daemon.states["c1"] = container("exited")  # while nobody listened

    daemon.feeds[-1].events.put(None)

    assert wait.result() is None
    assert len(daemon.feeds) == 2


def test_an_event_that_never_comes_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_UNEVENTFUL", 0.01)
    daemon = FakeDaemon(c1=container("running"))
    wait = Waiting(daemon, "service_completed_successfully", "c1")
    time.sleep(0.05)
    assert wait.pending

    daemon.states["c1"] = container("exited")

    assert wait.result() is None


def test_daemon_that_stays_away_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_RECONNECT", (0.01, 0.01))
    daemon = FakeDaemon(c1=container("running"))
    wait = Waiting(daemon, "service_completed_successfully", "c1")
    daemon.reachable = False

    daemon.feeds[-1].events.put(None)

    assert isinstance(wait.result(), DaemonUnavailable)


def test_what_has_to_hold_is_not_met_at_once() -> None:
    wait = Waiting(FakeDaemon(c1=container("running")), "service_started", "c1", hold=0.05)
    assert wait.told == ["for 0.05 s more"]
    assert wait.result() is None


def test_what_fails_while_it_has_to_hold_fails() -> None:
    daemon = FakeDaemon(c1=container("running"), c2=container("running"))
    wait = Waiting(daemon, "service_started", "c1", "c2", hold=60)
    assert wait.pending

    daemon.change("c1", container("exited", code=1))

    assert isinstance(wait.result(), ContainerFailure)


def test_a_restart_while_it_has_to_hold_fails() -> None:
    daemon = FakeDaemon(c1=container("running"))
    wait = Waiting(daemon, "service_started", "c1", hold=60)

    daemon.change("c1", container("restarting", code=1))

    assert isinstance(wait.result(), ContainerFailure)


def test_as_many_may_fail_as_are_tolerated() -> None:
    daemon = FakeDaemon(c1=container("running", "starting"), c2=container("running", "starting"))
    wait = Waiting(daemon, "service_healthy", "c1", "c2", tolerate=1)
    daemon.change("c1", container("exited", code=1))
    daemon.change("c2", container("running", "healthy"))

    assert wait.result() is None


def test_one_more_is_a_failure() -> None:
    daemon = FakeDaemon(c1=container("running", "starting"), c2=container("running", "starting"))
    wait = Waiting(daemon, "service_healthy", "c1", "c2", tolerate=1)
    daemon.change("c1", container("exited", code=1))
    daemon.change("c2", container("exited", code=1))

    assert isinstance(wait.result(), ContainerFailure)
