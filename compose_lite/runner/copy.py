"""Copies files between the host and a container, with the rules of `docker cp`.

A source that is a folder goes into an existing target folder, or becomes the target where there is none;
`folder/.` means what is in it. A file goes into an existing folder, or becomes the target.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from compose_lite.errors import AnswerLost, NotFound, UsageError
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.runner.daemon import Daemon, Json

# Go's file mode bits, as the daemon tells them in a path's stat.
_GO_DIRECTORY, _GO_SYMLINK = 1 << 31, 1 << 27
# Archives up to this size (bytes) stay in memory.
_IN_MEMORY = 8 * 1024 * 1024
_MOST_LINKS = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyOptions:
    """The options of `cp`: `follow_link` copies what a link points to, `archive` keeps owners."""

    follow_link: bool = False
    archive: bool = False


def copy_in(daemon: Daemon, container: str, source: str, target: str, options: CopyOptions) -> None:
    """Copy a host path into a container.

    Raises:
        UsageError: the source can't be read, or does not fit the target.
        NotFound: the folder that the target is in does not exist.
    """
    path = Path(source)
    if options.follow_link:
        path = Path(os.path.realpath(source))
    if not os.path.lexists(path):
        raise UsageError(f"there is no {source}")
    is_folder = path.is_dir() and not path.is_symlink()
    found = _stat(daemon, container, target)
    if found is None and target.endswith("/") and not is_folder:
        raise NotFound(f"there is no folder {target} in the container")
    folder, name = _place(source, target, is_folder=is_folder, target_is_folder=_is_folder(found))
    if found is not None and is_folder and not _is_folder(found):
        raise UsageError(f"can't copy the folder {source} onto the file {target}")
    with _packed(path, name, archive=options.archive) as tar:
        daemon.put_archive(container, path=folder, archive=_chunks(tar))


def put_archive(daemon: Daemon, container: str, tar: IO[bytes], target: str) -> None:
    """Extract a tar from a stream into a folder of a container."""
    daemon.put_archive(container, path=target, archive=_chunks(tar))


def copy_out(daemon: Daemon, container: str, source: str, target: str, options: CopyOptions) -> None:
    """Copy a path of a container to the host.

    Raises:
        UsageError: the target can't be written, does not fit the source, or the archive reaches out of it.
        NotFound: there is no such path in the container.
        AnswerLost: the archive is damaged.
    """
    source = _resolved(daemon, container, source) if options.follow_link else source
    found, tar = daemon.get_archive(container, path=source)
    is_folder = _is_folder(found)
    target_is_folder = Path(target).is_dir()
    if is_folder and Path(target).exists() and not target_is_folder:
        raise UsageError(f"can't copy the folder {source} onto the file {target}")
    folder, name = _place(source, target, is_folder=is_folder, target_is_folder=target_is_folder)
    if not Path(folder).is_dir():
        raise UsageError(f"there is no folder {folder}")
    try:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            for chunk in tar:
                file.write(chunk)
            file.seek(0)
            _unpack(file, Path(folder), str(found["name"]), name, archive=options.archive)
    finally:
        tar.close()


def get_archive(daemon: Daemon, container: str, source: str, out: IO[bytes]) -> None:
    """Write a path of a container as a tar to a stream."""
    _, tar = daemon.get_archive(container, path=source)
    try:
        for chunk in tar:
            out.write(chunk)
    finally:
        tar.close()


def _place(source: str, target: str, *, is_folder: bool, target_is_folder: bool) -> tuple[str, str]:
    """The folder to unpack in, and the name there; an empty name is the folder itself."""
    contents = is_folder and (source.endswith("/.") or source == ".")
    if target_is_folder:
        return target, "" if contents else posixpath.basename(source.rstrip("/"))
    folder, name = posixpath.split(target.rstrip("/"))
    return folder or ("/" if target.startswith("/") else "."), name


def _stat(daemon: Daemon, container: str, path: str) -> Json | None:
    """What is at a path of the container, links followed; `None` if nothing is."""
    try:
        return _stat_of(daemon, container, _resolved(daemon, container, path))
    except NotFound:
        return None


def _stat_of(daemon: Daemon, container: str, path: str) -> Json:
    found, tar = daemon.get_archive(container, path=path)
    tar.close()
    return found


def _resolved(daemon: Daemon, container: str, path: str) -> str:
    """The path that a link of the container leads to, in the end. Raises `NotFound`."""
    for _ in range(_MOST_LINKS):
        found = _stat_of(daemon, container, path)
        if not int(found["mode"]) & _GO_SYMLINK:
            return path
        path = posixpath.normpath(
            posixpath.join(posixpath.dirname(path.rstrip("/")), str(found["linkTarget"]))
        )
    raise NotFound(f"too many links on the way to {path}")


def _is_folder(found: Json | None) -> bool:
    return found is not None and bool(int(found["mode"]) & _GO_DIRECTORY)


def _packed(path: Path, name: str, *, archive: bool) -> IO[bytes]:
    """A tar of a host path whose top is called `name` (`""`: what is in the folder)."""

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        if not archive:
            member.uid = member.gid = 0
            member.uname = member.gname = ""
        return member

    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # closed by the caller
    try:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            tar.add(path, arcname=name or ".", filter=owned)
        file.truncate(tar.offset)  # as in files.archive
    except OSError as error:
        file.close()
        raise UsageError(f"can't read {error.filename or path}: {error.strerror}") from error
    file.seek(0)
    return file


def _unpack(file: IO[bytes], folder: Path, top: str, name: str, *, archive: bool) -> None:
    """Extract a tar whose top is called `top` into a folder, as `name`; nothing may land outside of it.

    The container may have made the archive what it is: it is trusted in nothing.
    """
    try:
        with tarfile.open(fileobj=file) as tar:
            for member in tar:
                inside = posixpath.relpath(member.name, top)
                place = posixpath.normpath(posixpath.join(name, inside))
                if place == "." and member.isdir():
                    continue
                _extract(tar, member, folder, place, archive=archive)
    except tarfile.TarError as error:
        raise AnswerLost(f"the container's archive is damaged: {error}") from error


def _extract(
    tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, place: str, *, archive: bool
) -> None:
    if "\0" in place:
        raise UsageError(f"the container's archive has a name that no file can have: {member.name}")
    target = folder / place
    # A folder may be there already, and be a link that the archive has made: then what it leads to counts.
    checked = target if member.isdir() else target.parent
    if posixpath.isabs(place) or place.split("/")[0] == ".." or not _is_inside(checked, folder):
        raise UsageError(f"the container's archive reaches outside of {folder}: {member.name}")
    try:
        _write(tar, member, target)
        if archive and os.path.lexists(target):
            os.chown(target, member.uid, member.gid, follow_symlinks=False)
    except (KeyError, RecursionError) as error:
        raise UsageError(
            f"the container's archive has a link to what is not in it: {member.name} → {member.linkname}"
        ) from error
    except OSError as error:
        raise UsageError(f"can't write {target}: {error.strerror}") from error


def _is_inside(path: Path, folder: Path) -> bool:
    root = os.path.realpath(folder)
    return Path(os.path.realpath(path)).is_relative_to(root)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Write a member. Devices and pipes are left out. Raises KeyError for a hard link to nothing."""
    if member.isdir():
        target.mkdir(exist_ok=True)
        target.chmod(stat.S_IMODE(member.mode))
        return
    if not target.is_dir() or target.is_symlink():
        with suppress(FileNotFoundError):
            target.unlink()
    if member.issym():
        target.symlink_to(member.linkname)
    elif member.isfile() or member.islnk():
        content = tar.extractfile(member)
        with target.open("wb") as file:
            if content is not None:
                shutil.copyfileobj(content, file)
        target.chmod(stat.S_IMODE(member.mode) & 0o777)
        os.utime(target, (member.mtime, member.mtime))


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(1 << 16):
        yield chunk
