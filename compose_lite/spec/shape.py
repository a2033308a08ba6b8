"""The canonical model's shape: which attributes there are, of which kind, and when they are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.kinds import (
    Shaped,
    Struct,
    always,
    boolean,
    duration,
    integer,
    list_of,
    map_of,
    nullable,
    number32,
    pairs,
    pointer,
    printed,
    size,
    text,
    unsigned,
)
from compose_lite.spec.service_kinds import (
    command,
    device_count,
    file_mode,
    health_test,
    host_addresses,
    ssh_keys,
    texts,
    ulimit,
)
from compose_lite.spec.tree import Map, Path, path_text

if TYPE_CHECKING:
    from compose_lite.spec.problems import Problems


def _nothing() -> None:
    return None


_labels = pairs(null=False)
_environment = pairs(null=True)
_strings = map_of(printed)

_ulimits = map_of(ulimit)
_FILE_GRANT = Struct({"source": text, "target": text, "uid": text, "gid": text, "mode": pointer(file_mode)})
_DEVICE_REQUEST = Struct(
    {"capabilities": texts, "driver": text, "count": device_count, "device_ids": texts, "options": _labels}
)
_HOOK = Struct(
    {
        "command": always(command, _nothing, json_only=True),
        "user": text,
        "privileged": boolean,
        "working_dir": text,
        "environment": _environment,
    }
)
_INIT_STEP = Struct(
    {
        "command": always(command, _nothing, json_only=True),
        "image": text,
        "user": text,
        "privileged": boolean,
        "working_dir": text,
        "environment": _environment,
        "per_replica": boolean,
    }
)
_BUILD = Struct(
    {
        "context": text,
        "dockerfile": text,
        "dockerfile_inline": text,
        "entitlements": texts,
        "args": _environment,
        "provenance": printed,
        "sbom": printed,
        "ssh": ssh_keys,
        "labels": _labels,
        "cache_from": texts,
        "cache_to": texts,
        "no_cache": boolean,
        "additional_contexts": _labels,
        "pull": boolean,
        "extra_hosts": host_addresses,
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
_WEIGHT_DEVICE = Struct({"path": always(text, str), "weight": always(unsigned, int)}, json_names=True)
_RATE_DEVICE = Struct({"path": always(text, str), "rate": always(size, lambda: "0")}, json_names=True)
_BLKIO = Struct(
    {
        "weight": unsigned,
        "weight_device": list_of(_WEIGHT_DEVICE),
        "device_read_bps": list_of(_RATE_DEVICE),
        "device_read_iops": list_of(_RATE_DEVICE),
        "device_write_bps": list_of(_RATE_DEVICE),
        "device_write_iops": list_of(_RATE_DEVICE),
    }
)
_UPDATE = Struct(
    {
        "parallelism": pointer(unsigned),
        "delay": duration,
        "failure_action": text,
        "monitor": duration,
        "max_failure_ratio": number32,
        "order": text,
    }
)
_GENERIC_RESOURCE = Struct(
    {"discrete_resource_spec": pointer(Struct({"kind": always(text, str), "value": always(integer, int)}))}
)
_RESOURCE = Struct(
    {
        "cpus": number32,
        "memory": size,
        "pids": integer,
        "devices": list_of(_DEVICE_REQUEST),
        "generic_resources": list_of(_GENERIC_RESOURCE),
    }
)
_RESOURCES = Struct({"limits": pointer(_RESOURCE), "reservations": pointer(_RESOURCE)})
_RESTART_POLICY = Struct(
    {
        "condition": text,
        "delay": pointer(duration),
        "max_attempts": pointer(unsigned),
        "window": pointer(duration),
    }
)
_PLACEMENT = Struct(
    {
        "constraints": texts,
        "preferences": list_of(Struct({"spread": text})),
        "max_replicas_per_node": unsigned,
    }
)
_DEPLOY = Struct(
    {
        "mode": text,
        "replicas": pointer(unsigned),
        "labels": _labels,
        "update_config": pointer(_UPDATE),
        "rollback_config": pointer(_UPDATE),
        "resources": always(_RESOURCES, Map, json_only=True),
        "restart_policy": pointer(_RESTART_POLICY),
        "placement": always(_PLACEMENT, Map, json_only=True),
        "endpoint_mode": text,
    }
)
_WATCH = Struct(
    {
        "path": always(text, str),
        "action": always(text, str),
        "target": text,
        "exec": always(_HOOK, lambda: Map({"command": None}), json_only=True),
        "include": texts,
        "ignore": texts,
        "initial_sync": boolean,
    }
)
_HEALTHCHECK = Struct(
    {
        "test": health_test,
        "timeout": pointer(duration),
        "interval": pointer(duration),
        "retries": pointer(unsigned),
        "start_period": pointer(duration),
        "start_interval": pointer(duration),
        "disable": boolean,
    }
)
_NETWORK_ATTACHMENT = Struct(
    {
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
    {
        "type": text,
        "source": text,
        "target": text,
        "read_only": boolean,
        "consistency": text,
        "bind": pointer(
            Struct({"selinux": text, "propagation": text, "create_host_path": boolean, "recursive": text})
        ),
        "volume": pointer(Struct({"labels": _labels, "nocopy": boolean, "subpath": text})),
        "tmpfs": pointer(Struct({"size": size, "mode": unsigned})),
        "image": pointer(Struct({"subpath": text})),
    }
)
_PORT = Struct(
    {
        "name": text,
        "mode": text,
        "host_ip": text,
        "target": unsigned,
        "published": text,
        "protocol": text,
        "app_protocol": text,
    }
)
_DEPENDENCY = Struct({"condition": text, "restart": boolean, "required": always(boolean, bool)})
_ENV_FILE = Struct({"path": text, "required": always(boolean, lambda: True), "format": text})

SERVICE = Struct(
    {
        "profiles": texts,
        "annotations": _labels,
        "attach": pointer(boolean),
        "build": pointer(_BUILD),
        "develop": pointer(Struct({"watch": list_of(_WATCH)})),
        "blkio_config": pointer(_BLKIO),
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
        "command": always(command, _nothing, json_only=True),
        "configs": list_of(_FILE_GRANT),
        "container_name": text,
        "credential_spec": pointer(Struct({"config": text, "file": text, "registry": text})),
        "depends_on": map_of(_DEPENDENCY),
        "deploy": pointer(_DEPLOY),
        "device_cgroup_rules": texts,
        "devices": list_of(Struct({"source": text, "target": text, "permissions": text})),
        "dns": texts,
        "dns_opt": texts,
        "dns_search": texts,
        "domainname": text,
        "entrypoint": always(command, _nothing, json_only=True),
        "provider": pointer(Struct({"type": text, "options": map_of(list_of(printed))})),
        "environment": _environment,
        "env_file": list_of(_ENV_FILE),
        "expose": list_of(printed),
        "extends": pointer(Struct({"file": text, "service": text})),
        "external_links": texts,
        "extra_hosts": host_addresses,
        "group_add": texts,
        "gpus": list_of(_DEVICE_REQUEST),
        "hostname": text,
        "healthcheck": pointer(_HEALTHCHECK),
        "image": text,
        "init": pointer(boolean),
        "ipc": text,
        "isolation": text,
        "labels": _labels,
        "label_file": texts,
        "links": texts,
        "logging": pointer(Struct({"driver": text, "options": _strings})),
        "mem_limit": size,
        "mem_reservation": size,
        "memswap_limit": size,
        "mem_swappiness": size,
        "mac_address": text,
        "models": map_of(nullable(Struct({"endpoint_var": text, "model_var": text}))),
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
        "scale": pointer(unsigned),
        "secrets": list_of(_FILE_GRANT),
        "security_opt": texts,
        "shm_size": size,
        "stdin_open": boolean,
        "stop_grace_period": pointer(duration),
        "stop_signal": text,
        "storage_opt": map_of(text),
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
        "pre_start": list_of(_INIT_STEP),
        "post_start": list_of(_HOOK),
        "pre_stop": list_of(_HOOK),
    }
)
_POOL = Struct({"subnet": text, "gateway": text, "ip_range": text, "aux_addresses": _labels})
_IPAM = Struct({"driver": text, "config": list_of(_POOL)})
_NETWORK = Struct(
    {
        "name": text,
        "driver": text,
        "driver_opts": _strings,
        "ipam": always(_IPAM, Map, json_only=True),
        "external": boolean,
        "internal": boolean,
        "attachable": boolean,
        "labels": _labels,
        "enable_ipv4": pointer(boolean),
        "enable_ipv6": pointer(boolean),
    }
)
_VOLUME = Struct(
    {"name": text, "driver": text, "driver_opts": _strings, "external": boolean, "labels": _labels}
)
_FILE_OBJECT = Struct(
    {
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
_MODEL = Struct({"name": text, "model": text, "context_size": integer, "runtime_flags": texts})

PROJECT = Struct(
    {
        "name": text,
        "services": always(map_of(SERVICE), Map),
        "networks": map_of(_NETWORK),
        "volumes": map_of(_VOLUME),
        "secrets": map_of(_FILE_OBJECT),
        "configs": map_of(_FILE_OBJECT),
        "models": map_of(_MODEL),
    }
)


def shape_project(tree: Map, problems: Problems) -> Shaped:
    """Return the model with every value in the form that `config` prints."""

    def report(path: Path, expected: str) -> None:
        shown = _shown(tree, path)
        problems.add("wrong-type", f"{path_text(path)}{shown} is not {expected}", at=(tree, path))

    return PROJECT(tree, (), report)


def _shown(tree: Map, path: Path) -> str:
    """The text or number at a place of the tree, as a message quotes it; nothing for anything larger."""
    value: Any = tree
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return f": `{value}`" if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
