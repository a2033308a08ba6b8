"""`ContainerSync` makes the files of real containers like the host's, whatever the image has, or says why not."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from compose_lite.errors import CannotDelete, CannotSync, NotFound
from compose_lite.runner.feed_file import open_tar
from compose_lite.runner.sync import ContainerSync, Difference
from compose_lite.runner.sync_delete import TOOLS
from compose_lite.runner.sync_tree import HostTree, TreeDelta
from compose_lite.runner.watch import FileWatch
from tests.runner.host_tree import edit_at_random, fill, picture_of_container, picture_of_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from compose_lite.runner.docker_daemon import DockerDaemon
    from tests.runner.conftest import Containers

pytestmark = pytest.mark.daemon

# How long (seconds) files are edited at random; more by hand.
EDITING = float(os.environ.get("COMPOSE_LITE_SOAK", "3"))


def everything(relative: str, *, folder: bool) -> bool:
    return True


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with one of each kind, and with names as bad as they get."""
    root = tmp_path / "root"
    (root / "src" / "empty").mkdir(parents=True)
    for name in ("README", "src/app.py", "sp ace", "line\nbreak", "-rf", "naïve-日本", "n" * 200):
        (root / name).write_text(f"this is {name}")
    (root / "src" / "no content").touch()
    (root / "src" / "run").write_text("#!/bin/sh\n")
    (root / "src" / "run").chmod(0o755)
    (root / "link").symlink_to("src/app.py")
    (root / "dangling").symlink_to("/no/where")
    with open(os.fsencode(root) + b"/\xff\xfe", "w") as file:
        file.write("1")
    return root


@pytest.fixture
def tree(root: Path) -> HostTree:
    """That tree, already looked at."""
    tree = HostTree(str(root), everything)
    tree.scan()
    return tree


def run(containers: Containers, script: str, host: dict[str, Any] | None = None, **config: Any) -> str:
    """A container that runs a shell script, without a network, which takes longest to set up."""
    return containers.shell(script, HostConfig={"NetworkMode": "none", **(host or {})}, **config)


def idle(containers: Containers, **config: Any) -> str:
    """A container that does nothing."""
    return run(containers, "exec sleep 1000", **config)


def bring(sync: ContainerSync, tree: HostTree, target: str = "/app") -> Difference:
    """Make the container equal; return what it took."""
    difference = sync.compare(tree, target)
    sync.apply(tree, target, difference.send, difference.delete)
    return difference


def follow(sync: ContainerSync, tree: HostTree, target: str = "/app") -> TreeDelta:
    """Bring over what has changed on the host since the last look."""
    delta = tree.scan()
    sync.apply(tree, target, delta.changed, delta.deleted)
    return delta


def owners(daemon: DockerDaemon, container: str, path: str) -> tuple[int, int, float]:
    """User, group and time of change (seconds) of a path in a container."""
    _, feed = daemon.get_archive(container, path=path)
    with open_tar(feed) as tar:
        member = tar.next()
    assert member is not None
    return member.uid, member.gid, member.mtime


def test_everything_arrives_and_then_nothing_differs(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = idle(containers)
    sync = ContainerSync(daemon, container)
    assert bring(sync, tree).send == {"", *tree.entries}
    assert picture_of_container(daemon, container, "/app") == picture_of_host(root)
    assert sync.compare(tree, "/app") == Difference()


def test_only_what_differs_is_sent(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = idle(containers)
    sync = ContainerSync(daemon, container)
    bring(sync, tree)
    (root / "README").write_text("THIS IS README")  # as long as it was
    (root / "src" / "app.py").chmod(0o700)
    (root / "link").unlink()
    (root / "link").symlink_to("README")
    (root / "added").touch()
    tree.scan()
    assert ContainerSync(daemon, container).compare(tree, "/app") == Difference(
        send=frozenset({"README", "src/app.py", "link", "added"})
    )


def test_names_change_places_with_folders_and_links(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = idle(containers)
    sync = ContainerSync(daemon, container)
    bring(sync, tree)
    shutil.rmtree(root / "src")
    (root / "src").write_text("a file now")
    (root / "README").unlink()
    (root / "README").mkdir()
    (root / "README" / "inside").write_text("1")
    (root / "-rf").rename(root / "--")
    (root / "link").unlink()
    (root / "link").mkdir()
    follow(sync, tree)
    assert picture_of_container(daemon, container, "/app") == picture_of_host(root)


def test_what_a_link_leads_to_now_is_not_deleted_in_its_name(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = idle(containers)
    sync = ContainerSync(daemon, container)
    (root / "other").mkdir()
    (root / "other" / "app.py").write_text("to be kept")
    tree.scan()
    bring(sync, tree)
    shutil.rmtree(root / "src")
    (root / "src").symlink_to("other")
    delta = tree.scan()
    sync.apply(tree, "/app", delta.changed)
    sync.apply(tree, "/app", (), delta.deleted)
    assert picture_of_container(daemon, container, "/app") == picture_of_host(root)


def test_a_file_that_vanishes_before_it_is_read_is_no_trouble(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    sync = ContainerSync(daemon, idle(containers))
    (root / "README").unlink()
    result = sync.apply(tree, "/app", ["README", "src/app.py", "never/was"])
    assert (result.sent, result.skipped) == (1, ())


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", (0, 0)),
        ("1000:1000", (1000, 1000)),
        ("app", (1000, 1000)),
        ("1234", (1234, 0)),
        ("app:0", (1000, 0)),
    ],
)
def test_files_belong_to_the_user_that_the_container_runs_as(
    user: str, expected: tuple[int, int], daemon: DockerDaemon, containers: Containers, tree: HostTree
) -> None:
    container = idle(containers, User=user)
    bring(ContainerSync(daemon, container), tree)
    assert owners(daemon, container, "/app/src/app.py")[:2] == expected
    assert owners(daemon, container, "/app")[:2] == expected


def test_folders_on_the_way_to_what_is_sent_have_the_right_owner(
    daemon: DockerDaemon, containers: Containers, tree: HostTree
) -> None:
    container = idle(containers, User="app")
    sync = ContainerSync(daemon, container)
    sync.compare(tree, "/app")
    sync.apply(tree, "/app", ["src/app.py"])
    assert owners(daemon, container, "/app")[:2] == owners(daemon, container, "/app/src")[:2] == (1000, 1000)


def test_a_single_file_goes_where_the_rule_says(
    daemon: DockerDaemon, containers: Containers, root: Path
) -> None:
    container = idle(containers)
    tree = HostTree(str(root / "README"), everything)
    tree.scan()
    sync = ContainerSync(daemon, container)
    bring(sync, tree, "/conf/app.conf")
    assert sync.compare(tree, "/conf/app.conf") == Difference()
    assert set(picture_of_container(daemon, container, "/conf")) == {"app.conf"}
    with pytest.raises(CannotSync, match="is a folder in the container"):
        ContainerSync(daemon, container).compare(tree, "/conf")
    (root / "README").unlink()
    follow(sync, tree, "/conf/app.conf")
    assert picture_of_container(daemon, container, "/conf") == {}


def test_a_target_may_be_a_link_in_the_container(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = run(containers, "mkdir /srv /real; ln -s /real /app; exec sleep 1000")
    wait_for(daemon, container, "/app")
    sync = ContainerSync(daemon, container)
    bring(sync, tree)
    assert picture_of_container(daemon, container, "/real") == picture_of_host(root)
    assert sync.compare(tree, "/app") == Difference()


def test_the_target_may_be_the_containers_root(
    daemon: DockerDaemon, containers: Containers, root: Path
) -> None:
    (root / "src" / "link").symlink_to("app.py")
    tree = HostTree(str(root / "src"), everything)
    tree.scan()
    sync = ContainerSync(daemon, idle(containers))
    assert bring(sync, tree, "/").send == tree.entries.keys()
    assert sync.compare(tree, "/") == Difference()
    (root / "src" / "app.py").unlink()
    follow(sync, tree, "/")
    assert sync.compare(tree, "/") == Difference()


# What deletes


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: f"{tool[0]} {tool[1]}")
def test_each_tool_deletes_files_folders_and_links_and_minds_none_that_is_missing(
    tool: tuple[str, ...], root: Path
) -> None:
    if shutil.which(tool[0]) is None:
        assert tool[0] not in ("rm", "python3")
        return
    paths = [root / "src", root / "-rf", root / "link", root / "dangling", root / "never was"]
    done = subprocess.run([*tool, *paths], capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {path.name for path in root.iterdir()}.isdisjoint({"src", "-rf", "link", "dangling"})
    assert (root / "README").exists()


def test_without_rm_another_tool_deletes(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = run(containers, "busybox rm /bin/rm; exec sleep 1000")
    sync = ContainerSync(daemon, container)
    bring(sync, tree)
    shutil.rmtree(root / "src")
    (root / "-rf").unlink()
    follow(sync, tree)
    assert picture_of_container(daemon, container, "/app") == picture_of_host(root)


def test_where_root_has_no_power_the_containers_user_deletes(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = idle(containers, User="app", host={"CapDrop": ["ALL"]})
    sync = ContainerSync(daemon, container)
    bring(sync, tree)
    shutil.rmtree(root / "src")
    follow(sync, tree)
    assert picture_of_container(daemon, container, "/app") == picture_of_host(root)


def test_what_has_gone_by_itself_is_no_failure(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = run(containers, "mkdir /app; echo > /app/src; exec sleep 1000")
    wait_for(daemon, container, "/app/src")
    shutil.rmtree(root / "src")
    tree.scan()
    sync = ContainerSync(daemon, container)
    assert sync.apply(tree, "/app", (), ["src/app.py"]).deleted == 1  # rm: can't stat …: Not a directory


def test_with_nothing_that_deletes_it_is_said_and_the_rest_is_sent(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = run(
        containers,
        "mkdir /hidden; cp /bin/busybox /hidden; exec /hidden/busybox sh -c "
        "'/hidden/busybox rm -r /bin; exec /hidden/busybox sleep 1000'",
    )
    wait_until_gone(daemon, container, "/bin")
    sync = ContainerSync(daemon, container)
    bring(sync, tree)
    (root / "-rf").unlink()
    (root / "README").write_text("changed")
    with pytest.raises(CannotDelete, match="neither rm nor another tool"):
        follow(sync, tree)
    there = picture_of_container(daemon, container, "/app")
    assert there.pop("-rf")
    assert there == picture_of_host(root)


def test_long_lists_are_deleted(daemon: DockerDaemon, containers: Containers, tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(800):
        (root / f"{number:0100}").touch()
    tree = HostTree(str(root), everything)
    tree.scan()
    container = idle(containers)
    sync = ContainerSync(daemon, container)
    bring(sync, tree)
    for path in root.iterdir():
        path.unlink()
    follow(sync, tree)
    assert picture_of_container(daemon, container, "/app") == {}


# What is mounted


def test_a_read_only_container_is_refused(
    daemon: DockerDaemon, containers: Containers, tree: HostTree
) -> None:
    sync = ContainerSync(daemon, idle(containers, host={"ReadonlyRootfs": True}))
    with pytest.raises(CannotSync, match="is read_only: nothing can be copied to /app"):
        sync.compare(tree, "/app")


def test_a_volume_is_written_to_also_in_a_read_only_container(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = idle(containers, host={"ReadonlyRootfs": True}, Volumes={"/app": {}})
    sync = ContainerSync(daemon, container)
    bring(sync, tree, "/app/www")
    assert picture_of_container(daemon, container, "/app/www") == picture_of_host(root)
    (root / "README").unlink()
    follow(sync, tree, "/app/www")
    assert picture_of_container(daemon, container, "/app/www") == picture_of_host(root)


def test_a_tmpfs_is_refused(daemon: DockerDaemon, containers: Containers, tree: HostTree) -> None:
    sync = ContainerSync(daemon, idle(containers, host={"Tmpfs": {"/app": ""}}))
    with pytest.raises(CannotSync, match="is a tmpfs"):
        sync.compare(tree, "/app/www")


def test_a_read_only_mount_is_refused(
    daemon: DockerDaemon, containers: Containers, tree: HostTree, tmp_path: Path
) -> None:
    sync = ContainerSync(daemon, idle(containers, host={"Binds": [f"{tmp_path}:/app:ro"]}))
    with pytest.raises(CannotSync, match="is mounted read-only"):
        sync.apply(tree, "/app/www", ["README"])


def test_a_bind_mount_of_the_tree_itself_is_live(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    sync = ContainerSync(daemon, idle(containers, host={"Binds": [f"{root.parent}:/data:ro"]}))
    assert sync.is_live(tree, "/data/root")
    assert sync.compare(tree, "/data/root") == Difference()
    assert sync.apply(tree, "/data/root", ["README"], ["-rf"]).sent == 0
    assert (root / "-rf").exists()


def test_mounts_below_the_target_are_kept_clear_of(
    daemon: DockerDaemon, containers: Containers, root: Path, tmp_path: Path
) -> None:
    for name in ("volume", "tmpfs", "closed", "live"):
        (root / name).mkdir()
        (root / name / "file").write_text(name)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    container = idle(
        containers,
        Volumes={"/app/volume": {}},
        host={
            "Tmpfs": {"/app/tmpfs": ""},
            "Binds": [f"{tmp_path}/other:/app/closed:ro", f"{root}/live:/app/live"],
        },
    )
    tree = HostTree(str(root), everything)
    tree.scan()
    sync = ContainerSync(daemon, container)
    result = sync.apply(tree, "/app", tree.entries)
    assert [line.split(":")[0] for line in result.skipped] == [
        "/app/closed",
        "/app/closed/file",
        "/app/tmpfs",
        "/app/tmpfs/file",
    ]
    assert sync.compare(tree, "/app") == Difference()
    shutil.rmtree(root / "volume")
    (root / "closed" / "file").unlink()
    delta = tree.scan()
    result = sync.apply(tree, "/app", delta.changed, delta.deleted)
    assert [line.split(", ")[0] for line in result.skipped] == [
        "/app/closed/file: not deleted",
        "/app/volume: not deleted",
    ]
    assert (tmp_path / "other" / "file").exists()
    assert (root / "live" / "file").exists()


# What is remembered


def test_what_vanished_while_nobody_watched_is_deleted_and_nothing_else(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    container = run(containers, "mkdir /app; echo image > /app/own; exec sleep 1000")
    wait_for(daemon, container, "/app/own")
    bring(ContainerSync(daemon, container), tree)
    shutil.rmtree(root / "src")
    (root / "README").rename(root / "README.md")
    later = HostTree(str(root), everything)
    later.scan()
    assert bring(ContainerSync(daemon, container), later).send == {"README.md"}
    there = picture_of_container(daemon, container, "/app")
    assert there.pop("own")
    assert there == picture_of_host(root)


def test_what_was_deleted_is_deleted_in_a_new_container_of_the_old_image_too(
    daemon: DockerDaemon, containers: Containers, root: Path, tree: HostTree
) -> None:
    (root / "README").unlink()
    tree.scan()
    container = run(containers, "mkdir /app; echo old > /app/README; echo own > /app/own; exec sleep 1000")
    wait_for(daemon, container, "/app/own")
    assert bring(ContainerSync(daemon, container), tree).delete == {"README"}


@pytest.mark.parametrize("clock", [None, itertools.count(10**18, -(10**15))], ids=["", "put-back"])
def test_what_the_program_makes_anew_after_its_deletion_stays(
    daemon: DockerDaemon,
    containers: Containers,
    root: Path,
    tree: HostTree,
    clock: Iterator[int] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if clock is not None:
        set_anew = SimpleNamespace(time=time.time, time_ns=lambda: next(clock))
        monkeypatch.setattr("compose_lite.runner.sync_record.time", set_anew)
    container = idle(containers)
    sync = ContainerSync(daemon, container)
    bring(sync, tree)
    (root / "README").unlink()
    follow(sync, tree)
    (root / "another").touch()
    follow(sync, tree)
    daemon.start_exec(
        daemon.create_exec(container, {"Cmd": ["touch", "/app/README"], "AttachStdout": True}), tty=False
    ).read()
    assert ContainerSync(daemon, container).compare(tree, "/app") == Difference()


def test_random_edits_end_in_equality(daemon: DockerDaemon, containers: Containers, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    root = tmp_path / "root"
    root.mkdir()
    fill(root, 200, chance)
    container = idle(containers)
    ends = time.monotonic() + EDITING
    while time.monotonic() < ends:  # each round a new watch, as after a kill
        half = min(ends, time.monotonic() + EDITING / 2)
        tree = HostTree(str(root), everything)
        with FileWatch([str(root)]) as watch:
            tree.scan()
            sync = ContainerSync(daemon, container)
            bring(sync, tree)
            while time.monotonic() < half:
                for _ in range(chance.randrange(12)):
                    edit_at_random(root, chance)
                take(watch, sync, tree, timeout=chance.random() / 5)
            settle(watch, sync, tree)
            assert picture_of_container(daemon, container, "/app") == picture_of_host(root)
        for _ in range(20):  # while nobody watches
            edit_at_random(root, chance)


def take(watch: FileWatch, sync: ContainerSync, tree: HostTree, *, timeout: float) -> bool:
    """Wait for the next changes, and bring them over."""
    changes = watch.next(timeout)
    if changes is None:
        return False
    delta = tree.scan() if changes.rescan else tree.restat(changes.paths)
    sync.apply(tree, "/app", delta.changed, delta.deleted)
    return True


def settle(watch: FileWatch, sync: ContainerSync, tree: HostTree) -> None:
    """Bring over all that is told until it is quiet for good."""
    while take(watch, sync, tree, timeout=1):
        pass


def wait_for(daemon: DockerDaemon, container: str, path: str) -> None:
    wait_until(daemon, container, path, there=True)


def wait_until_gone(daemon: DockerDaemon, container: str, path: str) -> None:
    wait_until(daemon, container, path, there=False)


def wait_until(daemon: DockerDaemon, container: str, path: str, *, there: bool) -> None:
    """Wait until a path is in a container, or is not."""
    for _ in range(200):
        try:
            daemon.get_archive(container, path=path)[1].close()
            found = True
        except NotFound:
            found = False
        if found == there:
            return
        time.sleep(0.1)
    pytest.fail(f"{path} never {'came' if there else 'went'}")
