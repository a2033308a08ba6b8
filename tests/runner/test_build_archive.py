"""A build context that is an archive: what it holds stays in its folder."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from compose_lite.errors import BuildFailed
from compose_lite.runner.build_archive import unpacked
from compose_lite.runner.image_build import ImageBuild
from compose_lite.spec.model import Build


def packed(path: Path, *members: tuple[str, bytes, str]) -> Path:
    """A tar of members, each a name, a type, and where it links to."""
    with tarfile.open(path, "w") as tar:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = kind, link, 0o777
            member.size = 3 if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(b"new"))
    return path


def names_in(archive: Path) -> set[str]:
    """What the context has that is made of the archive."""
    build = ImageBuild(ref="x", service="web", build=Build(context=str(archive)))
    with unpacked({"web": build}) as builds:
        folder = Path(builds["web"].build.context)
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_a_symbolic_link_may_point_to_a_place_of_the_image(tmp_path: Path) -> None:
    archive = packed(
        tmp_path / "a.tar", ("bin/sh", tarfile.SYMTYPE, "/bin/busybox"), ("a", tarfile.REGTYPE, "")
    )
    assert names_in(archive) == {"bin", "bin/sh", "a"}


@pytest.mark.parametrize(
    "members",
    [
        [("../evil", tarfile.REGTYPE, "")],
        [("a/../../evil", tarfile.REGTYPE, "")],
        [("way", tarfile.SYMTYPE, "OUTSIDE"), ("way/evil", tarfile.REGTYPE, "")],
        [("way", tarfile.SYMTYPE, ".."), ("way/evil", tarfile.REGTYPE, "")],
        [("evil", tarfile.LNKTYPE, "OUTSIDE/precious")],
        [("evil", tarfile.LNKTYPE, "../outside/precious")],
        [("way", tarfile.SYMTYPE, "OUTSIDE"), ("evil", tarfile.LNKTYPE, "way/precious")],
    ],
)
def test_nothing_gets_out_of_the_folder(tmp_path: Path, members: list[tuple[str, bytes, str]]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("keep")
    (outside / "precious").chmod(0o600)
    told = [(name, kind, link.replace("OUTSIDE", str(outside))) for name, kind, link in members]
    with pytest.raises(BuildFailed, match="can't be unpacked"):
        names_in(packed(tmp_path / "a.tar", *told))
    assert list(outside.iterdir()) == [outside / "precious"]
    assert (outside / "precious").read_text() == "keep"
    assert (outside / "precious").stat().st_mode & 0o777 == 0o600


def test_a_hard_link_is_the_file_beside_it(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.tar", ("a/b", tarfile.REGTYPE, ""), ("c", tarfile.LNKTYPE, "a/b"))
    assert names_in(archive) == {"a", "a/b", "c"}


def test_an_absolute_name_is_one_below_the_folder(tmp_path: Path) -> None:
    assert names_in(packed(tmp_path / "a.tar", ("/etc/evil", tarfile.REGTYPE, ""))) == {"etc", "etc/evil"}
    assert not Path("/etc/evil").exists()
