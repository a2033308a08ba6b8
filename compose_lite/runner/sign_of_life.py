"""Asks a daemon at the far end of a new connection for a sign of life, before anything else is asked of it.

What fails until then is known to have done nothing, so that it can be told as what it is, or tried again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

_PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
_BLOCK = 65536


def answers(sock: socket.socket) -> bool:
    """Whether a daemon answers; its answer is taken off the connection. Raises OSError if the connection breaks."""
    try:
        sock.sendall(_PING)
    except OSError:
        # Who has hung up may have said why, such as in an alert of TLS: that is raised instead.
        sock.recv(_BLOCK)
        raise
    got = b""
    while b"\r\n\r\n" not in got:
        block = sock.recv(_BLOCK)
        if not block or len(got) > _BLOCK:
            return False
        got += block
    head, _, body = got.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    left = int(length[1]) - len(body) if length else 0
    while left > 0 and (block := sock.recv(left)):
        left -= len(block)
    return head.startswith(b"HTTP/1.")  # whatever it says: a proxy may forbid this very question
