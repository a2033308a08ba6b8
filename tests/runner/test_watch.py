"""`FileWatch` tells what happens to files and folders, however it happens, and says when it may have missed some."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite.errors import ComposeLiteError
from compose_lite.runner.watch import Changes, FileWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Generous, for a loaded machine; no test needs it where all is well.
PATIENCE = 20.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file in a folder."""
    (tmp_path / "root" / "src").mkdir(parents=True)
    (tmp_path / "root" / "src" / "app.py").write_text("1")
    return tmp_path / "root"


@pytest.fixture
def watch(root: Path) -> Iterator[FileWatch]:
    """A watch of that folder."""
    with FileWatch([str(root)]) as opened:
        yield opened


def told(watch: FileWatch, *expected: Path) -> set[str]:
    """Everything that is told until all expected paths were."""
    missing = {str(path) for path in expected}
    found: set[str] = set()
    deadline = time.monotonic() + PATIENCE
    while missing and time.monotonic() < deadline:
        changes = watch.next(timeout=1)
        found |= changes.paths if changes else set()
        missing -= found
    assert not missing, f"never told: {missing}"
    return found


def until_rescan(watch: FileWatch) -> None:
    """Wait until it is asked to compare everything."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        changes = watch.next(timeout=1)
        if changes is not None and changes.rescan:
            return
    pytest.fail("never asked to compare everything")


def write_in_place(path: Path) -> None:
    path.write_text("2")


def replace_by_rename(path: Path) -> None:
    temporary = path.with_name(".app.py.tmp")
    temporary.write_text("2")
    temporary.replace(path)


def save_with_backup(path: Path) -> None:
    path.rename(path.with_name("app.py~"))
    path.write_text("2")


def make_executable(path: Path) -> None:
    path.chmod(0o755)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def delete(path: Path) -> None:
    path.unlink()


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


@pytest.mark.parametrize(
    "change",
    [
        write_in_place,
        replace_by_rename,
        save_with_backup,
        make_executable,
        empty,
        delete,
        replace_by_folder,
        replace_by_link,
    ],
)
def test_whatever_happens_to_a_file_is_told(
    change: Callable[[Path], None], root: Path, watch: FileWatch
) -> None:
    path = root / "src" / "app.py"
    change(path)
    told(watch, path)


@pytest.mark.parametrize("name", ["with space", "line\nbreak", "naïve-日本", "-rf", "*[a]?"])
def test_any_name_is_told(name: str, root: Path, watch: FileWatch) -> None:
    (root / "src" / name).write_text("1")
    told(watch, root / "src" / name)


def test_a_name_that_is_not_utf8_asks_for_a_comparison(root: Path, watch: FileWatch) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/src/\xff")).write_text("1")
    until_rescan(watch)
    (root / "src" / "app.py").write_text("2")
    told(watch, root / "src" / "app.py")


def test_a_folder_whose_name_is_not_utf8_asks_for_a_comparison_again_and_again(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/\xff")).mkdir()
    with FileWatch([str(root)]) as watch:
        until_rescan(watch)
        until_rescan(watch)


def test_new_folders_are_watched_at_once(root: Path, watch: FileWatch) -> None:
    deep = root / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "file").write_text("1")
    told(watch, root / "a")
    (deep / "file").write_text("2")
    told(watch, deep / "file")


def test_a_renamed_folder_is_watched_under_its_new_name(root: Path, watch: FileWatch) -> None:
    (root / "src").rename(root / "lib")
    told(watch, root / "src", root / "lib")
    (root / "lib" / "app.py").write_text("2")
    found = told(watch, root / "lib" / "app.py")
    assert str(root / "src" / "app.py") not in found


def test_folders_moved_out_and_in_are_told(root: Path, watch: FileWatch) -> None:
    (root / "src").rename(root.parent / "outside")
    told(watch, root / "src")
    (root.parent / "outside").rename(root / "back")
    told(watch, root / "back")
    (root / "back" / "app.py").write_text("2")
    told(watch, root / "back" / "app.py")


def test_a_folder_that_is_removed_and_made_again_is_watched(root: Path, watch: FileWatch) -> None:
    shutil.rmtree(root / "src")
    (root / "src").mkdir()
    told(watch, root / "src")
    (root / "src" / "new.py").write_text("1")
    told(watch, root / "src" / "new.py")


def test_the_root_may_vanish_and_come_back(root: Path, watch: FileWatch) -> None:
    shutil.rmtree(root)
    told(watch, root)
    (root / "src").mkdir(parents=True)
    told(watch, root)
    (root / "src" / "new.py").write_text("1")
    told(watch, root / "src" / "new.py")


def test_the_root_may_be_made_later(tmp_path: Path) -> None:
    with FileWatch([str(tmp_path / "later" / "root")]) as watch:
        (tmp_path / "later" / "root").mkdir(parents=True)
        told(watch, tmp_path / "later" / "root")
        (tmp_path / "later" / "root" / "file").write_text("1")
        told(watch, tmp_path / "later" / "root" / "file")


def test_a_single_file_is_watched_through_replacements_without_its_neighbours(root: Path) -> None:
    path = root / "src" / "app.py"
    with FileWatch([str(path)]) as watch:
        (root / "src" / "other.py").write_text("1")
        for change in (replace_by_rename, write_in_place, delete, write_in_place):
            change(path)
            assert told(watch, path) == {str(path)}


def test_a_root_behind_a_link_is_told_by_the_name_that_was_given(root: Path) -> None:
    link = root.parent / "link"
    link.symlink_to("root")
    with FileWatch([str(link)]) as watch:
        (root / "src" / "app.py").write_text("2")
        told(watch, link / "src" / "app.py")
        (root.parent / "other").mkdir()
        (root.parent / "new").symlink_to("other")
        (root.parent / "new").replace(link)
        told(watch, link)
        (root.parent / "other" / "file").write_text("1")
        told(watch, link / "file")


def test_what_links_lead_to_is_not_watched(root: Path, watch: FileWatch) -> None:
    (root.parent / "outside").mkdir()
    (root / "link").symlink_to("../outside")
    told(watch, root / "link")
    (root.parent / "outside" / "file").write_text("1")
    (root / "src" / "app.py").write_text("2")
    assert str(root / "link" / "file") not in told(watch, root / "src" / "app.py")


def test_folders_that_are_not_worth_it_are_not_watched(root: Path) -> None:
    (root / "node_modules").mkdir()
    with FileWatch([str(root)], descend=lambda path: not path.endswith("/node_modules")) as watch:
        (root / "node_modules" / "file").write_text("1")
        (root / "src" / "app.py").write_text("2")
        assert str(root / "node_modules" / "file") not in told(watch, root / "src" / "app.py")


def test_more_than_a_single_save_ends_with_a_comparison(root: Path, watch: FileWatch) -> None:
    for number in range(50):
        (root / "src" / f"{number}.py").write_text("1")
    until_rescan(watch)


def test_nothing_is_told_when_nothing_happens(watch: FileWatch) -> None:
    assert watch.next(timeout=0.4) is None


@pytest.mark.parametrize("end", [FileWatch.wake, FileWatch.close])
def test_another_thread_ends_the_wait(end: Callable[[FileWatch], None], root: Path) -> None:
    answers: list[Changes | None] = []
    with FileWatch([str(root)]) as watch:
        waiting = threading.Thread(target=lambda: answers.append(watch.next()))
        waiting.start()
        end(watch)
        waiting.join(PATIENCE)
    assert answers == [None]
    assert watch.next() is None


class FakeNotifier:
    """Gives the answers that it was made with, one a call, then waits for ever."""

    def __init__(self, *answers: set[tuple[int, str]] | Exception) -> None:
        self._answers = list(answers)

    def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop: Any) -> set[tuple[int, str]] | str:
        if not self._answers:
            time.sleep(timeout_ms / 1000)
            return "timeout"
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        pass


def test_after_a_burst_as_long_as_the_kernels_queue_everything_is_watched_anew_and_compared(
    root: Path,
) -> None:
    burst = {(2, f"{root}/src/{number}") for number in range(5000)}
    notifiers = [FakeNotifier(burst), FakeNotifier()]
    with FileWatch([str(root)], notifier=lambda folders, pass_over: notifiers.pop(0)) as watch:
        first = watch.next(timeout=PATIENCE)
        assert first is not None
        assert len(first.paths) == 5000
        assert watch.next(timeout=PATIENCE) == Changes(rescan=True)
        assert not notifiers


def test_a_notifier_that_breaks_is_replaced_and_everything_compared(root: Path) -> None:
    notifiers = [
        FakeNotifier(RuntimeError("broken"), RuntimeError("for good")),
        FakeNotifier({(2, f"{root}/src/app.py")}),
    ]
    with FileWatch([str(root)], notifier=lambda folders, pass_over: notifiers.pop(0)) as watch:
        assert watch.next(timeout=PATIENCE) == Changes(rescan=True)
        assert watch.next(timeout=PATIENCE) == Changes(paths=frozenset({f"{root}/src/app.py"}))


def test_a_change_that_was_swallowed_right_after_a_save_is_told_when_it_is_quiet(root: Path) -> None:
    path = root / "src" / "app.py"
    notifier = FakeNotifier({(2, str(path))})
    with FileWatch([str(root)], notifier=lambda folders, pass_over: notifier) as watch:
        assert watch.next(timeout=PATIENCE) == Changes(paths=frozenset({str(path)}))
        path.write_text("changed, and no event came")
        assert watch.next(timeout=PATIENCE) == Changes(paths=frozenset({str(path)}))
        assert watch.next(timeout=0.5) is None


def test_the_kernels_limit_is_an_error_with_the_setting_to_raise(root: Path) -> None:
    def refuse(folders: list[str], pass_over: bool) -> FakeNotifier:
        raise OSError("OS file watch limit reached.")

    with pytest.raises(ComposeLiteError) as caught:
        FileWatch([str(root)], notifier=refuse)
    assert caught.value.problems[0].code == "watch-limit"
    assert "fs.inotify.max_user_watches" in str(caught.value.hint)


def test_folders_that_vanish_while_they_are_being_watched_are_no_trouble(root: Path) -> None:
    refusals = [FileNotFoundError("gone")]

    def make(folders: list[str], pass_over: bool) -> FakeNotifier:
        if refusals:
            raise refusals.pop()
        return FakeNotifier()

    with FileWatch([str(root)], notifier=make) as watch:
        assert watch.next(timeout=0.1) is None
