"""Finds the process of this machine that listens on a port, from /proc; knows nothing of remote daemons."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_LISTENING = {"tcp": "0A", "udp": "07"}


def listening_process(port: int, protocol: str, *, proc: Path = Path("/proc")) -> str | None:
    """`process 123 (nginx)`, or what can be said of it without permission to look; `None` if nobody listens."""
    inodes = _inodes(port, protocol, proc)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        with suppress(OSError):  # another user's, or gone
            if any(str(entry.readlink()) in wanted for entry in (folder / "fd").iterdir()):
                name = (folder / "comm").read_text().strip()
                return f"process {folder.name} ({name})"
    return "a process of another user"


def _inodes(port: int, protocol: str, proc: Path) -> set[str]:
    found = set()
    for table in (f"{protocol}", f"{protocol}6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                local, state, inode = columns[1], columns[3], columns[9]
                if state == _LISTENING[protocol] and int(local.rpartition(":")[2], 16) == port:
                    found.add(inode)
    return found
