"""`HostTree` finds exactly what changed on the host; what is left to delete is found from what was written."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from compose_lite.runner.sync_delete import doomed
from compose_lite.runner.sync_tree import HostTree, TreeDelta

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def everything(relative: str, *, folder: bool) -> bool:
    return True


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small tree: a file, a folder with a file and a link, an empty folder."""
    root = tmp_path / "root"
    (root / "src" / "empty").mkdir(parents=True)
    (root / "README").write_text("1")
    (root / "src" / "app.py").write_text("1")
    (root / "src" / "link").symlink_to("app.py")
    return root


@pytest.fixture
def tree(root: Path) -> HostTree:
    """That tree, already looked at."""
    tree = HostTree(str(root), everything)
    tree.scan()
    return tree


def delta(changed: str = "", deleted: str = "") -> TreeDelta:
    return TreeDelta(changed=frozenset(changed.split()), deleted=frozenset(deleted.split()))


def test_the_first_look_finds_everything(root: Path) -> None:
    tree = HostTree(str(root), everything)
    assert tree.scan() == delta("README src src/app.py src/link src/empty")
    assert tree.scan() == delta()


def write(root: Path) -> None:
    (root / "README").write_text("2")


def write_with_old_times(root: Path) -> None:
    times = (root / "README").stat()
    (root / "README").write_text("2")
    os.utime(root / "README", ns=(times.st_atime_ns, times.st_mtime_ns))


def make_executable(root: Path) -> None:
    (root / "README").chmod(0o755)


def rename_file(root: Path) -> None:
    (root / "README").rename(root / "README.md")


def rename_folder(root: Path) -> None:
    (root / "src").rename(root / "lib")


def remove_folder(root: Path) -> None:
    shutil.rmtree(root / "src")


def retarget_link(root: Path) -> None:
    (root / "src" / "link").unlink()
    (root / "src" / "link").symlink_to("../README")


def file_to_folder(root: Path) -> None:
    (root / "README").unlink()
    (root / "README").mkdir()
    (root / "README" / "inside").write_text("1")


def folder_to_file(root: Path) -> None:
    shutil.rmtree(root / "src")
    (root / "src").write_text("1")


def folder_to_link(root: Path) -> None:
    (root / "src").rename(root.parent / "elsewhere")
    (root / "src").symlink_to("../elsewhere")


def folder_mode(root: Path) -> None:
    (root / "src").chmod(0o700)


def new_nested(root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "c").write_text("")


def make_pipe(root: Path) -> None:
    os.mkfifo(root / "pipe")


CHANGES: list[tuple[Callable[[Path], None], TreeDelta]] = [
    (write, delta("README")),
    (write_with_old_times, delta("README")),
    (make_executable, delta("README")),
    (rename_file, delta("README.md", "README")),
    (
        rename_folder,
        delta("lib lib/app.py lib/link lib/empty", "src src/app.py src/link src/empty"),
    ),
    (remove_folder, delta("", "src src/app.py src/link src/empty")),
    (retarget_link, delta("src/link")),
    (file_to_folder, delta("README README/inside")),
    (folder_to_file, delta("src", "src/app.py src/link src/empty")),
    (folder_to_link, delta("src", "src/app.py src/link src/empty")),
    (folder_mode, delta("src")),
    (new_nested, delta("a a/b a/b/c")),
    (make_pipe, delta()),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_a_scan_finds_exactly_what_changed(
    change: Callable[[Path], None], expected: TreeDelta, root: Path, tree: HostTree
) -> None:
    change(root)
    assert tree.scan() == expected
    assert tree.scan() == delta()


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_so_does_a_look_at_the_paths_in_question(
    change: Callable[[Path], None], expected: TreeDelta, root: Path, tree: HostTree
) -> None:
    change(root)
    assert tree.restat(f"{root}/{path}" for path in expected.changed | expected.deleted) == expected
    assert tree.scan() == delta()


def test_a_look_at_a_new_folder_finds_what_is_in_it(root: Path, tree: HostTree) -> None:
    new_nested(root)
    assert tree.restat([f"{root}/a"]) == delta("a a/b a/b/c")


def test_a_look_at_the_root_or_above_it_is_a_look_at_everything(root: Path, tree: HostTree) -> None:
    write(root)
    assert tree.restat([str(root)]) == delta("README")
    remove_folder(root)
    assert tree.restat([str(root.parent)]) == delta("", "src src/app.py src/link src/empty")


def test_paths_outside_of_the_tree_are_passed_over(root: Path, tree: HostTree) -> None:
    (root.parent / "root2").write_text("1")
    assert tree.restat([f"{root}2", "/etc/passwd", f"{root}/../root2"]) == delta()


def test_paths_behind_a_link_are_passed_over(root: Path, tree: HostTree) -> None:
    (root.parent / "elsewhere").mkdir()
    (root.parent / "elsewhere" / "file").write_text("1")
    (root / "way").symlink_to("../elsewhere")
    assert tree.restat([f"{root}/way", f"{root}/way/file"]) == delta("way")


def test_what_the_filter_leaves_out_is_not_there(root: Path) -> None:
    looked: list[str] = []

    def keeps(relative: str, *, folder: bool) -> bool:
        looked.append(relative)
        return relative != "src"

    tree = HostTree(str(root), keeps)
    assert tree.scan() == delta("README")
    assert tree.restat([f"{root}/src/app.py"]) == delta()
    assert "src/empty" not in looked


def test_a_tree_may_be_a_single_file(root: Path) -> None:
    tree = HostTree(str(root / "README"), everything)
    assert tree.scan() == TreeDelta(changed=frozenset({""}))
    write(root)
    assert tree.restat([f"{root}/README"]) == TreeDelta(changed=frozenset({""}))
    (root / "README").unlink()
    assert tree.scan() == TreeDelta(deleted=frozenset({""}))


def test_a_root_that_is_a_link_is_what_it_leads_to(root: Path) -> None:
    (root.parent / "way").symlink_to("root")
    assert HostTree(str(root.parent / "way"), everything).scan() == delta(
        "README src src/app.py src/link src/empty"
    )


def test_a_root_that_is_not_there_is_empty_until_it_is(tmp_path: Path) -> None:
    tree = HostTree(str(tmp_path / "later"), everything)
    assert tree.scan() == delta()
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "file").write_text("1")
    assert tree.scan() == delta("file")


def test_names_that_are_not_utf8_are_kept_byte_by_byte(root: Path, tree: HostTree) -> None:
    name = os.fsdecode(b"\xff\n -")
    (root / name).write_text("1")
    assert tree.scan() == TreeDelta(changed=frozenset({name}))


def test_a_second_save_within_a_tick_of_the_clock_is_not_taken_for_the_first(
    root: Path, tree: HostTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root)
    seen = (root / "README").stat()
    now = max(seen.st_mtime_ns, seen.st_ctime_ns) + 1_000_000
    monkeypatch.setattr("compose_lite.runner.sync_tree.time.time_ns", lambda: now)
    assert tree.restat([f"{root}/README"]) == delta("README")
    assert tree.restat([f"{root}/README"]) == delta("README")
    assert tree.scan() == delta()


def test_what_was_there_once_is_known(root: Path, tree: HostTree) -> None:
    rename_file(root)
    tree.scan()
    assert tree.gone == {"README"}
    (root / "README").write_text("back")
    tree.scan()
    assert tree.gone == frozenset()


def test_what_is_in_a_folder_that_can_not_be_read_stays_as_it_was(
    root: Path, tree: HostTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path == f"{root}/src":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("compose_lite.runner.sync_tree.os.scandir", refuse)
    assert tree.scan() == delta()
    assert tree.unreadable == {"src": "Permission denied"}
    monkeypatch.undo()
    assert tree.scan() == delta()
    assert tree.unreadable == {}


def test_what_can_not_be_looked_at_is_not_taken_for_deleted(
    root: Path, tree: HostTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    lstat = os.lstat

    def refuse(path: str) -> os.stat_result:
        if path in (f"{root}/README", f"{root}/src"):
            raise PermissionError(13, "Permission denied")
        return lstat(path)

    monkeypatch.setattr("compose_lite.runner.sync_tree.os.lstat", refuse)
    assert tree.restat([f"{root}/README"]) == tree.scan() == delta()
    assert tree.unreadable == {"README": "Permission denied", "src": "Permission denied"}
    monkeypatch.undo()
    (root / "README").unlink()
    assert tree.scan() == delta("", "README")
    assert tree.unreadable == {}


@pytest.mark.parametrize(
    ("deleted", "present", "solid", "left"),
    [
        ("a b", "", "", "a b"),
        ("a a/b a/b/c ab", "", "", "a ab"),  # with its folder goes what is in it
        ("a/b a/c/d", "a", "a", ""),  # the folder is a file or a link now
        ("a/b a/c", "a", "", "a/b a/c"),  # the folder is still one
        ("a", "a", "a", ""),  # back again
    ],
)
def test_only_what_is_still_there_is_deleted(deleted: str, present: str, solid: str, left: str) -> None:
    assert doomed(deleted.split(), present=present.split(), solid=solid.split()) == left.split()
