"""Brings the files of one container up to date with a tree on the host: one archive a batch, no tool assumed.

Nothing but the target and what is below it is written. What is sent has the content and the mode that it has
on the host and belongs to the user that the container runs as.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner import sync_delete
from compose_lite.runner.sync_archive import Archive
from compose_lite.runner.sync_compare import compare
from compose_lite.runner.sync_place import find_place

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
        deleted: paths that are no longer there.
        bytes: the content of what was sent.
        skipped: what was left out, each with the reason, for the user.
    """

    sent: int = 0
    deleted: int = 0
    bytes: int = 0
    skipped: tuple[str, ...] = ()


class ContainerSync:
    """One running container that is kept up to date. For one thread at a time."""

    def __init__(self, daemon: Daemon, container: str) -> None:
        self._daemon = daemon
        self._container = container
        self._places: dict[tuple[str, str], Place] = {}

    def is_live(self, tree: HostTree, target: str) -> bool:
        """Whether the target is a bind mount of the very tree: then there is nothing to copy.

        Raises DaemonError as the daemon does.
        """
        return self._place(tree, target).live

    def compare(self, tree: HostTree, target: str) -> Difference:
        """What the container lacks and what it should no longer have, by kind, content and mode.

        Deleted is only what this tree is known to have had: what the image brought of its own stays. Modes of
        folders are left as the container has them.

        Raises:
            CannotSync: the target can't be written to.
            DaemonError: as the daemon does.
        """
        place = self._place(tree, target)
        if place.live:
            return Difference()
        found = compare(self._daemon, self._container, tree, place)
        return Difference(send=found.missing | found.different, delete=found.unknown & tree.gone)

    def apply(
        self, tree: HostTree, target: str, send: Collection[str], delete: Collection[str] = ()
    ) -> SyncResult:
        """Write `send` as it is on the host now, then delete `delete`; paths are those of the tree.

        What has vanished from the host is not sent. Of a folder that is sent, only itself.

        Raises:
            CannotSync: the target can't be written to; nothing, or a part, has been sent.
            CannotDelete: nothing in the container can delete; `send` has been sent.
            DaemonError: as the daemon does.
        """
        place = self._place(tree, target)
        if place.live:
            return SyncResult()
        archive = Archive(tree, place, send)
        if send:
            archive.put(self._daemon, self._container)
        doomed = sync_delete.doomed(delete, written=archive.written, folders=archive.folders)
        sync_delete.delete(self._daemon, self._container, [place.inside(path) for path in doomed])
        return SyncResult(
            sent=len(archive.written),
            deleted=len(doomed),
            bytes=archive.bytes,
            skipped=tuple(archive.skipped),
        )

    def _place(self, tree: HostTree, target: str) -> Place:
        key = (tree.path, target)
        if key not in self._places:
            self._places[key] = find_place(self._daemon, self._container, tree.path, target)
        return self._places[key]
