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

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

_PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: keep-alive\r\n\r\n"
_ENOUGH = 65536

# An ssh server drops connections by chance while many are being made (`MaxStartups`).
_DROPPED = re.compile(r"kex_exchange_identification|Connection (closed|reset) by", re.IGNORECASE)
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
        code = process.wait()
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


def _answers(sock: socket.socket) -> bool:
    """Whether a daemon answers; its answer is taken off the connection."""
    head = b""
    try:
        sock.sendall(_PING)
        while b"\r\n\r\n" not in head:
            block = sock.recv(_ENOUGH)
            if not block or len(head) > _ENOUGH:
                return False
            head += block
        head, _, body = head.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        left = int(length[1]) - len(body) if length else 0
        while left > 0 and (block := sock.recv(left)):
            left -= len(block)
    except OSError:
        return False
    return head.startswith(b"HTTP/1.1 200")
