"""Subnets of its own for each stack: leased for all processes of the user, as a lock on one byte of a file."""

import fcntl
import functools
import os
import random
import tempfile
import threading
from pathlib import Path
from typing import IO

from tests.e2e import state

_COUNT = 40 * 256
_TAKEN: dict[str, int] = {}
_LOCK = threading.Lock()


def lease() -> str:
    """The first three numbers (`10.210.7`) of a subnet that no other stack and no network of the daemon has."""
    used = {
        pool.get("Subnet") for network in state.api().networks() for pool in network["IPAM"]["Config"] or ()
    }
    with _LOCK:
        for at in random.sample(range(_COUNT), _COUNT):
            numbers = f"10.{210 + at // 256}.{at % 256}"
            if numbers not in _TAKEN and f"{numbers}.0/24" not in used and _lock(at):
                _TAKEN[numbers] = at
                return numbers
    raise AssertionError("no subnet is free")


def give_back(numbers: str) -> None:
    """End a lease."""
    with _LOCK:
        fcntl.lockf(_file(), fcntl.LOCK_UN, 1, _TAKEN.pop(numbers))


def _lock(at: int) -> bool:
    try:
        fcntl.lockf(_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, at)
    except OSError:
        return False  # another process has it
    return True


@functools.cache
def _file() -> IO[str]:
    """Opened once: a process that closes such a file anywhere loses all its locks on it."""
    return Path(tempfile.gettempdir(), f"compose-lite-test-subnets-{os.getuid()}").open("w")
