"""Keeps loaded projects between runs, as Python keeps `.pyc` files: what was looked at decides if one still holds.

An entry says in clear only what was looked at: names of files and variables. The project itself, which may hold
secrets, is enciphered with a key that is made from the contents of those files and the values of those variables:
who has them can load the project anyway, and nobody else can read the entry. An entry that is damaged, foreign or
of another version is as good as none.
"""

# Speed: this runs before every command, and pathlib alone costs milliseconds.
# ruff: noqa: PTH103, PTH105, PTH108, PTH117, PTH118, PTH120

from __future__ import annotations

import marshal
import os
import pickle
import stat
import sys
from contextlib import suppress
from io import BytesIO

from compose_lite.hashes import blake2b, shake_256
from compose_lite.lazy_dataclasses import dataclass, fields, replace
from compose_lite.spec.evidence import kind_of
from compose_lite.spec.model import EMPTY, FrozenMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from compose_lite.errors import Problem
    from compose_lite.spec.load import LoadResult
    from compose_lite.spec.model import Project
    from compose_lite.spec.options import LoadOptions

_MOST_ENTRIES = 200
_MOST_BYTES = 64 * 1024 * 1024
_DAMAGED = (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, KeyError, IndexError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """What a command needs of a load.

    Attributes:
        project: the frozen project.
        warnings: problems that do not refuse the files.
        elsewhere: warnings about what only other engines can do.
    """

    project: Project
    warnings: tuple[Problem, ...]
    elsewhere: tuple[Problem, ...]


def cache_folder(environ: Mapping[str, str]) -> str | None:
    """Return where entries are kept: `$XDG_CACHE_HOME` or `~/.cache`, None without either."""
    base = environ.get("XDG_CACHE_HOME") or (environ.get("HOME") and os.path.join(environ["HOME"], ".cache"))
    return os.path.join(base, "compose-lite", "projects") if base and os.path.isabs(base) else None


def load_compiled(options: LoadOptions, folder: str | None) -> Compiled:
    """Load the project that `options` describe, from `folder` if an entry there still holds.

    Args:
        folder: where entries are kept; None to load from the files and keep nothing.

    Raises:
        SpecError: with every problem found in the files.
    """
    if options.services and not options.reduce:
        # What is on anyway need not be switched on: commands on single services share what is kept of all.
        found = load_compiled(replace(options, services=()), folder)
        if all(name in found.project.services for name in options.services):
            return found
    recalled = recall(options, folder) if folder is not None else None
    return _load(options, folder) if recalled is None else recalled


def _load(options: LoadOptions, folder: str | None) -> Compiled:
    """Load from the files, and keep what comes of it for every request that it answers."""
    from compose_lite.spec.load import load

    result = load(options)
    found = Compiled(project=result.project, warnings=result.warnings, elsewhere=tuple(result.elsewhere))
    if folder is not None:
        answered = (
            [options.all_resources, not options.all_resources] if result.all_used else [options.all_resources]
        )
        for all_resources in answered:
            _Entry(replace(options, all_resources=all_resources), folder).write(found, result)
    return found


def recall(options: LoadOptions, folder: str) -> Compiled | None:
    """Return what an earlier load has left, None if there is nothing, it no longer holds or it is no use."""
    return _Entry(options, folder).read()


def check_compiled(options: LoadOptions, folder: str | None) -> tuple[Problem, ...]:
    """Return the warnings about the project alone, which takes a fraction of the time where an entry holds.

    Raises:
        SpecError: with every problem found in the files.
    """
    known = _Entry(options, folder).read_warnings() if folder is not None else None
    return load_compiled(options, folder).warnings if known is None else known


class _Entry:
    """One file of the cache: that of these options."""

    def __init__(self, options: LoadOptions, folder: str) -> None:
        irrelevant = {"environ", "stdin", "fetch"} | (
            set() if options.services else {"reduce", "dependencies"}
        )
        asked = [
            (item.name, getattr(options, item.name))
            for item in fields(options)
            if item.name not in irrelevant
        ]
        self._name = _digest(
            [repr((asked, sys.version_info, _code_stamp())).encode("utf-8", "surrogatepass")]
        )
        self._folder = folder
        self._options = options

    def read(self) -> Compiled | None:
        opened = self._open()
        if opened is None:
            return None
        try:
            warnings, elsewhere, more = opened.load()
            project = replace(opened.load(), environment=FrozenMap({**self._options.environ, **more}))
        except _DAMAGED:
            return None
        return Compiled(project=project, warnings=warnings, elsewhere=elsewhere)

    def read_warnings(self) -> tuple[Problem, ...] | None:
        opened = self._open()
        try:
            return opened.load()[0] if opened is not None else None
        except _DAMAGED:
            return None

    def _open(self) -> _Unpickler | None:
        """Return a reader of what was kept, if it still holds."""
        data = _private_file(os.path.join(self._folder, self._name.hex()))
        if data is None:
            return None
        try:
            header, check, sealed = marshal.loads(data)
            for path, kind in header["kinds"]:
                if kind_of(path) != kind:
                    return None
            for path, target in header["links"]:
                if os.path.realpath(path) != target:
                    return None
            contents = [(path, _content(path)) for path in header["files"]]
            key = self._key(header["variables"], contents)
            if _digest([b"check", key, sealed]) != check:
                return None
            return _Unpickler(BytesIO(_enciphered(sealed, key)))
        except _DAMAGED:
            return None

    def write(self, compiled: Compiled, result: LoadResult) -> None:
        """Keep it for the next time; whatever prevents that is no concern of the user's."""
        evidence = result.evidence
        if "-" in evidence.contents:
            return
        environ = self._options.environ
        environment = compiled.project.environment
        more = {name: value for name, value in environment.items() if environ.get(name) != value}
        variables = sorted(evidence.variables)
        header = {
            "variables": variables,
            "files": list(evidence.contents),
            "kinds": sorted(evidence.kinds.items()),
            "links": sorted(evidence.links.items()),
        }
        key = self._key(variables, evidence.contents.items())
        project = replace(compiled.project, environment=EMPTY)
        plain = BytesIO()
        pickler = pickle.Pickler(plain)
        # The warnings first: who wants no more can stop there.
        pickler.dump((compiled.warnings, compiled.elsewhere, more))
        pickler.dump(project)
        sealed = _enciphered(plain.getvalue(), key)
        data = marshal.dumps((header, _digest([b"check", key, sealed]), sealed))
        with suppress(OSError):
            _store(self._folder, self._name.hex(), data)

    def _key(self, variables: Iterable[str], contents: Iterable[tuple[str, bytes | None]]) -> bytes:
        environ = self._options.environ
        values = [(name, environ.get(name)) for name in variables]
        return _digest([self._name, marshal.dumps((values, list(contents)), 2)])


class _Unpickler(pickle.Unpickler):
    """Makes instances of our own model and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if module not in ("compose_lite.spec.model", "compose_lite.errors"):
            raise pickle.UnpicklingError(module)
        return super().find_class(module, name)


def _digest(parts: Iterable[bytes]) -> bytes:
    state = blake2b(digest_size=32)
    for part in parts:
        state.update(part)
    return state.digest()


def _enciphered(data: bytes, key: bytes) -> bytes:
    """Encipher or decipher: the key belongs to one plaintext, so a key stream is used once."""
    stream = shake_256(key).digest(len(data))
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")


def _code_stamp() -> tuple[tuple[str, int, int], ...]:
    """What tells one version of the loader from another, also while it is being worked on."""
    with os.scandir(os.path.dirname(__file__)) as files:
        found = [(file.name, file.stat()) for file in files if file.name.endswith(".py")]
    return tuple(sorted((name, status.st_mtime_ns, status.st_size) for name, status in found))


def _content(path: str) -> bytes | None:
    """The bytes of a regular file; None for anything else, which never equals what was kept."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _drained(descriptor) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _private_file(path: str) -> bytes | None:
    """The bytes of an entry that only this user can have written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
        return _drained(descriptor) if ours else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _drained(descriptor: int) -> bytes:
    chunks = []
    while chunk := os.read(descriptor, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def _store(folder: str, name: str, data: bytes) -> None:
    """Put an entry in its place at once: readers and other writers see a whole one or none."""
    from tempfile import mkstemp

    if len(data) > _MOST_BYTES:
        return
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.lstat(folder).st_uid != os.geteuid():
        return
    _make_room(folder)
    descriptor, temporary = mkstemp(dir=folder)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _make_room(folder: str) -> None:
    """Drop the oldest half once there are too many; also what a killed writer has left."""
    with os.scandir(folder) as files:
        found = sorted(files, key=lambda file: file.stat(follow_symlinks=False).st_mtime)
    if len(found) >= _MOST_ENTRIES:
        for file in found[: len(found) // 2]:
            with suppress(OSError):
                os.unlink(file.path)
