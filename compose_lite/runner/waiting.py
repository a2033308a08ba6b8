"""Waits until containers have started, are healthy or have completed: driven by the daemon's events.

One subscription serves all waits. An event only says that a container is to be looked at: what counts is what
its inspection says then, so that nothing is lost or counted twice, however events and answers overtake
each other. After a reconnect everything that is waited for is looked at once more, and now and then without one.
"""

from __future__ import annotations

import threading
from functools import partial

from compose_lite import labels
from compose_lite.errors import (
    AnswerLost,
    ComposeLiteError,
    DaemonError,
    DaemonUnavailable,
    Interrupted,
    NotFound,
)
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.failures import container_failure
from compose_lite.runner.parallel import gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from compose_lite.planner.actions import WaitFor
    from compose_lite.runner.daemon import Daemon, Feed, Json
    from compose_lite.runner.progress import Report

    Done = Callable[[ComposeLiteError | None], None]

_EVENTS = ("start", "die", "destroy", "health_status", "pause", "unpause")
# Seconds after which what is still waited for is looked at without an event: a subscription can lose one (Podman
# reads its events from a file that it follows) or go silent with the connection.
_UNEVENTFUL = 10.0
# Seconds between attempts to reach a daemon that has gone, before it is given up.
_RECONNECT = (0.1, 0.2, 0.5, 1, 2, 4, 8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What an inspection says about a condition; `text` says why it isn't met, or what is waited for."""

    state: Literal["met", "pending", "failed"]
    text: str = ""
    hint: str | None = None
    code: str = "container-failed"


_MET = Verdict(state="met")


_RUNNING = ("service_started", "service_running_or_healthy")


def judge(condition: WaitFor, inspected: Json) -> Verdict:
    """Say whether the inspected container meets the condition, may still do so, or never will."""
    state: Json = inspected["State"]
    status = state["Status"]
    name = inspected["Name"].removeprefix("/")
    if status == "restarting":
        return Verdict(state="pending", text=f"restarting after exit code {state.get('ExitCode')}")
    if status == "created":
        return _failed(f"container {name} has not been started")
    if condition == "service_completed_successfully":
        return _judge_completion(name, state)
    if status in ("exited", "dead", "removing"):
        if condition in _RUNNING and state.get("ExitCode") == 0 and status == "exited":
            return _MET  # it has run, and is done
        return _failed(_ended(name, state, "before it was healthy" if condition == "service_healthy" else ""))
    if condition == "service_started" or (condition == "service_running_or_healthy" and not _checked(state)):
        return _MET
    return _judge_health(name, state)


def _judge_completion(name: str, state: Json) -> Verdict:
    if state["Status"] in ("running", "paused"):
        return Verdict(state="pending", text="until it completes")
    return _MET if state.get("ExitCode") == 0 else _failed(_ended(name, state, ""))


def _checked(state: Json) -> bool:
    """Whether the container has a health check."""
    return (state.get("Health") or {}).get("Status", "none") not in ("none", "")


def _judge_health(name: str, state: Json) -> Verdict:
    if not _checked(state):
        return Verdict(
            state="failed",
            text=f"container {name} has no health check, so it can't be waited for until it is healthy",
            hint="give the service a `healthcheck`, or use the condition service_started",
            code="no-healthcheck",
        )
    health = state["Health"]
    status = health["Status"]
    results = health.get("Log") or ()
    if status != "starting" and results and results[-1].get("End", "") < state.get("StartedAt", ""):
        status = "starting"  # what it says is about an earlier run
    if status == "healthy":
        return _MET
    if status == "unhealthy":
        return _failed(f"container {name} is unhealthy", code="unhealthy")
    failing = health.get("FailingStreak") or 0
    return Verdict(state="pending", text=f"until healthy ({failing} failed)" if failing else "until healthy")


def _failed(text: str, code: str = "container-failed") -> Verdict:
    return Verdict(state="failed", text=text, code=code)


def _ended(name: str, state: Json, when: str) -> str:
    killed = " (killed: out of memory)" if state.get("OOMKilled") else ""
    said = f": {state['Error']}" if state.get("Error") else ""
    return f"container {name} exited with code {state.get('ExitCode')}{killed} {when}".rstrip() + said


class _Wait:
    """One condition being waited for, on a number of containers."""

    def __init__(
        self,
        condition: WaitFor,
        containers: Mapping[str, str],
        done: Done,
        report: Report,
        *,
        hold: float = 0,
        tolerate: int = 0,
    ) -> None:
        self.condition = condition
        self.names = dict(containers)
        self.open = set(containers)
        self.hold = hold
        self.holding = False
        self.tolerate = tolerate
        self.timers: list[threading.Timer] = []
        self.ended = False
        self._done = done
        self._report = report
        self._told = ""

    def end(self, error: ComposeLiteError | None) -> None:
        """Pass the result on; called once."""
        for timer in self.timers:
            timer.cancel()
        self._done(error)

    def start_timer(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something later, unless the wait has ended by then."""
        timer = threading.Timer(seconds, call)
        timer.daemon = True
        self.timers = [due for due in self.timers if not due.finished.is_set()]
        self.timers.append(timer)
        timer.start()

    def concerns(self, container: str) -> bool:
        """Whether it matters what becomes of the container: all of them, as long as they have to hold."""
        return container in (self.names if self.holding else self.open)

    def tell(self, text: str) -> None:
        """Report what is waited for, if that is news."""
        if text != self._told:
            self._told = text
            self._report(text)


class Waiter:
    """Waits for conditions on a project's containers.

    Subscribe (`open`) before anything is started. Results are passed to callbacks, from any thread.
    """

    def __init__(self, daemon: Daemon, project: str) -> None:
        self._daemon = daemon
        self._filters = {
            "type": ["container"],
            "label": [f"{labels.PROJECT}={project}"],
            "event": list(_EVENTS),
        }
        self._feed: Feed | None = None
        self._waits: list[_Wait] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._over: ComposeLiteError | None = None  # why no wait can be met any more
        self._thread = threading.Thread(target=self._listen, name="waits", daemon=True)

    def open(self) -> None:
        """Subscribe to the daemon's events. Raises DaemonError."""
        try:
            self._feed = self._daemon.events(filters=self._filters)
        except AnswerLost:
            self._feed = self._daemon.events(filters=self._filters)
        self._thread.start()

    def add(
        self,
        condition: WaitFor,
        containers: Mapping[str, str],
        *,
        done: Done,
        report: Report,
        timeout: float | None = None,
        hold: float = 0,
        tolerate: int = 0,
    ) -> None:
        """Wait until all `containers` (id → name) meet the condition; then call `done` with the failure, if any.

        Args:
            timeout: seconds until it counts as failed.
            hold: seconds for which they have to go on meeting it.
            tolerate: how many of them may fail.
        """
        wait = _Wait(condition, containers, done, report, hold=hold, tolerate=tolerate)
        if timeout is not None:
            wait.start_timer(timeout, partial(self._time_is_up, wait, timeout))
        with self._lock:
            self._waits.append(wait)
        if not containers:
            self._end(wait, None)
        gather([partial(self._look, wait, container) for container in containers])
        if self._over is not None:
            self._end(wait, self._over)
        if not wait.ended:
            wait.start_timer(_UNEVENTFUL, partial(self._look_again, wait))

    def cancel(self) -> None:
        """End all waits as interrupted, those to come too."""
        self._end_all(Interrupted("interrupted"))

    def close(self) -> None:
        """Give the subscription up."""
        self._closed.set()
        if self._feed is not None:
            self._feed.close()
            self._thread.join()

    def _listen(self) -> None:
        while not self._closed.is_set():
            assert self._feed is not None
            try:
                for event in self._feed:
                    self._react(str(event.get("id") or event.get("Actor", {}).get("ID", "")))
            except DaemonError:
                pass  # subscribed anew below
            if not self._closed.is_set():
                self._reconnect()

    def _reconnect(self) -> None:
        """Subscribe anew and look at everything again; give all waits up if the daemon stays away."""
        for pause in _RECONNECT:
            if self._closed.wait(pause):
                return
            try:
                self._feed = self._daemon.events(filters=self._filters)
            except DaemonError as error:
                failure: ComposeLiteError = error
                continue
            for wait in self._snapshot():
                self._look_at_all(wait)
            return
        self._closed.set()
        self._end_all(failure)

    def _react(self, container: str) -> None:
        for wait in self._snapshot():
            if wait.concerns(container):
                self._look(wait, container)

    def _look_again(self, wait: _Wait) -> None:
        self._look_at_all(wait)
        if not wait.ended:
            wait.start_timer(_UNEVENTFUL, partial(self._look_again, wait))

    def _look_at_all(self, wait: _Wait) -> None:
        for container in sorted(filter(wait.concerns, wait.names)):
            self._look(wait, container)

    def _look(self, wait: _Wait, container: str) -> None:
        """Inspect a container and draw the consequences."""
        if wait.ended:
            return
        try:
            inspected = self._daemon.inspect_container(container)
        except NotFound:
            name = wait.names.get(container, container[:12])
            self._fail(wait, container, NotFound(f"container {name} was removed while it was waited for"))
        except (DaemonUnavailable, AnswerLost):
            # Whether it comes back is found out by subscribing anew, after which everything is looked at.
            if self._feed is not None:
                self._feed.close()
        except DaemonError as error:
            self._end(wait, error)
        else:
            self._conclude(wait, container, inspected)

    def _conclude(self, wait: _Wait, container: str, inspected: Json) -> None:
        verdict = judge(wait.condition, inspected)
        if verdict.state == "met":
            self._settle(wait, container)
        elif verdict.state == "pending" and not wait.holding:
            wait.tell(verdict.text)
        else:
            details = container_failure(
                self._daemon, inspected, verdict.text, hint=verdict.hint, code=verdict.code
            )
            self._fail(wait, container, details)

    def _fail(self, wait: _Wait, container: str, error: ComposeLiteError) -> None:
        """A container will not meet the condition: that ends the wait, unless it is tolerated."""
        with self._lock:
            if container not in wait.names:
                return  # tolerated already: it was looked at twice at once
            tolerated = wait.tolerate > 0
            if tolerated:
                del wait.names[container]
                wait.tolerate -= 1
        if tolerated:
            self._settle(wait, container)
        else:
            self._end(wait, error)

    def _settle(self, wait: _Wait, container: str) -> None:
        """Nothing more is to be waited for from the container; perhaps only that all go on as they are."""
        with self._lock:
            wait.open.discard(container)
            complete = not wait.open and not wait.holding
            wait.holding = wait.holding or (complete and wait.hold > 0)
        if complete and wait.holding:
            wait.tell(f"for {wait.hold:g} s more")
            wait.start_timer(wait.hold, partial(self._end, wait, None))
        elif complete:
            self._end(wait, None)

    def _time_is_up(self, wait: _Wait, timeout: float) -> None:
        for container in sorted(wait.open):
            name = wait.names[container]
            message = f"container {name} was not {_GOALS[wait.condition]} within {timeout:g} s"
            try:
                inspected = self._daemon.inspect_container(container)
                failure: ComposeLiteError = container_failure(
                    self._daemon, inspected, message, code="timeout"
                )
            except DaemonError:
                failure = ComposeLiteError(message, code="timeout")
            self._end(wait, failure)
            return

    def _end(self, wait: _Wait, error: ComposeLiteError | None) -> None:
        with self._lock:
            if wait.ended:
                return
            wait.ended = True
            self._waits.remove(wait)
        wait.end(error)

    def _end_all(self, error: ComposeLiteError) -> None:
        self._over = error
        for wait in self._snapshot():
            self._end(wait, error)

    def _snapshot(self) -> list[_Wait]:
        with self._lock:
            return list(self._waits)


_GOALS = {
    "service_started": "running",
    "service_healthy": "healthy",
    "service_running_or_healthy": "ready",
    "service_completed_successfully": "completed",
}


def await_condition(
    daemon: Daemon,
    project: str,
    condition: WaitFor,
    containers: Mapping[str, str],
    *,
    timeout: float | None = None,
    report: Report,
) -> None:
    """Wait in this thread until the containers (id → name) meet the condition. Raises what prevents it."""
    results: list[ComposeLiteError | None] = []
    ended = threading.Event()

    def done(error: ComposeLiteError | None) -> None:
        results.append(error)
        ended.set()

    waiter = Waiter(daemon, project)
    waiter.open()
    try:
        waiter.add(condition, containers, done=done, report=report, timeout=timeout)
        ended.wait()
    finally:
        waiter.close()
    if results[0] is not None:
        raise results[0]
