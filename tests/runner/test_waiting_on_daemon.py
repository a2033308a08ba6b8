"""Waits on a real daemon end with its events, not with a tick, and see through restarts."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite.runner.connect import connect_daemon
from compose_lite.runner.failures import ContainerFailure
from compose_lite.runner.waiting import Waiter, await_condition
from tests.fakes.proxy import Proxy

if TYPE_CHECKING:
    from compose_lite.errors import ComposeLiteError
    from tests.runner.conftest import Containers

pytestmark = pytest.mark.daemon

SECOND = 1_000_000_000


def checked(script: str, **more: Any) -> dict[str, Any]:
    """A health check that runs a script every second."""
    return {
        "Healthcheck": {
            "Test": ["CMD-SHELL", script],
            "Interval": SECOND,
            "Timeout": 5 * SECOND,
            "Retries": 1,
            **more,
        },
        "StopSignal": "SIGKILL",
    }


def wait(containers: Containers, condition: Any, container: str, **options: Any) -> list[str]:
    """Wait; return what was told meanwhile."""
    told: list[str] = []
    await_condition(
        containers.daemon,
        containers.project,
        condition,
        {container: "web"},
        report=lambda text, *_args, **_kwargs: told.append(text),
        **options,
    )
    return told


def test_healthy(containers: Containers) -> None:
    container = containers.shell("sleep 1000", **checked("true"))

    assert wait(containers, "service_healthy", container) == ["until healthy"]


def test_unhealthy_tells_its_probes_and_its_log(containers: Containers) -> None:
    container = containers.shell("seq 1 30; sleep 1000", **checked("echo no $((1+1)); exit 7", Retries=4))

    with pytest.raises(ContainerFailure) as caught:
        wait(containers, "service_healthy", container)

    report = caught.value.report
    assert report.probes == ("exit code 7: no 2",) * 3
    assert report.log_tail == tuple(map(str, range(11, 31)))
    assert report.code == "unhealthy"


def test_stale_health_does_not_count(containers: Containers) -> None:
    """A container that was unhealthy in its last run may become healthy in this one."""
    container = containers.shell(
        "test -e /tmp/second || exec sh -c 'sleep 1000'; sleep 1000", **checked("test -e /tmp/well")
    )
    with pytest.raises(ContainerFailure):
        wait(containers, "service_healthy", container)
    containers.daemon.stop_container(container, timeout=0)

    containers.daemon.start_container(container)
    exec_id = containers.daemon.create_exec(container, {"Cmd": ["touch", "/tmp/well"]})
    containers.daemon.start_exec_detached(exec_id)

    wait(containers, "service_healthy", container)


def test_completion(containers: Containers) -> None:
    wait(containers, "service_completed_successfully", containers.shell("sleep 0.5"))
    with pytest.raises(ContainerFailure) as caught:
        wait(containers, "service_completed_successfully", containers.shell("echo sorry; sleep 0.5; exit 4"))

    assert caught.value.report.exit_code == 4
    assert caught.value.report.log_tail == ("sorry",)


def test_out_of_memory_is_told(containers: Containers) -> None:
    container = containers.shell(
        "sleep 0.3; exec awk 'BEGIN { s = \"xxxxxxxxxxxxxxxx\"; while (1) s = s s }'",
        HostConfig={"Memory": 8 * 1024 * 1024, "MemorySwap": 8 * 1024 * 1024},
    )

    with pytest.raises(ContainerFailure) as caught:
        wait(containers, "service_completed_successfully", container)

    assert caught.value.report.oom_killed
    assert "out of memory" in caught.value.report.message


def test_restart_policy_is_given_its_chance(containers: Containers) -> None:
    container = containers.shell(
        "test -e /tmp/again && exit 0; touch /tmp/again; exit 1",
        HostConfig={"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}},
    )

    wait(containers, "service_completed_successfully", container)


def test_exit_ends_a_wait_for_health(containers: Containers) -> None:
    container = containers.shell("sleep 0.5; exit 5", **checked("false", Interval=60 * SECOND))

    with pytest.raises(ContainerFailure, match="exited with code 5 before it was healthy"):
        wait(containers, "service_healthy", container)


def test_timeout(containers: Containers) -> None:
    container = containers.shell("sleep 1000", **checked("false", Interval=60 * SECOND))

    with pytest.raises(ContainerFailure, match=r"not healthy within 0\.3 s"):
        wait(containers, "service_healthy", container, timeout=0.3)


def test_events_are_passed_on_at_once(containers: Containers) -> None:
    """The wait ends when the container does: no poll stands between."""
    delays = []
    for _ in range(5):
        container = containers.shell("sleep 0.3")
        ended: list[float] = []
        watch = threading.Thread(
            target=lambda c=container, e=ended: (
                containers.daemon.wait_container(c),
                e.append(time.monotonic()),
            )
        )
        watch.start()
        wait(containers, "service_completed_successfully", container)
        done = time.monotonic()
        watch.join()
        delays.append(done - ended[0])

    assert sorted(delays)[2] < 0.2


def test_connection_to_the_daemon_may_break(containers: Containers) -> None:
    with Proxy() as proxy:
        daemon = connect_daemon(host=proxy.address, environ={})
        container = containers.shell("sleep 1.5")
        results: list[ComposeLiteError | None] = []
        ended = threading.Event()
        waiter = Waiter(daemon, containers.project)
        waiter.open()
        waiter.add(
            "service_completed_successfully",
            {container: "web"},
            done=lambda error: (results.append(error), ended.set()),
            report=lambda *_args, **_kwargs: None,
        )
        _cut(proxy)

        assert ended.wait(30)
        waiter.close()
        daemon.close()

    assert results == [None]


def _cut(proxy: Proxy) -> None:
    """Break every connection that is open; new ones are let through."""
    for connection in tuple(proxy._open):
        with contextlib.suppress(OSError):  # it has ended by itself meanwhile
            connection.shutdown(2)
