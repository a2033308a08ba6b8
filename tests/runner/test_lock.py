"""One invocation at a time: who waits, who is told what, and that a lock never outlives its holder."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from compose_lite.errors import Interrupted, LockHeld
from compose_lite.runner.lock import folders, project_lock

DAEMON = "unix:///var/run/docker.sock"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "HOME": str(tmp_path / "home")}


def hold(environ: dict[str, str], project: str = "shop") -> subprocess.Popen[str]:
    """Another process that holds the lock until it is killed."""
    script = """
        import sys, time
        from compose_lite.runner.lock import project_lock
        with project_lock({daemon!r}, {project!r}, environ={environ!r}, command="compose-lite up"):
            print("held", flush=True)
            time.sleep(1000)
    """
    code = textwrap.dedent(script).format(daemon=DAEMON, project=project, environ=environ)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def holder(environ: dict[str, str]):
    process = hold(environ)
    yield process
    process.kill()
    process.wait()


def test_second_holder_is_refused_and_told_who_the_first_is(environ, holder) -> None:
    with (
        pytest.raises(LockHeld) as caught,
        project_lock(DAEMON, "shop", environ=environ),
    ):
        pass

    assert "'shop'" in str(caught.value)
    assert "`compose-lite up`" in str(caught.value)
    assert f"process {holder.pid}" in str(caught.value)
    assert "--lock-timeout" in str(caught.value.hint)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_lock_goes_with_its_holder(environ, holder, how: signal.Signals) -> None:
    os.kill(holder.pid, how)
    holder.wait()

    with project_lock(DAEMON, "shop", environ=environ):
        pass


def test_waiting_for_the_holder(environ, holder) -> None:
    threading.Timer(0.5, holder.kill).start()
    begun = time.monotonic()

    with project_lock(DAEMON, "shop", environ=environ, timeout=30):
        assert time.monotonic() - begun < 20


def test_whoever_waits_is_told_once_for_whom(environ, holder) -> None:
    told: list[LockHeld] = []
    threading.Timer(1, holder.kill).start()

    with project_lock(DAEMON, "shop", environ=environ, timeout=30, waiting=told.append):
        pass

    assert [f"process {holder.pid}" in str(held) for held in told] == [True]


def test_who_is_not_waited_for_is_not_told(environ) -> None:
    told: list[LockHeld] = []
    with project_lock(DAEMON, "shop", environ=environ, timeout=30, waiting=told.append):
        assert not told


def test_a_watch_keeps_out_watches_only(environ, holder) -> None:
    with (
        project_lock(DAEMON, "shop", environ=environ, purpose="watch", command="compose-lite watch"),
        pytest.raises(LockHeld, match="being watched by `compose-lite watch`"),
        project_lock(DAEMON, "shop", environ=environ, purpose="watch"),
    ):
        pass


def test_how_long_it_is_held_is_right_whatever_the_clock_is_set_to(
    environ, holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment in (0.0, 4e9):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        with (
            pytest.raises(LockHeld, match=r"for \d{1,3} s"),
            project_lock(DAEMON, "shop", environ=environ),
        ):
            pass


def test_waiting_ends_when_cancelled(environ, holder) -> None:
    with (
        pytest.raises(Interrupted),
        project_lock(DAEMON, "shop", environ=environ, timeout=30, cancelled=lambda: True),
    ):
        pass


def test_other_projects_and_daemons_are_free(environ, holder) -> None:
    with (
        project_lock(DAEMON, "other", environ=environ),
        project_lock("tcp://far:2375", "shop", environ=environ),
    ):
        pass


def test_one_socket_by_two_names_is_one_daemon(environ, holder, tmp_path: Path) -> None:
    link = tmp_path / "link.sock"
    link.symlink_to(DAEMON.removeprefix("unix://"))

    with pytest.raises(LockHeld), project_lock(f"unix://{link}", "shop", environ=environ):
        pass


def test_lock_can_be_taken_again(environ) -> None:
    for _ in range(3):
        with project_lock(DAEMON, "shop", environ=environ):
            pass


def test_a_strange_project_name_stays_in_the_folder(environ) -> None:
    with project_lock(DAEMON, "../../../evil", environ=environ):
        files = [path for path in Path(environ["XDG_RUNTIME_DIR"]).rglob("*") if path.is_file()]

    assert len(files) == 1
    assert files[0].parent == Path(environ["XDG_RUNTIME_DIR"], "compose-lite")
    assert files[0].stat().st_mode & 0o777 == 0o600


def test_damaged_file_is_no_obstacle(environ, holder) -> None:
    (file,) = Path(environ["XDG_RUNTIME_DIR"], "compose-lite").iterdir()
    file.write_text("{")

    with pytest.raises(LockHeld, match="another invocation"), project_lock(DAEMON, "shop", environ=environ):
        pass


def test_folder_that_can_t_be_made_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    wanted = [tmp_path / "file" / "compose-lite", tmp_path / "next"]
    monkeypatch.setattr("compose_lite.runner.lock.folders", lambda _environ: iter(wanted))

    with project_lock(DAEMON, "shop", environ={}):
        assert len(list((tmp_path / "next").glob("*.lock"))) == 1


def test_nowhere_to_write_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compose_lite.runner.lock.folders", lambda _environ: iter([Path("/proc/none")]))

    with project_lock(DAEMON, "shop", environ={}):
        pass


def test_folders_are_tried_from_the_most_fitting_on(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": "/r", "XDG_STATE_HOME": "/s", "HOME": "/h"}

    found = list(map(str, folders(environ)))

    assert found[0] == "/r/compose-lite"
    assert [path for path in found if path.startswith(("/s", "/h"))] == [
        "/s/compose-lite",
        "/h/.local/state/compose-lite",
    ]
    assert found[-1].endswith(f"compose-lite-{os.getuid()}")


def _contend(environ: dict[str, str], inside, most) -> None:
    for _ in range(5):
        with project_lock(DAEMON, "shop", environ=environ, timeout=60):
            with inside.get_lock():
                inside.value += 1
                most.value = max(most.value, inside.value)
            time.sleep(0.001)
            with inside.get_lock():
                inside.value -= 1


def test_never_two_at_a_time(environ) -> None:
    context = multiprocessing.get_context("spawn")
    inside, most = context.Value("i", 0), context.Value("i", 0)
    processes = [context.Process(target=_contend, args=(environ, inside, most)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4
    assert most.value == 1
