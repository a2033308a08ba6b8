"""The end of a process that runs our own command line."""

import subprocess
import sys

ENDING = """
import atexit, sys
from compose_lite.cli.main import script
sys.argv = ["compose-lite", *sys.argv[1:]]
atexit.register(print, "done at last")
print("not flushed")
script()
"""


def test_nothing_is_left_unwritten_or_undone() -> None:
    done = _script("version", "--short")
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[0], lines[-1]) == (0, "not flushed", "done at last")


def test_the_exit_code_is_passed_on() -> None:
    assert _script("no-such-command").returncode == 1


def test_a_full_disk_fails() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "compose_lite", "version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr


def _script(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", ENDING, *arguments], capture_output=True, text=True, check=False
    )
