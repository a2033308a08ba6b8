"""Finds out how the files of a watched tree can get to their place in a container, and whose they have to be."""

from __future__ import annotations

import posixpath
import tarfile
from types import MappingProxyType
from typing import TYPE_CHECKING

from compose_lite.errors import AnswerLost, CannotSync, NotFound
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.feed_file import open_tar
from compose_lite.runner.sync_tree import within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.runner.daemon import Daemon, Json

# Go's bit for folders, as the daemon tells modes in a path's stat.
_GO_DIRECTORY = 1 << 31
# Bytes of a passwd or group file that are read: what a container has there may be anything.
_MOST_ACCOUNTS = 1 << 20
_CLOSED_HINT = (
    "use a volume that can be written to, or another action (`rebuild`, `restart`), or drop the watch rule"
)
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
        root_writable: something can be written beside the target as well.
        mounts: paths of the tree where something is mounted in the container → why nothing can be copied
            there; empty if nothing has to be, `None` if it can.
    """

    target: str
    base: str = "/"
    owner: Owner = Owner()
    live: bool = False
    root_writable: bool = True
    mounts: Mapping[str, str | None] = MappingProxyType({})

    def inside(self, relative: str) -> str:
        """The path in the container of a path of the tree."""
        return posixpath.join(self.target, relative) if relative else self.target

    def name(self, relative: str) -> str:
        """The same path as archives name it."""
        return posixpath.relpath(self.inside(relative), self.base)

    def shield(self, relative: str) -> str | None:
        """Why nothing is copied to a path, `None` if something can be; empty where it is there already."""
        holding = [mount for mount in self.mounts if within(relative, mount)]
        return self.mounts[max(holding, key=len)] if holding else None

    def stays(self, relative: str) -> str | None:
        """As `shield`, but for what would be removed with all that is below it."""
        if any(within(mount, relative) for mount in self.mounts):
            return self.mounts.get(relative) or "something is mounted there"
        return self.shield(relative)


def find_place(daemon: Daemon, container: str, path: str, target: str) -> Place:
    """Where the tree at `path` goes that is to be at `target`.

    Raises:
        CannotSync: it can't be written to, with the reason.
        DaemonError: as the daemon does.
    """
    target = posixpath.normpath(posixpath.join("/", target)).replace("//", "/")
    seen = daemon.inspect_container(container)
    mounts = _mounts(seen)
    mount = _innermost(mounts, target)
    if mount is not None and _is_live(mount, path, target):
        return Place(target=target, live=True)
    if mount is not None and (reason := _closed(mount)):
        raise CannotSync(f"{target} of {_name(seen)} {reason}", hint=_CLOSED_HINT)
    read_only = bool(seen["HostConfig"].get("ReadonlyRootfs"))
    if mount is None and read_only:
        raise CannotSync(
            f"{_name(seen)} is read_only: nothing can be copied to {target}",
            hint=f"mount a volume at {target}, rebuild instead (`action: rebuild`), or drop `read_only`",
        )
    if posixpath.isfile(path):
        _check_file(daemon, container, path, target, mount)
    below = {
        posixpath.relpath(other["Destination"], target): other for other in mounts if _lies_in(other, target)
    }
    return Place(
        target=target,
        base="/" if mount is None else str(mount["Destination"]),
        owner=_owner(daemon, container, seen),
        root_writable=not read_only,
        mounts={
            relative: ""
            if _is_live(other, posixpath.join(path, relative), other["Destination"])
            else _closed(other)
            for relative, other in below.items()
        },
    )


def _name(seen: Json) -> str:
    return str(seen["Name"]).lstrip("/")


def _mounts(seen: Json) -> list[Json]:
    tmpfs = seen["HostConfig"].get("Tmpfs") or ()
    return [*(seen.get("Mounts") or ()), *({"Type": "tmpfs", "Destination": path} for path in tmpfs)]


def _lies_in(mount: Json, target: str) -> bool:
    return mount["Destination"] != target and within(mount["Destination"], target)


def _innermost(mounts: list[Json], target: str) -> Json | None:
    """The mount that the target is in."""
    holding = [mount for mount in mounts if within(target, mount["Destination"])]
    return max(holding, key=lambda mount: len(mount["Destination"]), default=None)


def _closed(mount: Json) -> str | None:
    """Why nothing can be copied into a mount; `None` if it can."""
    if mount["Type"] == "tmpfs":
        # Seen on Engine 20.10: it answers that all went well, and writes beneath the mount.
        return "is a tmpfs, into which the daemon can't copy"
    if not mount.get("RW", True):
        return f"is mounted read-only from {mount.get('Name') or mount.get('Source')}"
    return None


def _is_live(mount: Json, path: str, target: str) -> bool:
    if mount["Type"] != "bind":
        return False
    source = posixpath.join(mount["Source"], posixpath.relpath(target, mount["Destination"]))
    return posixpath.normpath(source).removeprefix(_DESKTOP) in (path, posixpath.realpath(path))


def _check_file(daemon: Daemon, container: str, path: str, target: str, mount: Json | None) -> None:
    """Refuse a target for a single file where a file can't be put."""
    if mount is not None and mount["Destination"] == target:
        raise CannotSync(
            f"{target} is mounted into the container on its own, so that no file can take its place",
            hint="mount the folder that it is in, or drop the mount",
        )
    try:
        found, feed = daemon.get_archive(container, path=target)
    except NotFound:
        return
    feed.close()
    if int(found["mode"]) & _GO_DIRECTORY:
        raise CannotSync(
            f"{target} is a folder in the container, and {path} is a file",
            hint=f"name the file in the rule's target as well: {posixpath.join(target, posixpath.basename(path))}",
        )


def _owner(daemon: Daemon, container: str, seen: Json) -> Owner:
    """Whom the container runs as."""
    user, _, group = str(seen["Config"].get("User") or "").partition(":")
    if user in ("", "0", "root") and not group:
        return Owner()
    accounts = _accounts(daemon, container, "/etc/passwd")
    row = next((row for row in accounts if user in (row[0], row[2])), None)
    uid = _number(user) if row is None else int(row[2])
    gid = _number(row[3]) if row else 0
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
            text = file.read(_MOST_ACCOUNTS).decode(errors="replace") if file else ""
    except tarfile.TarError as error:
        raise AnswerLost(f"the daemon's archive of {path} is damaged: {error}") from error
    finally:
        feed.close()
    rows = [line.split(":") for line in text.splitlines()]
    return [row for row in rows if len(row) >= 4 and row[2].isdecimal()]
