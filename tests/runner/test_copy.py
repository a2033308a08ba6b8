"""Copying out of a container: where things land, and that nothing lands elsewhere."""

import io
import stat
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from compose_lite.errors import AnswerLost, UsageError
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


@pytest.mark.parametrize(
    "name", ["/evil", "conf/../../../../../evil", "..", "conf/..", "conf/../..", "conf/\0evil"]
)
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_nothing_but_the_target_is_touched(tmp_path: Path, name: str, kind: bytes) -> None:
    above = tmp_path / "above"
    (above / "there" / "conf").mkdir(parents=True)
    above.chmod(0o750)
    evil = member(name, kind, link="/etc/passwd", mode=0o777)
    evil.pax_headers = {"path": name}
    with suppress(UsageError):
        copied("/etc/conf", above / "there", member("conf", tarfile.DIRTYPE, mode=0o755), evil)
    assert stat.S_IMODE(above.stat().st_mode) == 0o750
    assert list(above.iterdir()) == [above / "there"]
    assert list(tmp_path.iterdir()) == [above]
    assert not Path("/evil").exists()


def test_a_folder_is_not_given_rights_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    outside.chmod(0o700)
    (tmp_path / "there").mkdir()
    evil = [
        member("conf", tarfile.DIRTYPE, mode=0o755),
        member("conf/way", tarfile.SYMTYPE, link=str(outside)),
        member("conf/way", tarfile.DIRTYPE, mode=0o777),
    ]
    with pytest.raises(UsageError, match="reaches outside"):
        copied("/etc/conf", tmp_path / "there", *evil)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o700


def test_a_link_of_the_archive_is_replaced_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep")
    (tmp_path / "there").mkdir()
    evil = [
        member("conf", tarfile.DIRTYPE, mode=0o755),
        member("conf/a", tarfile.SYMTYPE, link=str(tmp_path / "precious")),
        member("conf/a"),
    ]
    copied("/etc/conf", tmp_path / "there", *evil)
    assert (tmp_path / "precious").read_text() == "keep"
    assert (tmp_path / "there/conf/a").read_text() == "xxx"
    assert not (tmp_path / "there/conf/a").is_symlink()


@pytest.mark.parametrize("link", ["/etc/passwd", "../../etc/passwd", "conf/none", "conf/loop", "conf/other"])
def test_a_hard_link_gives_nothing_of_the_host(tmp_path: Path, link: str) -> None:
    (tmp_path / "there").mkdir()
    evil = [
        member("conf", tarfile.DIRTYPE, mode=0o755),
        member("conf/other", tarfile.LNKTYPE, link="conf/loop"),
        member("conf/loop", tarfile.LNKTYPE, link=link),
    ]
    with pytest.raises(UsageError, match="a link to what is not in it"):
        copied("/etc/conf", tmp_path / "there", *evil)
    assert not (tmp_path / "there/conf/loop").exists()


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"?"])
def test_no_device_is_made(tmp_path: Path, kind: bytes) -> None:
    (tmp_path / "there").mkdir()
    copied("/dev", tmp_path / "there", member("dev", tarfile.DIRTYPE, mode=0o755), member("dev/null", kind))
    made = tmp_path / "there/dev/null"
    assert not made.exists() or made.is_file()


def test_no_file_gets_more_than_its_owners_rights(tmp_path: Path) -> None:
    copied("/bin/su", tmp_path / "su", member("su", mode=0o6755), folder=False)
    assert stat.S_IMODE((tmp_path / "su").stat().st_mode) == 0o755


def test_a_damaged_archive_is_an_error_that_says_so(tmp_path: Path) -> None:
    damaged = Archive("conf", TREE, folder=True)
    damaged._chunks = [b"no tar at all" * 100]
    with pytest.raises(AnswerLost, match="damaged"):
        copy_out(damaged, "c", "/etc/conf", str(tmp_path / "new"), CopyOptions())  # type: ignore[arg-type]
