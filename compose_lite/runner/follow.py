"""Follows a project's containers: what they write, and when they end, start again or are replaced.

One loop in the caller's thread reads all logs as they arrive; the daemon's events tell of starts and
ends. A caller that does not ask for more makes the daemon wait: nothing is dropped, nothing piles up.
"""

from __future__ import annotations

import select
import threading
from contextlib import contextmanager
from time import monotonic, time, time_ns
from typing import TYPE_CHECKING, cast

from compose_lite import labels
from compose_lite.errors import AnswerLost, ComposeLiteError, DaemonError, DaemonUnavailable, NotFound
from compose_lite.events import ContainerExited
from compose_lite.runner.followed import Followed, StartsNoted
from compose_lite.runner.log_opener import LogOpener
from compose_lite.runner.logs import LogSource, open_attached, open_logs
from compose_lite.runner.open_logs import OpenLogs
from compose_lite.runner.wakeups import EventPump, Wakeup

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from compose_lite.runner.daemon import Daemon, Json
    from compose_lite.runner.logs import Line, LogOptions, OpenLog

# A container that was told to stop may be on its way to a restart: how long the last one is waited for.
_RESTART_GRACE = 1.0
# A log normally ends with its container. If it does not, the exit is reported after this many seconds.
_LOG_END_GRACE = 2.0
# What matters here: health checks alone make three events each time.
_EVENTS = ("create", "start", "kill", "die", "destroy")
_ALIVE = ("running", "paused", "restarting")
# Seconds between attempts to reach a daemon that has gone.
_RETRY = 1.0


class LogFollower:
    """Iterate over it for batches of lines and `ContainerExited`, from one thread; end with `close`.

    Subscribed to the daemon's events once made, so make it before observing and before starting anything.
    It ends by itself when, after `expect_no_more`, every container has ended for good. Who starts containers
    that must not be missed does so by `daemon`: then it knows which events have to come before the end,
    however short a container's life and however late the events.

    Attributes:
        daemon: the daemon that it was given, with the starts noted.

    Args:
        services: services whose containers count (None: all of the project's).
        number: only containers of this number count (0: all).
        attach: tells by service whether its lines are wanted; exits are reported all the same.
        patient: wait for a daemon that goes away, then go on; else that ends the iteration with an error.
    """

    def __init__(
        self,
        daemon: Daemon,
        project: str,
        *,
        services: Collection[str] | None = None,
        number: int = 0,
        attach: Callable[[str], bool] = lambda _service: True,
        patient: bool = False,
    ) -> None:
        self._daemon = daemon
        self._project = project
        self._patient = patient
        self._noted = StartsNoted(daemon)
        self.daemon = cast("Daemon", self._noted)
        self._services = None if services is None else frozenset(services)
        self._number = number
        self._attach = attach
        self._known: dict[str, Followed] = {}
        self._catching_up: list[OpenLog] = []
        self._ended: list[ContainerExited] = []  # all that they wrote has been read
        self._endless = True
        self._held = 0
        self._holding = threading.Lock()
        self._begun = str(time())
        self._closed = False
        self._wakeup = Wakeup()
        self._logs = OpenLogs(self._wakeup)
        self._opener = LogOpener(daemon, self._logs)
        self._pump = self._subscribed()

    def follow(self, sources: Sequence[LogSource], *, running: Collection[str], options: LogOptions) -> None:
        """Read these containers' logs from where `options` say; `running` has the ids of those that run.

        What they wrote before now comes first, in time order. Call it before iterating.
        """
        for source in sources:
            followed = self._track(source)
            followed.running = source.id in running
            if not followed.running:
                self._opener.look_back(followed)
        wanted = [source for source in sources if self._attach(source.service)]

        def attached(source: LogSource, _unreadable: DaemonError) -> OpenLog | None:
            return open_attached(self._daemon, source) if source.id in running else None

        for log in open_logs(self._daemon, wanted, options, follow=True, otherwise=attached):
            self._known[log.source.id].log = log
            self._catching_up.append(log)

    def expect_no_more(self) -> None:
        """Say that nothing will be started any more by the caller; from any thread."""
        self._endless = False
        self._wakeup.wake()

    def expect_more(self) -> None:
        """Take back `expect_no_more`: something may be started at any time; from any thread."""
        self._endless = True

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Don't end meanwhile, whatever ends: it is about to be started again; from any thread."""
        with self._holding:
            self._held += 1
        try:
            yield
        finally:
            with self._holding:
                self._held -= 1
            self._wakeup.wake()

    def close(self) -> None:
        """Make the iteration end; from any thread or a signal handler."""
        self._closed = True
        self._wakeup.wake()

    def __iter__(self) -> Iterator[list[Line] | ContainerExited]:
        try:
            yield from self._history()
            while not self._closed:
                self._surviving(self._take_events)
                if batch := self._logs.take():
                    yield batch
                ended, self._ended = self._ended, []
                yield from ended
                if self._finished():
                    return
                self._surviving(self._read)
        finally:
            self._release()

    # reading

    def _history(self) -> Iterator[list[Line]]:
        """Yield what was written before, merged by time, until every log has come to the present."""
        for log in self._logs.catch_up(self._catching_up):
            self._was_read(log)
            if batch := self._logs.take():
                yield batch
            if self._closed:
                return

    def _read(self) -> None:
        for log in self._logs.read(self._patience()):
            self._was_read(log)

    def _was_read(self, log: OpenLog) -> None:
        followed = self._known[log.source.id]
        followed.last = max(followed.last, self._logs.newest(log))
        if followed.exits:
            followed.deadline = monotonic() + _LOG_END_GRACE
        if log.ended:
            self._log_ended(followed)

    def _log_ended(self, followed: Followed) -> None:
        self._opener.drop(followed)
        if not followed.rest and not followed.again and self._opener.open_rest(followed):
            return
        followed.rest = False
        self._report(followed)
        if followed.again:
            followed.again = False
            self._opener.open(followed)

    # events

    def _subscribed(self) -> EventPump:
        filters = {
            "type": ["container"],
            "event": list(_EVENTS),
            "label": [f"{labels.PROJECT}={self._project}"],
        }
        return EventPump(self._daemon.events(filters=filters), self._wakeup)

    def _take_events(self) -> None:
        for event in self._pump.take():
            self._react(event)
        self._drop_overdue()

    def _surviving(self, step: Callable[[], None]) -> None:
        """Do what asks the daemon, and if that has gone wait for it, where patience was asked for."""
        try:
            step()
        except ComposeLiteError:
            if not self._patient:
                raise
            self._reconnect()

    def _reconnect(self) -> None:
        """Wait until the daemon is there again, then go on with what has become of the containers."""
        while not self._closed:
            self._pump.close()
            for followed in self._known.values():
                self._opener.drop(followed)
                followed.again = followed.rest = False
            try:
                self._pump = self._subscribed()
                self._take_stock()
            except (DaemonUnavailable, AnswerLost):
                select.select([self._wakeup], [], [], _RETRY)
                self._wakeup.clear()
            else:
                return

    def _take_stock(self) -> None:
        """Tell ends that were missed, and read each log behind the last line that was read of it."""
        self._noted.events_lost()
        filters = {"label": [f"{labels.PROJECT}={self._project}"]}
        found = {str(one["Id"]): one for one in self._daemon.list_containers(filters=filters)}
        for container, followed in self._known.items():
            followed.died_at = self._begun
            if container not in found:
                followed.running = followed.awaited = False
                followed.gone = True
            elif followed.running and found[container]["State"] not in _ALIVE:
                exit_code = int(self._daemon.inspect_container(container)["State"]["ExitCode"])
                self._opener.open(followed)
                self._died(followed, exit_code, time_ns())
        for container, listed in found.items():
            if listed["State"] in _ALIVE:
                attributes = {**(listed.get("Labels") or {}), "name": listed["Names"][0].removeprefix("/")}
                self._react({"Action": "start", "Actor": {"ID": container, "Attributes": attributes}})

    def _react(self, event: Json) -> None:
        actor = event.get("Actor", {})
        attributes, container = actor.get("Attributes", {}), str(actor.get("ID", ""))
        action = str(event.get("Action", ""))
        if action == "start":  # whoever it is: the starts of those that don't count were noted, too
            self._noted.event_came(container)
        if attributes.get(labels.ONEOFF) == "True":
            return
        source = LogSource.of_labels(container, str(attributes.get("name", "")), attributes)
        if self._services is not None and source.service not in self._services:
            return
        if self._number not in (0, source.number):
            return
        if action == "create":
            self._created(source)
        elif action == "start":
            self._started(self._track(source, renamed=True))
        elif container in self._known:
            self._changed(self._known[container], action, attributes, int(event.get("timeNano", 0)))

    def _created(self, source: LogSource) -> None:
        places = {followed.place for followed in self._known.values()}
        followed = self._track(source)
        followed.new = True
        followed.awaited = followed.place in places

    def _changed(self, followed: Followed, action: str, attributes: Json, at: int) -> None:
        if action == "kill":
            followed.asked = True
        elif action == "die":
            self._died(followed, int(attributes.get("exitCode", 0)), at)
        elif action == "destroy":
            followed.running = followed.awaited = False
            followed.gone = True

    def _started(self, followed: Followed) -> None:
        followed.running = True
        followed.asked = followed.awaited = False
        followed.deadline = None
        if not self._attach(followed.source.service):
            return
        if followed.log is None:
            self._opener.open(followed)
        else:
            followed.again = True

    def _died(self, followed: Followed, exit_code: int, at: int) -> None:
        followed.died_at = f"{at // 10**9}.{at % 10**9:09d}"
        followed.running = self._comes_back(followed.source.id)
        followed.exits.append(
            ContainerExited(
                service=followed.source.service,
                container=followed.source.name,
                exit_code=exit_code,
                restarting=followed.running,
            )
        )
        if followed.log is None:
            self._report(followed)
        else:
            followed.deadline = monotonic() + _LOG_END_GRACE

    def _comes_back(self, container: str) -> bool:
        """Tell whether the restart policy starts it again (the daemon decides before it sends `die`)."""
        try:
            state = self._daemon.inspect_container(container)["State"]
        except NotFound:
            return False
        return bool(state.get("Restarting") or state.get("Running"))

    def _drop_overdue(self) -> None:
        """Give up what was waited for long enough; forget containers that are gone."""
        now = monotonic()
        for followed in list(self._known.values()):
            overdue = followed.deadline is not None and followed.deadline <= now
            if overdue and followed.log is None:
                followed.deadline = None
            elif overdue and followed.log is not None and not followed.rest and not followed.log.readable(0):
                self._log_ended(followed)
            if followed.gone and followed.log is None:
                del self._known[followed.source.id]

    def _report(self, followed: Followed) -> None:
        """Have its ends reported: its last lines were read before."""
        self._ended += followed.exits
        followed.exits = []
        stopped = followed.asked and not followed.running and not followed.gone
        followed.deadline = monotonic() + _RESTART_GRACE if stopped else None

    # the end

    def _finished(self) -> bool:
        if self._endless or self._held or self._noted.any_missing():
            return False
        return not any(
            followed.log is not None or followed.running or followed.awaited or followed.deadline is not None
            for followed in self._known.values()
        )

    def _patience(self) -> float | None:
        """Return how long to wait for something to happen (seconds), None for ever."""
        deadlines = [f.deadline for f in self._known.values() if f.deadline is not None]
        return max(0.0, min(deadlines) - monotonic()) if deadlines else None

    def _track(self, source: LogSource, *, renamed: bool = False) -> Followed:
        followed = self._known.setdefault(source.id, Followed(source))
        if renamed and followed.source.name != source.name and followed.log is None:
            followed.source = source
        return followed

    def _release(self) -> None:
        self._pump.close()
        for followed in self._known.values():
            if followed.log is not None:
                followed.log.close()
        self._logs.close()
        self._wakeup.close()
