"""Reads a container's, image's, network's or volume's configuration in the file format's words.

The vocabulary is that of `planner.effective`, which makes the same from a service: the two are compared.
"""

from __future__ import annotations

import json
import re

from compose_lite import labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from compose_lite.runner.daemon import Json

    Flat = dict[str, Any]


_NANO = 1_000_000_000
_BOOK_KEEPING = ("com.docker.compose.", "io.compose-lite.")
_ANONYMOUS_LABEL = "com.docker.volume.anonymous"
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_ENGINE_MODES = frozenset({"", "default", "bridge", "host", "none"})
_NO_HOSTNAME = re.compile(r"host|container:.*")
_PROPAGATIONS = frozenset({"private", "shared", "rshared", "slave", "rslave"})

# Keys whose zero says something; for all others it is what the engine writes when nothing was said.
_KEEP_ZERO = frozenset({"mem_swappiness", "stop_grace_period"})
_KEEP_EMPTY = ("environment.", "labels.", "annotations.")


def of_container(inspected: Json) -> Flat:
    """The configuration of an inspected container."""
    config: Json = inspected.get("Config") or {}
    host: Json = inspected.get("HostConfig") or {}
    networks: Json = (inspected.get("NetworkSettings") or {}).get("Networks") or {}
    short_id = inspected["Id"][:12]
    flat: Flat = dict(_config(config))
    if _NO_HOSTNAME.fullmatch(host.get("NetworkMode") or ""):
        flat["domainname"] = ""  # the engine writes that of the host or of the other container
    elif config.get("Hostname") != short_id:
        flat["hostname"] = config.get("Hostname")
    flat["mac_address"] = (config.get("MacAddress") or "").lower()
    flat.update((name, host.get(key)) for name, key in _SAME.items())
    flat.update((name, tuple(host.get(key) or ())) for name, key in _LISTS.items())
    flat.update((name, tuple(sorted(host.get(key) or ()))) for name, key in _SORTED.items())
    for part in (_process_rules, _resources, _devices, _block_io, _ports, _mappings):
        flat.update(part(host))
    flat.update(_mounts(config, host))
    flat.update(_networks(inspected, host, networks))
    flat.update(_files(config.get("Labels") or {}))
    return _told(flat)


def of_image(inspected: Json) -> Flat:
    """What a container inherits from an image."""
    config: Json = inspected.get("Config") or {}
    flat: Flat = dict(_config(config))
    flat.update((f"mounts.{_target(target)}", "volume") for target in config.get("Volumes") or ())
    return _told(flat)


def of_network(inspected: Json) -> Flat:
    """The configuration of a network."""
    ipam: Json = inspected.get("IPAM") or {}
    flat: Flat = {
        "driver": inspected.get("Driver"),
        "internal": inspected.get("Internal"),
        "attachable": inspected.get("Attachable"),
        "enable_ipv6": inspected.get("EnableIPv6"),
        "ipam.driver": "" if ipam.get("Driver") == "default" else ipam.get("Driver"),
    }
    flat.update(_prefixed("driver_opts", inspected.get("Options")))
    flat.update(_prefixed("labels", _own(inspected.get("Labels"))))
    flat.update(_prefixed("ipam.options", ipam.get("Options")))
    for position, pool in enumerate(ipam.get("Config") or ()):
        at = f"pools.{position}." if position else ""
        flat[f"{at}subnet"] = pool.get("Subnet")
        flat[f"{at}gateway"] = pool.get("Gateway")
        flat[f"{at}ip_range"] = pool.get("IPRange")
        flat.update(_prefixed(f"{at}aux_addresses", pool.get("AuxiliaryAddresses")))
    told = _told(flat)
    if inspected.get("EnableIPv4") is False:
        told["enable_ipv4"] = False
    return told


def of_volume(inspected: Json) -> Flat:
    """The configuration of a volume."""
    own = {name: value for name, value in _own(inspected.get("Labels")).items() if name != _ANONYMOUS_LABEL}
    return _told(
        {
            "driver": inspected.get("Driver"),
            **dict(_prefixed("driver_opts", inspected.get("Options"))),
            **dict(_prefixed("labels", own)),
        }
    )


def _config(config: Json) -> Iterator[tuple[str, Any]]:
    """What containers and images say in the same words."""
    yield "command", tuple(config.get("Cmd") or ())
    yield "entrypoint", tuple(config.get("Entrypoint") or ())
    for entry in config.get("Env") or ():
        name, equals, value = entry.partition("=")
        if equals:
            yield f"environment.{name}", value
    yield from _prefixed("labels", _own(config.get("Labels")))
    yield "user", config.get("User")
    yield "working_dir", config.get("WorkingDir")
    yield "domainname", config.get("Domainname")
    yield "stop_signal", None if config.get("StopSignal") == "SIGTERM" else config.get("StopSignal")
    yield "stop_grace_period", config.get("StopTimeout")
    yield "tty", config.get("Tty")
    yield "stdin_open", config.get("OpenStdin")
    yield (
        "expose",
        tuple(sorted({port for text in config.get("ExposedPorts") or () for port in _exposed(text)})),
    )
    yield from _healthcheck(config.get("Healthcheck") or {})


def _exposed(text: str) -> Iterator[str]:
    """`80` as `80/tcp`, `80-81/udp` as two: docker compose leaves both to the engine, which keeps what was said."""
    numbers, _, protocol = text.partition("/")
    first, _, last = numbers.partition("-")
    yield from (f"{port}/{protocol or 'tcp'}" for port in range(int(first), int(last or first) + 1))


def _healthcheck(check: Json) -> Iterator[tuple[str, Any]]:
    test = tuple(check.get("Test") or ())
    yield "healthcheck.test", test
    if test[:1] == ("NONE",):
        return
    for name, key in (
        ("interval", "Interval"),
        ("timeout", "Timeout"),
        ("start_period", "StartPeriod"),
        ("start_interval", "StartInterval"),
    ):
        yield f"healthcheck.{name}", (check.get(key) or 0) / _NANO
    yield "healthcheck.retries", check.get("Retries")


# HostConfig's names of what the file format says in the same words.
_SAME = {
    "cgroup": "CgroupnsMode",
    "cgroup_parent": "CgroupParent",
    "cpu_count": "CpuCount",
    "cpu_percent": "CpuPercent",
    "cpu_period": "CpuPeriod",
    "cpu_quota": "CpuQuota",
    "cpu_rt_period": "CpuRealtimePeriod",
    "cpu_rt_runtime": "CpuRealtimeRuntime",
    "cpu_shares": "CpuShares",
    "cpuset": "CpusetCpus",
    "init": "Init",
    "isolation": "Isolation",
    "mem_limit": "Memory",
    "mem_reservation": "MemoryReservation",
    "memswap_limit": "MemorySwap",
    "oom_kill_disable": "OomKillDisable",
    "oom_score_adj": "OomScoreAdj",
    "pid": "PidMode",
    "privileged": "Privileged",
    "read_only": "ReadonlyRootfs",
    "runtime": "Runtime",
    "shm_size": "ShmSize",
    "userns_mode": "UsernsMode",
    "uts": "UTSMode",
}
_LISTS = {"dns": "Dns", "dns_opt": "DnsOptions", "dns_search": "DnsSearch"}
_SORTED = {
    "device_cgroup_rules": "DeviceCgroupRules",
    "extra_hosts": "ExtraHosts",
    "group_add": "GroupAdd",
}


def _process_rules(host: Json) -> Iterator[tuple[str, Any]]:
    yield "ipc", "" if host.get("IpcMode") == "private" else host.get("IpcMode")
    yield "cap_add", _capabilities(host.get("CapAdd"))
    yield "cap_drop", _capabilities(host.get("CapDrop"))
    policy: Json = host.get("RestartPolicy") or {}
    name, count = policy.get("Name") or "", policy.get("MaximumRetryCount")
    yield "restart", "" if name == "no" else f"{name}:{count}" if name == "on-failure" and count else name
    yield "security_opt", tuple(sorted(_security(host)))
    yield "volumes_from", tuple(source.removesuffix(":rw") for source in host.get("VolumesFrom") or ())


def _capabilities(names: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(sorted(name.upper().removeprefix("CAP_") for name in names or ()))


def _security(host: Json) -> set[str]:
    unlabelled = host.get("Privileged") or "host" in (host.get("IpcMode"), host.get("PidMode"))
    options = set()
    for given in host.get("SecurityOpt") or ():
        option = given if "=" in given else given.replace(":", "=", 1)
        profile = option.startswith("seccomp=") and option != "seccomp=unconfined"
        if not (
            profile or option.startswith("credentialspec=") or (unlabelled and option == "label=disable")
        ):
            options.add(option)
    return options


def _resources(host: Json) -> Iterator[tuple[str, Any]]:
    yield "cpus", (host.get("NanoCpus") or 0) / _NANO
    swappiness = host.get("MemorySwappiness")
    yield "mem_swappiness", None if swappiness == -1 else swappiness
    pids = host.get("PidsLimit")
    yield "pids_limit", None if pids == -1 else pids
    for limit in host.get("Ulimits") or ():
        yield f"ulimits.{limit['Name']}", f"{limit['Soft']}:{limit['Hard']}"


def _devices(host: Json) -> Iterator[tuple[str, Any]]:
    plain = [
        f"{device['PathOnHost']}:{device['PathInContainer']}:{device['CgroupPermissions']}"
        for device in host.get("Devices") or ()
    ]
    requests: list[Json] = host.get("DeviceRequests") or []
    for request in requests:
        if request.get("Driver") == "cdi":
            plain += [f"{name}:{name}:rwm" for name in request.get("DeviceIDs") or ()]
    yield "devices", tuple(sorted(plain))
    yield "gpus", tuple(sorted(_device_request(one) for one in requests if one.get("Driver") != "cdi"))


def _device_request(request: Json) -> str:
    capabilities = {name for group in request.get("Capabilities") or () for name in group}
    options: Mapping[str, str] = request.get("Options") or {}
    parts = {
        "driver": request.get("Driver"),
        "count": request.get("Count"),
        "device_ids": ",".join(sorted(request.get("DeviceIDs") or ())),
        "capabilities": ",".join(sorted(capabilities)),
        "options": ",".join(sorted(f"{name}={value}" for name, value in options.items())),
    }
    return " ".join(f"{name}={value}" for name, value in parts.items() if value)


def _block_io(host: Json) -> Iterator[tuple[str, Any]]:
    yield "blkio_config.weight", host.get("BlkioWeight")
    for name, key, unit in (
        ("weight_device", "BlkioWeightDevice", "Weight"),
        ("device_read_bps", "BlkioDeviceReadBps", "Rate"),
        ("device_read_iops", "BlkioDeviceReadIOps", "Rate"),
        ("device_write_bps", "BlkioDeviceWriteBps", "Rate"),
        ("device_write_iops", "BlkioDeviceWriteIOps", "Rate"),
    ):
        devices = host.get(key) or ()
        yield f"blkio_config.{name}", tuple(sorted(f"{one['Path']}:{one[unit]}" for one in devices))


def _ports(host: Json) -> Iterator[tuple[str, Any]]:
    for target, bindings in (host.get("PortBindings") or {}).items():
        published = []
        for binding in bindings or ():
            port = binding.get("HostPort") or ""
            port = "any" if port in ("", "0") else port
            address = binding.get("HostIp")
            published.append(f"{address}:{port}" if address else port)
        yield f"ports.{target}", tuple(sorted(published))


def _mappings(host: Json) -> Iterator[tuple[str, Any]]:
    yield from _prefixed("annotations", host.get("Annotations"))
    yield from _prefixed("sysctls", host.get("Sysctls"))
    yield from _prefixed("storage_opt", host.get("StorageOpt"))
    log: Json = host.get("LogConfig") or {}
    yield "logging.driver", log.get("Type")
    yield from _prefixed("logging.options", log.get("Config"))


def _networks(inspected: Json, host: Json, networks: Json) -> Iterator[tuple[str, Any]]:
    mode = host.get("NetworkMode") or ""
    if mode in _ENGINE_MODES or mode.startswith("container:"):
        yield "network_mode", "bridge" if mode == "default" else mode
        return
    if mode not in networks and mode not in (endpoint.get("NetworkID") for endpoint in networks.values()):
        yield "network_mode", mode  # it has lost the network that it was made for
    config: Json = inspected.get("Config") or {}
    known = {
        inspected.get("Name", "").removeprefix("/"),
        inspected["Id"][:12],
        config.get("Hostname"),  # the engine adds it when the container starts
        (config.get("Labels") or {}).get(labels.SERVICE),
    }
    for name, endpoint in networks.items():
        at = f"networks.{name}"
        addresses: Json = endpoint.get("IPAMConfig") or {}
        yield at, True
        yield f"{at}.aliases", tuple(sorted(set(endpoint.get("Aliases") or ()) - known))
        yield f"{at}.ipv4_address", addresses.get("IPv4Address")
        yield f"{at}.ipv6_address", addresses.get("IPv6Address")
        yield f"{at}.link_local_ips", tuple(sorted(addresses.get("LinkLocalIPs") or ()))
        yield from _prefixed(f"{at}.driver_opts", endpoint.get("DriverOpts"))


def _mounts(config: Json, host: Json) -> Iterator[tuple[str, str]]:
    found: dict[str, str] = {}
    for bind in host.get("Binds") or ():
        target, told = _bind(bind)
        found[target] = told
    for mount in host.get("Mounts") or ():
        found[_target(mount["Target"])] = _mount(mount)
    for target, options in (host.get("Tmpfs") or {}).items():
        found[_target(target)] = " ".join(["tmpfs", *sorted(filter(None, options.split(",")))])
    for target in config.get("Volumes") or ():
        found.setdefault(_target(target), "volume")
    yield from ((f"mounts.{target}", told) for target, told in found.items())


def _bind(bind: str) -> tuple[str, str]:
    """`SOURCE:TARGET[:OPTIONS]`, where a source that is no path is a volume's name."""
    source, _, rest = bind.partition(":")
    target, _, mode = rest.partition(":")
    words = set(mode.split(","))
    options = [word for word in words if word in ("ro", "z", "Z", "nocopy") or word in _PROPAGATIONS]
    kind = "bind" if source.startswith("/") else "volume"
    name = "" if kind == "volume" and _ANONYMOUS.fullmatch(source) else source
    return _target(target), " ".join(word for word in (kind, name, *sorted(options)) if word)


def _mount(mount: Json) -> str:
    bind: Json = mount.get("BindOptions") or {}
    volume: Json = mount.get("VolumeOptions") or {}
    tmpfs: Json = mount.get("TmpfsOptions") or {}
    subpath = volume.get("Subpath") or (mount.get("ImageOptions") or {}).get("Subpath")
    propagation = bind.get("Propagation")
    options = [
        "ro" if mount.get("ReadOnly") else "",
        "nocopy" if volume.get("NoCopy") else "",
        f"subpath={subpath}" if subpath else "",
        propagation if propagation in _PROPAGATIONS else "",
        f"size={tmpfs['SizeBytes']}" if tmpfs.get("SizeBytes") else "",
        f"mode={tmpfs['Mode']:o}" if tmpfs.get("Mode") else "",
    ]
    source = mount.get("Source") or ""
    if mount["Type"] == "volume" and _ANONYMOUS.fullmatch(source):
        source = ""
    return " ".join(word for word in (mount["Type"], source, *sorted(filter(None, options))) if word)


def _files(marks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    try:
        described = json.loads(marks.get(labels.FILES, "{}"))
    except ValueError:
        return  # not written by us
    if isinstance(described, dict):
        yield from ((f"files.{target}", str(told)) for target, told in described.items())


def _target(path: str) -> str:
    return path.rstrip("/") or "/"


def _own(marks: Mapping[str, str] | None) -> dict[str, str]:
    """Labels without the book-keeping."""
    return {name: value for name, value in (marks or {}).items() if not name.startswith(_BOOK_KEEPING)}


def _prefixed(prefix: str, mapping: Mapping[str, Any] | None) -> Iterator[tuple[str, Any]]:
    return ((f"{prefix}.{name}", value) for name, value in (mapping or {}).items())


def _told(flat: Flat) -> Flat:
    """The mapping without what says nothing."""
    return {
        name: value
        for name, value in flat.items()
        if value not in (None, "", (), 0, False)
        or (value == "" and name.startswith(_KEEP_EMPTY))
        or (value == 0 and value is not False and name in _KEEP_ZERO)
    }
