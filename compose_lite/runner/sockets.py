"""Finds the process of this machine that listens on a port, from /proc; knows nothing of remote daemons."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTENING = {"tcp": "0A", "udp": "07"}


class Listeners:
    """The sockets of this machine that listened when it was first asked; the kernel's tables are read once."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._tables: dict[str, list[tuple[int, str, str]]] = {}

    def inodes(self, port: int, protocol: str, *, host_ip: str = "") -> set[str]:
        """Return the sockets that listen on a port; with `host_ip` only those on that address, or on all."""
        if protocol not in self._tables:
            self._tables[protocol] = list(_listening(self._proc, protocol))
        return {
            inode
            for number, address, inode in self._tables[protocol]
            if number == port and (not host_ip or _overlap(_address(address), host_ip))
        }


def _listening(proc: Path, protocol: str) -> Iterator[tuple[int, str, str]]:
    """Port, address and inode of each socket that listens."""
    for table in (protocol, f"{protocol}6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                local, state, inode = columns[1], columns[3], columns[9]
                if state == _LISTENING[protocol]:
                    address, _, number = local.rpartition(":")
                    yield int(number, 16), address, inode


def listening_process(
    port: int, protocol: str, *, host_ip: str = "", proc: Path = Path("/proc")
) -> str | None:
    """`process 123 (nginx)`, or what can be said of it without permission to look; `None` if nobody listens.

    With `host_ip` only somebody who listens on that address, or on all, counts.
    """
    inodes = Listeners(proc).inodes(port, protocol, host_ip=host_ip)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        with suppress(OSError):  # another user's, or gone
            if any(str(entry.readlink()) in wanted for entry in (folder / "fd").iterdir()):
                name = (folder / "comm").read_text().strip()
                return f"process {folder.name} ({name})"
    return "a process of another user"


def sees_host_sockets(address: str) -> bool:
    """Whether the daemon at `address` publishes ports on the machine that `/proc` tells of.

    That is so behind a Unix socket whose owner this process can see: in a container with a mounted
    socket the owner's process id is 0.
    """
    scheme, _, path = address.partition("://")
    if scheme != "unix":
        return False
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
            owner = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return False
    return bool(struct.unpack("3i", owner)[0])


def _overlap(one: str, other: str) -> bool:
    """Whether two addresses can't both have a port: they are equal, or one stands for all."""
    return one == other or _everywhere(one) or _everywhere(other)


def _everywhere(address: str) -> bool:
    return address in ("0.0.0.0", "::")


def _address(digits: str) -> str:
    """An address as /proc/net has it: words of 32 bits in the machine's byte order."""
    words = (int(digits[at : at + 8], 16) for at in range(0, len(digits), 8))
    packed = b"".join(struct.pack("=I", word) for word in words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
