"""History is merged by time, whatever pieces it comes in, and is read no further than needed."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compose_lite.errors import DaemonError, NotFound
from compose_lite.runner.logs import LogOptions, LogSource, as_event, read_history


def source(service: str) -> LogSource:
    return LogSource(id=service, name=f"p-{service}-1", service=service, number=1)


def stamp(nanoseconds: int) -> bytes:
    return b"2024-05-01T10:00:00.%09dZ" % nanoseconds


def frame(stream: int, content: bytes) -> bytes:
    return bytes((stream, 0, 0, 0)) + len(content).to_bytes(4, "big") + content


def log_of(entries: list[tuple[int, bytes]]) -> bytes:
    return b"".join(frame(1, stamp(time) + b" " + text + b"\n") for time, text in entries)


class Log:
    """A log that comes in pieces of a given size."""

    def __init__(self, data: bytes, size: int) -> None:
        self.pieces = [data[at : at + size] for at in range(0, len(data), size)]
        self.reads = 0
        self.closed = False

    def read(self, _size: int) -> bytes:
        self.reads += 1
        return self.pieces.pop(0) if self.pieces else b""

    def close(self) -> None:
        self.closed = True


class Daemon:
    """Has one log per container; a missing one is a container that is gone."""

    def __init__(self, logs: dict[str, Log]) -> None:
        self.logs = logs
        self.asked: list[dict[str, object]] = []

    def open_logs(self, container: str, **options: object) -> Log:
        self.asked.append(options)
        if container not in self.logs:
            raise NotFound(f"No such container: {container}")
        return self.logs[container]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 999_999_999), max_size=30), min_size=1, max_size=4),
    st.integers(50, 2000),
)
def test_lines_of_all_containers_come_in_time_order_and_each_ones_in_written_order(stamps, size):
    # Stamps within a container may go backwards: there the written order counts.
    written = {
        f"s{n}": [(t, b"%d-%d" % (n, i)) for i, t in enumerate(times)] for n, times in enumerate(stamps)
    }
    daemon = Daemon({name: Log(log_of(entries), size) for name, entries in written.items()})
    sources = {name: source(name) for name in written}

    lines = [line for batch in read_history(daemon, list(sources.values())) for line in batch]

    for name, entries in written.items():
        assert [text for who, _, _, text in lines if who is sources[name]] == [text for _, text in entries]
    effective = {
        text: newest
        for entries in written.values()
        for newest, (_, text) in zip(itertools.accumulate((t for t, _ in entries), max), entries, strict=True)
    }
    order = [effective[text] for _, _, _, text in lines]
    assert order == sorted(order)


def test_what_is_read_ahead_is_bounded():
    # One container wrote long ago, the other only now: its log waits, unread, until the first is through.
    old = Log(log_of([(n, b"old") for n in range(1000)]), 400)
    new = Log(log_of([(500_000_000 + n, b"new") for n in range(1000)]), 400)
    daemon = Daemon({"old": old, "new": new})
    batches = read_history(daemon, [source("new"), source("old")])
    for batch in batches:
        if batch[0][0].service == "new":
            break
        assert new.reads == 1
    assert old.pieces == []


def test_options_reach_the_daemon_and_every_log_is_closed():
    logs = {"a": Log(b"", 1), "b": Log(b"", 1)}
    daemon = Daemon(logs)
    options = LogOptions(tail="5", since="1.5", until="2")
    assert list(read_history(daemon, [source("a"), source("b")], options)) == []
    assert daemon.asked == [{"follow": False, "since": "1.5", "until": "2", "tail": "5"}] * 2
    assert all(log.closed for log in logs.values())


def test_a_container_that_is_gone_fails_the_reading_and_leaves_nothing_open():
    logs = {"a": Log(b"", 1), "b": Log(b"", 1)}
    with pytest.raises(DaemonError, match="No such container: c"):
        list(read_history(Daemon(logs), [source("a"), source("c"), source("b")]))
    assert all(log.closed for log in logs.values())


def test_a_log_that_is_not_kept_is_left_out_or_an_error():
    class Forgetful(Daemon):
        def open_logs(self, container, **options):
            if container == "b":
                raise DaemonError("configured logging driver does not support reading", status=501)
            return super().open_logs(container, **options)

    told = []
    daemon = Forgetful({"a": Log(log_of([(1, b"kept")]), 100)})
    sources = [source("a"), source("b")]
    batches = read_history(
        daemon, sources, unreadable=lambda who, error: told.append((who.service, str(error)))
    )
    assert [line[3] for batch in batches for line in batch] == [b"kept"]
    assert told == [("b", "configured logging driver does not support reading")]
    with pytest.raises(DaemonError, match="does not support reading"):
        list(read_history(daemon, sources))


def test_a_reader_that_stops_early_closes_the_logs():
    log = Log(log_of([(n, b"x" * 50) for n in range(random.Random(1).randint(50, 60))]), 100)
    batches = read_history(Daemon({"a": log}), [source("a")])
    next(batches)
    batches.close()
    assert log.closed


def test_a_line_as_an_event_names_its_container_and_stream():
    event = as_event((source("web"), 2, stamp(7), b"oops"))
    assert (event.service, event.container, event.number) == ("web", "p-web-1", 1)
    assert (event.stream, event.text, event.time) == ("stderr", b"oops", stamp(7).decode())
