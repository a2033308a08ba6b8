"""Connections to a daemon behind ssh: the `ssh` command carries the bytes."""

from __future__ import annotations

import errno
import re
import socket
import subprocess
import tempfile
import threading
import time
from typing import TYPE_CHECKING

from compose_lite.runner.sign_of_life import answers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

# An ssh server drops connections by chance while many are being made (`MaxStartups`).
_DROPPED = re.compile(r"kex_exchange_identification|Connection (closed|reset) by", re.IGNORECASE)
_PATIENCE = 5
_BACK_OFF = (0.3, 0.7, 1.5)  # seconds before each further attempt


def dial(command: Sequence[str]) -> socket.socket:
    """Return the plain end of a connection whose other end is the input and output of an ssh command.

    Raises OSError with what ssh said if nobody answers at the far end.
    """
    for pause in _BACK_OFF:
        try:
            return _dial_once(command)
        except ConnectionError as error:
            if not _DROPPED.search(str(error)):
                raise
            time.sleep(pause)
    return _dial_once(command)


def _dial_once(command: Sequence[str]) -> socket.socket:
    """Connect and ask for a sign of life, so that what fails so far is known to have done nothing."""
    with tempfile.TemporaryFile() as said:
        ours, process = _start(command, said)
        if _answers(ours):
            threading.Thread(target=process.wait, name="ssh", daemon=True).start()
            return ours
        ours.close()
        code = _end_of(process)
        said.seek(0)
        words = " ".join(said.read().decode(errors="replace").split())
        raise ConnectionError(errno.ECONNREFUSED, words or f"ssh ended with {code}")


def _start(command: Sequence[str], said: IO[bytes]) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=said, start_new_session=True
            )
        except FileNotFoundError as error:
            ours.close()
            raise FileNotFoundError(errno.ENOENT, "there is no ssh command here") from error
    return ours, process


def _end_of(process: subprocess.Popen[bytes]) -> int:
    """Wait until it ends, for it has nobody to talk to any more; return its exit code."""
    try:
        return process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _answers(sock: socket.socket) -> bool:
    try:
        return answers(sock)
    except OSError:
        return False
