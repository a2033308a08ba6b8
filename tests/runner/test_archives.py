"""The archives that go into containers end with their end mark: some engines fail if more comes after it."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from compose_lite.planner.refs import InjectedFile
from compose_lite.runner.copy import CopyOptions, copy_in
from compose_lite.runner.files import archive


class Receiver:
    """A container that takes what it is given."""

    def __init__(self) -> None:
        self.given = b""

    def get_archive(self, _container: str, *, path: str) -> tuple[dict[str, Any], io.BytesIO]:
        return {"name": path, "mode": 1 << 31, "linkTarget": ""}, io.BytesIO()

    def put_archive(self, _container: str, *, path: str, archive: Iterable[bytes]) -> None:
        self.given = b"".join(archive)


def end_of(tar: bytes) -> int:
    """Where the two empty blocks after the last member end."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as read:
        last = read.getmembers()[-1]
    content = -(-last.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    return last.offset_data + content + 2 * tarfile.BLOCKSIZE


def test_of_secrets_and_configs() -> None:
    files = [InjectedFile(kind="configs", source="motd", target="/etc/motd")]
    made = archive(files, {"configs.motd": b"welcome\n"}, folder="/")
    assert len(made) == end_of(made) == 4 * tarfile.BLOCKSIZE


def test_of_copies(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(bytes(1000))
    receiver = Receiver()
    copy_in(receiver, "c", str(tmp_path / "page"), "/srv", CopyOptions())  # type: ignore[arg-type]
    assert len(receiver.given) == end_of(receiver.given) > 1000
