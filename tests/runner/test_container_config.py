"""The create request of a service, where this machine's engine can't show it: newer APIs, other systems."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from compose_lite import labels
from compose_lite.errors import UsageError
from compose_lite.planner.actions import CreateContainer, OneOff
from compose_lite.planner.refs import BoundFile, ContainerRef
from compose_lite.runner.container_config import CreateRequest, Surroundings, create_request
from compose_lite.runner.features import FEATURES, is_cdi
from compose_lite.spec.model import (
    CredentialSpec,
    Deploy,
    DeviceMapping,
    FrozenMap,
    Healthcheck,
    ModelGrant,
    Mount,
    Network,
    NetworkAttachment,
    Project,
    RestartPolicy,
    Service,
    Volume,
)

OLD, NEW = (1, 41), (1, 51)
DEFAULT = NetworkAttachment(network="default")


def project(service: Service) -> Project:
    return Project(
        name="shop",
        working_dir="/srv/shop",
        compose_files=("/srv/shop/compose.yaml", "/srv/shop/compose.override.yaml"),
        services=FrozenMap({service.name: service}),
        networks=FrozenMap(
            {key: Network(key=key, name=f"shop_{key}") for key in ("default", "back", "front")}
        ),
        volumes=FrozenMap({"data": Volume(key="data", name="shop_data")}),
    )


def request(
    *,
    api: tuple[int, ...] = NEW,
    around: dict[str, Any] | None = None,
    action: dict[str, Any] | None = None,
    **given: Any,
) -> CreateRequest:
    """The request to create a container of a service with these fields."""
    service = Service(**{"name": "web", "image": "i", "networks": (DEFAULT,), **given})
    ref = ContainerRef(name="shop-web-1", service="web", number=1)
    create = CreateContainer(**{"container": ref, "config_hash": "abc", **(action or {})})
    return create_request(project(service), service, create, Surroundings(api_version=api, **(around or {})))


def host(**given: Any) -> Any:
    return request(**given).body["HostConfig"]


def endpoints(**given: Any) -> Any:
    return request(**given).body["NetworkingConfig"]["EndpointsConfig"]


def test_nothing_that_was_not_said_is_sent() -> None:
    body = request(networks=(), network_mode="none").body

    assert body["HostConfig"] == {"NetworkMode": "none"}
    assert set(body) == {"Image", "AttachStdout", "AttachStderr", "Labels", "HostConfig"}


def test_labels() -> None:
    found = request(
        labels=FrozenMap({"mine": "1", labels.PROJECT: "forged"}),
        action={
            "image_id": "sha256:1",
            "files": FrozenMap({"/b": "configs.b - - 2", "/a": "configs.a - - 1"}),
        },
        around={"replaced": "old", "peers": {"db": "d", "cache": "c"}},
    ).body["Labels"]

    assert found["mine"] == "1"
    assert found[labels.PROJECT] == "shop"
    assert found[labels.SERVICE] == "web"
    assert found[labels.NUMBER] == "1"
    assert found[labels.ONEOFF] == "False"
    assert found[labels.CONFIG_HASH] == "abc"
    assert found[labels.HASH] == "1:abc"
    assert found[labels.IMAGE] == "sha256:1"
    assert found[labels.WORKING_DIR] == "/srv/shop"
    assert found[labels.CONFIG_FILES] == "/srv/shop/compose.yaml,/srv/shop/compose.override.yaml"
    assert found[labels.REPLACES] == "old"
    assert found[labels.PEERS] == "db=d,cache=c"
    assert found[labels.FILES] == '{"/a": "configs.a - - 1", "/b": "configs.b - - 2"}'


def test_labels_that_say_nothing_are_left_out() -> None:
    found = request().body["Labels"]

    assert not found.keys() & {
        labels.REPLACES,
        labels.PEERS,
        labels.FILES,
        labels.SLUG,
        labels.ENVIRONMENT_FILE,
    }


def test_one_off() -> None:
    made = request(
        stdin_open=True,
        networks=(replace(DEFAULT, aliases=("shop",)),),
        action={"oneoff": OneOff(slug="f00", remove=True)},
    ).body

    assert made["Labels"][labels.ONEOFF] == "True"
    assert made["Labels"][labels.SLUG] == "f00"
    assert made["HostConfig"]["AutoRemove"] is True
    assert made["StdinOnce"] is True
    assert made["NetworkingConfig"]["EndpointsConfig"]["shop_default"]["Aliases"] == ["shop-web-1"]


def test_one_off_that_answers_to_its_service() -> None:
    made = endpoints(
        networks=(replace(DEFAULT, aliases=("shop",)),),
        action={"oneoff": OneOff(slug="f00", use_aliases=True)},
    )

    assert made["shop_default"]["Aliases"] == ["shop-web-1", "web", "shop"]


def test_replacement_answers_to_its_final_name() -> None:
    ref = ContainerRef(name="0123_shop-web-1", service="web", number=1)

    made = endpoints(action={"container": ref, "final_name": "shop-web-1"})

    assert made["shop_default"]["Aliases"] == ["shop-web-1", "web"]


def test_networks_come_by_priority_then_name() -> None:
    attached = (DEFAULT, NetworkAttachment(network="front"), NetworkAttachment(network="back", priority=5))

    assert list(endpoints(networks=attached)) == ["shop_back", "shop_default", "shop_front"]
    assert host(networks=attached)["NetworkMode"] == "shop_back"


def test_older_engines_get_further_networks_one_by_one() -> None:
    attached = (
        DEFAULT,
        NetworkAttachment(network="front", aliases=("f",)),
        NetworkAttachment(network="back"),
    )

    made = request(networks=attached, api=OLD)

    assert list(made.body["NetworkingConfig"]["EndpointsConfig"]) == ["shop_back"]
    assert [name for name, _ in made.connections] == ["shop_default", "shop_front"]
    assert made.connections[1][1]["EndpointConfig"]["Aliases"] == ["shop-web-1", "web", "f"]
    assert request(networks=attached, api=NEW).connections == ()


def test_endpoint_fields_of_newer_engines() -> None:
    attachment = NetworkAttachment(
        network="default",
        mac_address="02:00:00:00:00:01",
        gw_priority=7,
        interface_name="wan0",
        driver_opts=FrozenMap({"a": "b"}),
        ipv6_address="2001:db8::2",
    )

    assert endpoints(networks=(attachment,))["shop_default"] == {
        "IPAMConfig": {"IPv6Address": "2001:db8::2"},
        "Aliases": ["shop-web-1", "web"],
        "MacAddress": "02:00:00:00:00:01",
        "DriverOpts": {"a": "b", "com.docker.network.endpoint.ifname": "wan0"},
        "GwPriority": 7,
    }


@pytest.mark.parametrize("where", ["service", "network"])
def test_mac_address_is_where_the_engine_has_it(where: str) -> None:
    mac = "02:00:00:00:00:01"
    given: dict[str, Any] = (
        {"mac_address": mac} if where == "service" else {"networks": (replace(DEFAULT, mac_address=mac),)}
    )

    old, new = request(api=OLD, **given).body, request(api=NEW, **given).body

    assert old["MacAddress"] == mac
    assert "MacAddress" not in old["NetworkingConfig"]["EndpointsConfig"]["shop_default"]
    assert "MacAddress" not in new
    assert new["NetworkingConfig"]["EndpointsConfig"]["shop_default"]["MacAddress"] == mac


def test_links_are_the_engines_own_on_its_bridge() -> None:
    around = {"links": ("a:b",)}

    assert host(network_mode="bridge", networks=(), around=around)["Links"] == ["a:b"]
    assert "Links" not in host(around=around)
    assert endpoints(around=around)["shop_default"]["Links"] == ["a:b"]


def test_namespaces_of_peers() -> None:
    made = host(
        network_mode="service:db",
        pid="service:db",
        ipc="service:db",
        volumes_from=("db:ro", "db", "container:other:ro"),
        around={"peers": {"db": "id"}},
    )

    assert made["NetworkMode"] == made["PidMode"] == made["IpcMode"] == "container:id"
    assert made["VolumesFrom"] == ["id:ro", "id", "other:ro"]


def test_anonymous_volumes_are_taken_over() -> None:
    made = host(
        volumes=(Mount(type="volume", target="/own/"), Mount(type="volume", source="data", target="/data")),
        around={"inherited": {"/own": "v1", "/images": "v2"}},
        action={"holders": ("/run/secrets",)},
    )

    assert made["Mounts"] == [
        {"Type": "volume", "Target": "/own/", "Source": "v1"},
        {"Type": "volume", "Source": "v2", "Target": "/images"},
        {"Type": "volume", "Target": "/run/secrets"},
    ]
    assert made["Binds"] == ["shop_data:/data:rw"]


def test_bound_files_are_mounts_so_that_a_missing_one_is_an_error() -> None:
    made = host(action={"bound": (BoundFile(path="/srv/a", target="/run/secrets/a"),)})

    assert made["Mounts"] == [
        {"Type": "bind", "Source": "/srv/a", "Target": "/run/secrets/a", "ReadOnly": True}
    ]


@pytest.mark.parametrize(
    ("mount", "api", "expected"),
    [
        (
            Mount(type="bind", source="/a:b", target="/t", create_host_path=True),
            NEW,
            {"Type": "bind", "Source": "/a:b", "Target": "/t", "BindOptions": {"CreateMountpoint": True}},
        ),
        (
            Mount(type="bind", source="/a", target="/t", read_only=True, recursive="readonly"),
            NEW,
            {
                "Type": "bind",
                "Source": "/a",
                "Target": "/t",
                "ReadOnly": True,
                "BindOptions": {"ReadOnlyForceRecursive": True},
            },
        ),
        (
            Mount(type="bind", source="/a", target="/t", recursive="writable"),
            NEW,
            {"Type": "bind", "Source": "/a", "Target": "/t", "BindOptions": {"ReadOnlyNonRecursive": True}},
        ),
        (
            Mount(type="volume", source="data", target="/t", subpath="sub"),
            NEW,
            {"Type": "volume", "Source": "shop_data", "Target": "/t", "VolumeOptions": {"Subpath": "sub"}},
        ),
        (
            Mount(type="image", source="alpine", target="/t", subpath="etc"),
            NEW,
            {"Type": "image", "Source": "alpine", "Target": "/t", "ImageOptions": {"Subpath": "etc"}},
        ),
        (
            Mount(type="npipe", source=r"\\.\pipe\x", target=r"\\.\pipe\y"),
            OLD,
            {"Type": "npipe", "Source": r"\\.\pipe\x", "Target": r"\\.\pipe\y"},
        ),
        (
            Mount(type="cluster", source="cluster-volume", target="/t"),
            NEW,
            {"Type": "cluster", "Source": "cluster-volume", "Target": "/t"},
        ),
    ],
)
def test_mounts(mount: Mount, api: tuple[int, ...], expected: dict[str, Any]) -> None:
    assert host(volumes=(mount,), api=api)["Mounts"] == [expected]


def test_selinux_labels_reach_the_engine() -> None:
    mount = Mount(type="bind", source="/a", target="/t", selinux="z", read_only=True)

    assert host(volumes=(mount,))["Binds"] == ["/a:/t:ro,z"]


def test_label_that_the_engine_would_lose_is_refused() -> None:
    mount = Mount(type="bind", source="/a:b", target="/t", selinux="z", create_host_path=True)

    with pytest.raises(UsageError, match="SELinux"):
        host(volumes=(mount,))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (RestartPolicy(condition="none"), {"Name": "no", "MaximumRetryCount": 0}),
        (RestartPolicy(), {"Name": "always", "MaximumRetryCount": 0}),
        (
            RestartPolicy(condition="on-failure", max_attempts=2),
            {"Name": "on-failure", "MaximumRetryCount": 2},
        ),
    ],
)
def test_restart_policy_of_deploy_wins(policy: RestartPolicy, expected: dict[str, Any]) -> None:
    assert host(restart="unless-stopped", deploy=Deploy(restart_policy=policy))["RestartPolicy"] == expected


def test_documents_are_told_instead_of_their_paths() -> None:
    made = host(
        security_opt=("seccomp=profile.json", "seccomp:other.json", "apparmor:x"),
        around={"documents": {"profile.json": "{}", "other.json": "[]"}},
    )

    assert made["SecurityOpt"] == ["seccomp={}", "seccomp=[]", "apparmor:x"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (CredentialSpec(file="a.json"), ["credentialspec=file://a.json"]),
        (CredentialSpec(registry="a"), ["credentialspec=registry://a"]),
        (CredentialSpec(config="c"), ["credentialspec=raw://{}"]),
    ],
)
def test_credential_specs(given: CredentialSpec, expected: list[str]) -> None:
    made = host(credential_spec=given, around={"documents": {"c": "{}"}})

    assert made["SecurityOpt"] == expected


def test_numbers_that_this_machine_can_t_try() -> None:
    made = host(cpu_rt_period=1_000_000, cpu_rt_runtime=95_000, storage_opt=FrozenMap({"size": "1G"}))

    assert made["CpuRealtimePeriod"] == 1_000_000
    assert made["CpuRealtimeRuntime"] == 95_000
    assert made["StorageOpt"] == {"size": "1G"}


def test_fields_of_newer_engines() -> None:
    made = request(
        annotations=FrozenMap({"a": "b"}),
        healthcheck=Healthcheck(test=("CMD", "true"), start_interval=0.5),
        devices=(DeviceMapping(source="vendor.com/gpu=0", target="vendor.com/gpu=0"),),
        platform="linux/arm64",
    )

    assert made.platform == "linux/arm64"
    assert made.body["HostConfig"]["Annotations"] == {"a": "b"}
    assert made.body["Healthcheck"]["StartInterval"] == 500_000_000
    assert made.body["HostConfig"]["DeviceRequests"] == [{"Driver": "cdi", "DeviceIDs": ["vendor.com/gpu=0"]}]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("volumes.type: cluster", {"volumes": (Mount(type="cluster", source="c", target="/t"),)}),
        ("annotations", {"annotations": FrozenMap({"a": "b"})}),
        (
            "volumes.bind.recursive",
            {"volumes": (Mount(type="bind", source="/", target="/t", recursive="readonly"),)},
        ),
        ("healthcheck.start_interval", {"healthcheck": Healthcheck(start_interval=1.0)}),
        (
            "networks.*.mac_address",
            {"networks": (DEFAULT, NetworkAttachment(network="front", mac_address="02:00:00:00:00:01"))},
        ),
        ("devices (CDI)", {"devices": (DeviceMapping(source="a.b/c=d", target="a.b/c=d"),)}),
        ("volumes.volume.subpath", {"volumes": (Mount(type="volume", target="/t", subpath="s"),)}),
        ("volumes.type: image", {"volumes": (Mount(type="image", source="i", target="/t"),)}),
        ("networks.*.gw_priority", {"networks": (replace(DEFAULT, gw_priority=1),)}),
        ("networks.*.interface_name", {"networks": (replace(DEFAULT, interface_name="e0"),)}),
    ],
)
def test_what_an_old_engine_can_t_do_is_refused(field: str, given: dict[str, Any]) -> None:
    feature = next(feature for feature in FEATURES if feature.field == field)

    with pytest.raises(UsageError) as caught:
        request(api=OLD, **given)

    assert f"`{field}`" in str(caught.value)
    assert ".".join(map(str, feature.api_version)) in str(caught.value)
    request(api=feature.api_version, **given)


def test_models_are_told_by_variables() -> None:
    given = {
        "models": (
            ModelGrant(model="llm"),
            ModelGrant(model="embed-1", endpoint_var="WHERE", model_var="WHICH"),
        )
    }

    made = request(**given, around={"models": {"llm": "http://runner/1", "embed-1": "http://runner/2"}}).body

    assert made["Env"] == [
        "LLM_URL=http://runner/1",
        "LLM_MODEL=llm",
        "WHERE=http://runner/2",
        "WHICH=embed-1",
    ]
    with pytest.raises(UsageError, match="no model runner"):
        request(**given)


def test_registry_credentials_go_with_the_api_socket() -> None:
    made = request(use_api_socket=True, around={"registry_config": "/home/me/.docker/config.json"}).body

    assert made["HostConfig"]["Binds"] == [
        "/var/run/docker.sock:/var/run/docker.sock",
        "/home/me/.docker/config.json:/run/secrets/docker/config.json:ro",
    ]
    assert made["Env"] == ["DOCKER_CONFIG=/run/secrets/docker"]


@pytest.mark.parametrize(
    ("source", "cdi"),
    [("vendor.com/class=all", True), ("/dev/null", False), ("/dev/disk/by-id/a=b", False), ("a/b", False)],
)
def test_names_of_the_container_device_interface(source: str, cdi: bool) -> None:
    assert is_cdi(DeviceMapping(source=source, target=source)) is cdi


def test_tty_can_be_without_input() -> None:
    made = request(tty=True).body

    assert made["Tty"] is True
    assert "OpenStdin" not in made
