"""What one service's part of a watch asks for, without a container to copy to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any, cast

import pytest

from compose_lite import events
from compose_lite.errors import CannotDelete
from compose_lite.pipeline.watching_replicas import WatchedFiles
from compose_lite.pipeline.watching_service import ServiceWatch
from compose_lite.planner.watch import PathFilter, WatchedTree
from compose_lite.runner.sync_tree import HostTree

if TYPE_CHECKING:
    from compose_lite.pipeline.watching_changes import Changer
    from compose_lite.runner.daemon import Daemon

PATIENCE = 30


class Wishes:
    """Stands in for the changer: keeps what it is asked for."""

    def __init__(self) -> None:
        self.heard: Queue[tuple[str, tuple[str, ...]]] = Queue()

    def rebuild(self, service: str, paths: tuple[str, ...], **_: Any) -> None:
        self.heard.put((f"rebuild {service}", paths))

    def restart(self, service: str) -> bool:
        self.heard.put((f"restart {service}", ()))
        return True

    def replace(self, service: str, paths: tuple[str, ...], *, reason: CannotDelete, **_: Any) -> None:
        self.heard.put((f"replace {service}: {reason}", paths))


def watched(folder: Path, action: Any, **filtered: Any) -> WatchedFiles:
    """A rule for a folder as it is now."""
    rule = WatchedTree(
        service="web", path=str(folder), action=action, filter=PathFilter(root=str(folder), **filtered)
    )
    tree = HostTree(rule.path, rule.filter.keeps)
    tree.scan()
    return WatchedFiles(rule=rule, tree=tree)


@pytest.fixture
def wishes() -> Wishes:
    return Wishes()


@pytest.fixture
def batches() -> Queue[events.Event]:
    return Queue()


@pytest.fixture
def watch(wishes: Wishes, batches: Queue[events.Event]) -> Iterator[Callable[[WatchedFiles], ServiceWatch]]:
    """Starts the watch of the service `web` with one rule."""
    made = []

    def start(files: WatchedFiles) -> ServiceWatch:
        nobody = cast("Daemon", None)  # without containers it is not asked
        changer = cast("Changer", wishes)
        service = ServiceWatch(
            "web", [files], daemon=nobody, emit=batches.put, changer=changer, guard=lambda work: work()
        )
        made.append(service)
        service.start()
        return service

    yield start
    for service in made:
        service.close(PATIENCE)


def test_a_changed_file_leads_to_a_rebuild(
    tmp_path: Path, watch: Callable[[WatchedFiles], ServiceWatch], wishes: Wishes
) -> None:
    service = watch(watched(tmp_path, "rebuild"))
    path = tmp_path / "app.py"
    path.write_text("new")
    service.changed([str(path)], rescan=False)
    assert wishes.heard.get(timeout=PATIENCE) == ("rebuild web", (str(path),))


def test_a_comparison_finds_what_nobody_told(
    tmp_path: Path, watch: Callable[[WatchedFiles], ServiceWatch], wishes: Wishes
) -> None:
    (tmp_path / "old.py").write_text("old")
    service = watch(watched(tmp_path, "rebuild"))
    (tmp_path / "old.py").unlink()
    service.changed([], rescan=True)
    assert wishes.heard.get(timeout=PATIENCE) == ("rebuild web", (str(tmp_path / "old.py"),))


def test_noise_and_ignored_files_lead_to_nothing(
    tmp_path: Path, watch: Callable[[WatchedFiles], ServiceWatch], wishes: Wishes
) -> None:
    (tmp_path / "same.py").write_text("same")
    service = watch(watched(tmp_path, "rebuild", ignore=("*.log",)))
    (tmp_path / "a.log").write_text("no")
    (tmp_path / "wanted.py").write_text("yes")
    service.changed([str(tmp_path / "a.log"), str(tmp_path / "gone.py")], rescan=False)
    service.changed([str(tmp_path / "wanted.py")], rescan=False)
    assert wishes.heard.get(timeout=PATIENCE) == ("rebuild web", (str(tmp_path / "wanted.py"),))


def test_a_restart_is_told_as_a_batch(
    tmp_path: Path,
    watch: Callable[[WatchedFiles], ServiceWatch],
    wishes: Wishes,
    batches: Queue[events.Event],
) -> None:
    service = watch(watched(tmp_path, "restart"))
    path = tmp_path / "app.conf"
    path.write_text("new")
    service.changed([str(path)], rescan=False)
    assert wishes.heard.get(timeout=PATIENCE) == ("restart web", ())
    batch = batches.get(timeout=PATIENCE)
    assert isinstance(batch, events.WatchBatch)
    assert (batch.service, batch.actions, batch.paths) == ("web", ("restart",), (str(path),))
