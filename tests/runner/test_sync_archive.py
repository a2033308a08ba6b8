"""What changed in a tree is packed while it is sent, whatever happens to it meanwhile."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any, cast

import pytest

from compose_lite.errors import CannotSync, DaemonError
from compose_lite.runner.sync_archive import Archive
from compose_lite.runner.sync_place import Owner, Place
from compose_lite.runner.sync_tree import HostTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from compose_lite.runner.daemon import Daemon

LARGE = 20 << 20


class Receiver:
    """A daemon that only takes archives; `meanwhile` is called when it has got the first block."""

    def __init__(self, meanwhile: Callable[[], object] | None = None, error: str = "") -> None:
        self._meanwhile = meanwhile
        self._error = error
        self.blocks: list[bytes] = []

    def put_archive(self, container: str, *, path: str, archive: Iterable[bytes], replace: bool) -> None:
        if self._error:
            raise DaemonError(self._error, status=500)
        for block in archive:
            self.blocks.append(block)
            if self._meanwhile is not None:
                self._meanwhile()
                self._meanwhile = None

    def members(self) -> dict[str, tarfile.TarInfo]:
        with tarfile.open(fileobj=io.BytesIO(b"".join(self.blocks))) as tar:
            return {member.name: member for member in tar}


def send(receiver: Receiver, root: Path, *paths: str, **place: Any) -> Archive:
    tree = HostTree(str(root), lambda relative, *, folder: True)
    tree.scan()
    archive = Archive(tree, Place(target="/app", **place), paths or tree.entries.keys())
    archive.put(cast("Daemon", receiver), "web")
    return archive


def test_a_large_file_is_never_held_in_memory(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LARGE)
    receiver = Receiver()
    assert send(receiver, tmp_path).bytes == LARGE
    assert max(map(len, receiver.blocks)) < 256 * 1024
    assert receiver.members()["app/large"].size == LARGE


@pytest.mark.parametrize("size", [0, 100_001, 2 * LARGE])
def test_a_file_that_changes_while_it_is_sent_does_no_harm_to_the_others(size: int, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LARGE)
    (tmp_path / "next").write_text("whole")
    receiver = Receiver(meanwhile=lambda: os.truncate(tmp_path / "large", size))
    assert send(receiver, tmp_path).written == {"large", "next"}
    assert [member.size for member in receiver.members().values()] == [LARGE, 5]


def test_a_file_that_vanishes_while_others_are_sent_is_left_out(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LARGE)
    (tmp_path / "next").write_text("gone soon")
    receiver = Receiver(meanwhile=(tmp_path / "next").unlink)
    assert send(receiver, tmp_path).written == {"large"}


def test_time_mode_and_owner_go_along(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("#!/bin/sh")
    (tmp_path / "run").chmod(0o751)
    os.utime(tmp_path / "run", ns=(0, 1_700_000_000_123_456_789))
    receiver = Receiver()
    send(receiver, tmp_path, owner=Owner(uid=1000, gid=2000))
    member = receiver.members()["app/run"]
    assert (member.mode, member.uid, member.gid) == (0o751, 1000, 2000)
    assert member.pax_headers["mtime"] == "1700000000.123456789"


def test_nothing_is_packed_where_something_is_mounted(tmp_path: Path) -> None:
    for name in ("live", "closed", "volume"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    (tmp_path / "data").write_text("a folder there, with a volume in it")
    receiver = Receiver()
    mounts = {"live": "", "closed": "is mounted read-only", "volume": None, "data/volume": None}
    archive = send(receiver, tmp_path, mounts=mounts)
    assert archive.written == {"volume", "volume/file"}
    assert archive.skipped == [
        "/app/closed: not copied, is mounted read-only",
        "/app/closed/file: not copied, is mounted read-only",
        "/app/data: not copied, something is mounted there",
    ]


def test_what_can_not_be_written_to_is_told_apart_from_other_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotSync, match="read-only file system"):
        send(Receiver(error="unlinkat /app/file: read-only file system"), tmp_path)
    with pytest.raises(DaemonError, match="out of order"):
        send(Receiver(error="out of order"), tmp_path)
