"""The files that a watched project is made of: where it was read from, and what its build contexts ignore."""

from __future__ import annotations

import os
import posixpath

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner.ignore_patterns import parse_patterns
from compose_lite.planner.watch import local_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TypeAlias

    from compose_lite.spec.model import Project, Service

_IGNORE_FILE = ".dockerignore"
_Mark: TypeAlias = "tuple[int, ...] | None"  # None: there is no such file


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A project, and how to come by it again when its files have changed.

    Attributes:
        read: absolute paths of every file that was read for it.
        reload: reads it again; raises `SpecError`.
    """

    project: Project
    read: tuple[str, ...] = ()
    reload: Callable[[], Origin] | None = None


class FileMarks:
    """What some files were like when they were looked at last, to tell whether they have changed since.

    Args:
        since: earlier marks; for files that have one, changes are told since then.
    """

    def __init__(self, paths: Iterable[str], *, since: FileMarks | None = None) -> None:
        self.paths = frozenset(paths)
        earlier: Mapping[str, _Mark] = since._known if since is not None else {}
        self._known: dict[str, _Mark] = {
            path: earlier[path] if path in earlier else _mark(path) for path in self.paths
        }

    def changed(self) -> tuple[str, ...]:
        """The files that are new, different or gone since the last call."""
        now = {path: _mark(path) for path in self.paths}
        before, self._known = self._known, now
        return tuple(sorted(path for path in self.paths if now[path] != before[path]))


def _mark(path: str) -> _Mark:
    try:
        found = os.stat(path)  # noqa: PTH116  # paths are text here
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def project_files(origin: Origin) -> tuple[str, ...]:
    """The files whose change may change the project, there or not: also an override or `.env` made later."""
    if origin.reload is None:
        return ()
    from compose_lite.spec.files import FILE_NAMES, OVERRIDE_NAMES

    project = origin.project
    found = {path for path in origin.read if path.startswith("/")}
    found.add(posixpath.join(project.working_dir, ".env"))
    for file in project.compose_files:
        folder, name = posixpath.split(file)
        if name in FILE_NAMES:
            found.update(posixpath.join(folder, other) for other in OVERRIDE_NAMES)
    for service in project.services.values():
        if service.watch:
            found.update(_ignore_files(service))
    return tuple(sorted(found))


def read_ignored(project: Project) -> dict[str, tuple[str, ...]]:
    """Service → the patterns of its build context's ignore file, for those that are watched and have one."""
    return {
        name: _patterns(service)
        for name, service in project.services.items()
        if service.watch and service.build
    }


def _patterns(service: Service) -> tuple[str, ...]:
    for path in _ignore_files(service):
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                return parse_patterns(file.read())
        except OSError:
            continue  # not there, or not readable: then it ignores nothing
    return ()


def _ignore_files(service: Service) -> Iterator[str]:
    """The ignore file of the service's Dockerfile, then that of its context: the first that is there counts."""
    context = local_context(service)
    if context is None or service.build is None:
        return
    if service.build.dockerfile_inline is None:
        yield posixpath.join(context, f"{service.build.dockerfile or 'Dockerfile'}{_IGNORE_FILE}")
    yield posixpath.join(context, _IGNORE_FILE)
