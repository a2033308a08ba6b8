"""TLS connections that look like plain sockets: a thread carries the bytes between the two.

A plain socket can be half closed, peeked at, waited for with `select`, and read by one thread while
another one writes; a TLS one can't. So everybody else only ever meets plain ones.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from compose_lite.runner.sign_of_life import answers

if TYPE_CHECKING:
    from compose_lite.runner.connect import TlsFiles

_BLOCK = 65536
_PATIENCE = 30  # seconds for the handshake
_CLOSED = select.POLLHUP | select.POLLERR | select.POLLNVAL


def wrap(sock: socket.socket, files: TlsFiles, *, host: str) -> socket.socket:
    """Make a connected socket secure and return the plain end of it. Raises OSError (ssl.SSLError is one)."""
    settings = ssl.create_default_context(cafile=files.ca)
    if not files.verify:
        settings.check_hostname = False
        settings.verify_mode = ssl.CERT_NONE
    if files.cert:
        settings.load_cert_chain(files.cert, files.key)
    sock.settimeout(_PATIENCE)
    secure = settings.wrap_socket(sock, server_hostname=host)
    # Whether a daemon takes our certificate it says (since TLS 1.3) only after the handshake.
    if not answers(secure):
        secure.close()
        raise ConnectionError("no Docker daemon answers behind TLS")
    secure.setblocking(False)
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    pump = _Pump(theirs, secure)
    threading.Thread(target=pump.run, name="tls", daemon=True).start()
    return ours


class _Pump:
    """Carries bytes between the plain and the secure socket until both directions have ended."""

    def __init__(self, plain: socket.socket, secure: ssl.SSLSocket) -> None:
        self._plain = plain
        self._secure = secure
        self._outward = b""  # read from plain, not yet sent
        self._inward = b""
        self._plain_ended = False
        self._notified = False
        self._secure_ended = False

    def run(self) -> None:
        try:
            # Our side may end first and still be answered; the other side's end is the end.
            while not (self._secure_ended and not self._inward):
                self._wait()
                self._send_outward()
                self._take_inward()
        except OSError:
            pass  # either side broke off; closing both tells the other
        finally:
            self._plain.close()
            self._secure.close()

    def _wait(self) -> None:
        poll = select.poll()
        plain = select.POLLOUT if self._inward else 0
        if not self._outward and not self._plain_ended:
            plain |= select.POLLIN
        secure = select.POLLOUT if self._outward else 0
        if not self._inward and not self._secure_ended:
            secure |= select.POLLIN
        poll.register(self._plain, plain)
        poll.register(self._secure, secure)
        for descriptor, happened in poll.poll():
            if descriptor == self._plain.fileno() and happened & _CLOSED:
                raise ConnectionError("our end was closed")

    def _send_outward(self) -> None:
        if not self._outward and not self._plain_ended:
            with suppress(BlockingIOError):
                self._outward = self._plain.recv(_BLOCK)
                self._plain_ended = not self._outward
        if self._outward:
            with suppress(ssl.SSLWantWriteError, ssl.SSLWantReadError):
                self._outward = self._outward[self._secure.send(self._outward) :]
        elif self._plain_ended and not self._notified:
            self._notified = True
            # Sends the closing alert; the other side's, which this would wait for, comes after its last data.
            with suppress(ssl.SSLWantReadError):
                self._secure.unwrap()

    def _take_inward(self) -> None:
        if not self._inward and not self._secure_ended:
            with suppress(ssl.SSLWantWriteError, ssl.SSLWantReadError):
                self._inward = self._secure.recv(_BLOCK)
                self._secure_ended = not self._inward
        if self._inward:
            with suppress(BlockingIOError):
                self._inward = self._inward[self._plain.send(self._inward) :]
