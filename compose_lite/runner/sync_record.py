"""Remembers in a container which files watch has made equal there, for the next watch.

What was deleted on the host while nobody watched can only be told from what the image or the program in the
container brought if this is known. The record lies beside Docker's own `/.dockerenv`, so that it lives and dies
with the container's files: a folder for each tree and target, in it a file for each batch that brought or removed names,
numbered upwards.
"""

from __future__ import annotations

import hashlib
import tarfile
import time
from typing import TYPE_CHECKING

from compose_lite.errors import AnswerLost, NotFound
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.feed_file import open_tar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from compose_lite.runner.daemon import Daemon

_FOLDER = ".compose-lite/watch"
_ADDED, _REMOVED = "+", "-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What a record says.

    Attributes:
        paths: those of the tree that are known to be in the container.
        newest: the highest number that a batch has.
    """

    paths: frozenset[str]
    newest: int = 0


def place(path: str, target: str) -> str:
    """The folder, below the container's root, of the record of a tree of the host at its target."""
    digest = hashlib.sha256(f"{path}\0{target}".encode(errors="surrogateescape"))
    return f"{_FOLDER}/{digest.hexdigest()[:16]}"


def read(daemon: Daemon, container: str, record: str) -> Record | None:
    """What the record in a container says; `None` if there is none yet."""
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
    numbers = [number for name in texts if (number := name.rpartition("/")[2]).isdigit()]
    return Record(paths=frozenset(known), newest=max(map(int, numbers), default=0))


def number_after(newest: int) -> int:
    """The number of the next batch: one that no other watch has had, and the highest also where the clock was put back."""
    return max(time.time_ns(), newest + 1)


def pieces(record: str, added: Collection[str], removed: Collection[str], *, number: int) -> Iterator[bytes]:
    """The member of a tar (to be extracted in `/`) that adds to the record; nothing if nothing is new."""
    lines = [_REMOVED + path for path in sorted(removed)] + [_ADDED + path for path in sorted(added)]
    if not lines:
        return
    content = "\0".join(lines).encode(errors="surrogateescape")
    member = tarfile.TarInfo(f"{record}/{number:020}")
    member.size, member.mode, member.mtime = len(content), 0o600, int(time.time())
    yield member.tobuf(tarfile.PAX_FORMAT)
    yield content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = tar.extractfile(member)
    return file.read().decode(errors="surrogateescape") if file else ""
