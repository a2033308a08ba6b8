"""Remembers in a container which files watch has made equal there, for the next watch.

What was deleted on the host while nobody watched can only be told from what the image or the program in the
container brought if this is known. The record lies beside Docker's own `/.dockerenv`, so that it lives and dies
with the container's files: a folder for each tree and target, in it a file for each batch that brought or removed names.
"""

from __future__ import annotations

import hashlib
import tarfile
import time
from typing import TYPE_CHECKING

from compose_lite.errors import AnswerLost, NotFound
from compose_lite.runner.feed_file import open_tar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from compose_lite.runner.daemon import Daemon

_FOLDER = ".compose-lite/watch"
_ADDED, _REMOVED = "+", "-"


def place(path: str, target: str) -> str:
    """The folder, below the container's root, of the record of a tree of the host at its target."""
    digest = hashlib.sha256(f"{path}\0{target}".encode(errors="surrogateescape"))
    return f"{_FOLDER}/{digest.hexdigest()[:16]}"


def read(daemon: Daemon, container: str, record: str) -> set[str] | None:
    """The paths of the tree that are known to be in the container; `None` if there is no such record yet."""
    try:
        _, feed = daemon.get_archive(container, path=f"/{record}")
    except NotFound:
        return None
    try:
        with open_tar(feed) as tar:
            texts = {member.name: _text(tar, member) for member in tar if member.isfile()}
    except tarfile.TarError as error:
        raise AnswerLost(f"the daemon's archive of /{record} is damaged: {error}") from error
    finally:
        feed.close()
    known: set[str] = set()
    for line in (line for name in sorted(texts) for line in texts[name].split("\0")):
        if line.startswith(_ADDED):
            known.add(line[1:])
        else:
            known.discard(line[1:])
    return known


def pieces(record: str, added: Collection[str], removed: Collection[str]) -> Iterator[bytes]:
    """The member of a tar (to be extracted in `/`) that adds to the record; nothing if nothing is new."""
    lines = [_REMOVED + path for path in sorted(removed)] + [_ADDED + path for path in sorted(added)]
    if not lines:
        return
    content = "\0".join(lines).encode(errors="surrogateescape")
    member = tarfile.TarInfo(f"{record}/{time.time_ns():020}")
    member.size, member.mode, member.mtime = len(content), 0o600, int(time.time())
    yield member.tobuf(tarfile.PAX_FORMAT)
    yield content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = tar.extractfile(member)
    return file.read().decode(errors="surrogateescape") if file else ""
