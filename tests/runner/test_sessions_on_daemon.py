"""exec, attach and run: at a terminal, in pipes, with signals; nothing is lost and the terminal is restored."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from compose_lite.errors import Conflict, DaemonError
from compose_lite.runner.exec import ExecOptions, execute_detached
from tests.e2e.processes import Background, Terminal
from tests.runner.session_driver import DETACHED

pytestmark = pytest.mark.daemon

ROOT = Path(__file__).parents[2]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT)}


def driver(*arguments: str) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("session_driver.py")), *arguments]


def terminal(*arguments: str, **size: int) -> Terminal:
    return Terminal(driver(*arguments), folder=ROOT, env=ENVIRON, **size)


def piped(*arguments: str, data: bytes | None = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        driver(*arguments), input=data, capture_output=True, cwd=ROOT, env=ENVIRON, timeout=60, check=False
    )


@pytest.fixture
def idle(containers) -> str:
    """A container that does nothing."""
    return containers.start("sleep", "600")


def await_state(daemon, container, state):
    for _ in range(500):
        if daemon.inspect_container(container)["State"]["Status"] == state:
            return
        time.sleep(0.02)
    raise AssertionError(f"never {state}")


def ask_for_size(session: Terminal, expected: str) -> None:
    """Type until the shell says the size: it is set beside the session, not before it."""
    for _ in range(100):
        session.send("stty size\r")
        time.sleep(0.1)
        if expected in session.seen():
            return
    session.await_text(expected)


# in pipes


def test_output_error_output_and_exit_code_are_kept_apart(idle):
    done = piped("exec", idle, "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 7)


def test_much_data_goes_both_ways_at_once_unharmed(idle):
    data = os.urandom(20_000_000)
    done = piped("exec", idle, "--", "cat", data=data)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()
    assert done.returncode == 0


def test_input_that_nobody_reads_does_not_hold_up_the_end(idle):
    done = piped("exec", idle, "--", "head", "-c", "3", data=b"abcdef" * 1_000_000)
    assert (done.stdout, done.returncode) == (b"abc", 0)


def test_an_input_that_stays_open_does_not_hold_up_the_end(idle):
    reading, writing = os.pipe()
    try:
        begun = time.monotonic()
        done = subprocess.run(
            driver("exec", idle, "--", "echo", "hi"),
            stdin=reading, capture_output=True, cwd=ROOT, env=ENVIRON, timeout=30, check=False,
        )  # fmt: skip
    finally:
        os.close(reading)
        os.close(writing)
    assert (done.stdout, done.returncode) == (b"hi\n", 0)
    assert time.monotonic() - begun < 20


def test_an_output_that_nobody_reads_ends_the_session(idle):
    command = " ".join(driver("exec", idle, "--", "yes"))
    done = subprocess.run(
        ["bash", "-c", f"{command} 2>/dev/null | head -n 1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, cwd=ROOT, env=ENVIRON, timeout=30, check=False,
    )  # fmt: skip
    first, status = done.stdout.split()
    assert first == b"y"
    assert status != b"0"


def test_a_command_that_does_not_exist(idle):
    done = piped("exec", idle, "--", "no-such-command")
    assert done.returncode in (126, 127)
    assert b"no-such-command" in done.stdout + done.stderr


def test_options_reach_the_command(daemon, idle):
    options = ExecOptions(
        command=("sh", "-c", "{ id -u; pwd; echo $A$B; } > /tmp/seen"),
        user="1000",
        workdir="/tmp",
        environment=("A=x", "B=y z"),
    )
    execute_detached(daemon, idle, options)
    for _ in range(200):
        if (seen := piped("exec", idle, "--", "cat", "/tmp/seen").stdout).count(b"\n") == 3:
            break
        time.sleep(0.05)
    assert seen == b"1000\n/tmp\nxy z\n"


def test_a_detached_command_goes_on(daemon, idle):
    execute_detached(daemon, idle, ExecOptions(command=("sh", "-c", "sleep 0.3; touch /tmp/done")))
    for _ in range(200):
        if piped("exec", idle, "--", "ls", "/tmp").stdout == b"done\n":
            return
        time.sleep(0.05)
    raise AssertionError("it never ran")


def test_a_container_that_does_not_run_is_a_conflict(daemon, containers):
    container = containers.create("true")
    with pytest.raises(Conflict, match="not running"):
        execute_detached(daemon, container, ExecOptions(command=("true",)))


# at a terminal


def test_a_shell_at_the_terminal(idle):
    with terminal("exec", idle, "--tty", "--", "sh", columns=91, rows=31) as session:
        session.await_text("#")
        assert not session.echoes
        session.send("echo [$TERM]\r")
        session.await_text("[xterm]")
        ask_for_size(session, "31 91")
        session.resize(70, 20)
        ask_for_size(session, "20 70")
        session.send("sleep 100\r")
        time.sleep(0.3)
        session.send("\x03")
        session.send("echo $((6*7)); exit 9\r")
        session.await_text("42")
        assert session.ended().code == 9
        assert session.echoes


def test_detaching_leaves_the_command_running(daemon, idle):
    with terminal("exec", idle, "--tty", "--", "sh", "-c", "echo ready; sleep 77") as session:
        session.await_text("ready")
        session.send("\x10\x11")
        assert session.ended().code == DETACHED
        assert session.echoes
    assert any("sleep 77" in " ".join(row) for row in daemon.top_container(idle)["Processes"])


def test_other_detach_keys(idle):
    with terminal("exec", idle, "--tty", "--detach-keys", "ctrl-a,d", "--", "cat") as session:
        session.send("hello\r")
        session.await_text("hello", times=2)
        session.send("\x01d")
        assert session.ended().code == DETACHED


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_ends_us_leaves_the_terminal_as_it_was(idle, number):
    with terminal("exec", idle, "--tty", "--", "sh", "-c", "echo ready; sleep 600") as session:
        session.await_text("ready")
        assert not session.echoes
        session.signal(number)
        assert session.ended(10).code in (-number, 1, 130)
        assert session.echoes


def test_all_output_before_the_end_is_shown(idle):
    with terminal("exec", idle, "--tty", "--", "sh", "-c", "seq 1 20000; exit 3") as session:
        ended = session.ended()
        assert ended.code == 3
        session.await_text("\r\n20000\r\n")
        assert [line for line in session.seen().split("\r\n") if line] == [str(n) for n in range(1, 20001)]


# run


def test_a_one_off_container_is_seen_from_its_first_line_and_removed(daemon, containers):
    container = containers.create(
        "sh", "-c", "echo first; cat; exit 4", OpenStdin=True, StdinOnce=True, HostConfig={"AutoRemove": True}
    )
    done = piped("run", container, data=b"typed\n")
    assert (done.stdout, done.returncode) == (b"first\ntyped\n", 4)
    assert not [c for c in daemon.list_containers(filters={}) if c["Id"] == container]


def test_a_one_off_that_cannot_start_says_why(daemon, containers):
    from compose_lite.runner.attach import AttachOptions
    from compose_lite.runner.console import Console
    from compose_lite.runner.run_session import run_attached

    container = containers.create("no-such-command")
    with pytest.raises(DaemonError, match="no-such-command"):
        run_attached(daemon, container, AttachOptions(), Console())


def test_a_one_off_at_a_terminal(containers):
    container = containers.create("sh", Tty=True, OpenStdin=True, StdinOnce=True)
    with terminal("run", container, columns=77, rows=22) as session:
        session.await_text("#")
        ask_for_size(session, "22 77")
        session.send("exit 5\r")
        assert session.ended().code == 5
        assert session.echoes


def test_signals_are_passed_on_to_a_one_off(containers):
    script = "trap 'echo got it; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    container = containers.create("sh", "-c", script)
    with Background(driver("run", container), folder=ROOT, env=ENVIRON) as session:
        session.await_text("ready")
        session.signal(signal.SIGINT)
        ended = session.ended()
    assert (ended.out, ended.code) == ("ready\ngot it\n", 9)


def test_who_insists_is_let_go(containers):
    script = "trap 'echo no' INT; echo ready; while :; do sleep 0.05; done"
    container = containers.create("sh", "-c", script)
    with Background(driver("run", container), folder=ROOT, env=ENVIRON) as session:
        session.await_text("ready")
        for times in (1, 2):
            session.signal(signal.SIGINT)
            session.await_text("no\n", times=times)
        session.signal(signal.SIGINT)
        assert session.ended().code == 130


# attach


def test_attaching_to_a_running_container(containers):
    container = containers.shell(
        'while read line; do echo "<$line>"; [ $line = end ] && exit 6; done', OpenStdin=True
    )
    done = piped("attach", container, data=b"one\nend\n")
    assert (done.stdout, done.returncode) == (b"<one>\n<end>\n", 6)


def test_detaching_from_a_container_leaves_it_running(daemon, containers):
    container = containers.start("cat", Tty=True, OpenStdin=True)
    with terminal("attach", container) as session:
        session.send("x\r")
        session.await_text("x", times=2)
        session.send("\x10\x11")
        assert session.ended().code == DETACHED
    assert daemon.inspect_container(container)["State"]["Running"]


def test_the_exit_code_of_a_container_that_ends_while_attached(daemon, containers):
    container = containers.start("sleep", "600")
    with Background(driver("attach", container), folder=ROOT, env=ENVIRON) as session:
        time.sleep(0.7)
        threading.Thread(target=daemon.kill_container, args=(container,), kwargs={"signal": "KILL"}).start()
        assert session.ended().code == 137


def test_a_container_that_does_not_run_cannot_be_attached_to(daemon, containers):
    from compose_lite.runner.attach import AttachOptions, attach
    from compose_lite.runner.console import Console

    container = containers.create("true")
    with pytest.raises(Conflict, match="it is created"):
        attach(daemon, container, AttachOptions(), Console())
