"""Restarts a stack's containers that turn unhealthy, for as long as it is let: the I/O around `planner.supervise`.

One thread reads the daemon's events, another one takes them in and acts. While that one restarts containers, news
wait; what it does is planned from the daemon's state at that moment, under the project's lock.
"""

from __future__ import annotations

import threading
from contextlib import nullcontext
from queue import Empty, SimpleQueue
from time import monotonic

from compose_lite import labels
from compose_lite.errors import (
    ComposeLiteError,
    DaemonError,
    ExecutionError,
    Interrupted,
    Problem,
    Severity,
)
from compose_lite.events import (
    ContainerGivenUp,
    ContainerRevived,
    ContainerUnhealthy,
    Notice,
    SupervisionFailed,
)
from compose_lite.lazy_dataclasses import replace
from compose_lite.pipeline.execution import carry_out, locked
from compose_lite.pipeline.means import Stack
from compose_lite.pipeline.observation import observe_stack
from compose_lite.pipeline.queries import containers
from compose_lite.planner.lifecycle import plan_revive
from compose_lite.planner.requests import ReviveRequest
from compose_lite.planner.supervise import (
    NOBODY,
    GiveUp,
    News,
    Outcome,
    RestartLater,
    Stock,
    advance,
    fallen,
    given_up,
    next_due,
    sight,
    take_due,
)
from compose_lite.runner.failures import container_failure, probes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from compose_lite.events import Event
    from compose_lite.pipeline.means import Means
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.supervise import Charges, Decision, Kind, Rules, Sight
    from compose_lite.runner.daemon import Daemon, Feed, Json
    from compose_lite.spec.model import Project

# Seconds until a daemon that has gone is looked for again.
_RETRY = 1.0
# Another command that changes the project is waited for so long (seconds), unless the user says otherwise.
_PATIENCE = 600.0
# A restart under way is completed: its containers' grace periods, and then some.
_LAST_RESTART = 60.0
_KINDS: dict[str, Kind] = {
    "start": "started",
    "die": "ended",
    "destroy": "gone",
    "pause": "paused",
    "unpause": "resumed",
    "kill": "signalled",
    "health_status: healthy": "healthy",
    "health_status: unhealthy": "unhealthy",
}
_EVENTS = (*(name for name in _KINDS if ":" not in name), "health_status")
# Numbers of the signals that end programs (HUP, which many take for "read your files again", is none of them).
_ENDING = frozenset({"2", "3", "9", "15"})


_NOTHING_TO_TELL = Problem(
    code="no-healthcheck",
    message="no container has a health check, so none can turn unhealthy",
    hint="give the services a `healthcheck`",
    severity=Severity.WARNING,
)


class Supervisor:
    """Supervises from `start` until `stop`.

    Events go to `means.emit`, from any thread. `means.review` sees the plan of each restart, under the lock.

    Args:
        project: the project as it is now; its services say how they want to be supervised.
        failed: told what it could not go on after: a defect.
        around: entered while containers are being restarted.
    """

    def __init__(
        self,
        project: Callable[[], Project],
        means: Means,
        *,
        failed: Callable[[BaseException], None],
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._project = project
        self._around = around
        self._means = replace(
            means,
            lock_timeout=means.lock_timeout or _PATIENCE,
            emit=lambda event: means.emit(event) if isinstance(event, Notice) else None,
        )
        self._emit = means.emit
        self._failed = failed
        self._news: SimpleQueue[News | Stock | None] = SimpleQueue()
        self._charges: Charges = NOBODY
        self._stopping = threading.Event()
        self._feed: Feed | None = None
        self._threads = tuple(
            threading.Thread(target=self._guarded, args=(work,), name=f"supervise {name}", daemon=True)
            for work, name in ((self._listen, "events"), (self._act, "restarts"))
        )

    @property
    def given_up(self) -> tuple[str, ...]:
        """The names of the containers that are restarted no more."""
        return given_up(self._charges)

    def start(self) -> None:
        """Begin with what is unhealthy already."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End it, if it has not ended; a restart under way is completed."""
        self._stopping.set()
        self._news.put(None)
        feed = self._feed
        if feed is not None:
            feed.close()
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(_LAST_RESTART)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # raised again where `up` is waited for
            self._failed(error)

    # the thread that listens

    def _listen(self) -> None:
        """Pass on what happens; a daemon that goes away is waited for, then everything is looked at anew."""
        known = lost = False
        filters = {
            "type": ["container"],
            "event": list(_EVENTS),
            "label": [f"{labels.PROJECT}={self._project().name}"],
        }
        while not self._stopping.is_set():
            try:
                self._feed = self._means.daemon.events(filters=filters)
                if self._stopping.is_set():
                    self._feed.close()
                sights = _sights(self._means.daemon, self._project().name)
                self._news.put(Stock(sights=sights))
                if not known and not any(one.health for one in sights):
                    self._emit(Notice(problem=_NOTHING_TO_TELL))
                known, lost = True, False
                for event in self._feed:
                    if (news := news_of(event)) is not None:
                        self._news.put(news)
            except ComposeLiteError as error:
                if not lost and not self._stopping.is_set():
                    self._emit(SupervisionFailed(problems=tuple(error.problems)))
                lost = True
            self._stopping.wait(_RETRY)

    # the thread that acts

    def _act(self) -> None:
        while not self._stopping.is_set():
            due = next_due(self._charges)
            try:
                news = self._news.get(timeout=None if due is None else max(0.0, due - monotonic()))
            except Empty:
                news = None
            if news is not None:
                self._take_in(news)
            elif not self._stopping.is_set():
                self._restart_due()

    def _take_in(self, news: News | Stock | Outcome) -> None:
        self._charges, decisions = advance(self._charges, news, self._rules(), monotonic())
        for decision in decisions:
            self._tell(decision)

    def _rules(self) -> Rules:
        return {name: service.supervision for name, service in self._project().services.items()}

    def _restart_due(self) -> None:
        self._charges, due = take_due(self._charges, monotonic())
        if due:
            self._take_in(self._restart(frozenset(due)))

    def _restart(self, due: frozenset[str]) -> Outcome:
        """Restart what still needs it; returns what became of all of them."""
        begun = monotonic()
        names = tuple(self._charges[one].name for one in sorted(due))
        request = ReviveRequest(containers=due, fallen=fallen(self._charges, due))
        try:
            with self._around():
                restarted, spared = self._revive(request)
        except Interrupted:
            return Outcome()
        except ExecutionError as error:
            self._emit(SupervisionFailed(containers=names, reports=tuple(error.reports)))
            return Outcome(fallen=self._stopped(due))
        except ComposeLiteError as error:
            self._emit(SupervisionFailed(containers=names, problems=tuple(error.problems)))
            return Outcome()
        for one in sorted(restarted):
            charge = self._charges[one]
            revived = ContainerRevived(
                service=charge.service, container=charge.name, seconds=monotonic() - begun
            )
            self._emit(revived)
        return Outcome(restarted=restarted, spared=spared)

    def _revive(self, request: ReviveRequest) -> tuple[frozenset[str], tuple[Sight, ...]]:
        """Returns which of the containers were restarted, and the others as they were found."""
        project, daemon = self._project(), self._means.daemon
        with locked(project.name, self._means, cancelled=self._stopping.is_set):
            observed = observe_stack(daemon, Stack(name=project.name, project=project))
            plan = plan_revive(project, observed, request)
            carry_out(plan, project, self._means)
        started = {getattr(step.action, "container", None) for step in plan.actions}
        restarted = request.containers & {ref.id for ref in started if ref is not None}
        return restarted, tuple(map(sight, _among(observed, request.containers - restarted)))

    def _stopped(self, due: frozenset[str]) -> frozenset[str]:
        """Those of the containers that don't run; all of them until that can be found out."""
        try:
            found = containers(self._means.daemon, self._project().name)
        except DaemonError:
            return due
        return frozenset(one.id for one in found if one.id in due and one.state == "exited")

    # telling

    def _tell(self, decision: Decision) -> None:
        try:
            inspected = self._means.daemon.inspect_container(decision.container)
        except DaemonError:
            inspected = {"Name": decision.name, "Id": decision.container, "State": {}}
        self._emit(_event(self._means.daemon, decision, inspected))


def news_of(event: Json) -> News | None:
    """What the daemon's event means for supervision; `None` for nothing."""
    actor = event.get("Actor", {})
    attributes = actor.get("Attributes", {})
    kind = _KINDS.get(str(event.get("Action", "")))
    if kind is None or attributes.get(labels.ONEOFF) == "True":
        return None
    if kind == "signalled" and attributes.get("signal") not in _ENDING:
        return None
    return News(
        kind=kind,
        container=str(actor.get("ID", "")),
        name=str(attributes.get("name", "")),
        service=str(attributes.get(labels.SERVICE, "")),
    )


def _sights(daemon: Daemon, project: str) -> tuple[Sight, ...]:
    return tuple(sight(found) for found in containers(daemon, project) if not found.oneoff)


def _among(observed: Observed, ids: frozenset[str]) -> Iterable[ObservedContainer]:
    return (found for found in observed.containers if found.id in ids)


def _event(daemon: Daemon, decision: Decision, inspected: Json) -> Event:
    results = probes(inspected["State"])
    if isinstance(decision, RestartLater):
        return ContainerUnhealthy(
            service=decision.service,
            container=decision.name,
            attempt=decision.attempt,
            attempts=decision.of,
            delay=decision.delay,
            probe=results[-1] if results else "",
        )
    assert isinstance(decision, GiveUp)
    times = "once" if decision.attempts == 1 else f"{decision.attempts} times"
    failure = container_failure(
        daemon,
        inspected,
        f"container {decision.name} is unhealthy although it was restarted {times}: it is given up",
        hint=f"mend it, then restart it: compose-lite restart {decision.service}",
        code="given-up",
    )
    return ContainerGivenUp(
        service=decision.service,
        container=decision.name,
        attempts=decision.attempts,
        report=failure.report,
    )
