"""Copying out of a container: where things land, and that nothing lands elsewhere."""

import io
import stat
import tarfile
from pathlib import Path

import pytest

from compose_lite.errors import UsageError
from compose_lite.runner.copy import CopyOptions, copy_out

FOLDER = 1 << 31


class Archive:
    """A container that has one path to give."""

    def __init__(self, name: str, members: list[tarfile.TarInfo], *, folder: bool) -> None:
        self._stat = {"name": name, "mode": FOLDER if folder else 0, "linkTarget": ""}
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for member in members:
                tar.addfile(member, io.BytesIO(b"x" * member.size))
        self._chunks = [buffer.getvalue()]

    def get_archive(self, _container: str, *, path: str):
        return self._stat, self

    def __iter__(self):
        return iter(self._chunks)

    def close(self) -> None:
        pass


def member(name: str, kind: bytes = tarfile.REGTYPE, *, link: str = "", mode: int = 0o640) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, link, mode
    made.size = 3 if kind == tarfile.REGTYPE else 0
    return made


TREE = [
    member("conf", tarfile.DIRTYPE, mode=0o755),
    member("conf/a"),
    member("conf/link", tarfile.SYMTYPE, link="a"),
    member("conf/sub", tarfile.DIRTYPE, mode=0o755),
    member("conf/sub/b"),
]


def copied(source: str, target: Path, *members: tarfile.TarInfo, folder: bool = True) -> set[str]:
    copy_out(
        Archive(source.rstrip("/.").rpartition("/")[2], list(members), folder=folder),
        "c",
        source,
        str(target),
        CopyOptions(),
    )  # type: ignore[arg-type]
    return {str(path.relative_to(target.parent)) for path in target.parent.rglob("*")}


def test_a_folder_becomes_the_target_where_there_is_none(tmp_path: Path) -> None:
    assert copied("/etc/conf", tmp_path / "new", *TREE) == {
        "new",
        "new/a",
        "new/link",
        "new/sub",
        "new/sub/b",
    }
    assert stat.S_IMODE((tmp_path / "new/a").stat().st_mode) == 0o640
    assert (tmp_path / "new/link").is_symlink()


def test_a_folder_goes_into_an_existing_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert "there/conf/sub/b" in copied("/etc/conf", tmp_path / "there", *TREE)


def test_what_is_in_a_folder_goes_into_an_existing_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert "there/sub/b" in copied("/etc/conf/.", tmp_path / "there", *TREE)


def test_a_file_replaces_a_file_and_a_link_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep")
    (tmp_path / "out").symlink_to("precious")
    copied("/etc/conf/a", tmp_path / "out", member("a"), folder=False)
    assert (tmp_path / "out").read_text() == "xxx"
    assert (tmp_path / "precious").read_text() == "keep"


def test_a_folder_does_not_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("keep")
    with pytest.raises(UsageError, match="onto the file"):
        copied("/etc/conf", tmp_path / "file", *TREE)


@pytest.mark.parametrize("name", ["conf/../../evil", "../evil"])
def test_a_path_out_of_the_target_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "deep" / "there").mkdir(parents=True)
    with pytest.raises(UsageError, match="reaches outside"):
        copied("/etc/conf", tmp_path / "deep" / "there", member("conf", tarfile.DIRTYPE), member(name))
    assert not list(tmp_path.rglob("evil"))


def test_a_link_out_of_the_target_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "outside").mkdir()
    evil = [
        member("conf", tarfile.DIRTYPE, mode=0o755),
        member("conf/way", tarfile.SYMTYPE, link=str(tmp_path / "outside")),
        member("conf/way/evil"),
    ]
    with pytest.raises(UsageError, match="reaches outside"):
        copied("/etc/conf", tmp_path / "there", *evil)
    assert not list((tmp_path / "outside").iterdir())
