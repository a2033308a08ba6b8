"""Compares a tree of the host with a folder of a container, which is read as an archive: no tool is needed there."""

from __future__ import annotations

import posixpath
import stat
import tarfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from compose_lite.errors import AnswerLost, DaemonError, NotFound
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.feed_file import open_tar

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.sync_place import Place
    from compose_lite.runner.sync_tree import Entry, HostTree

_BLOCK = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Paths of the tree: not in the container, other there than here, and only there."""

    missing: frozenset[str]
    different: frozenset[str]
    unknown: frozenset[str]


def compare(daemon: Daemon, container: str, tree: HostTree, place: Place) -> Comparison:
    """Read all of the target. Raises DaemonError as the daemon does."""
    entries = {path: entry for path, entry in tree.entries.items() if place.shield(path) is None}
    seen: set[str] = set()
    different: set[str] = set()
    is_file = "" in tree.entries
    try:
        # The dot: where the target is a link, what it leads to.
        path = place.target if is_file else posixpath.join(place.target, ".")
        _, feed = daemon.get_archive(container, path=path)
    except NotFound:
        return Comparison(missing=frozenset({"", *entries}), different=frozenset(), unknown=frozenset())
    except DaemonError as error:
        if "not a directory" not in str(error):
            raise
        return Comparison(missing=frozenset({"", *entries}), different=frozenset(), unknown=frozenset())
    try:
        with open_tar(feed) as tar:
            for member in tar:
                path = _relative(member.name)
                seen.add(path)
                known = entries.get(path)
                if known is not None and not _same(tar, member, known, tree.absolute(path)):
                    different.add(path)
    except tarfile.TarError as error:
        raise AnswerLost(f"the daemon's archive of {place.target} is damaged: {error}") from error
    finally:
        feed.close()
    return Comparison(
        missing=frozenset(entries.keys() - seen),
        different=frozenset(different),
        unknown=frozenset(path for path in seen - tree.entries.keys() - {""} if place.shield(path) is None),
    )


def _relative(name: str) -> str:
    """The path below the archive's top, which is `.` (or the name of a target that is a file)."""
    return name.rstrip("/").partition("/")[2]


def _same(tar: tarfile.TarFile, member: tarfile.TarInfo, known: Entry, host: str) -> bool:
    if known.kind == "folder":
        return member.isdir()
    if known.kind == "link":
        return member.issym() and member.linkname == known.link
    if not member.isreg() or member.size != known.size or stat.S_IMODE(member.mode) != known.mode:
        return False
    content = tar.extractfile(member)
    return content is not None and _same_content(content, host)


def _same_content(content: IO[bytes], host: str) -> bool:
    try:
        with Path(host).open("rb") as file:
            while block := content.read(_BLOCK):
                if file.read(len(block)) != block:
                    return False
            return not file.read(1)
    except OSError:
        return False  # sending it will tell why, or it is gone
