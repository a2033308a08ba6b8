"""Lets one invocation at a time change a project on a daemon, and one watch it; the others learn who holds it.

The lock is the kernel's (`flock`) on a file of the user: it goes with its holder, however that ends. The
file stays; what it says is only believed while it is locked.
"""

# Speed: whatever changes a project comes by here, and pathlib alone costs milliseconds.
# ruff: noqa: PTH103, PTH112, PTH118

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from contextlib import contextmanager, suppress
from functools import partial

from compose_lite.errors import Interrupted, LockHeld
from compose_lite.hashes import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Literal

    Purpose = Literal["change", "watch"]

_FOLDER = "compose-lite"
# Another invocation may hold the lock for as long as it takes to say who it is.
_PATIENCE = 0.2
_TICK = 0.05
# What the holder does to the project, and what can be done about it.
_HELD = {
    "change": (
        "changed",
        "wait for it to end, let this command wait with --lock-timeout SECONDS, or stop that process",
    ),
    "watch": (
        "watched",
        "one watch is enough, it takes any number of services; end that one first (Ctrl-C in its terminal)",
    ),
}


@contextmanager
def project_lock(
    daemon: str,
    project: str,
    *,
    environ: Mapping[str, str],
    purpose: Purpose = "change",
    command: str = "compose-lite",
    timeout: float = 0,
    waiting: Callable[[LockHeld], None] = lambda _held: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Hold the lock of a project on the daemon at this address.

    Where no folder can be written to (a read-only system), there is no lock.

    Args:
        purpose: who watches a project keeps out others that do, but nobody who changes it.
        command: what others are told about us; without anything that may be secret.
        timeout: seconds to wait for another holder.
        waiting: told once who is waited for.
        cancelled: tells whether to stop waiting.

    Raises:
        LockHeld: another invocation holds it; the message names that.
        Interrupted: the wait was cancelled.
    """
    address = os.path.realpath(daemon.removeprefix("unix://")) if daemon.startswith("unix://") else daemon
    kind = "" if purpose == "change" else f"\0{purpose}"
    digest = sha256(f"{address}\0{project}{kind}".encode()).hexdigest()
    descriptor = _open(f"{digest[:32]}.lock", environ)
    if descriptor is None:
        yield
        return
    try:
        _acquire(descriptor, partial(_held, descriptor, project, purpose), timeout, waiting, cancelled)
        _sign(descriptor, command)
        yield
    finally:
        os.close(descriptor)  # which unlocks


def folders(environ: Mapping[str, str]) -> Iterator[str]:
    """Where lock files may be, best first: private to the user, and local to the machine if possible."""
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield os.path.join(runtime, _FOLDER)
    if os.path.isdir(shared := f"/run/user/{os.getuid()}"):
        yield os.path.join(shared, _FOLDER)
    if state := environ.get("XDG_STATE_HOME"):
        yield os.path.join(state, _FOLDER)
    if home := environ.get("HOME"):
        yield os.path.join(home, ".local", "state", _FOLDER)
    from tempfile import gettempdir

    yield os.path.join(gettempdir(), f"{_FOLDER}-{os.getuid()}")


def _open(name: str, environ: Mapping[str, str]) -> int | None:
    for folder in folders(environ):
        with suppress(OSError):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if os.lstat(folder).st_uid != os.getuid() or not os.path.isdir(folder):
                continue  # somebody else made it: they could keep us out, or read who we are
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            return os.open(os.path.join(folder, name), flags, 0o600)
    return None


def _acquire(
    descriptor: int,
    held: Callable[[], LockHeld],
    timeout: float,
    waiting: Callable[[LockHeld], None],
    cancelled: Callable[[], bool],
) -> None:
    begun, told = time.monotonic(), False
    while not _try(descriptor):
        if cancelled():
            raise Interrupted("interrupted while waiting for another invocation")
        spent = time.monotonic() - begun
        if spent >= max(timeout, _PATIENCE):
            raise held()
        if spent >= _PATIENCE and not told:
            told = True
            waiting(held())
        time.sleep(_TICK)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            return True  # a file system without locks
        raise
    return True


def _sign(descriptor: int, command: str) -> None:
    """Write down who we are, for those who find the lock taken; and since when, by a clock that is never set."""
    text = json.dumps({"pid": os.getpid(), "command": command, "since": int(time.monotonic())})
    with suppress(OSError):  # a full disk keeps nobody from working
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)


def _held(descriptor: int, project: str, purpose: Purpose) -> LockHeld:
    holder = "another invocation"
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(os.pread(descriptor, 4096, 0))
        seconds = max(0, int(time.monotonic()) - int(told["since"]))
        holder = f"`{told['command']}` (process {int(told['pid'])}, for {seconds} s)"
    what, hint = _HELD[purpose]
    return LockHeld(f"project {project!r} is being {what} by {holder}", hint=hint)
