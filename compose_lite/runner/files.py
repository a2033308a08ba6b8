"""Writes secrets and configs into a container that has not been started yet."""

from __future__ import annotations

import io
import posixpath
import tarfile
import time
from typing import TYPE_CHECKING

from compose_lite.errors import ComposeLiteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.planner.refs import InjectedFile
    from compose_lite.runner.daemon import Daemon

_DEFAULT_MODE = 0o444


def inject(
    daemon: Daemon,
    container: str,
    files: Iterable[InjectedFile],
    contents: Mapping[str, bytes],
    *,
    read_only_root: bool,
) -> None:
    """Write the files; into a container with a read-only root, volume by volume: the engine takes no other way.

    Raises ComposeLiteError for a file whose content is not known, DaemonError as the daemon does.
    """
    mounts = daemon.inspect_container(container).get("Mounts") or () if read_only_root else ()
    volumes = [mount["Destination"] for mount in mounts if mount.get("Type") in ("volume", "bind")]
    for folder, inside in _by_volume(files, volumes).items():
        daemon.put_archive(container, path=folder, archive=archive(inside, contents, folder=folder))


def archive(files: Iterable[InjectedFile], contents: Mapping[str, bytes], *, folder: str) -> bytes:
    """A tar of the files, with paths relative to `folder`, their owners and modes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in files:
            content = contents.get(f"{file.kind}.{file.source}")
            if content is None:
                raise ComposeLiteError(
                    f"the content of {file.kind}.{file.source} is not known", code="no-content"
                )
            member = tarfile.TarInfo(posixpath.relpath(file.target, folder))
            member.size = len(content)
            member.mode = _DEFAULT_MODE if file.mode is None else file.mode
            member.uid, member.gid = int(file.uid or 0), int(file.gid or 0)
            member.mtime = int(time.time())
            tar.addfile(member, io.BytesIO(content))
    # Without what fills the last record up: Podman fails if it is left with that (buildah issue 6573, seen on 4.3).
    return buffer.getvalue()[: tar.offset]


def _by_volume(files: Iterable[InjectedFile], volumes: Iterable[str]) -> dict[str, list[InjectedFile]]:
    """The files by the volume that holds them, or the root."""
    folders: dict[str, list[InjectedFile]] = {}
    for file in sorted(files, key=lambda file: file.target):
        holding = (volume for volume in volumes if file.target.startswith(f"{volume.rstrip('/')}/"))
        folders.setdefault(max(holding, key=len, default="/"), []).append(file)
    return folders
