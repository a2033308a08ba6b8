"""Supervision without a daemon: what it makes of events, a daemon that goes away, a lock that is held."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import compose_lite
from compose_lite import events, labels
from compose_lite.errors import DaemonError
from compose_lite.pipeline.means import Means
from compose_lite.pipeline.supervising import Supervisor, news_of
from compose_lite.runner.lock import project_lock

PROJECT = compose_lite.load(
    text="""
    services:
      web:
        image: a
        network_mode: none
        healthcheck: {test: "true"}
        x-compose-lite: {supervise: {delay: 10ms, max_attempts: 2}}
    """,
    project_name="demo",
    environ={},
)


class Feed:
    """Events that the test sends."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[dict[str, Any] | DaemonError | None] = queue.SimpleQueue()

    def put(self, event: dict[str, Any] | DaemonError) -> None:
        self._queue.put(event)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while (event := self._queue.get()) is not None:
            if isinstance(event, DaemonError):
                raise event
            yield event

    def close(self) -> None:
        self._queue.put(None)


class Daemon:
    """One container, `web`, that can be stopped and started."""

    address = "unix:///nowhere/docker.sock"
    api_version = "1.41"

    def __init__(self, status: str = "Up 5 seconds (healthy)") -> None:
        self.feed = Feed()
        self.status = status
        self.state = "running"
        self.stops = 0
        self.refusal: DaemonError | None = None

    def events(self, **_: object) -> Feed:
        return self.feed

    def list_containers(self, **_: object) -> list[dict[str, Any]]:
        marks = {labels.PROJECT: "demo", labels.SERVICE: "web", labels.NUMBER: "1"}
        listed = {"Id": "1" * 64, "Names": ["/demo-web-1"], "Labels": marks}
        return [{**listed, "State": self.state, "Status": self.status}]

    def list_networks(self, **_: object) -> list[dict[str, Any]]:
        return []

    list_volumes = list_networks

    def inspect_container(self, _container: str) -> dict[str, Any]:
        health = {"Log": [{"ExitCode": 1, "Output": "refused"}]}
        return {"Id": "1" * 64, "Name": "/demo-web-1", "State": {"Running": True, "Health": health}}

    def logs_container(self, _container: str, **_: object) -> list[tuple[int, bytes]]:
        return [(1, b"last words\n")]

    def stop_container(self, _container: str, **_: object) -> bool:
        if self.refusal is not None:
            raise self.refusal
        self.stops += 1
        self.state = "exited"
        return True

    def start_container(self, _container: str) -> bool:
        self.state, self.status = "running", "Up 1 second (health: starting)"
        for action in ("kill", "die", "start"):
            self.tell(action, signal="9")
        return True

    def tell(self, action: str, **attributes: str) -> None:
        if action.startswith("health_status"):
            self.status = f"Up 9 seconds ({action.partition(': ')[2]})"
        marks = {labels.SERVICE: "web", "name": "demo-web-1", **attributes}
        self.feed.put({"Action": action, "Actor": {"ID": "1" * 64, "Attributes": marks}})


class Told:
    """The events so far, and a way to wait for one."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._events: list[events.Event] = []

    def __call__(self, event: events.Event, /) -> None:
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    def await_one(self, kind: type, *, times: int = 1) -> Any:
        def found() -> list[events.Event]:
            return [event for event in self._events if isinstance(event, kind)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= times, 20), self._events
            return found()[times - 1]


def raised(error: BaseException) -> None:
    raise AssertionError(error) from error


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def supervised(told: Told, tmp_path: Any) -> Iterator[Callable[[Daemon], None]]:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    made: list[Supervisor] = []

    def supervise(daemon: Daemon) -> None:
        means = Means(daemon=daemon, emit=told, environ=environ)  # type: ignore[arg-type]  # as far as it is used
        made.append(Supervisor(lambda: PROJECT, means, failed=raised))
        made[-1].start()

    yield supervise
    for supervisor in made:
        supervisor.stop()


def test_it_restarts_what_turns_unhealthy_and_gives_up_at_last(
    supervised: Callable[[Daemon], None], told: Told
) -> None:
    daemon = Daemon()
    supervised(daemon)
    for times in (1, 2):
        daemon.tell("health_status: unhealthy")
        unhealthy = told.await_one(events.ContainerUnhealthy, times=times)
        assert (unhealthy.attempt, unhealthy.attempts) == (times, 2)
        assert unhealthy.probe == "exit code 1: refused"
        assert told.await_one(events.ContainerRevived, times=times).container == "demo-web-1"
        assert (daemon.state, daemon.stops) == ("running", times)
    daemon.tell("health_status: unhealthy")
    report = told.await_one(events.ContainerGivenUp).report
    assert (report.code, report.log_tail) == ("given-up", ("last words",))
    assert daemon.stops == 2


def test_what_is_unhealthy_already_is_restarted(supervised: Callable[[Daemon], None], told: Told) -> None:
    supervised(Daemon("Up 3 hours (unhealthy)"))
    told.await_one(events.ContainerRevived)


def test_it_outlives_a_daemon_that_goes_away(supervised: Callable[[Daemon], None], told: Told) -> None:
    daemon = Daemon()
    supervised(daemon)
    daemon.feed.put(DaemonError("the connection broke"))
    assert told.await_one(events.SupervisionFailed).problems[0].message == "the connection broke"
    daemon.tell("health_status: unhealthy")
    told.await_one(events.ContainerRevived)


def test_what_has_recovered_before_its_turn_came_is_left_alone(
    supervised: Callable[[Daemon], None], told: Told, tmp_path: Any
) -> None:
    daemon = Daemon()
    with locked(tmp_path):
        supervised(daemon)
        daemon.tell("health_status: unhealthy")
        told.await_one(events.ContainerUnhealthy)
        daemon.status = "Up 9 seconds (healthy)"
    daemon.tell("health_status: unhealthy")
    told.await_one(events.ContainerRevived)
    assert daemon.stops == 1


def test_a_restart_that_fails_is_told_and_tried_again(
    supervised: Callable[[Daemon], None], told: Told
) -> None:
    daemon = Daemon()
    daemon.refusal = DaemonError("no way", status=500)
    supervised(daemon)
    daemon.tell("health_status: unhealthy")
    failed = told.await_one(events.SupervisionFailed)
    daemon.refusal = None
    assert failed.containers == ("demo-web-1",)
    assert "no way" in failed.reports[0].message
    told.await_one(events.ContainerRevived)


def test_without_a_health_check_it_says_that_it_can_do_nothing(
    supervised: Callable[[Daemon], None], told: Told
) -> None:
    supervised(Daemon("Up 3 hours"))
    assert told.await_one(events.Notice).problem.code == "no-healthcheck"


@contextmanager
def locked(folder: Any) -> Iterator[None]:
    """Another command changes the project meanwhile."""
    with project_lock(Daemon.address, "demo", environ={"XDG_RUNTIME_DIR": str(folder)}):
        yield


@pytest.mark.parametrize(
    ("action", "attributes", "kind"),
    [
        ("health_status: unhealthy", {}, "unhealthy"),
        ("kill", {"signal": "15"}, "signalled"),
        ("kill", {"signal": "1"}, None),
        ("die", {}, "ended"),
        ("start", {labels.ONEOFF: "True"}, None),
        ("rename", {}, None),
    ],
)
def test_what_an_event_means(action: str, attributes: dict[str, str], kind: str | None) -> None:
    news = news_of({"Action": action, "Actor": {"ID": "1", "Attributes": attributes}})
    assert (None if news is None else news.kind) == kind
