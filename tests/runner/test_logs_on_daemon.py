"""Logs of real containers: framing, terminals, long lines, limits, restarts and speed."""

from __future__ import annotations

import contextlib
import time

import pytest

from compose_lite import labels
from compose_lite.events import ContainerExited
from compose_lite.runner.follow import LogFollower
from compose_lite.runner.logs import LogOptions, LogSource, read_history

pytestmark = pytest.mark.daemon


def source(container: str, service: str = "web") -> LogSource:
    return LogSource(id=container, name=service, service=service, number=1)


def history(daemon, *ids, **options):
    lines = read_history(daemon, [source(one) for one in ids], LogOptions(**options))
    return [line for batch in lines for line in batch]


def texts(lines):
    return [line[3] for line in lines]


def test_both_streams_and_lines_of_any_length(daemon, containers):
    script = "echo out; sleep 0.05; echo err >&2; sleep 0.05; echo; head -c 100000 /dev/zero | tr '\\0' x; printf end"
    container = containers.shell(script)
    daemon.wait_container(container)
    lines = history(daemon, container)
    assert [(line[1], line[3]) for line in lines] == [
        (1, b"out"),
        (2, b"err"),
        (1, b""),
        (1, b"x" * 100000 + b"end"),
    ]
    assert all(line[2].endswith(b"Z") and len(line[2]) == 30 for line in lines)


def test_a_terminals_lines(daemon, containers):
    container = containers.shell("echo one; head -c 40000 /dev/zero | tr '\\0' y; echo; echo two", Tty=True)
    daemon.wait_container(container)
    assert texts(history(daemon, container)) == [b"one", b"y" * 40000, b"two"]


def test_tail_since_and_until(daemon, containers):
    container = containers.shell("for i in 1 2 3 4 5; do echo $i; sleep 0.05; done")
    daemon.wait_container(container)
    everything = history(daemon, container)
    assert texts(everything) == [b"1", b"2", b"3", b"4", b"5"]
    assert texts(history(daemon, container, tail="2")) == [b"4", b"5"]
    from compose_lite.runner.timestamps import as_unix

    third = as_unix(everything[2][2].decode(), now=0)
    assert texts(history(daemon, container, since=third)) == [b"3", b"4", b"5"]
    assert texts(history(daemon, container, until=third)) == [b"1", b"2", b"3"]


def test_several_containers_in_the_order_of_writing(daemon, containers):
    turn = containers.shell("for i in 1 3 5 7; do echo $i; sleep 0.2; done")
    time.sleep(0.1)
    other = containers.shell("for i in 2 4 6 8; do echo $i; sleep 0.2; done", service="db")
    daemon.wait_container(other)
    daemon.wait_container(turn)
    lines = history(daemon, turn, other)
    assert len(lines) == 8
    assert [line[2] for line in lines] == sorted(line[2] for line in lines)


def test_following_history_then_live_then_the_end(daemon, containers):
    container = containers.shell("echo before; sleep 1; echo live; exit 4")
    time.sleep(0.3)
    follower = LogFollower(daemon, containers.project)
    follower.follow([source(container)], running=[container], options=LogOptions())
    follower.expect_no_more()
    seen: list[object] = []
    for item in follower:
        seen += texts(item) if isinstance(item, list) else [item]
    assert seen[:2] == [b"before", b"live"]
    assert [item.exit_code for item in seen[2:] if isinstance(item, ContainerExited)] == [4]


def test_restarts_by_policy_are_followed_and_every_run_is_shown_once(daemon, containers):
    follower = LogFollower(daemon, containers.project)
    containers.shell(
        "echo run; exit 1",
        daemon=follower.daemon,
        HostConfig={"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}},
    )
    follower.expect_no_more()
    seen: list[object] = []
    for item in follower:
        seen += texts(item) if isinstance(item, list) else [item.restarting]
    assert seen.count(b"run") == 4
    assert [item for item in seen if isinstance(item, bool)] == [True, True, True, False]


def test_a_container_without_a_readable_log_is_shown_while_it_is_followed(daemon, containers):
    follower = LogFollower(daemon, containers.project)
    containers.shell(
        "sleep 1; echo heard", daemon=follower.daemon, HostConfig={"LogConfig": {"Type": "none"}}
    )
    follower.expect_no_more()
    seen = [line for item in follower if isinstance(item, list) for line in texts(item)]
    assert seen == [b"heard"]


def test_a_restart_and_a_replacement_by_hand_do_not_end_the_following(daemon, containers):
    follower = LogFollower(daemon, containers.project)
    items = iter(follower)
    container = containers.shell("echo first; exec sleep 60", daemon=follower.daemon)
    follower.expect_no_more()
    assert texts(next(items)) == [b"first"]
    daemon.restart_container(container, timeout=0)
    assert isinstance(next(items), ContainerExited)
    assert texts(next(items)) == [b"first"]
    successor = containers.create("sh", "-c", "echo second")
    daemon.stop_container(container, timeout=0)
    daemon.remove_container(container)
    daemon.start_container(successor)
    rest = list(items)
    assert [line for item in rest if isinstance(item, list) for line in texts(item)] == [b"second"]


def test_the_shortest_life_is_not_missed(daemon, containers):
    for _ in range(5):
        follower = LogFollower(daemon, containers.project)
        containers.shell("echo hello", daemon=follower.daemon)
        follower.expect_no_more()
        seen = list(follower)
        assert [line for item in seen if isinstance(item, list) for line in texts(item)] == [b"hello"]
        assert [item.exit_code for item in seen if isinstance(item, ContainerExited)] == [0]
        containers.remove_all()


def test_ten_thousand_lines_a_second_are_kept_up_with(daemon, containers):
    follower = LogFollower(daemon, containers.project)
    script = (
        "for i in 1 2 3 4 5; do seq 10000 | sed 's/$/ a line as an application writes it/'; sleep 0.8; done"
    )
    container = containers.shell(script, daemon=follower.daemon)
    follower.expect_no_more()
    begun = time.process_time()
    lines = [line for item in follower if isinstance(item, list) for line in item]
    busy = time.process_time() - begun
    assert len(lines) == 50_000
    assert texts(lines[:3]) == [b"%d a line as an application writes it" % n for n in (1, 2, 3)]
    # Far from one core: the bound is loose, for slow machines that do other things too.
    assert busy < 3
    with contextlib.closing(read_history(daemon, [source(container)])) as batches:
        assert sum(map(len, batches)) == 50_000


def test_labels_of_an_event_name_the_container():
    attributes = {labels.SERVICE: "web", labels.NUMBER: "3"}
    found = LogSource.of_labels("id", "p-web-3", attributes)
    assert (found.service, found.number, found.name) == ("web", 3, "p-web-3")
