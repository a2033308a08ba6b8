"""Following ends when the containers do, survives restarts and replacements, and drops nothing."""

from __future__ import annotations

import queue
import socket
import threading
from contextlib import suppress

import pytest

from compose_lite import labels
from compose_lite.errors import ComposeLiteError, DaemonError, DaemonUnavailable, NotFound
from compose_lite.events import ContainerExited
from compose_lite.runner.follow import LogFollower
from compose_lite.runner.followed import StartsNoted
from compose_lite.runner.http import RawStream
from compose_lite.runner.logs import LogOptions, LogSource

SECOND = 10**9


def stamp(nanoseconds: int) -> bytes:
    return b"2024-05-01T10:00:%02d.%09dZ" % divmod(nanoseconds, SECOND)


def frame(text: bytes, at: int, stream: int = 1) -> bytes:
    content = stamp(at) + b" " + text + b"\n"
    return bytes((stream, 0, 0, 0)) + len(content).to_bytes(4, "big") + content


class Feed:
    """Events that the test sends."""

    def __init__(self) -> None:
        self._queue: queue.Queue[object] = queue.Queue()

    def put(self, event: object) -> None:
        self._queue.put(event)

    def __iter__(self):
        while (event := self._queue.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    def close(self) -> None:
        self._queue.put(None)


class Daemon:
    """Logs and events as the test brings them about."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.states: dict[str, dict[str, object]] = {}
        self.writers: dict[str, socket.socket] = {}
        self.opened: list[tuple[str, dict[str, object]]] = []
        self.unreadable: set[str] = set()
        self.away = False
        self.rests: dict[str, bytes] = {}

    def events(self, *, filters):
        assert filters["type"] == ["container"]
        assert filters["label"] == [f"{labels.PROJECT}=p"]
        assert not {"exec_start", "health_status"} & set(filters["event"]), (
            "a health check makes three each time"
        )
        if self.away:
            raise DaemonUnavailable("no Docker daemon answers")
        return self.feed

    def open_logs(self, container, **options):
        if container in self.unreadable:
            raise DaemonError("configured logging driver does not support reading", status=501)
        if container not in self.states:
            raise NotFound("No such container")
        return self._stream(container, options)

    def attach_container(self, container, *, stdin):
        assert not stdin
        return self._stream(container, {"attached": True})

    def list_containers(self, *, filters):
        names = {labels.SERVICE: "web", labels.NUMBER: "1"}
        return [
            {"Id": name, "Names": [f"/p-web-{name}"], "Labels": names, "State": _listed(state)}
            for name, state in self.states.items()
        ]

    def inspect_container(self, container):
        if container not in self.states:
            raise NotFound("No such container")
        return {"State": self.states[container], "Config": {"Tty": False}}

    def _stream(self, container, options):
        if not options.get("follow", True):
            return self._rest(container)
        ours, self.writers[container] = socket.socketpair()
        self.opened.append((container, options))  # last: who sees it may write
        return RawStream(ours)

    def _rest(self, container):
        """What the log has behind what was sent, once it has ended."""
        ours, theirs = socket.socketpair()
        theirs.sendall(self.rests.pop(container, b""))
        theirs.close()
        return RawStream(ours)

    # what happens

    def event(self, action, container, *, service="web", number=1, at=0, **attributes):
        names = {"name": f"p-{service}-{number}", labels.SERVICE: service, labels.NUMBER: str(number)}
        actor = {"ID": container, "Attributes": {**names, **attributes}}
        self.feed.put({"Type": "container", "Action": action, "Actor": actor, "timeNano": at})

    def start(self, container, **where):
        self.states[container] = {"Running": True, "FinishedAt": "0001-01-01T00:00:00Z"}
        self.event("start", container, **where)

    def die(self, container, code=0, *, restarting=False, **where):
        self.states[container] = {"Running": restarting, "Restarting": restarting}
        self.event("die", container, exitCode=str(code), **where)


def _listed(state):
    return "running" if state["Running"] else "exited"


class Reader:
    """Iterates in a thread, so that the test can go on while the follower waits."""

    def __init__(self, follower: LogFollower) -> None:
        self.follower = follower
        self.items: queue.Queue[object] = queue.Queue()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            for item in self.follower:
                for one in item if isinstance(item, list) else [item]:
                    self.items.put(one)
            self.items.put("end")
        except ComposeLiteError as error:
            self.items.put(error)

    def next(self):
        item = self.items.get(timeout=10)
        return item[3] if isinstance(item, tuple) else item

    def quiet(self, seconds=0.3):
        with pytest.raises(queue.Empty):
            self.items.get(timeout=seconds)


@pytest.fixture
def daemon():
    return Daemon()


@pytest.fixture
def reader(daemon):
    reader = Reader(LogFollower(daemon, "p"))
    yield reader
    reader.follower.close()
    reader.thread.join(10)
    assert not reader.thread.is_alive()


def opened(daemon, count=1):
    """Wait until so many logs are open; return the last one's options."""
    for _ in range(1000):
        if len(daemon.opened) >= count:
            return daemon.opened[count - 1][1]
        threading.Event().wait(0.005)
    raise AssertionError(daemon.opened)


def test_a_started_containers_lines_come_before_its_end_and_its_end_ends_all(daemon, reader):
    daemon.event("create", "a")
    daemon.start("a")
    assert opened(daemon) == {"follow": True, "since": None, "until": None, "tail": "all"}
    daemon.writers["a"].sendall(frame(b"one", 1))
    assert reader.next() == b"one"
    daemon.die("a", 3)
    reader.quiet()
    daemon.writers["a"].sendall(frame(b"last", 2))
    daemon.writers["a"].close()
    assert reader.next() == b"last"
    assert reader.next() == ContainerExited(service="web", container="p-web-1", exit_code=3)
    reader.quiet()
    reader.follower.expect_no_more()
    assert reader.next() == "end"


def test_a_container_that_its_policy_restarts_goes_on_without_repetition(daemon, reader):
    daemon.event("create", "a")
    daemon.start("a")
    opened(daemon)
    reader.follower.expect_no_more()
    daemon.writers["a"].sendall(frame(b"first run", 5))
    daemon.die("a", 1, restarting=True, at=1_714_557_600 * SECOND + 7)
    daemon.writers["a"].close()
    assert reader.next() == b"first run"
    assert reader.next() == ContainerExited(service="web", container="p-web-1", exit_code=1, restarting=True)
    daemon.start("a")
    assert opened(daemon, 2)["since"] == "1714557600.000000005"
    daemon.writers["a"].sendall(frame(b"first run", 5) + frame(b"second run", 9))
    assert reader.next() == b"second run"
    daemon.die("a", 0)
    daemon.writers["a"].close()
    assert reader.next().exit_code == 0
    assert reader.next() == "end"


def test_a_container_that_ran_before_is_read_from_its_last_end_on(daemon, reader):
    daemon.states["a"] = {"Running": True, "FinishedAt": "2024-05-01T10:00:00.5Z"}
    daemon.event("start", "a")
    assert opened(daemon)["since"] == "1714557600.5"


def test_the_end_of_one_that_is_being_replaced_is_not_the_end(daemon, reader):
    daemon.start("old")
    opened(daemon)
    reader.follower.expect_no_more()
    daemon.event("create", "new")
    daemon.die("old", 0)
    daemon.writers["old"].close()
    assert isinstance(reader.next(), ContainerExited)
    daemon.event("destroy", "old")
    reader.quiet()
    daemon.start("new")
    opened(daemon, 2)
    daemon.writers["new"].sendall(frame(b"hello", 1))
    assert reader.next() == b"hello"
    daemon.die("new", 0)
    daemon.writers["new"].close()
    assert isinstance(reader.next(), ContainerExited)
    assert reader.next() == "end"


def test_one_that_was_told_to_stop_gets_a_moment_to_be_started_again(daemon, reader):
    daemon.start("a")
    opened(daemon)
    reader.follower.expect_no_more()
    daemon.event("kill", "a", signal="15")
    daemon.die("a", 143)
    daemon.writers["a"].close()
    assert reader.next().exit_code == 143
    daemon.start("a")
    opened(daemon, 2)
    reader.quiet(1.5)
    daemon.die("a", 0)
    daemon.writers["a"].close()
    assert reader.next().exit_code == 0
    assert reader.next() == "end"


def test_history_of_several_containers_comes_merged_then_lines_as_they_arrive(daemon):
    daemon.states = {name: {"Running": True} for name in "ab"}
    follower = LogFollower(daemon, "p")
    sources = [LogSource(id=name, name=name, service=name, number=1) for name in "ab"]
    follower.follow(sources, running="ab", options=LogOptions(tail="10"))
    daemon.writers["a"].sendall(frame(b"a1", 10) + frame(b"a3", 30))
    daemon.writers["b"].sendall(frame(b"b2", 20) + frame(b"b4", 40))
    reader = Reader(follower)
    assert [reader.next() for _ in range(4)] == [b"a1", b"b2", b"a3", b"b4"]
    daemon.writers["b"].sendall(frame(b"b5", 50))
    assert reader.next() == b"b5"
    follower.close()
    assert reader.next() == "end"


def test_a_log_that_cannot_be_read_is_attached_to(daemon, reader):
    daemon.unreadable.add("a")
    daemon.event("create", "a")
    daemon.start("a")
    assert opened(daemon) == {"attached": True}
    daemon.writers["a"].sendall(b"\x02\0\0\0\0\0\0\x05live\n")
    assert reader.next() == b"live"


def test_among_logs_that_are_there_one_that_cannot_be_read_is_attached_to_if_it_runs(daemon):
    daemon.states = {name: {"Running": True} for name in "abc"}
    daemon.unreadable = {"a", "b"}
    follower = LogFollower(daemon, "p")
    sources = [LogSource(id=name, name=name, service=name, number=1) for name in "abc"]
    follower.follow(sources, running=["a", "c"], options=LogOptions())
    assert sorted(name for name, _ in daemon.opened) == ["a", "c"]
    follower.close()
    assert list(follower) == []


def test_only_the_wanted_services_are_read_but_every_end_is_reported(daemon):
    follower = LogFollower(daemon, "p", attach=lambda service: service == "web")
    reader = Reader(follower)
    daemon.start("db", service="db")
    daemon.start("web", service="web")
    opened(daemon)
    assert [name for name, _ in daemon.opened] == ["web"]
    daemon.die("db", 2, service="db")
    assert reader.next() == ContainerExited(service="db", container="p-db-1", exit_code=2)
    follower.close()
    assert reader.next() == "end"


def test_one_off_containers_and_other_services_are_nobodys_business(daemon):
    follower = LogFollower(daemon, "p", services=["web"])
    reader = Reader(follower)
    daemon.start("run", **{labels.ONEOFF: "True"})
    daemon.start("db", service="db")
    daemon.die("db", 1, service="db")
    reader.quiet()
    assert daemon.opened == []
    follower.close()
    assert reader.next() == "end"


def test_a_log_that_does_not_end_with_its_container_does_not_hide_the_end(daemon, reader):
    daemon.start("a")
    opened(daemon)
    daemon.die("a", 9)
    assert reader.next().exit_code == 9


def test_a_slow_reader_loses_nothing_and_makes_the_writer_wait(daemon):
    follower = LogFollower(daemon, "p")
    daemon.start("a")
    items = iter(follower)
    total, sent = 100_000, threading.Event()

    def write():
        opened(daemon)
        for number in range(total):
            daemon.writers["a"].sendall(frame(b"%d" % number, number))
        daemon.die("a")
        daemon.writers["a"].close()
        sent.set()

    threading.Thread(target=write, daemon=True).start()
    lines = [line[3] for line in next(items)]
    assert not sent.wait(0.5)
    follower.expect_no_more()
    for item in items:
        if isinstance(item, list):
            lines += [line[3] for line in item]
    assert lines == [b"%d" % number for number in range(total)]


def test_what_the_daemon_has_not_sent_when_it_ends_a_log_is_read_from_its_file(daemon, reader):
    daemon.start("a")
    opened(daemon)
    daemon.writers["a"].sendall(frame(b"one", 1))
    assert reader.next() == b"one"
    daemon.rests["a"] = frame(b"one", 1) + frame(b"two", 2)
    daemon.writers["a"].close()
    daemon.die("a", 0)
    assert reader.next() == b"two"
    assert reader.next().exit_code == 0


def test_a_daemon_that_goes_away_is_an_error(daemon, reader):
    daemon.feed.put(DaemonError("the connection broke"))
    assert "the connection broke" in str(reader.next())


def test_a_patient_one_waits_for_the_daemon_and_goes_on_behind_the_last_line(daemon):
    reader = Reader(LogFollower(daemon, "p", patient=True))
    daemon.start("a")
    opened(daemon)
    daemon.writers["a"].sendall(frame(b"before", 5))
    assert reader.next() == b"before"
    daemon.away = True
    daemon.feed, lost = Feed(), daemon.feed
    lost.put(DaemonError("the connection broke"))
    reader.quiet()
    daemon.away = False
    assert opened(daemon, 2)["since"] == "1714557600.000000005"
    daemon.writers["a"].sendall(frame(b"before", 5) + frame(b"meanwhile", 6))
    assert reader.next() == b"meanwhile"
    reader.follower.close()
    assert reader.next() == "end"


def test_a_patient_one_tells_of_an_end_that_it_has_missed(daemon):
    reader = Reader(LogFollower(daemon, "p", patient=True))
    daemon.start("a")
    opened(daemon)
    daemon.states["a"] = {"Running": False, "ExitCode": 7}
    daemon.feed, lost = Feed(), daemon.feed
    lost.put(DaemonError("the connection broke"))
    opened(daemon, 2)
    daemon.writers["a"].sendall(frame(b"last words", 8))
    daemon.writers["a"].close()
    assert reader.next() == b"last words"
    assert reader.next() == ContainerExited(service="web", container="p-web-1", exit_code=7)
    reader.follower.expect_no_more()
    assert reader.next() == "end"


def test_nothing_ends_while_somebody_says_that_it_goes_on(daemon, reader):
    daemon.start("a")
    opened(daemon)
    reader.follower.expect_no_more()
    with reader.follower.going_on():
        daemon.die("a", 1)
        daemon.writers["a"].close()
        assert reader.next().exit_code == 1
        reader.quiet()
    assert reader.next() == "end"


class Starting:
    """A daemon whose starts do what they are told."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def start_container(self, container):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_start_is_missing_until_its_event_has_come_whoever_started_it_before():
    noted = StartsNoted(Starting(True, True))
    noted.event_came("a")
    assert noted.start_container("a")
    assert noted.any_missing()
    noted.event_came("a")
    assert not noted.any_missing()


@pytest.mark.parametrize("answer", [False, NotFound("gone")])
def test_a_start_that_did_not_take_place_is_not_waited_for(answer):
    noted = StartsNoted(Starting(answer))
    with suppress(NotFound):
        noted.start_container("a")
    assert not noted.any_missing()
