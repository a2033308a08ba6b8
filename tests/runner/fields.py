"""Every field of a service, with what an inspected container shows of it: the table that the tests walk through.

Paths into the inspection are dotted; a name that holds dots itself is written with slashes for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compose_lite.spec.model import (
    BlkioConfig,
    BlkioDevice,
    Dependency,
    Deploy,
    DeviceMapping,
    DeviceRequest,
    FrozenMap,
    Healthcheck,
    Logging,
    Mount,
    NetworkAttachment,
    Port,
    ResourceLimits,
    RestartPolicy,
    Ulimit,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A service's fields and their effect.

    Attributes:
        given: the fields' values.
        shown: path into the inspection → value there.
        check: looks at the inspection where a value alone won't do.
        engine: a word of the warning with which an engine leaves the fields out that its kernel can't do.
    """

    given: Mapping[str, Any]
    shown: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[dict[str, Any]], None] | None = None
    engine: str = ""


def _has(path: str, *wanted: Any) -> Callable[[dict[str, Any]], None]:
    def check(inspected: dict[str, Any]) -> None:
        found = at(inspected, path)
        for one in wanted:
            assert one in found, f"{one!r} is not in {path}: {found!r}"

    return check


def _capable(which: str, name: str) -> Callable[[dict[str, Any]], None]:
    def check(inspected: dict[str, Any]) -> None:
        assert [found.removeprefix("CAP_") for found in inspected["HostConfig"][which]] == [name]

    return check


def _lacks(path: str, name: str) -> Callable[[dict[str, Any]], None]:
    def check(inspected: dict[str, Any]) -> None:
        assert not any(entry.startswith(f"{name}=") for entry in at(inspected, path))

    return check


def _mounted(target: str, **wanted: Any) -> Callable[[dict[str, Any]], None]:
    def check(inspected: dict[str, Any]) -> None:
        found = next(mount for mount in inspected["Mounts"] if mount["Destination"] == target)
        assert {name: found[name] for name in wanted} == wanted

    return check


def _volume_label(target: str, name: str, value: str) -> Callable[[dict[str, Any]], None]:
    def check(inspected: dict[str, Any]) -> None:
        entries = at(inspected, "HostConfig.Mounts")
        [options] = [entry["VolumeOptions"] for entry in entries if entry["Target"] == target]
        assert options["Labels"][name] == value  # 28.5 adds a label of its own

    return check


def at(inspected: Any, path: str) -> Any:
    """What is at a path of the inspection."""
    for name in path.split("."):
        inspected = inspected[int(name) if name.isdigit() else name.replace("/", ".")]
    return inspected


def _limits(**limits: Any) -> Deploy:
    return Deploy(limits=ResourceLimits(**limits))


ROWS: Mapping[str, Row] = {
    "command": Row(given={"command": ("sleep", "9")}, shown={"Config.Cmd": ["sleep", "9"], "Path": "sleep"}),
    "empty command": Row(
        given={"command": (), "entrypoint": ("sleep", "9")}, shown={"Path": "sleep", "Args": ["9"]}
    ),
    "entrypoint": Row(
        given={"entrypoint": ("sleep",), "command": ("9",)},
        shown={"Config.Entrypoint": ["sleep"], "Path": "sleep", "Args": ["9"]},
    ),
    "no entrypoint": Row(given={"entrypoint": (), "command": ("sleep", "9")}, shown={"Path": "sleep"}),
    "image": Row(given={}, shown={"Config.Image": "compose-lite-test/busybox:1"}),
    "environment": Row(
        given={"environment": FrozenMap({"A": "1", "EMPTY": "", "EQUALS": "a=b"})},
        check=_has("Config.Env", "A=1", "EMPTY=", "EQUALS=a=b"),
    ),
    "environment without a value": Row(
        given={"environment": FrozenMap({"PATH": None})}, check=_lacks("Config.Env", "PATH")
    ),
    "labels": Row(given={"labels": FrozenMap({"a.b": "c"})}, shown={"Config.Labels.a/b": "c"}),
    "depends_on": Row(
        given={"depends_on": (Dependency(service="db", condition="service_healthy", restart=True),)},
        shown={"Config.Labels.com/docker/compose/depends_on": "db:service_healthy:true"},
    ),
    "healthcheck": Row(
        given={
            "healthcheck": Healthcheck(
                test=("CMD-SHELL", "true"), interval=90.5, timeout=3.0, retries=4, start_period=0.5
            )
        },
        shown={
            "Config.Healthcheck": {
                "Test": ["CMD-SHELL", "true"],
                "Interval": 90_500_000_000,
                "Timeout": 3_000_000_000,
                "Retries": 4,
                "StartPeriod": 500_000_000,
            }
        },
    ),
    "no healthcheck": Row(
        given={"healthcheck": Healthcheck(disable=True)}, shown={"Config.Healthcheck.Test": ["NONE"]}
    ),
    "hostname": Row(given={"hostname": "box"}, shown={"Config.Hostname": "box"}),
    "domainname": Row(given={"domainname": "example.test"}, shown={"Config.Domainname": "example.test"}),
    "user": Row(given={"user": "1000:1000"}, shown={"Config.User": "1000:1000"}),
    "group_add": Row(given={"group_add": ("1234",)}, shown={"HostConfig.GroupAdd": ["1234"]}),
    "working_dir": Row(given={"working_dir": "/tmp"}, shown={"Config.WorkingDir": "/tmp"}),
    "tty": Row(given={"tty": True}, shown={"Config.Tty": True}),
    "stdin_open": Row(
        given={"stdin_open": True}, shown={"Config.OpenStdin": True, "Config.StdinOnce": False}
    ),
    "init": Row(given={"init": True}, shown={"HostConfig.Init": True}),
    "no init": Row(given={"init": False}, shown={"HostConfig.Init": False}),
    "privileged": Row(given={"privileged": True}, shown={"HostConfig.Privileged": True}),
    "read_only": Row(given={"read_only": True}, shown={"HostConfig.ReadonlyRootfs": True}),
    "cap_add": Row(given={"cap_add": ("NET_ADMIN",)}, check=_capable("CapAdd", "NET_ADMIN")),
    "cap_drop": Row(given={"cap_drop": ("CHOWN",)}, check=_capable("CapDrop", "CHOWN")),
    "security_opt": Row(
        given={"security_opt": ("no-new-privileges:true", "seccomp=unconfined")},
        check=_has("HostConfig.SecurityOpt", "no-new-privileges:true", "seccomp=unconfined"),
    ),
    "userns_mode": Row(given={"userns_mode": "host"}, shown={"HostConfig.UsernsMode": "host"}),
    "ipc": Row(given={"ipc": "shareable"}, shown={"HostConfig.IpcMode": "shareable"}),
    "pid": Row(given={"pid": "host"}, shown={"HostConfig.PidMode": "host"}),
    "uts": Row(given={"uts": "host"}, shown={"HostConfig.UTSMode": "host"}),
    "cgroup": Row(given={"cgroup": "private"}, shown={"HostConfig.CgroupnsMode": "private"}),
    "cgroup_parent": Row(given={"cgroup_parent": "/docker"}, shown={"HostConfig.CgroupParent": "/docker"}),
    "isolation": Row(given={"isolation": "default"}, shown={"HostConfig.Isolation": "default"}),
    "runtime": Row(given={"runtime": "runc"}, shown={"HostConfig.Runtime": "runc"}),
    "dns": Row(given={"dns": ("192.0.2.53",)}, shown={"HostConfig.Dns": ["192.0.2.53"]}),
    "dns_opt": Row(given={"dns_opt": ("ndots:2",)}, shown={"HostConfig.DnsOptions": ["ndots:2"]}),
    "dns_search": Row(
        given={"dns_search": ("example.test",)}, shown={"HostConfig.DnsSearch": ["example.test"]}
    ),
    "extra_hosts": Row(
        given={"extra_hosts": (("a", "192.0.2.1"), ("gw", "host-gateway"), ("six", "2001:db8::1"))},
        check=_has("HostConfig.ExtraHosts", "a:192.0.2.1", "gw:host-gateway", "six:2001:db8::1"),
    ),
    "mac_address": Row(
        given={"mac_address": "02:42:ac:11:65:43"},
        shown={"Config.MacAddress": "02:42:ac:11:65:43"},
    ),
    "network_mode": Row(given={"network_mode": "none"}, shown={"HostConfig.NetworkMode": "none"}),
    "expose": Row(
        given={"expose": ("80", "8000-8001/udp")},
        shown={"Config.ExposedPorts": {"80/tcp": {}, "8000/udp": {}, "8001/udp": {}}},
    ),
    "ports": Row(
        given={
            "ports": (
                Port(target=80),
                Port(target=81, published="0", host_ip="127.0.0.1"),
                Port(target=82, published="41200-41300", protocol="udp"),
            )
        },
        shown={
            "HostConfig.PortBindings": {
                "80/tcp": [{"HostIp": "", "HostPort": ""}],
                "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": "0"}],
                "82/udp": [{"HostIp": "", "HostPort": "41200-41300"}],
            },
            "Config.ExposedPorts": {"80/tcp": {}, "81/tcp": {}, "82/udp": {}},
        },
    ),
    "volumes: named": Row(
        given={"volumes": (Mount(type="volume", source="data", target="/data", read_only=True),)},
        check=_mounted("/data", Type="volume", Name="{project}_data", RW=False),
    ),
    "volumes: nocopy": Row(
        given={"volumes": (Mount(type="volume", source="data", target="/data", nocopy=True),)},
        shown={
            "HostConfig.Mounts": [
                {
                    "Type": "volume",
                    "Source": "{project}_data",
                    "Target": "/data",
                    "VolumeOptions": {"NoCopy": True},
                }
            ]
        },
    ),
    "volumes: anonymous": Row(
        given={"volumes": (Mount(type="volume", target="/data/"),)},
        check=_mounted("/data", Type="volume", RW=True),
    ),
    "volumes: bind": Row(
        given={
            "volumes": (
                Mount(type="bind", source="/tmp", target="/t", create_host_path=True, propagation="rslave"),
            )
        },
        check=_mounted("/t", Type="bind", Source="/tmp", RW=True, Propagation="rslave"),
    ),
    "volumes: bind without making the folder": Row(
        given={
            "volumes": (Mount(type="bind", source="/tmp", target="/t", read_only=True, recursive="disabled"),)
        },
        shown={
            "HostConfig.Mounts": [
                {
                    "Type": "bind",
                    "Source": "/tmp",
                    "Target": "/t",
                    "ReadOnly": True,
                    "BindOptions": {"NonRecursive": True},
                }
            ]
        },
    ),
    "volumes: bind with a label": Row(
        given={
            "volumes": (Mount(type="bind", source="/tmp", target="/t", selinux="z", create_host_path=True),)
        },
        check=_has("HostConfig.Binds", "/tmp:/t:rw,z"),
    ),
    "volumes: tmpfs": Row(
        given={"volumes": (Mount(type="tmpfs", target="/t", tmpfs_size=MIB, tmpfs_mode=0o700),)},
        shown={
            "HostConfig.Mounts": [
                {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": MIB, "Mode": 0o700}}
            ]
        },
    ),
    "volumes: consistency": Row(
        given={
            "volumes": (
                Mount(type="bind", source="/tmp", target="/t", consistency="cached", create_host_path=False),
            )
        },
        shown={
            "HostConfig.Mounts": [{"Type": "bind", "Source": "/tmp", "Target": "/t", "Consistency": "cached"}]
        },
    ),
    "volumes: labels": Row(
        given={"volumes": (Mount(type="volume", target="/data", labels=FrozenMap({"a": "b"})),)},
        check=_volume_label("/data", "a", "b"),
    ),
    "tmpfs": Row(
        given={"tmpfs": ("/run", "/scratch:size=1m,mode=700")},
        shown={"HostConfig.Tmpfs": {"/run": "", "/scratch": "size=1m,mode=700"}},
    ),
    "devices": Row(
        given={"devices": (DeviceMapping(source="/dev/null", target="/dev/nil", permissions="r"),)},
        shown={
            "HostConfig.Devices": [
                {"PathOnHost": "/dev/null", "PathInContainer": "/dev/nil", "CgroupPermissions": "r"}
            ]
        },
    ),
    "device_cgroup_rules": Row(
        given={"device_cgroup_rules": ("c 1:3 mr",)}, shown={"HostConfig.DeviceCgroupRules": ["c 1:3 mr"]}
    ),
    "gpus": Row(
        given={
            "gpus": (
                DeviceRequest(capabilities=("gpu",), count=-1),
                DeviceRequest(
                    capabilities=("gpu", "nvidia"),
                    driver="nvidia",
                    device_ids=("0", "3"),
                    options=FrozenMap({"virtualization": "false"}),
                ),
            )
        },
        shown={
            "HostConfig.DeviceRequests": [
                {
                    "Driver": "",
                    "Count": -1,
                    "DeviceIDs": None,
                    "Capabilities": [["gpu"]],
                    "Options": None,
                },
                {
                    "Driver": "nvidia",
                    "Count": 0,
                    "DeviceIDs": ["0", "3"],
                    "Capabilities": [["gpu", "nvidia"]],
                    "Options": {"virtualization": "false"},
                },
            ]
        },
    ),
    "ulimits": Row(
        given={"ulimits": FrozenMap({"nofile": Ulimit(soft=100, hard=200)})},
        shown={"HostConfig.Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 200}]},
    ),
    "sysctls": Row(
        given={"sysctls": FrozenMap({"net.ipv4.ip_forward": "0"})},
        shown={"HostConfig.Sysctls": {"net.ipv4.ip_forward": "0"}},
    ),
    "shm_size": Row(given={"shm_size": 2 * MIB}, shown={"HostConfig.ShmSize": 2 * MIB}),
    "stop_signal": Row(given={"stop_signal": "SIGINT"}, shown={"Config.StopSignal": "SIGINT"}),
    "stop_grace_period": Row(given={"stop_grace_period": 1.5}, shown={"Config.StopTimeout": 2}),
    "logging": Row(
        given={"logging": Logging(driver="json-file", options=FrozenMap({"max-size": "1m"}))},
        shown={"HostConfig.LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}}},
    ),
    "logging options": Row(
        given={"logging": Logging(options=FrozenMap({"max-file": "2", "max-size": "1m"}))},
        check=_has("HostConfig.LogConfig.Config", "max-file", "max-size"),
    ),
    "restart": Row(
        given={"restart": "on-failure:3"},
        shown={"HostConfig.RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}},
    ),
    "restart always": Row(given={"restart": "always"}, shown={"HostConfig.RestartPolicy.Name": "always"}),
    "deploy.restart_policy": Row(
        given={"deploy": Deploy(restart_policy=RestartPolicy(condition="any", max_attempts=3))},
        shown={"HostConfig.RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}},
    ),
    "deploy.resources.limits": Row(
        given={"deploy": _limits(cpus=0.5, memory=64 * MIB, pids=50)},
        shown={
            "HostConfig.NanoCpus": 500_000_000,
            "HostConfig.Memory": 64 * MIB,
            "HostConfig.PidsLimit": 50,
        },
    ),
    "deploy.resources.reservations": Row(
        given={
            "deploy": Deploy(
                reservations=ResourceLimits(
                    memory=8 * MIB, devices=(DeviceRequest(capabilities=("gpu",), count=1),)
                )
            )
        },
        shown={"HostConfig.MemoryReservation": 8 * MIB, "HostConfig.DeviceRequests.0.Count": 1},
    ),
    "blkio_config: rates": Row(
        given={
            "blkio_config": BlkioConfig(
                device_read_bps=(BlkioDevice(path="/dev/null", value=1024),),
                device_read_iops=(BlkioDevice(path="/dev/null", value=10),),
                device_write_bps=(BlkioDevice(path="/dev/null", value=2048),),
                device_write_iops=(BlkioDevice(path="/dev/null", value=20),),
            )
        },
        shown={
            "HostConfig.BlkioDeviceReadBps": [{"Path": "/dev/null", "Rate": 1024}],
            "HostConfig.BlkioDeviceReadIOps": [{"Path": "/dev/null", "Rate": 10}],
            "HostConfig.BlkioDeviceWriteBps": [{"Path": "/dev/null", "Rate": 2048}],
            "HostConfig.BlkioDeviceWriteIOps": [{"Path": "/dev/null", "Rate": 20}],
        },
    ),
    "blkio_config: weights": Row(
        given={
            "blkio_config": BlkioConfig(weight=100, weight_device=(BlkioDevice(path="/dev/null", value=30),))
        },
        shown={
            "HostConfig.BlkioWeight": 100,
            "HostConfig.BlkioWeightDevice": [{"Path": "/dev/null", "Weight": 30}],
        },
        engine="Block I/O weight",
    ),
    "cpu_count": Row(given={"cpu_count": 1}, shown={"HostConfig.CpuCount": 1}),
    "cpu_percent": Row(
        given={"cpu_percent": 50.0}, shown={"HostConfig.CpuPercent": 50}, engine="CPU percent"
    ),
    "cpu_period, cpu_quota": Row(
        given={"cpu_period": 50_000, "cpu_quota": 25_000},
        shown={"HostConfig.CpuPeriod": 50_000, "HostConfig.CpuQuota": 25_000},
    ),
    "cpu_shares": Row(given={"cpu_shares": 512}, shown={"HostConfig.CpuShares": 512}),
    "cpus": Row(given={"cpus": 0.5}, shown={"HostConfig.NanoCpus": 500_000_000}),
    "cpuset": Row(given={"cpuset": "0"}, shown={"HostConfig.CpusetCpus": "0"}),
    "mem_limit, memswap_limit": Row(
        given={"mem_limit": 64 * MIB, "memswap_limit": 128 * MIB, "mem_reservation": 32 * MIB},
        shown={
            "HostConfig.Memory": 64 * MIB,
            "HostConfig.MemorySwap": 128 * MIB,
            "HostConfig.MemoryReservation": 32 * MIB,
        },
    ),
    "mem_swappiness": Row(
        given={"mem_swappiness": 0}, shown={"HostConfig.MemorySwappiness": 0}, engine="swappiness"
    ),
    "oom_kill_disable": Row(
        given={"oom_kill_disable": True, "mem_limit": 64 * MIB},
        shown={"HostConfig.OomKillDisable": True},
        engine="OomKillDisable",
    ),
    "oom_score_adj": Row(given={"oom_score_adj": 100}, shown={"HostConfig.OomScoreAdj": 100}),
    "pids_limit": Row(given={"pids_limit": 40}, shown={"HostConfig.PidsLimit": 40}),
    "use_api_socket": Row(
        given={"use_api_socket": True},
        check=_has("HostConfig.Binds", "/var/run/docker.sock:/var/run/docker.sock"),
    ),
    "networks": Row(
        given={
            "networks": (
                NetworkAttachment(network="default", aliases=("one", "two")),
                NetworkAttachment(
                    network="back", priority=3, ipv4_address="{subnet}.9", link_local_ips=("169.254.7.7",)
                ),
            )
        },
        shown={
            "HostConfig.NetworkMode": "{project}_back",
            "NetworkSettings.Networks.{project}_back.IPAMConfig": {
                "IPv4Address": "{subnet}.9",
                "LinkLocalIPs": ["169.254.7.7"],
            },
        },
        check=_has("NetworkSettings.Networks.{project}_default.Aliases", "web", "one", "two"),
    ),
    "external_links": Row(
        given={"external_links": ("elsewhere:there",)},
        shown={"NetworkSettings.Networks.{project}_default.Links": ["elsewhere:there"]},
    ),
}

# Fields whose effect needs more than one container, or is no container's at all: who sees to them, and where.
ELSEWHERE: Mapping[str, str] = {
    "name": "labels and aliases: test_container_config",
    "links": "test_fields_on_daemon::test_links",
    "volumes_from": "test_fields_on_daemon::test_shared_volumes_and_namespaces",
    "secrets": "test_files_on_daemon",
    "configs": "test_files_on_daemon",
    "annotations": "API 1.43: test_container_config",
    "credential_spec": "Windows: test_container_config",
    "cpu_rt_period": "needs a real-time kernel: test_container_config",
    "cpu_rt_runtime": "needs a real-time kernel: test_container_config",
    "storage_opt": "needs a storage driver with quotas: test_container_config",
    "models": "needs a model runner: test_container_config",
    "platform": "a parameter of the request: test_container_config",
    "container_name": "decided by the planner",
    "build": "runner.build",
    "pull_policy": "decided by the planner",
    "scale": "decided by the planner",
    "profiles": "decided by the spec",
    "provider": "RunProvider: test_provider",
    "provided": "names what is in environment: planner.test_providers",
    "attach": "decided by the command line",
    "post_start": "RunHook: test_handlers_on_daemon",
    "pre_stop": "RunHook: test_handlers_on_daemon",
    "pre_start": "RunStep: test_init_step, e2e.test_pre_start",
    "watch": "the command watch",
    "supervision": "the command supervise",
    "separator": "stands in names: test_options",
    "extensions": "have no meaning to the engine",
    "location": "for messages only",
}
