"""Finds out how the files of a watched tree can get to their place in a container, and whose they have to be."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from compose_lite.errors import CannotSync, NotFound
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.feed_file import open_tar

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Daemon, Json

# What Docker Desktop puts before the paths of the machine that it runs on.
_DESKTOP = "/host_mnt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Whom a file in a container belongs to, by numbers."""

    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a tree goes in a container.

    Attributes:
        target: the absolute path of the tree's root there.
        base: the folder that archives are extracted in.
        live: it is a bind mount of the tree itself.
    """

    target: str
    base: str = "/"
    owner: Owner = Owner()
    live: bool = False

    def inside(self, relative: str) -> str:
        """The path in the container of a path of the tree."""
        return posixpath.join(self.target, relative) if relative else self.target

    def name(self, relative: str) -> str:
        """The same path as archives name it."""
        return posixpath.relpath(self.inside(relative), self.base)


def find_place(daemon: Daemon, container: str, path: str, target: str) -> Place:
    """Where the tree at `path` goes that is to be at `target`.

    Raises:
        CannotSync: it can't be written to, with the reason.
        DaemonError: as the daemon does.
    """
    target = posixpath.normpath(posixpath.join("/", target))
    seen = daemon.inspect_container(container)
    mount = _mount(seen, target)
    if mount is not None and _is_live(mount, path, target):
        return Place(target=target, live=True)
    base = "/" if mount is None else str(mount["Destination"])
    if target in (base, "/") and not posixpath.isdir(path):
        raise CannotSync(
            f"{target} is mounted into the container as a file of its own, which can't be replaced",
            hint="mount the folder that it is in, or remove the mount",
        )
    _refuse(seen, mount, target)
    return Place(target=target, base=base, owner=_owner(daemon, container, seen))


def _mount(seen: Json, target: str) -> Json | None:
    """The innermost mount that the target is in."""
    mounts: list[Json] = [
        *(seen.get("Mounts") or ()),
        *({"Type": "tmpfs", "Destination": path} for path in seen["HostConfig"].get("Tmpfs") or ()),
    ]
    holding = [mount for mount in mounts if f"{target}/".startswith(f"{mount['Destination'].rstrip('/')}/")]
    return max(holding, key=lambda mount: len(mount["Destination"]), default=None)


def _is_live(mount: Json, path: str, target: str) -> bool:
    if mount["Type"] != "bind":
        return False
    source = posixpath.join(mount["Source"], posixpath.relpath(target, mount["Destination"]))
    return posixpath.normpath(source).removeprefix(_DESKTOP) in (path, posixpath.realpath(path))


def _refuse(seen: Json, mount: Json | None, target: str) -> None:
    name = str(seen["Name"]).lstrip("/")
    if mount is None:
        if seen["HostConfig"].get("ReadonlyRootfs"):
            raise CannotSync(
                f"{name} is read_only: nothing can be copied to {target}",
                hint=f"let a volume be mounted at {target}, rebuild instead (`action: rebuild`), or drop `read_only`",
            )
    elif mount["Type"] == "tmpfs":
        # Seen on Engine 20.10: it answers that all went well, and writes beneath the mount.
        raise CannotSync(
            f"{target} of {name} is a tmpfs, into which the daemon can't copy",
            hint="use a volume instead, or restart the service when files change (`action: restart`)",
        )
    elif not mount.get("RW", True):
        raise CannotSync(
            f"{target} of {name} is mounted read-only from {mount.get('Source') or mount.get('Name')}",
            hint="mount it without `read_only` (`:ro`), or drop the watch rule",
        )


def _owner(daemon: Daemon, container: str, seen: Json) -> Owner:
    """Whom the container runs as."""
    user, _, group = str(seen["Config"].get("User") or "").partition(":")
    if user in ("", "0", "root") and not group:
        return Owner()
    accounts = _accounts(daemon, container, "/etc/passwd")
    row = next((row for row in accounts if user in (row[0], row[2])), None)
    uid = _number(user) if row is None else int(row[2])
    gid = int(row[3]) if row else 0
    if group:
        groups = () if group.isdecimal() else _accounts(daemon, container, "/etc/group")
        gid = next((int(row[2]) for row in groups if row[0] == group), _number(group))
    return Owner(uid=uid, gid=gid)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _accounts(daemon: Daemon, container: str, path: str) -> list[list[str]]:
    """The rows of a passwd or group file of the container that have numbers where they should."""
    try:
        _, feed = daemon.get_archive(container, path=path)
    except NotFound:
        return []
    try:
        with open_tar(feed) as tar:
            member = tar.next()
            file = tar.extractfile(member) if member is not None else None
            text = file.read().decode(errors="replace") if file else ""
    finally:
        feed.close()
    rows = [line.split(":") for line in text.splitlines()]
    return [row for row in rows if len(row) >= 4 and row[2].isdecimal()]
