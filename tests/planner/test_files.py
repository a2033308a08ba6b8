"""How secrets and configs reach a container."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compose_lite.errors import PlanError
from compose_lite.planner.converge import plan_up
from compose_lite.planner.files import files_of, tracked_mounts
from compose_lite.planner.refs import BoundFile, InjectedFile
from compose_lite.planner.render import terse
from compose_lite.planner.requests import UpRequest
from compose_lite.spec.model import FileGrant, FileObject, FrozenMap, Mount, Project, Service
from tests.planner.stacks import daemon_for, planned, project, running, service

ORIGINS = {
    "file": FileObject(key="file", name="file", file="/src/f"),
    "text": FileObject(key="text", name="text", content="x"),
    "var": FileObject(key="var", name="var", environment="X"),
    "ext": FileObject(key="ext", name="ext", external=True),
}
PROJECT = Project(name="p", working_dir="/src", configs=FrozenMap(ORIGINS), secrets=FrozenMap(ORIGINS))


def files(*grants, contents=None, **fields):
    return files_of(PROJECT, Service(name="web", configs=grants, **fields), contents or {})


def grant(source, target="/etc/app/x", **fields):
    return FileGrant(source=source, target=target, **fields)


def test_a_file_is_mounted():
    assert files(grant("file")).bound == (BoundFile(path="/src/f", target="/etc/app/x"),)


@pytest.mark.parametrize("own", [{"uid": "1"}, {"gid": "1"}, {"mode": 0o400}])
def test_unless_it_is_to_have_its_own_owner_or_mode(own):
    assert files(grant("file", **own)).injected == (
        InjectedFile(kind="configs", source="file", target="/etc/app/x", **own),
    )


@pytest.mark.parametrize("source", ["text", "var"])
def test_everything_else_is_written(source):
    assert [file.source for file in files(grant(source)).injected] == [source]


def test_an_external_one_is_refused():
    with pytest.raises(PlanError, match="config 'ext' of service 'web' is external"):
        files(grant("ext"))


def test_the_label_tells_owner_mode_and_digest_but_not_the_plain_one():
    told = files(grant("text", uid="1", mode=0o440), contents={"configs.text": "ab" * 32}).described
    kind, owner, mode, digest = told["/etc/app/x"].split(" ")
    assert (kind, owner, mode) == ("configs.text", "1:-", "0440")
    assert digest not in "ab" * 32


def test_the_same_content_elsewhere_has_another_digest():
    contents = {"configs.text": "ab" * 32}
    one, other = (
        files(grant("text", target), contents=contents).described[target] for target in ("/a/x", "/b/x")
    )
    assert one != other


def test_a_read_only_container_gets_volumes_to_hold_them():
    assert files(grant("text"), read_only=True).holders == ("/etc/app",)
    assert files(grant("text")).holders == ()
    assert files(grant("file"), read_only=True).holders == ()


def test_not_where_a_mount_is_already():
    mount = Mount(type="volume", target="/etc/")
    assert files(grant("text"), read_only=True, volumes=(mount,)).holders == ()


@pytest.mark.parametrize(
    "where", [{"tmpfs": ("/etc:size=1m",)}, {"volumes": (Mount(type="tmpfs", target="/etc"),)}]
)
@pytest.mark.parametrize("read_only", [False, True])
def test_under_a_tmpfs_a_volume_holds_them(where, read_only):
    assert files(grant("text"), read_only=read_only, **where).holders == ("/etc/app",)


def test_a_volume_under_a_tmpfs_will_do():
    volume = Mount(type="volume", target="/etc/app")
    assert files(grant("text"), tmpfs=("/etc",), volumes=(volume,)).holders == ()


def test_a_file_right_in_a_tmpfs_is_refused():
    with pytest.raises(PlanError, match="service 'web' has a tmpfs there"):
        files(grant("text"), tmpfs=("/etc/app",))


def test_a_file_at_the_root_of_a_read_only_container_is_refused():
    with pytest.raises(PlanError, match="can't be written to '/x': service 'web' is read_only"):
        files(grant("text", "/x"), read_only=True)


class TestTrackedMounts:
    SERVICE = Service(
        name="web",
        volumes=(Mount(type="bind", source="/src/a.conf", target="/etc/a.conf"),),
        extensions=FrozenMap({"x-compose-lite": {"track_mounted_files": True}}),
    )

    def test_they_are_described_by_their_content(self):
        one, other = (
            files_of(PROJECT, self.SERVICE, {"mounts./src/a.conf": digest}).described for digest in "12"
        )
        assert one["/etc/a.conf"].startswith("mounts./src/a.conf -:- - ")
        assert one != other

    def test_only_where_it_is_asked_for(self):
        plain = replace(self.SERVICE, extensions=FrozenMap({"x-compose-lite": {}}))
        assert tracked_mounts(plain) == ()
        assert files_of(PROJECT, plain, {}).described == {}
        assert tracked_mounts(self.SERVICE) == ("/src/a.conf",)

    def test_a_change_is_told(self):
        stack = replace(project(), services=FrozenMap({"web": replace(self.SERVICE, image="web:1")}))
        daemon = daemon_for(stack)
        daemon.apply(plan_up(stack, daemon.observe(), UpRequest(), {"mounts./src/a.conf": "1"}), stack)
        web = daemon.by_name("p-web-1")
        web.effective["files./etc/a.conf"] = "mounts./src/a.conf -:- - 1111"
        plan = plan_up(stack, daemon.observe(), UpRequest(), {"mounts./src/a.conf": "2"})
        assert 'mounted "/src/a.conf": content changed' in terse(plan)


class TestInPlans:
    STACK = replace(project(service("web", configs=(grant("text"),))), configs=FrozenMap(ORIGINS))

    def test_they_are_written_before_the_first_start(self):
        assert [line.split(" (")[0] for line in planned(self.STACK, daemon_for(self.STACK)).splitlines()] == [
            "[1] create network p_default",
            "[2] create container p-web-1 <- [1]",
            "[3] provide files to container p-web-1 <- [2]",
            "[4] start container p-web-1 <- [3]",
        ]

    def test_again_where_a_container_was_never_started(self):
        daemon = running(self.STACK)
        daemon.by_name("p-web-1").state = "created"
        assert "provide files to" in planned(self.STACK, daemon)

    def test_but_not_on_later_starts(self):
        daemon = running(self.STACK)
        daemon.by_name("p-web-1").state = "exited"
        assert "provide files to" not in planned(self.STACK, daemon)

    def test_a_replacement_has_them_before_the_old_one_stops(self):
        plan = plan_up(self.STACK, running(self.STACK).observe(), UpRequest(recreate="force"))
        assert [planned.action.verb for planned in plan.actions] == [
            "create",
            "provide files to",
            "stop",
            "remove",
            "rename",
            "start",
        ], terse(plan)
