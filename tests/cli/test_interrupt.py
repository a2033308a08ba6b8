"""Ctrl-C while the program is still being loaded ends it as at any other time, without a trace."""

import subprocess
import sys

import pytest

INTERRUPTED_LOADING = """
import sys

class Interrupt:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from compose_lite.cli.main import main
sys.exit(main(["version"]))
"""
DROPPED = """
import os, signal, sys, time
from compose_lite.cli.interrupts import let_none_be_lost

class Interrupted:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass

let_none_be_lost()
try:
    Interrupted()
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""
SLEPT_OVER = """
import os, signal, sys, threading, time
from queue import SimpleQueue
from compose_lite.cli.interrupts import let_none_be_lost

def disturb():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)

let_none_be_lost()
# As if it came just before the wait: it is noted, and does not cut the wait short.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
threading.Thread(target=disturb).start()
try:
    SimpleQueue().get()
except KeyboardInterrupt:
    sys.exit(130)
"""
LOADED_BEFORE = """
import sys
before = set(sys.modules)
import compose_lite.cli.main
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize(
    "module", ["compose_lite.cli.program", "compose_lite.errors", "compose_lite.cli.commands.version"]
)
def test_an_interrupt_while_modules_are_loaded(module: str) -> None:
    done = _python(INTERRUPTED_LOADING, module)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupt_within_a_destructor_comes_again() -> None:
    """Python drops it there, and shows a trace."""
    done = _python(DROPPED)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupt_just_before_a_wait_ends_the_wait() -> None:
    """Python notes it, and sleeps."""
    done = _python(SLEPT_OVER)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_nothing_of_weight_is_loaded_before_an_interrupt_is_minded() -> None:
    loaded = _python(LOADED_BEFORE).stdout.split()
    assert set(loaded) <= {
        "__future__",
        "atexit",
        "compose_lite",
        "compose_lite.cli",
        "compose_lite.cli.main",
    }


def _python(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
