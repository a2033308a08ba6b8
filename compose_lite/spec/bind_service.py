"""The canonical model's services to typed ones: one small function per class of `model.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec import model as m
from compose_lite.spec.bind_build import build
from compose_lite.spec.bind_common import (
    blkio,
    extensions,
    file_mode,
    gpu_requests,
    hook,
    hosts,
    integer,
    seconds,
    supervision,
    texts,
    ulimits,
)
from compose_lite.spec.bind_deploy import deploy
from compose_lite.spec.tree import Seq, mark_location

if TYPE_CHECKING:
    from compose_lite.errors import Location
    from compose_lite.spec.tree import Map

_PLAIN = (
    "image",
    "network_mode",
    "restart",
    "scale",
    "pull_policy",
    "platform",
    "container_name",
    "hostname",
    "domainname",
    "user",
    "working_dir",
    "tty",
    "stdin_open",
    "init",
    "attach",
    "privileged",
    "read_only",
    "userns_mode",
    "ipc",
    "pid",
    "uts",
    "cgroup",
    "cgroup_parent",
    "isolation",
    "runtime",
    "mac_address",
    "stop_signal",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "oom_kill_disable",
    "oom_score_adj",
    "pids_limit",
    "use_api_socket",
)
_TEXTS = (
    "command",
    "entrypoint",
    "expose",
    "volumes_from",
    "profiles",
    "group_add",
    "cap_add",
    "cap_drop",
    "security_opt",
    "dns",
    "dns_opt",
    "dns_search",
    "links",
    "external_links",
    "tmpfs",
    "device_cgroup_rules",
)
_MAPS = ("environment", "labels", "annotations", "sysctls", "storage_opt")
_SIZES = ("shm_size", "mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness")


def bind_service(
    name: str, service: Map, written: Map, location: Location | None, separator: str
) -> m.Service:
    """Return a service.

    Args:
        service: its canonical form.
        written: what the files say of it, with extensions and places.
        location: where its name was written.
        separator: what stands between the parts of its containers' names.
    """
    values: dict[str, Any] = {key: service[key] for key in _PLAIN if key in service}
    values.update((key, texts(service[key])) for key in _TEXTS if service.get(key) is not None)
    values.update((key, _named(service[key])) for key in _MAPS if key in service)
    values.update((key, int(service[key])) for key in _SIZES if key in service)
    values.update((key, bind(service[key])) for key, bind in _BOUND.items() if service.get(key) is not None)
    develop = service.get("develop")
    if develop:
        values["watch"] = _watch_rules(develop.get("watch") or (), written)
    ours = written.get("x-compose-lite")
    if isinstance(ours, dict) and "supervise" in ours:
        values["supervision"] = supervision(ours["supervise"])
    return m.Service(
        name=name, extensions=extensions(written), location=location, separator=separator, **values
    )


def _named(entries: Map) -> m.FrozenMap[str, Any]:
    """The entries that have a name: the engine takes no others, an env file's last line may make one."""
    return m.FrozenMap({name: value for name, value in entries.items() if name} if "" in entries else entries)


def _depends_on(entries: Map) -> tuple[m.Dependency, ...]:
    return tuple(
        m.Dependency(
            service=name,
            condition=entries[name].get("condition", "service_started"),
            required=entries[name]["required"],
            restart=entries[name].get("restart", False),
        )
        for name in sorted(entries)
    )


def _networks(entries: Map) -> tuple[m.NetworkAttachment, ...]:
    return tuple(_attachment(name, entries[name] or {}) for name in sorted(entries))


def _attachment(name: str, entry: dict[str, Any]) -> m.NetworkAttachment:
    return m.NetworkAttachment(
        network=name,
        aliases=texts(entry.get("aliases")),
        ipv4_address=entry.get("ipv4_address"),
        ipv6_address=entry.get("ipv6_address"),
        link_local_ips=texts(entry.get("link_local_ips")),
        mac_address=entry.get("mac_address"),
        interface_name=entry.get("interface_name"),
        driver_opts=m.FrozenMap(entry.get("driver_opts", ())),
        priority=entry.get("priority", 0),
        gw_priority=entry.get("gw_priority", 0),
    )


def _port(entry: Map) -> m.Port:
    return m.Port(
        target=entry.get("target", 0),
        published=entry.get("published"),
        host_ip=entry.get("host_ip"),
        protocol=entry.get("protocol", "tcp"),
        mode=entry.get("mode", "ingress"),
        name=entry.get("name"),
        app_protocol=entry.get("app_protocol"),
    )


def _mount(entry: Map) -> m.Mount:
    # Without options of its own a bind mount makes its folder, as docker compose does it.
    bind: dict[str, Any] = {"create_host_path": True} if entry.get("bind") is None else entry["bind"]
    volume = entry.get("volume") or {}
    tmpfs = entry.get("tmpfs") or {}
    image = entry.get("image") or {}
    return m.Mount(
        type=entry.get("type", "volume"),
        target=entry.get("target", ""),
        source=entry.get("source"),
        read_only=entry.get("read_only", False),
        consistency=entry.get("consistency"),
        propagation=bind.get("propagation"),
        create_host_path=entry.get("type") == "bind" and bind.get("create_host_path", False),
        selinux=bind.get("selinux"),
        recursive=bind.get("recursive"),
        nocopy=volume.get("nocopy", False),
        subpath=volume.get("subpath") or image.get("subpath"),
        labels=m.FrozenMap(volume.get("labels", ())),
        tmpfs_size=integer(tmpfs.get("size")),
        tmpfs_mode=tmpfs.get("mode"),
    )


def _secret(entry: Map) -> m.FileGrant:
    return _grant(entry, "/run/secrets/")


def _config(entry: Map) -> m.FileGrant:
    return _grant(entry, "/")


def _grant(entry: Map, folder: str) -> m.FileGrant:
    source = entry.get("source", "")
    target = entry.get("target") or source
    return m.FileGrant(
        source=source,
        target=target if target.startswith("/") else folder + target,
        uid=entry.get("uid"),
        gid=entry.get("gid"),
        mode=file_mode(entry.get("mode")),
    )


def _models(entries: Map) -> tuple[m.ModelGrant, ...]:
    return tuple(
        m.ModelGrant(
            model=name,
            endpoint_var=(entries[name] or {}).get("endpoint_var"),
            model_var=(entries[name] or {}).get("model_var"),
        )
        for name in sorted(entries)
    )


def _healthcheck(entry: Map) -> m.Healthcheck:
    return m.Healthcheck(
        test=texts(entry.get("test")),
        interval=seconds(entry.get("interval")),
        timeout=seconds(entry.get("timeout")),
        retries=entry.get("retries"),
        start_period=seconds(entry.get("start_period")),
        start_interval=seconds(entry.get("start_interval")),
        disable=entry.get("disable", False),
    )


def _device(entry: Map) -> m.DeviceMapping:
    source = entry.get("source", "")
    return m.DeviceMapping(
        source=source, target=entry.get("target") or source, permissions=entry.get("permissions") or "rwm"
    )


def _watch_rules(rules: Any, written: Map) -> tuple[m.WatchRule, ...]:
    listed = (written.get("develop") or {}).get("watch")
    marks = [listed.mark(index) if isinstance(listed, Seq) else None for index in range(len(rules))]
    return tuple(
        _watch(rule, mark_location(mark) if mark else None) for rule, mark in zip(rules, marks, strict=True)
    )


def _watch(entry: Map, location: Location | None) -> m.WatchRule:
    run = entry.get("exec") or {}
    return m.WatchRule(
        path=entry["path"],
        action=entry["action"],
        target=entry.get("target"),
        include=texts(entry.get("include")),
        ignore=texts(entry.get("ignore")),
        initial_sync=entry.get("initial_sync", False),
        exec=hook(run) if run.get("command") else None,
        location=location,
    )


_BOUND: dict[str, Any] = {
    "build": build,
    "depends_on": _depends_on,
    "networks": _networks,
    "ports": lambda entries: tuple(map(_port, entries)),
    "volumes": lambda entries: tuple(map(_mount, entries)),
    "secrets": lambda entries: tuple(map(_secret, entries)),
    "configs": lambda entries: tuple(map(_config, entries)),
    "models": _models,
    "healthcheck": _healthcheck,
    "deploy": deploy,
    "provider": lambda entry: m.Provider(
        type=entry.get("type", ""),
        options=m.FrozenMap((key, tuple(value)) for key, value in sorted(entry.get("options", {}).items())),
    ),
    "credential_spec": lambda entry: m.CredentialSpec(**entry),
    "extra_hosts": hosts,
    "devices": lambda entries: tuple(map(_device, entries)),
    "gpus": gpu_requests,
    "ulimits": ulimits,
    "stop_grace_period": seconds,
    "logging": lambda entry: m.Logging(
        driver=entry.get("driver"), options=m.FrozenMap(entry.get("options", ()))
    ),
    "blkio_config": blkio,
    "post_start": lambda entries: tuple(map(hook, entries)),
    "pre_stop": lambda entries: tuple(map(hook, entries)),
    "pre_start": lambda entries: tuple(map(hook, entries)),
}
