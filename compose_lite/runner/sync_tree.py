"""Knows what a tree of files on the host looked like, and finds what has changed since.

Paths in a tree are relative to its root, with `/` between names; the root itself is the empty path, which is
an entry of its own only where the tree is a single file. Bytes that are no UTF-8 are kept as `os.fsdecode` does.
"""

from __future__ import annotations

import os
import posixpath
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

# A file changed this short (ns) before it was looked at may be changed again without its times telling: they
# follow a clock that ticks every 1 to 10 ms.
_TICK = 10_000_000


_Kind = Literal["file", "folder", "link"]
_KINDS: dict[int, _Kind] = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


class Keeps(Protocol):
    """Whether a path of the tree counts; what is below a folder that does not is not looked at."""

    def __call__(self, relative: str, *, folder: bool) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What is at a path, without its content.

    Attributes:
        mode: permission bits.
        size: bytes, of files; 0 for the others.
        mtime_ns: when its content changed, nanoseconds since the epoch.
        link: where a symbolic link points to.
        version: changes with everything else that tells a new content: inode, and the times (nanoseconds) of the
            last change of the content and of anything.
    """

    kind: _Kind
    mode: int
    size: int = 0
    mtime_ns: int = 0
    link: str = ""
    version: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeDelta:
    """What is new or different in a tree, and what is gone; false if nothing is."""

    changed: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.changed or self.deleted)


class HostTree:
    """A file or folder of the host, as it was when `scan` or `restat` looked at it last.

    Symbolic links are entries, never followed below the root; sockets, pipes and devices are left out. Not for
    use by several threads at once, except that `entries` may be read while another thread looks again.

    Attributes:
        path: the root, absolute; may itself be a symbolic link, may not exist (yet).
        entries: what is there, by relative path.
        gone: what was there once and is no more.
        unreadable: what could not be looked at or into, with the reason; what is known of it stays as it was.
    """

    def __init__(self, path: str, keeps: Keeps) -> None:
        self.path = path
        self.entries: Mapping[str, Entry] = {}
        self.gone: frozenset[str] = frozenset()
        self.unreadable: Mapping[str, str] = {}
        self._keeps = keeps
        self._looked: dict[str, int] = {}

    def scan(self) -> TreeDelta:
        """Look at everything and return what differs from before."""
        self.unreadable = {}
        return self._renew(dict(self._below("")), dict(self.entries))

    def restat(self, paths: Iterable[str]) -> TreeDelta:
        """Look at these absolute paths, and below those that are folders; return what differs from before.

        Paths outside of the tree, below links or left out by the filter are passed over.
        """
        wanted = _topmost({relative for path in paths if (relative := self._place(path)) is not None})
        before = {path: entry for path in wanted if (entry := self.entries.get(path))}
        folders = {path for path in wanted if not path or (path in before and before[path].kind == "folder")}
        if folders:
            before |= {path: entry for path, entry in self.entries.items() if has_ancestor(path, folders)}
        self.unreadable = {path: why for path, why in self.unreadable.items() if not _covered(path, wanted)}
        found = {path: entry for relative in wanted for path, entry in self._below(relative)}
        return self._renew(found, before, told=wanted)

    def absolute(self, relative: str) -> str:
        """The path on the host."""
        return f"{self.path.rstrip('/')}/{relative}" if relative else self.path

    def _place(self, path: str) -> str | None:
        path = posixpath.normpath(path)
        if path == self.path:
            return ""
        root = f"{self.path.rstrip('/')}/"
        if not path.startswith(root):
            # Something above the root was made, moved or removed: the root may be another one now.
            return "" if within(self.path, path) else None
        return path[len(root) :]

    def _below(self, relative: str) -> Iterator[tuple[str, Entry]]:
        """The entries at a path and below, as they are on the disk now."""
        if not self._reachable(relative):
            return
        entry = self._look(relative)
        if entry is None:
            return
        if relative or entry.kind != "folder":
            yield relative, entry
        if entry.kind == "folder":
            yield from self._inside(relative)

    def _inside(self, folder: str) -> Iterator[tuple[str, Entry]]:
        for name in self._names(folder):
            relative = f"{folder}/{name}" if folder else name
            entry = self._look(relative)
            if entry is None:
                continue
            yield relative, entry
            if entry.kind == "folder":
                yield from self._inside(relative)

    def _look(self, relative: str) -> Entry | None:
        """What is at a path now; `None` if nothing is that counts."""
        try:
            # The root may be a link: it is what it leads to.
            entry = _entry(self.absolute(relative), follow=not relative)
        except OSError as error:
            self._note(relative, error)
            return None
        return entry if entry is not None and self._kept(relative, entry) else None

    def _names(self, folder: str) -> list[str]:
        try:
            with os.scandir(self.absolute(folder)) as entries:
                return sorted(entry.name for entry in entries)
        except (FileNotFoundError, NotADirectoryError):
            pass  # gone since it was looked at
        except OSError as error:
            self._note(folder, error)
        return []

    def _note(self, path: str, error: OSError) -> None:
        self.unreadable = {**self.unreadable, path: error.strerror or str(error)}

    def _reachable(self, relative: str) -> bool:
        """Whether the way to a path leads through folders of the tree only, not through links or filtered ones."""
        parts = relative.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            folder = "/".join(parts[:end])
            if not self._keeps(folder, folder=True) or posixpath.islink(self.absolute(folder)):
                return False
        return True

    def _kept(self, relative: str, entry: Entry) -> bool:
        known = self.entries.get(relative)
        if not relative or (known is not None and known.kind == entry.kind):
            return True  # spares the filter, which takes longer than all the rest
        return self._keeps(relative, folder=entry.kind == "folder")

    def _renew(
        self, found: dict[str, Entry], before: dict[str, Entry], told: Collection[str] = ()
    ) -> TreeDelta:
        """Take what was found for what was there `before`; `told` are the paths that are said to have changed."""
        now = time.time_ns()
        lost = {path: entry for path, entry in before.items() if path not in found}
        lost = {path: entry for path, entry in lost.items() if not _covered(path, self.unreadable)}
        changed = {path for path, entry in found.items() if _differs(self.entries.get(path), entry)}
        changed |= {path for path in told if path in found and self._ambiguous(path)}
        self._looked |= dict.fromkeys(changed, now)
        self.entries = {path: entry for path, entry in self.entries.items() if path not in lost} | found
        self.gone = (self.gone | lost.keys()) - found.keys()
        return TreeDelta(changed=frozenset(changed), deleted=frozenset(lost))

    def _ambiguous(self, path: str) -> bool:
        """Whether a file may have another content now although it looks as it did."""
        known = self.entries.get(path)
        return (
            known is not None
            and known.kind == "file"
            and self._looked.get(path, 0) - max(known.version[1:]) < _TICK
        )


def _differs(known: Entry | None, entry: Entry) -> bool:
    if known is not None and known.kind == entry.kind == "folder":
        return known.mode != entry.mode  # its time changes with each name in it
    return known != entry


def _topmost(paths: set[str]) -> set[str]:
    """The paths that lie in none of the others."""
    return {path for path in paths if not has_ancestor(path, paths)}


def ancestors(path: str) -> Iterator[str]:
    """The folders that a relative path lies in, the nearest first, the root (the empty path) last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def has_ancestor(path: str, folders: Collection[str]) -> bool:
    """Whether the relative path lies in one of the folders, but is not one itself."""
    return any(folder in folders for folder in ancestors(path))


def _covered(path: str, others: Collection[str]) -> bool:
    """Whether the path is one of the others, or lies in one."""
    return path in others or has_ancestor(path, others)


def within(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it; the empty path is the root of all relative ones."""
    return not folder or path == folder or path.startswith(f"{folder.rstrip('/')}/")


def _entry(path: str, *, follow: bool) -> Entry | None:
    """What is at a path of the host; `None` if nothing is that a tree holds. Raises OSError if it can't be told."""
    try:
        found = Path(path).stat() if follow else os.lstat(path)
        kind = _KINDS.get(stat.S_IFMT(found.st_mode))
        if kind is None:
            return None
        return Entry(
            kind=kind,
            mode=stat.S_IMODE(found.st_mode),
            size=found.st_size if kind == "file" else 0,
            mtime_ns=found.st_mtime_ns,
            link=str(Path(path).readlink()) if kind == "link" else "",
            version=(found.st_ino, found.st_mtime_ns, found.st_ctime_ns),
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
