"""The context's tar has what belongs there, and nothing else."""

from __future__ import annotations

import io
import os
import socket
import tarfile

import pytest

from compose_lite.errors import BuildFailed
from compose_lite.runner.build_classic import _selected
from compose_lite.runner.build_context import context_stream


def unpacked(folder, *, dockerfile=None, inline=None):
    name, blocks = context_stream(folder, dockerfile=dockerfile, inline=inline, select=_selected)
    archive = tarfile.open(fileobj=io.BytesIO(b"".join(blocks)))  # noqa: SIM115
    return name, {member.name: member for member in archive}, archive


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_files_folders_links_and_modes(tmp_path):
    write(tmp_path, Dockerfile="FROM x", src__main="code" * 50_000, empty="")
    (tmp_path / "src" / "main").chmod(0o755)
    (tmp_path / "link").symlink_to("src/main")
    (tmp_path / ("n" * 150)).write_text("long name")
    (tmp_path / "größe").write_text("x")
    os.utime(tmp_path / "empty", (1.5, 1.5))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
        name, members, archive = unpacked(tmp_path)
    assert name == "Dockerfile"
    assert sorted(members) == sorted(["Dockerfile", "empty", "größe", "link", "n" * 150, "src", "src/main"])
    assert members["src/main"].mode == 0o755
    assert archive.extractfile("src/main").read() == b"code" * 50_000
    assert members["link"].linkname == "src/main"
    assert {(member.uid, member.gid, member.uname) for member in members.values()} == {(0, 0, "")}


def test_ignored_files_stay_here(tmp_path):
    write(
        tmp_path,
        Dockerfile="FROM x",
        a__keep="",
        a__drop="",
        b__all="",
        c="",
        **{".dockerignore": "# comment\n\na/*\n!a/keep\nb\n  c  \nDockerfile\n"},
    )
    _, members, _ = unpacked(tmp_path)
    assert sorted(members) == [".dockerignore", "Dockerfile", "a", "a/keep"]


def test_a_dockerfile_elsewhere_is_brought_along_and_hidden_from_copy(tmp_path):
    folder = write(tmp_path / "ctx", a="")
    write(tmp_path, **{"other.Dockerfile": "FROM y"})
    for given in ("../other.Dockerfile", str(tmp_path / "other.Dockerfile")):
        name, members, archive = unpacked(folder, dockerfile=given)
        assert archive.extractfile(name).read() == b"FROM y"
        assert archive.extractfile(".dockerignore").read().decode().split() == [".dockerignore", name]
        assert sorted(members) == sorted([".dockerignore", name, "a"])


def test_an_inline_dockerfile_keeps_the_patterns(tmp_path):
    write(tmp_path, a="", secret="", Dockerfile="FROM file", **{".dockerignore": "secret\n"})
    name, members, archive = unpacked(tmp_path, inline="FROM inline\n")
    assert archive.extractfile(name).read() == b"FROM inline\n"
    assert archive.extractfile(".dockerignore").read().decode().split() == ["secret", name]
    assert "secret" not in members


def test_a_dockerfile_in_a_folder_of_the_context(tmp_path):
    write(tmp_path, deploy__Dockerfile="FROM x")
    assert unpacked(tmp_path, dockerfile="deploy/Dockerfile")[0] == "deploy/Dockerfile"


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(BuildFailed, match="nowhere is not a folder"):
        unpacked(tmp_path / "nowhere")
    with pytest.raises(BuildFailed, match="Dockerfile does not exist"):
        unpacked(tmp_path)
