"""Packs what changed in a tree as a tar that is made while it is sent: no file is held in memory."""

from __future__ import annotations

import stat
import tarfile
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite.errors import CannotSync, DaemonError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.sync_place import Place
    from compose_lite.runner.sync_tree import HostTree

_BLOCK = 64 * 1024
# What the kernel says of a place that can't be written to, in the daemon's answer (seen on Engine 20.10).
_REFUSALS = (
    "read-only file system",
    "device or resource busy",
    "marked read-only",
    "no space left on device",
)


def put(daemon: Daemon, container: str, folder: str, members: Iterable[bytes]) -> None:
    """Have the members of a tar extracted in a folder.

    Raises:
        CannotSync: the place can't be written to; what is in front of that member has been extracted.
        DaemonError: as the daemon does.
    """
    try:
        daemon.put_archive(container, path=folder, archive=_blocks(members), replace=True)
    except DaemonError as error:
        if any(refusal in str(error) for refusal in _REFUSALS):
            raise CannotSync(
                f"not everything could be copied into the container: {error}",
                hint="let the path be writable for the container, ignore it in the watch rule, or rebuild",
            ) from error
        raise


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A whole tar; small pieces are joined, for each block becomes a chunk of the request."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= _BLOCK:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered) + bytes(2 * tarfile.BLOCKSIZE)


class Archive:
    """One batch for one container; afterwards it knows what it contained.

    Attributes:
        written: the paths that were packed.
        folders: those of them that are folders.
        skipped: what is still there but could not be read, or not go where it should, each with the reason.
        bytes: the content's size.
    """

    def __init__(self, tree: HostTree, place: Place, paths: Collection[str]) -> None:
        self._tree = tree
        self._place = place
        self._paths = sorted(paths)
        self.written: set[str] = set()
        self.folders: set[str] = set()
        self.skipped: list[str] = []
        self.bytes = 0

    def put(self, daemon: Daemon, container: str, before: Iterable[bytes] = ()) -> None:
        """Have it extracted, behind the members `before`. Raises as the function `put` does."""
        put(daemon, container, self._place.base, chain(before, self._pieces()))

    def _pieces(self) -> Iterator[bytes]:
        for path in self._paths:
            try:
                yield from self._member(path)
            except (FileNotFoundError, NotADirectoryError):
                continue  # its vanishing is the next event
            except OSError as error:  # nothing of it has been packed yet
                self.skipped.append(f"{self._tree.absolute(path)}: {error.strerror or error}")

    def _member(self, path: str) -> Iterator[bytes]:
        host = Path(self._tree.absolute(path))
        found = host.stat() if not path else host.lstat()
        if not self._may_write(path, is_folder=stat.S_ISDIR(found.st_mode)):
            return
        member = tarfile.TarInfo(self._place.name(path))
        member.mode = stat.S_IMODE(found.st_mode)
        member.uid, member.gid = self._place.owner.uid, self._place.owner.gid
        # To the nanosecond: programs that look for changed times must see two saves within a second.
        mtime = max(0, found.st_mtime_ns)
        member.pax_headers = {"mtime": f"{mtime // 10**9}.{mtime % 10**9:09}"}
        if stat.S_ISREG(found.st_mode):
            yield from self._file(member, host, found.st_size)
        elif stat.S_ISDIR(found.st_mode):
            member.type = tarfile.DIRTYPE
            self.folders.add(path)
            yield _header(member)
        elif stat.S_ISLNK(found.st_mode):
            member.type = tarfile.SYMTYPE
            member.linkname = str(host.readlink())
            yield _header(member)
        else:
            return
        self.written.add(path)

    def _may_write(self, path: str, *, is_folder: bool) -> bool:
        # A file or a link would remove what is there.
        reason = self._place.shield(path) if is_folder else self._place.stays(path)
        if reason:
            self.skipped.append(f"{self._place.inside(path)}: not copied, {reason}")
        return reason is None

    def _file(self, member: tarfile.TarInfo, host: Path, size: int) -> Iterator[bytes]:
        member.size = left = size
        with host.open("rb") as file:
            yield _header(member)
            try:
                while left and (block := file.read(min(left, _BLOCK))):
                    left -= len(block)
                    yield block
            except OSError as error:
                # The size has been told, so that something has to follow.
                self.skipped.append(f"{host}: only a part could be read: {error.strerror or error}")
        # It may have shrunk meanwhile; then there will be another event.
        yield from _zeros(left + -size % tarfile.BLOCKSIZE)
        self.bytes += size


def _zeros(count: int) -> Iterator[bytes]:
    while count:
        yield bytes(min(count, _BLOCK))
        count -= min(count, _BLOCK)


def _header(member: tarfile.TarInfo) -> bytes:
    return member.tobuf(tarfile.PAX_FORMAT, errors="surrogateescape")
