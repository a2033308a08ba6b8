"""Which folders have to be watched to learn what happens to some files and folders, and what an event there means."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, kw_only=True, slots=True)
class Root:
    """A file or folder to watch: its path as given, and where that leads."""

    path: str
    real: str


@dataclass(kw_only=True, slots=True)
class Places:
    """The folders to watch, for some roots.

    Attributes:
        folders: path of a folder → its inode. Those in roots and those around them, where roots may be made,
            replaced or removed.
        names: a folder in a root → how it is called from the root as given, which may lead through links.
        ways: a root, or a folder or link that leads to one → those roots, as given.
        blind: some folders can't be watched (their names are not UTF-8).
    """

    folders: dict[str, int] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    ways: dict[str, set[str]] = field(default_factory=dict)
    blind: bool = False

    def reported(self, path: str) -> set[str]:
        """The paths, as the roots were given, that an event at `path` is about; none for what is beside them."""
        folder, _, name = path.rpartition("/")
        found = set(self.names.get(path, ()))
        found |= {f"{base.rstrip('/')}/{name}" for base in self.names.get(folder or "/", ())}
        return found.union(self.ways.get(path, ()))

    def outdated(self, path: str, *, modified: bool) -> bool:
        """Whether, after an event at `path`, other folders have to be watched.

        `modified` says that the event told no more than another content or mode.
        """
        is_folder = posixpath.isdir(path) and not posixpath.islink(path)
        if path in self.ways:
            return not modified and (is_folder or posixpath.islink(path) or path in self.folders)
        if path in self.folders:
            if is_folder:
                return not modified
            del self.folders[path]  # the kernel has forgotten it as well
            return False
        return is_folder and bool(self.names.get(posixpath.dirname(path)))


def survey(roots: Iterable[str], descend: Callable[[str], bool]) -> Places:
    """Find the folders that have to be watched for these roots, as things are now."""
    places = Places()
    for path in roots:
        root = Root(path=path, real=posixpath.realpath(path))
        for way in (*_with_parents(root.path), *_with_parents(root.real)):
            places.ways.setdefault(way, set()).add(root.path)
        for folder in _around(root):
            _add(places, folder)
        if posixpath.isdir(root.real):
            for folder in _folders(root.real, root.path, descend):
                if _add(places, folder):
                    inside = folder[len(root.real.rstrip("/")) :]
                    places.names.setdefault(folder, set()).add(root.path.rstrip("/") + inside or "/")
    return places


def _add(places: Places, folder: str) -> bool:
    try:
        folder.encode()
    except UnicodeEncodeError:
        places.blind = True
        return False
    if not os.access(folder, os.R_OK | os.X_OK):
        return False
    try:
        places.folders[folder] = Path(folder).stat().st_ino
    except OSError:
        return False
    return True


def _around(root: Root) -> Iterator[str]:
    """The folders in which the root, or a link on the way to it, is a name; of those that exist."""
    yield _existing(posixpath.dirname(root.path))
    yield _existing(posixpath.dirname(root.real))
    for way in _with_parents(root.path):
        if posixpath.islink(way):
            yield _existing(posixpath.dirname(way))


def _existing(folder: str) -> str:
    while not posixpath.isdir(folder):
        folder = posixpath.dirname(folder)
    return folder


def _folders(top: str, path: str, descend: Callable[[str], bool]) -> Iterator[str]:
    """The folder and those below it that are worth watching; `path` is what `descend` knows it as."""
    yield top
    try:
        with os.scandir(top) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return  # gone or unreadable
    for name in names:
        if descend(inner := f"{path.rstrip('/')}/{name}"):
            yield from _folders(f"{top.rstrip('/')}/{name}", inner, descend)


def _with_parents(path: str) -> Iterator[str]:
    yield path
    while path != (path := posixpath.dirname(path)):
        yield path
