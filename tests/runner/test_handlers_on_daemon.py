"""Every action on a real daemon: its effect, done twice, and what it says when something is in the way."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite.errors import ComposeLiteError, Conflict, DaemonError, NotFound
from compose_lite.planner import actions as a
from compose_lite.planner.plan import Plan, PlannedAction
from compose_lite.planner.refs import ContainerRef, InjectedFile
from compose_lite.runner.conflicts import port_holder
from compose_lite.runner.connect import connect_daemon
from compose_lite.runner.execute import Executor
from compose_lite.runner.handlers import HANDLERS
from compose_lite.runner.site import Containers
from compose_lite.spec.model import FrozenMap, Hook, Mount, Network, NetworkAttachment, Port
from tests.e2e.images import ensure_busybox
from tests.fakes.proxy import Proxy, Strike, at_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.runner.docker_daemon import DockerDaemon
    from tests.runner.ground import Ground

pytestmark = pytest.mark.daemon

FOREVER = ("sleep", "1000")


def running(ground: Ground, **given: Any) -> ContainerRef:
    """A running container."""
    ref = existing(ground, **given)
    ground.carry_out(a.StartContainer(container=ref))
    return ref


def existing(ground: Ground, **given: Any) -> ContainerRef:
    """A container that was never started."""
    service = ground.service(**{"command": FOREVER, "stop_signal": "SIGKILL", **given})
    found = ground.create(service)
    return ContainerRef(name=found["Name"].removeprefix("/"), service=service.name, number=1, id=found["Id"])


def state(ground: Ground, ref: ContainerRef) -> str:
    assert ref.id is not None
    return str(ground.daemon.inspect_container(ref.id)["State"]["Status"])


def shell(ground: Ground, ref: ContainerRef, script: str) -> str:
    """What a script prints in a running container."""
    assert ref.id is not None
    return ground.exec(ref.id, script)


def networks(ground: Ground, ref: ContainerRef) -> dict[str, Any]:
    assert ref.id is not None
    found: dict[str, Any] = ground.daemon.inspect_container(ref.id)["NetworkSettings"]["Networks"]
    return found


def test_every_action_has_a_handler() -> None:
    kinds = set(a.Action.__args__)  # type: ignore[attr-defined]

    assert kinds - set(HANDLERS) == {a.AwaitCondition}  # the scheduler's own


# once and twice


@pytest.mark.parametrize(
    ("prepare", "action", "after"),
    [
        (existing, lambda ref: a.StartContainer(container=ref), "running"),
        (running, lambda ref: a.StopContainer(container=ref, timeout=0), "exited"),
        (running, lambda ref: a.KillContainer(container=ref), "exited"),
        (running, lambda ref: a.PauseContainer(container=ref), "paused"),
    ],
    ids=["start", "stop", "kill", "pause"],
)
def test_second_time_changes_nothing(
    ground: Ground, prepare: Callable[[Ground], Any], action: Callable[[Any], Any], after: str
) -> None:
    ref = prepare(ground)

    first = ground.carry_out(action(ref))
    if isinstance(action(ref), a.KillContainer):
        ground.daemon.wait_container(ref.id)
    assert first.changed
    assert state(ground, ref) == after
    assert not ground.carry_out(action(ref)).changed


def test_unpausing(ground: Ground) -> None:
    ref = running(ground)
    ground.carry_out(a.PauseContainer(container=ref))

    assert ground.carry_out(a.UnpauseContainer(container=ref)).changed
    assert not ground.carry_out(a.UnpauseContainer(container=ref)).changed
    assert state(ground, ref) == "running"


def test_restarting(ground: Ground) -> None:
    ref = running(ground)
    assert ref.id is not None
    before = ground.daemon.inspect_container(ref.id)["State"]["StartedAt"]

    ground.carry_out(a.RestartContainer(container=ref, timeout=0))

    assert ground.daemon.inspect_container(ref.id)["State"]["StartedAt"] > before


def test_removing(ground: Ground) -> None:
    ref = existing(ground)

    assert ground.carry_out(a.RemoveContainer(container=ref)).changed
    assert not ground.carry_out(a.RemoveContainer(container=ref)).changed
    assert not ground.carry_out(a.StopContainer(container=ref)).changed


@pytest.mark.parametrize("force", [False, True])
def test_removing_a_container_that_has_come_to_run_meanwhile(ground: Ground, force: bool) -> None:
    ref = running(ground)

    assert ground.carry_out(a.RemoveContainer(container=ref, force=force)).changed
    assert not ground.carry_out(a.StopContainer(container=ref)).changed


def test_anonymous_volumes_go_with_their_container_only_when_asked_for(ground: Ground) -> None:
    for volumes in (False, True):
        ref = existing(ground, volumes=(Mount(type="volume", target="/v"),))
        assert ref.id is not None
        name = ground.daemon.inspect_container(ref.id)["Mounts"][0]["Name"]

        ground.carry_out(a.RemoveContainer(container=ref, volumes=volumes))

        if volumes:
            with pytest.raises(NotFound):
                ground.daemon.inspect_volume(name)
        else:
            ground.daemon.remove_volume(name)


def test_renaming(ground: Ground) -> None:
    ref, other = existing(ground), existing(ground)
    rename = a.RenameContainer(container=ref, to=f"{ref.name}-new")

    assert ground.carry_out(rename).changed
    assert not ground.carry_out(rename).changed
    with pytest.raises(DaemonError, match="in use"):
        ground.carry_out(a.RenameContainer(container=ref, to=other.name))


def test_renamed_container_is_found_under_both_names(ground: Ground) -> None:
    site = ground.site(ground.service())
    ref = ground.ref()
    ground.carry_out(a.CreateContainer(container=ref, config_hash="0"), site)

    ground.carry_out(a.RenameContainer(container=ref, to=f"{ref.name}-new"), site)

    assert site.containers.id(ground.ref(name=f"{ref.name}-new")) == site.containers.id(ref)


def test_networks_are_connected_and_disconnected_once(ground: Ground) -> None:
    ref = running(ground)
    back = f"{ground.project.name}_back"
    attachment = NetworkAttachment(network="back", aliases=("extra",))
    connect = a.ConnectNetwork(container=ref, network=back, attachment=attachment)
    disconnect = a.DisconnectNetwork(container=ref, network=back, force=True)

    assert ground.carry_out(connect).changed
    assert {"web", "extra"} <= set(networks(ground, ref)[back]["Aliases"])
    assert not ground.carry_out(connect).changed
    assert ground.carry_out(disconnect).changed
    assert back not in networks(ground, ref)
    assert not ground.carry_out(disconnect).changed


def test_network_is_created_once(ground: Ground) -> None:
    create = a.CreateNetwork(key="back", name=f"{ground.project.name}_more", config_hash="1")
    networks = FrozenMap({"back": Network(key="back", name=create.name)})
    site = ground.site()
    site = replace(site, project=replace(site.known_project, networks=networks))

    assert ground.carry_out(create, site).changed
    assert not ground.carry_out(create, site).changed
    with pytest.raises(Conflict):
        ground.carry_out(
            a.CreateNetwork(key="back", name=f"{ground.project.name}_default", config_hash="2"), site
        )
    found = ground.daemon.inspect_network(create.name)
    assert ground.carry_out(a.RemoveNetwork(id=found["Id"], name=create.name)).changed
    assert not ground.carry_out(a.RemoveNetwork(id=found["Id"], name=create.name)).changed


def test_network_in_use_is_kept_and_its_user_named(ground: Ground) -> None:
    ref = running(ground)
    found = ground.daemon.inspect_network(f"{ground.project.name}_default")

    kept = ground.carry_out(a.RemoveNetwork(id=found["Id"], name=found["Name"], keep_if_used=True))
    with pytest.raises(DaemonError, match=ref.name):
        ground.carry_out(a.RemoveNetwork(id=found["Id"], name=found["Name"]))

    assert not kept.changed
    assert "in use" in kept.text


def test_volume_in_use_is_kept(ground: Ground) -> None:
    existing(ground, volumes=(Mount(type="volume", source="data", target="/data"),))
    name = f"{ground.project.name}_data"

    assert not ground.carry_out(a.RemoveVolume(name=name, keep_if_used=True)).changed
    with pytest.raises(Conflict):
        ground.carry_out(a.RemoveVolume(name=name))
    assert not ground.carry_out(a.RemoveVolume(name=f"{name}-none")).changed


def test_image_in_use_is_kept(
    ground: Ground, daemon: DockerDaemon, make_reference: Callable[[str], str]
) -> None:
    ref = make_reference("clt-handlers")
    daemon.tag_image(ensure_busybox(), ref=ref)

    assert ground.carry_out(a.RemoveImage(ref=ref)).changed
    assert not ground.carry_out(a.RemoveImage(ref=ref)).changed


# creation


def test_container_is_created_once(ground: Ground) -> None:
    site = ground.site(ground.service())
    create = a.CreateContainer(container=ground.ref(), config_hash="0")

    ground.carry_out(create, site)
    first = site.containers.id(create.container)
    again = ground.site(ground.service())
    ground.carry_out(create, again)

    assert again.containers.id(create.container) == first


def test_name_of_another_container_is_not_taken_for_ours(ground: Ground) -> None:
    site = ground.site(ground.service())
    ref = ground.ref()
    ground.carry_out(a.CreateContainer(container=ref, config_hash="0"), site)

    with pytest.raises(Conflict) as caught:
        ground.carry_out(a.CreateContainer(container=ref, config_hash="1"), site)

    assert ref.name in str(caught.value)
    assert repr(ground.project.name) in str(caught.value)


def test_missing_image_is_named(ground: Ground) -> None:
    site = ground.site(ground.service(image="clt/none:1"))

    with pytest.raises(NotFound, match="no image 'clt/none:1'"):
        ground.carry_out(a.CreateContainer(container=ground.ref(), config_hash="0"), site)


def test_replacement_keeps_the_data_of_anonymous_volumes(ground: Ground) -> None:
    """Also of those that the image declares; not of those that nobody declares any more."""
    image = ensure_busybox("1-volume")
    mounts = (Mount(type="volume", target="/own"), Mount(type="volume", target="/gone"))
    old = running(ground, image=image, volumes=mounts)
    shell(ground, old, "for d in /own /gone /data; do echo kept > $d/file; done")

    site = ground.site(
        ground.service(image=image, volumes=mounts[:1], command=FOREVER, stop_signal="SIGKILL")
    )
    ref = ground.ref()
    ground.carry_out(a.CreateContainer(container=ref, config_hash="0", replaces=old), site)
    ref = ContainerRef(name=ref.name, service="web", number=1, id=site.containers.id(ref))
    ground.carry_out(a.StartContainer(container=ref))

    assert shell(ground, ref, "cat /own/file /data/file; ls -d /gone 2>/dev/null || true") == "kept\nkept\n"


def test_replacement_may_renew_its_volumes(ground: Ground) -> None:
    mounts = (Mount(type="volume", target="/own"),)
    old = running(ground, volumes=mounts)
    shell(ground, old, "echo old > /own/file")
    service = ground.service(volumes=mounts, command=FOREVER, stop_signal="SIGKILL")

    found = ground.create(service, replaces=old, renew_volumes=True)
    ref = ContainerRef(name="x", service="web", number=1, id=found["Id"])
    ground.carry_out(a.StartContainer(container=ref))

    assert shell(ground, ref, "ls /own") == ""


# files


def injected(**given: Any) -> InjectedFile:
    return InjectedFile(**{"kind": "secrets", "source": "s", "target": "/run/secrets/s", **given})


OWN_FOLDER = injected(uid="1000", gid="1001", mode=0o640)


@pytest.mark.parametrize(
    ("file", "read_only", "expected"),
    [
        (injected(), False, "0 0 444 top secret"),
        (injected(), True, "0 0 444 top secret"),
        (OWN_FOLDER, False, "1000 1001 640 top secret"),
        (OWN_FOLDER, True, "1000 1001 640 top secret"),
        (injected(target="/deep/er/s"), False, "0 0 444 top secret"),
        (injected(target="/deep/er/s"), True, "0 0 444 top secret"),
        (injected(target="/s", kind="configs", mode=0o4755), False, "0 0 4755 top secret"),
    ],
)
def test_files_arrive_with_owner_and_mode(
    ground: Ground, file: InjectedFile, read_only: bool, expected: str
) -> None:
    """In the root of a read-only file system the planner allows none."""
    service = ground.service(command=FOREVER, stop_signal="SIGKILL", read_only=read_only, user="1000")
    contents = {"secrets.s": b"top secret", "configs.s": b"top secret"}
    site = ground.site(service, contents=contents)
    ref = ground.ref()
    holders = (file.target.rpartition("/")[0],) if read_only else ()

    ground.carry_out(a.CreateContainer(container=ref, config_hash="0", holders=holders), site)
    for _ in range(2):  # once more, as after an interrupted run
        ground.carry_out(a.InjectFiles(container=ref, files=(file,)), site)
    ground.carry_out(a.StartContainer(container=ref), site)

    assert (
        ground.exec(
            site.containers.id(ref), f"stat -c '%u %g %a' {file.target}; cat {file.target}", user="0"
        ).replace("\n", " ")
        == expected
    )


@pytest.mark.parametrize("read_only", [False, True])
def test_files_in_volumes_and_under_a_tmpfs(ground: Ground, read_only: bool) -> None:
    """A volume takes files at any depth; one below a tmpfs keeps them from being hidden."""
    service = ground.service(
        command=FOREVER,
        stop_signal="SIGKILL",
        read_only=read_only,
        tmpfs=("/run",),
        volumes=(Mount(type="volume", target="/v"),),
    )
    site = ground.site(service, contents={"secrets.s": b"top secret"})
    ref = ground.ref()
    files = (injected(), injected(target="/v/deep/er/s"), injected(target="/v/s"))
    create = a.CreateContainer(container=ref, config_hash="0", holders=("/run/secrets",))

    ground.carry_out(create, site)
    ground.carry_out(a.InjectFiles(container=ref, files=files), site)
    ground.carry_out(a.StartContainer(container=ref), site)

    script = "cat /run/secrets/s /v/deep/er/s /v/s"
    assert ground.exec(site.containers.id(ref), script) == "top secret" * 3


def test_new_folders_of_files_can_be_entered_by_everybody(ground: Ground) -> None:
    site = ground.site(ground.service(command=FOREVER, stop_signal="SIGKILL"), contents={"secrets.s": b"x"})
    ref = ground.ref()
    ground.carry_out(a.CreateContainer(container=ref, config_hash="0"), site)
    ground.carry_out(a.InjectFiles(container=ref, files=(injected(target="/new/er/s"),)), site)
    ground.carry_out(a.StartContainer(container=ref), site)

    assert ground.exec(site.containers.id(ref), "stat -c %a:%u /new /new/er").split() == ["755:0", "755:0"]


def test_file_without_content_is_an_error(ground: Ground) -> None:
    ref = existing(ground)

    with pytest.raises(ComposeLiteError, match=r"secrets\.s"):
        ground.carry_out(a.InjectFiles(container=ref, files=(injected(),)), ground.site(ground.service()))


# hooks


def test_hook_runs_and_its_output_is_passed_on(ground: Ground) -> None:
    ref = running(ground)
    told: list[str] = []
    hook = Hook(
        command=("sh", "-c", "echo one; echo $A >&2; pwd; id -u"),
        working_dir="/tmp",
        user="1000",
        environment={"A": "two"},
    )

    HANDLERS[a.RunHook](
        ground.site(),
        a.RunHook(container=ref, hook=hook, event="post_start"),
        lambda text, *_args, **_kwargs: told.append(text),
    )

    assert sorted(told) == ["/tmp", "1000", "one", "two"]


def test_hook_that_fails_says_what_it_said(ground: Ground) -> None:
    ref = running(ground)
    hook = Hook(command=("sh", "-c", "echo sorry >&2; exit 3"))

    with pytest.raises(ComposeLiteError, match=r"post_start hook of .* exited with code 3: sorry"):
        ground.carry_out(a.RunHook(container=ref, hook=hook, event="post_start"))


# conflicts


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_holder_of_a_port_is_named_when_it_is_a_container(ground: Ground) -> None:
    port = str(free_port())
    holder = running(ground, ports=(Port(target=80, published=port),))
    ref = existing(ground, ports=(Port(target=80, published=port),))

    with pytest.raises(DaemonError) as caught:
        ground.carry_out(a.StartContainer(container=ref))

    assert f"port {port} is already in use by container {holder.name!r}" in str(caught.value)
    assert ground.project.name in str(caught.value)


def test_holder_of_a_port_is_a_container_not_its_proxy(ground: Ground) -> None:
    """A container that was started after the snapshot is seen by its docker-proxy: it is the one to name."""
    port = free_port()
    holder = running(ground, ports=(Port(target=80, published=str(port)),))

    found = port_holder(ground.daemon, port, "tcp")

    assert found == f"container {holder.name!r} of project {ground.project.name!r}"


def test_holder_of_a_port_is_named_when_it_is_a_process(ground: Ground) -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        ref = existing(ground, ports=(Port(target=80, published=str(port)),))

        with pytest.raises(DaemonError, match=rf"port {port} is already in use by process \d+ \(.+\)"):
            ground.carry_out(a.StartContainer(container=ref))


def test_command_that_does_not_exist_is_told_by_the_daemon(ground: Ground) -> None:
    ref = existing(ground, command=("/no/such/program",))

    with pytest.raises(DaemonError, match="no such file"):
        ground.carry_out(a.StartContainer(container=ref))


# lost answers


@pytest.mark.parametrize("then", ["cut", "truncate"])
def test_plan_goes_on_after_a_lost_answer(ground: Ground, then: Any) -> None:
    """Whichever call's answer is lost: in the end everything is done, and done once."""
    service = ground.service(
        command=FOREVER,
        stop_signal="SIGKILL",
        networks=(NetworkAttachment(network="default"), NetworkAttachment(network="back")),
    )
    for number in range(1, 7):
        ref = ground.ref()
        plan = chain(
            a.CreateContainer(container=ref, config_hash="0"),
            a.StartContainer(container=ref),
            a.RenameContainer(container=ref, to=f"{ref.name}-new"),
            a.StopContainer(container=ref, timeout=0),
            a.RemoveContainer(container=ref),
        )
        with Proxy(on_call=at_change(number, Strike(when="after", then=then))) as proxy:
            daemon = connect_daemon(host=proxy.address, environ={})
            site = ground.site(service, daemon=daemon)
            result = Executor(plan, site).run()
            daemon.close()

        assert [failure.report.message for failure in result.failures] == []
        with pytest.raises(NotFound):
            ground.daemon.inspect_container(site.containers.made[ref.name])


def chain(*steps: Any) -> Plan:
    """A plan of one action after the other."""
    return Plan(
        project="p",
        actions=tuple(
            PlannedAction(id=number, action=action, reasons=(), needs=(number - 1,) if number > 1 else ())
            for number, action in enumerate(steps, 1)
        ),
    )


def test_ids_of_containers_of_another_run_are_asked_for(ground: Ground) -> None:
    ref = existing(ground)

    assert Containers(ground.daemon).id(ContainerRef(name=ref.name, service="web", number=1)) == ref.id
