"""Brings the files of one container up to date with a tree on the host: one archive a batch, no tool assumed.

Nothing but the target and what is below it is written (and a record of that, see `sync_record`). What is sent
has the content and the mode that it has on the host and belongs to the user that the container runs as.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.runner import sync_record
from compose_lite.runner.sync_archive import Archive, put
from compose_lite.runner.sync_compare import compare
from compose_lite.runner.sync_delete import Deleter, doomed
from compose_lite.runner.sync_place import find_place
from compose_lite.runner.sync_tree import ancestors

if TYPE_CHECKING:
    from collections.abc import Collection

    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.sync_place import Place
    from compose_lite.runner.sync_tree import HostTree


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What has to be sent to a container and deleted in it, as paths of the tree; false if nothing has to be."""

    send: frozenset[str] = frozenset()
    delete: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.send or self.delete)


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncResult:
    """What was done.

    Attributes:
        sent: files, folders and links that were written.
        deleted: paths that were deleted, folders with all that was in them.
        bytes: the content of what was sent.
        skipped: what was left out, each with the reason, for the user.
    """

    sent: int = 0
    deleted: int = 0
    bytes: int = 0
    skipped: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class _Target:
    """What is known of a place in the container.

    Attributes:
        record: where in the container the record of it is.
        known: the host's paths that are there.
        removed: those that were deleted, which the record does not say yet.
        missing: what the last comparison did not find there.
        newest: the number of the record's last batch.
    """

    place: Place
    record: str
    known: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    newest: int = 0


class ContainerSync:
    """One running container that is kept up to date. For one thread at a time."""

    def __init__(self, daemon: Daemon, container: str) -> None:
        self._daemon = daemon
        self._container = container
        self._deleter = Deleter(daemon, container)
        self._targets: dict[tuple[str, str], _Target] = {}

    def is_live(self, tree: HostTree, target: str) -> bool:
        """Whether the target is a bind mount of the very tree: then there is nothing to copy.

        Raises CannotSync if it can't be written to, DaemonError as the daemon does.
        """
        return self._target(tree, target).place.live

    def compare(self, tree: HostTree, target: str) -> Difference:
        """What the container lacks and what it should no longer have, by kind, content and mode.

        Deleted is only what this or an earlier watch is known to have had: what the image brought of its own,
        or the program wrote, stays. Modes of folders are left as the container has them.

        Raises:
            CannotSync: the target can't be written to.
            DaemonError: as the daemon does.
        """
        at = self._target(tree, target)
        if at.place.live:
            return Difference()
        found = compare(self._daemon, self._container, tree, at.place)
        recorded = sync_record.read(self._daemon, self._container, at.record)
        if recorded is not None:
            at.known |= recorded.paths
            at.newest = max(at.newest, recorded.newest)
        # A container that is new to watch has what its image brought, which the host may have deleted since.
        delete = found.unknown & (at.known if at.known or recorded is not None else tree.gone)
        at.missing = set(found.missing)
        self._record(at, added=tree.entries.keys() - found.missing)
        return Difference(send=found.missing | found.different, delete=frozenset(delete))

    def apply(
        self, tree: HostTree, target: str, send: Collection[str], delete: Collection[str] = ()
    ) -> SyncResult:
        """Write `send` as it is on the host now, then delete `delete`; paths are those of the tree.

        What has vanished from the host is not sent. Of a folder that is sent, only itself; folders that are
        missing on the way to a path are sent along, so that they have the right owner.

        Raises:
            CannotSync: the target can't be written to; nothing, or a part, has been sent.
            CannotDelete: nothing in the container can delete; `send` has been sent.
            DaemonError: as the daemon does.
        """
        at = self._target(tree, target)
        if at.place.live:
            return SyncResult()
        archive = self._send(at, tree, send)
        gone, kept = _doomed(at.place, tree, archive, delete)
        self._deleter.delete([at.place.inside(path) for path in gone])
        at.known -= set(delete)
        at.removed |= set(delete)
        unread = (f"{tree.absolute(path)}: {why}" for path, why in tree.unreadable.items())
        return SyncResult(
            sent=len(archive.written),
            deleted=len(gone),
            bytes=archive.bytes,
            skipped=(*archive.skipped, *kept, *unread),
        )

    def _send(self, at: _Target, tree: HostTree, paths: Collection[str]) -> Archive:
        wanted = {*paths, *(at.missing & {folder for path in paths for folder in ancestors(path)})}
        archive = Archive(tree, at.place, wanted)
        if wanted:
            self._record(at, added=wanted, archive=archive)
            at.missing -= wanted
        return archive

    def _record(self, at: _Target, *, added: Collection[str], archive: Archive | None = None) -> None:
        """Send the archive, together with what is new in the record."""
        new = set(added) - at.known
        record: list[bytes] = []
        if new:
            at.newest = sync_record.number_after(at.newest)
            removed = at.removed - set(added)
            record += sync_record.pieces(at.record, new, removed, number=at.newest)
        if record and at.place.root_writable and (archive is None or at.place.base != "/"):
            put(self._daemon, self._container, "/", record)
            record = []
        if archive is not None:
            archive.put(self._daemon, self._container, record if at.place.root_writable else [])
        if new:
            at.known |= new
            at.removed.clear()

    def _target(self, tree: HostTree, target: str) -> _Target:
        key = (tree.path, target)
        if key not in self._targets:
            place = find_place(self._daemon, self._container, tree.path, target)
            self._targets[key] = _Target(place=place, record=sync_record.place(tree.path, place.target))
        return self._targets[key]


def _doomed(
    place: Place, tree: HostTree, archive: Archive, delete: Collection[str]
) -> tuple[list[str], list[str]]:
    """What to delete of what is gone from the host, and what is not deleted, each with the reason."""
    if not delete:
        return [], []
    entries = tree.entries
    solid = {path for path, entry in entries.items() if entry.kind != "folder"}
    gone = doomed(
        delete, present=entries.keys() | archive.written, solid=solid | (archive.written - archive.folders)
    )
    stays = {path: reason for path in gone if (reason := place.stays(path)) is not None}
    told = [f"{place.inside(path)}: not deleted, {reason}" for path, reason in stays.items() if reason]
    return [path for path in gone if path not in stays], told
