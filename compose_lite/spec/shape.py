"""The canonical model's shape: which attributes there are, of which kind, and when they are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.commands import split_command
from compose_lite.spec.kinds import (
    BadValue,
    Struct,
    anything,
    boolean,
    duration,
    integer,
    list_of,
    map_of,
    nullable,
    number32,
    pairs,
    printed,
    size,
    text,
)
from compose_lite.spec.tree import Map, Path, Seq, path_text

if TYPE_CHECKING:
    from compose_lite.spec.kinds import Kind, Report
    from compose_lite.spec.problems import Problems


def _command(value: Any, path: Path, report: Report) -> Any:
    """A command: text is split into words, null stays null."""
    if value is None:
        return None
    if isinstance(value, str):
        return Seq(split_command(value))
    return texts(value, path, report)


def _mode(value: Any, _path: Path, _report: Report) -> str:
    """A file mode, printed in octal."""
    if isinstance(value, str):
        try:
            return f"0{int(value, 8):o}" if int(value, 8) else "0"
        except ValueError:
            raise BadValue("a file mode such as 0440") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadValue("a file mode such as 0440")
    return f"0{int(value):o}" if value else "0"


def _device_count(value: Any, _path: Path, _report: Report) -> int:
    """A number of devices; `all` is -1."""
    if isinstance(value, str):
        if value.lower() == "all":
            return -1
        try:
            return int(value)
        except ValueError:
            raise BadValue("a number of devices, or `all`") from None
    if isinstance(value, int):
        return value
    raise BadValue("a number of devices, or `all`")


def _health_test(value: Any, path: Path, report: Report) -> Any:
    if isinstance(value, str):
        return Seq(["CMD-SHELL", value])
    return texts(value, path, report)


def _ulimit(value: Any, path: Path, report: Report) -> Any:
    shaped = _ULIMIT(value if isinstance(value, dict) else {"single": value}, path, report)
    single = shaped.pop("single", 0)
    return single if single else shaped


def _hosts(value: Any, path: Path, report: Report) -> Any:
    """Host names to addresses, printed as a sorted list of `NAME=ADDRESS`."""
    entries: list[str] = []
    if isinstance(value, dict):
        for name, addresses in value.items():
            listed = addresses if isinstance(addresses, list) else [addresses]
            entries.extend(f"{name}={_address(printed(address, path, report))}" for address in listed)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            entry = printed(item, path, report)
            separator = "=" if "=" in entry else ":"
            name, found, address = entry.partition(separator)
            if not found:
                report((*path, index), "NAME=ADDRESS")
                continue
            entries.append(f"{name}={_address(address)}")
    return Seq(sorted(entries))


def _address(address: str) -> str:
    return address[1:-1] if address.startswith("[") and address.endswith("]") else address


def _ssh(value: Any, path: Path, report: Report) -> Any:
    if isinstance(value, dict):
        return Seq(
            sorted(
                name if item is None else f"{name}={printed(item, path, report)}"
                for name, item in value.items()
            )
        )
    return texts(value, path, report)


def _options(value: Any, path: Path, report: Report) -> Any:
    return map_of(list_of(printed))(value, path, report)


texts = list_of(text)
_labels = pairs(null=False)
_environment = pairs(null=True)
_strings = map_of(printed)

_ULIMIT = Struct(optional={"single": integer, "soft": integer, "hard": integer})
_ulimits = map_of(_ulimit)
_FILE_GRANT = Struct(
    optional={"source": text, "target": text, "uid": text, "gid": text}, pointers={"mode": _mode}
)
_DEVICE_REQUEST = Struct(
    optional={
        "capabilities": texts,
        "driver": text,
        "count": _device_count,
        "device_ids": texts,
        "options": _labels,
    }
)
_HOOK = Struct(
    optional={"user": text, "privileged": boolean, "working_dir": text, "environment": _environment},
    always={"command": (_command, None)},
)
_BUILD = Struct(
    optional={
        "context": text,
        "dockerfile": text,
        "dockerfile_inline": text,
        "entitlements": texts,
        "args": _environment,
        "provenance": printed,
        "sbom": printed,
        "ssh": _ssh,
        "labels": _labels,
        "cache_from": texts,
        "cache_to": texts,
        "no_cache": boolean,
        "additional_contexts": _labels,
        "pull": boolean,
        "extra_hosts": _hosts,
        "isolation": text,
        "network": text,
        "target": text,
        "secrets": list_of(_FILE_GRANT),
        "shm_size": size,
        "tags": texts,
        "ulimits": _ulimits,
        "platforms": texts,
        "privileged": boolean,
    }
)


def _go_named(struct: Struct) -> Kind:
    """A struct whose attributes docker compose prints by their Go names: `Path`, `Rate`, `Weight`."""

    def shape(value: Any, path: Path, report: Report) -> Map:
        shaped = struct(value, path, report)
        return Map({key.capitalize(): item for key, item in shaped.items()})

    return shape


_WEIGHT_DEVICE = _go_named(Struct(always={"path": (text, ""), "weight": (integer, 0)}))
_RATE_DEVICE = _go_named(Struct(always={"path": (text, ""), "rate": (size, "0")}))
_BLKIO = Struct(
    optional={
        "weight": integer,
        "weight_device": list_of(_WEIGHT_DEVICE),
        "device_read_bps": list_of(_RATE_DEVICE),
        "device_read_iops": list_of(_RATE_DEVICE),
        "device_write_bps": list_of(_RATE_DEVICE),
        "device_write_iops": list_of(_RATE_DEVICE),
    }
)
_UPDATE = Struct(
    optional={
        "delay": duration,
        "failure_action": text,
        "monitor": duration,
        "max_failure_ratio": number32,
        "order": text,
    },
    pointers={"parallelism": integer},
)
_RESOURCE = Struct(
    optional={
        "cpus": number32,
        "memory": size,
        "pids": integer,
        "devices": list_of(_DEVICE_REQUEST),
        "generic_resources": list_of(
            Struct(
                pointers={
                    "discrete_resource_spec": Struct(always={"kind": (text, ""), "value": (integer, 0)}),
                }
            )
        ),
    }
)
_DEPLOY = Struct(
    optional={"mode": text, "labels": _labels, "endpoint_mode": text},
    pointers={
        "replicas": integer,
        "update_config": _UPDATE,
        "rollback_config": _UPDATE,
        "restart_policy": Struct(
            optional={"condition": text},
            pointers={"delay": duration, "max_attempts": integer, "window": duration},
        ),
    },
    always={
        "resources": (Struct(pointers={"limits": _RESOURCE, "reservations": _RESOURCE}), Map),
        "placement": (
            Struct(
                optional={
                    "constraints": texts,
                    "preferences": list_of(Struct(optional={"spread": text})),
                    "max_replicas_per_node": integer,
                }
            ),
            Map,
        ),
    },
)
_WATCH = Struct(
    optional={
        "target": text,
        "include": texts,
        "ignore": texts,
        "initial_sync": boolean,
    },
    always={"path": (text, ""), "action": (text, ""), "exec": (_HOOK, lambda: Map({"command": None}))},
)
_HEALTHCHECK = Struct(
    optional={"test": _health_test, "disable": boolean},
    pointers={
        "timeout": duration,
        "interval": duration,
        "retries": integer,
        "start_period": duration,
        "start_interval": duration,
    },
)
_NETWORK_ATTACHMENT = Struct(
    optional={
        "aliases": texts,
        "driver_opts": _strings,
        "gw_priority": integer,
        "interface_name": text,
        "ipv4_address": text,
        "ipv6_address": text,
        "link_local_ips": texts,
        "mac_address": text,
        "priority": integer,
    }
)
_MOUNT = Struct(
    optional={"type": text, "source": text, "target": text, "read_only": boolean, "consistency": text},
    pointers={
        "bind": Struct(
            optional={"selinux": text, "propagation": text, "create_host_path": boolean, "recursive": text}
        ),
        "volume": Struct(optional={"labels": _labels, "nocopy": boolean, "subpath": text}),
        "tmpfs": Struct(optional={"size": size, "mode": integer}),
        "image": Struct(optional={"subpath": text}),
    },
)
_PORT = Struct(
    optional={
        "name": text,
        "mode": text,
        "host_ip": text,
        "target": integer,
        "published": text,
        "protocol": text,
        "app_protocol": text,
    }
)
_DEPENDENCY = Struct(optional={"condition": text, "restart": boolean}, always={"required": (boolean, False)})
_ENV_FILE = Struct(optional={"path": text, "format": text}, always={"required": (boolean, True)})

SERVICE = Struct(
    optional={
        "profiles": texts,
        "annotations": _labels,
        "cap_add": texts,
        "cap_drop": texts,
        "cgroup_parent": text,
        "cgroup": text,
        "cpu_count": integer,
        "cpu_percent": number32,
        "cpu_period": integer,
        "cpu_quota": integer,
        "cpu_rt_period": integer,
        "cpu_rt_runtime": integer,
        "cpus": number32,
        "cpuset": text,
        "cpu_shares": integer,
        "configs": list_of(_FILE_GRANT),
        "container_name": text,
        "depends_on": map_of(_DEPENDENCY),
        "device_cgroup_rules": texts,
        "devices": list_of(Struct(optional={"source": text, "target": text, "permissions": text})),
        "dns": texts,
        "dns_opt": texts,
        "dns_search": texts,
        "domainname": text,
        "environment": _environment,
        "env_file": list_of(_ENV_FILE),
        "expose": list_of(printed),
        "external_links": texts,
        "extra_hosts": _hosts,
        "group_add": list_of(printed),
        "gpus": list_of(_DEVICE_REQUEST),
        "hostname": text,
        "image": text,
        "ipc": text,
        "isolation": text,
        "labels": _labels,
        "label_file": texts,
        "links": texts,
        "mem_limit": size,
        "mem_reservation": size,
        "memswap_limit": size,
        "mem_swappiness": size,
        "mac_address": text,
        "models": map_of(nullable(Struct(optional={"endpoint_var": text, "model_var": text}))),
        "network_mode": text,
        "networks": map_of(nullable(_NETWORK_ATTACHMENT)),
        "oom_kill_disable": boolean,
        "oom_score_adj": integer,
        "pid": text,
        "pids_limit": integer,
        "platform": text,
        "ports": list_of(_PORT),
        "privileged": boolean,
        "pull_policy": text,
        "read_only": boolean,
        "restart": text,
        "runtime": text,
        "secrets": list_of(_FILE_GRANT),
        "security_opt": texts,
        "shm_size": size,
        "stdin_open": boolean,
        "stop_signal": text,
        "storage_opt": _strings,
        "sysctls": _labels,
        "tmpfs": texts,
        "tty": boolean,
        "ulimits": _ulimits,
        "use_api_socket": boolean,
        "user": text,
        "userns_mode": text,
        "uts": text,
        "volumes": list_of(_MOUNT),
        "volumes_from": texts,
        "working_dir": text,
        "post_start": list_of(_HOOK),
        "pre_stop": list_of(_HOOK),
    },
    pointers={
        "attach": boolean,
        "build": _BUILD,
        "blkio_config": _BLKIO,
        "credential_spec": Struct(optional={"config": text, "file": text, "registry": text}),
        "deploy": _DEPLOY,
        "develop": Struct(optional={"watch": list_of(_WATCH)}),
        "extends": Struct(optional={"file": text, "service": text}),
        "healthcheck": _HEALTHCHECK,
        "init": boolean,
        "logging": Struct(optional={"driver": text, "options": _strings}),
        "provider": Struct(optional={"type": text, "options": _options}),
        "scale": integer,
        "stop_grace_period": duration,
    },
    always={"command": (_command, None), "entrypoint": (_command, None)},
)
_NETWORK = Struct(
    optional={
        "name": text,
        "driver": text,
        "driver_opts": _strings,
        "external": boolean,
        "internal": boolean,
        "attachable": boolean,
        "labels": _labels,
    },
    pointers={"enable_ipv4": boolean, "enable_ipv6": boolean},
    always={
        "ipam": (
            Struct(
                optional={
                    "driver": text,
                    "config": list_of(
                        Struct(
                            optional={
                                "subnet": text,
                                "gateway": text,
                                "ip_range": text,
                                "aux_addresses": _labels,
                            }
                        )
                    ),
                }
            ),
            Map,
        )
    },
)
_VOLUME = Struct(
    optional={"name": text, "driver": text, "driver_opts": _strings, "external": boolean, "labels": _labels}
)
_FILE_OBJECT = Struct(
    optional={
        "name": text,
        "file": text,
        "environment": text,
        "content": text,
        "external": boolean,
        "labels": _labels,
        "driver": text,
        "driver_opts": _strings,
        "template_driver": text,
    }
)
_MODEL = Struct(optional={"name": text, "model": text, "context_size": integer, "runtime_flags": texts})

PROJECT = Struct(
    optional={
        "name": text,
        "networks": map_of(_NETWORK),
        "volumes": map_of(_VOLUME),
        "secrets": map_of(_FILE_OBJECT),
        "configs": map_of(_FILE_OBJECT),
        "models": map_of(_MODEL),
    },
    always={"services": (map_of(SERVICE), Map)},
)


def shape_project(tree: Map, problems: Problems) -> Map:
    """Return the model with every value in the form that `config` prints; extensions stay at top level only."""

    def report(path: Path, expected: str) -> None:
        problems.add("wrong-type", f"{path_text(path)} is not {expected}", at=(tree, path))

    shaped = PROJECT(tree, (), report)
    for key, value in tree.items():
        if key.startswith("x-"):
            shaped.put(key, anything(value, (key,), report), tree.mark(key))
    return shaped
