"""The configuration that a container of a service would have, in the file format's words.

`expected` makes it from a service; `runner.effective_from_inspect` makes the same from an inspected container,
so that the two can be compared key by key. It is a flat mapping; a value that is the engine's default is
left out, so are empty texts, empty lists, zero and False unless said otherwise. Lists are tuples of text.
Keys and values, with where an inspected container has them (`C` Config, `H` HostConfig, `N` NetworkSettings):

command, entrypoint         tuple                       C.Cmd, C.Entrypoint
environment.NAME            text                        C.Env (an entry without `=` is left out)
labels.NAME                 text                        C.Labels but `com.docker.compose.*`, `io.compose-lite.*`
annotations.NAME            text                        H.Annotations
user, working_dir           text                        C.User, C.WorkingDir
hostname                    text                        C.Hostname, unless it is the id's first 12 digits or
                                                        H.NetworkMode is host or container:…
domainname                  text                        C.Domainname, under the same condition on H.NetworkMode
stop_signal                 text                        C.StopSignal but SIGTERM
stop_grace_period           whole seconds, rounded up   C.StopTimeout (0 is kept)
tty, stdin_open             True                        C.Tty, C.OpenStdin
healthcheck.test            tuple                       C.Healthcheck.Test; ("NONE",) alone if disabled
healthcheck.interval, .timeout, .start_period, .start_interval   seconds (float)
healthcheck.retries         int
expose                      sorted tuple "80/tcp"       C.ExposedPorts (published ones too)
ports.80/tcp                sorted tuple                H.PortBindings: "8080", "127.0.0.1:8080", "8000-8010",
                                                        "any" or "127.0.0.1:any" when none was asked for
restart                     "always", "unless-stopped", "on-failure", "on-failure:3"    H.RestartPolicy
privileged, read_only       True                        H.Privileged, H.ReadonlyRootfs
init, oom_kill_disable      True                        H.Init, H.OomKillDisable
cap_add, cap_drop           sorted tuple                H.CapAdd, H.CapDrop; upper case, without "CAP_"
security_opt                sorted tuple "name=value"   H.SecurityOpt, first ":" as "=", unless there is a "=";
                                                        `seccomp=…` only if unconfined; no `credentialspec=…`; no
                                                        `label=disable` if privileged or ipc or pid is "host"
userns_mode, uts, pid       text                        H.UsernsMode, H.UTSMode, H.PidMode
ipc                         text                        H.IpcMode but private
cgroup                      text                        H.CgroupnsMode
cgroup_parent, runtime, isolation   text                H.CgroupParent, H.Runtime, H.Isolation
network_mode                "host", "none", "bridge", "container:ID"   H.NetworkMode ("default" is bridge);
                                                        none where it names one of N.Networks
networks.NAME               True                        N.Networks by the daemon's name, for a user-defined mode
networks.NAME.aliases       sorted tuple                … without the container's name, its id's first 12 digits
                                                        its host name and its service's name
networks.NAME.ipv4_address, .ipv6_address   text        … IPAMConfig
networks.NAME.link_local_ips   sorted tuple             … IPAMConfig
networks.NAME.driver_opts.OPTION   text                 … DriverOpts
mac_address                 text, lower case            C.MacAddress
mounts.TARGET               text, words by blanks:      H.Binds, H.Mounts, H.Tmpfs, C.Volumes (targets not in the others)
    volume [NAME] [OPTION…]                             no NAME if anonymous (none, or 64 hex digits)
    bind PATH [OPTION…]
    tmpfs [OPTION…]
    image REF | npipe PATH | cluster NAME
  options, sorted: ro nocopy z Z subpath=PATH propagation (but rprivate) size=BYTES mode=OCTAL;
  for H.Tmpfs its options split at commas
volumes_from                tuple "ID" or "ID:ro"       H.VolumesFrom (":rw" is left out)
devices                     sorted tuple "SRC:DST:rwm"  H.Devices
device_cgroup_rules         sorted tuple                H.DeviceCgroupRules
gpus                        sorted tuple                H.DeviceRequests: "driver=D count=N device_ids=A,B
                                                        capabilities=C,D options=K=V,…" (parts that are set, lists sorted)
dns, dns_opt, dns_search    tuple                       H.Dns, H.DnsOptions, H.DnsSearch
extra_hosts                 sorted tuple "host:ip"      H.ExtraHosts
group_add                   sorted tuple                H.GroupAdd
ulimits.NAME                "SOFT:HARD"                 H.Ulimits
sysctls.NAME, storage_opt.NAME   text                   H.Sysctls, H.StorageOpt
shm_size                    bytes                       H.ShmSize
logging.driver, logging.options.NAME   text             H.LogConfig
oom_score_adj               int                         H.OomScoreAdj
cpu_shares, cpu_period, cpu_quota, cpu_rt_period, cpu_rt_runtime, cpu_count, cpu_percent   H.CpuShares …
cpuset                      text                        H.CpusetCpus
cpus                        float                       H.NanoCpus / 1e9
mem_limit, mem_reservation, memswap_limit   bytes       H.Memory, H.MemoryReservation, H.MemorySwap (-1 is kept)
mem_swappiness              int                         H.MemorySwappiness (0 is kept, -1 is not)
pids_limit                  int                         H.PidsLimit (neither 0 nor -1)
blkio_config.weight         int                         H.BlkioWeight
blkio_config.weight_device  sorted tuple "PATH:N"       H.BlkioWeightDevice
blkio_config.device_read_bps, .device_read_iops, .device_write_bps, .device_write_iops   likewise
files.TARGET                text                        the label `io.compose-lite.files`: each of its entries

An image's defaults (`ObservedImage.config`) use the same keys: command, entrypoint, environment.NAME, labels.NAME,
user, working_dir, stop_signal, expose, healthcheck.*, and mounts.TARGET = "volume" for each declared volume.
Networks and volumes have a vocabulary of their own, see `network` and `volume` below.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from compose_lite.spec.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compose_lite.planner.files import ServiceFiles
    from compose_lite.spec.model import (
        BlkioConfig,
        Healthcheck,
        Mount,
        Network,
        NetworkAttachment,
        Port,
        Project,
        RestartPolicy,
        Service,
        Volume,
    )

Flat = dict[str, Any]

_OWN_LABELS = ("com.docker.compose.", "io.compose-lite.")
_CONTAINER_MODE = "container:"
_SERVICE_MODE = "service:"

# Fields that are the same on both sides, by the names that they have in the model.
_PLAIN = (
    "tty", "stdin_open", "privileged", "read_only", "init", "oom_kill_disable", "userns_mode",
    "uts", "cgroup", "cgroup_parent", "runtime", "isolation", "dns", "dns_opt", "dns_search", "shm_size",
    "oom_score_adj", "cpu_shares", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_count",
    "cpu_percent", "cpuset", "mem_swappiness", "memswap_limit",
)  # fmt: skip
_SORTED = ("device_cgroup_rules", "group_add")
# What `use_api_socket` adds where the user of that moment has registry credentials: no part of the service.
REGISTRY_ACCESS = frozenset({"environment.DOCKER_CONFIG", "mounts./run/secrets/docker/config.json"})
# What Podman (seen on 4.3) gives every container of its own accord, and shows as if it had been asked for.
PODMANS_OWN = frozenset(
    {
        *(f"environment.{name}" for name in ("container", "HOME", "HOSTNAME", "TERM")),
        *("ipc", "pid", "pids_limit", "shm_size", "stop_grace_period", "uts", "working_dir"),
    }
)
_KEEP_ZERO = frozenset({"mem_swappiness", "stop_grace_period"})


def expected(
    project: Project,
    service: Service,
    *,
    files: ServiceFiles,
    image: Mapping[str, Any] = EMPTY,
    peers: Mapping[str, str] = EMPTY,
) -> Flat:
    """The configuration of a container that is made from the service now.

    Args:
        image: the defaults of its image, in this module's vocabulary.
        peers: service → id of the container whose namespaces or volumes are shared.
    """
    flat: Flat = {name: getattr(service, name) for name in _PLAIN}
    flat.update((name, tuple(sorted(getattr(service, name)))) for name in _SORTED)
    flat["cap_add"] = _capabilities(service.cap_add)
    flat["cap_drop"] = _capabilities(service.cap_drop)
    flat["extra_hosts"] = tuple(sorted(f"{host}:{address}" for host, address in service.extra_hosts))
    flat["devices"] = tuple(
        sorted(f"{device.source}:{device.target}:{device.permissions}" for device in service.devices)
    )
    flat["restart"] = _restart(service)
    flat["security_opt"] = _security(service)
    flat["mac_address"] = (service.mac_address or "").lower()
    flat["volumes_from"] = tuple(_volumes_from(source, peers) for source in service.volumes_from)
    if service.stop_grace_period is not None:
        flat["stop_grace_period"] = math.ceil(service.stop_grace_period)
    for part in (_process, _namespaces, _networks, _resources, _labels_and_logs):
        flat.update(part(project, service, peers))
    flat.update(_ports(service, image))
    flat.update(_mounts(project, service, files, image))
    flat.update((f"files.{target}", told) for target, told in files.described.items())
    return without_defaults(_inherit(flat, service, image))


def without_defaults(flat: Mapping[str, Any]) -> Flat:
    """The mapping without what says nothing: empty, zero (where that is no value of its own), `None`."""
    return {
        key: value
        for key, value in flat.items()
        if value not in (None, "", (), 0, False)
        or (value == "" and key.startswith(("environment.", "labels.", "annotations.")))
        or (value == 0 and value is not False and key in _KEEP_ZERO)
    }


def _process(_project: Project, service: Service, _peers: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    yield "command", service.command
    yield "entrypoint", service.entrypoint
    yield "user", service.user
    yield "working_dir", service.working_dir
    if service.stop_signal != "SIGTERM":
        yield "stop_signal", service.stop_signal
    for name, value in service.environment.items():
        if value is not None:
            yield f"environment.{name}", value
    yield from _healthcheck(service.healthcheck)


def _healthcheck(check: Healthcheck | None) -> Iterator[tuple[str, Any]]:
    if check is None:
        return
    if check.disable or check.test[:1] == ("NONE",):
        yield "healthcheck.test", ("NONE",)
        return
    yield "healthcheck.test", check.test
    yield "healthcheck.interval", check.interval
    yield "healthcheck.timeout", check.timeout
    yield "healthcheck.start_period", check.start_period
    yield "healthcheck.start_interval", check.start_interval
    yield "healthcheck.retries", check.retries


def _namespaces(_project: Project, service: Service, peers: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    network = _mode(service.network_mode, peers)
    if network != "host" and not network.startswith(_CONTAINER_MODE):
        yield "hostname", service.hostname
        yield "domainname", service.domainname
    if network:
        yield "network_mode", "bridge" if network == "default" else network
    ipc = _mode(service.ipc, peers)
    yield "ipc", "" if ipc == "private" else ipc
    yield "pid", _mode(service.pid, peers)


def _mode(mode: str | None, peers: Mapping[str, str]) -> str:
    """The mode as an inspected container has it; `*` stands for an id that is not known here."""
    if mode is None:
        return ""
    if mode.startswith(_SERVICE_MODE):
        return _CONTAINER_MODE + peers.get(mode.removeprefix(_SERVICE_MODE), "*")
    return _CONTAINER_MODE + "*" if mode.startswith(_CONTAINER_MODE) else mode


def _volumes_from(source: str, peers: Mapping[str, str]) -> str:
    if source.startswith(_CONTAINER_MODE):
        return "*"
    name, _, access = source.partition(":")
    return peers.get(name, "*") + (":ro" if access == "ro" else "")


def _networks(project: Project, service: Service, _peers: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    if service.network_mode is not None:
        return
    for attachment in service.networks:
        network = project.networks.get(attachment.network)
        at = f"networks.{network.name if network else attachment.network}"
        yield at, True
        yield from ((f"{at}.{name}", value) for name, value in _attachment(service, attachment))


def _attachment(service: Service, attachment: NetworkAttachment) -> Iterator[tuple[str, Any]]:
    known = {service.name, service.container_name, service.hostname}
    yield "aliases", tuple(sorted(set(attachment.aliases) - known))
    yield "ipv4_address", attachment.ipv4_address
    yield "ipv6_address", attachment.ipv6_address
    yield "link_local_ips", tuple(sorted(attachment.link_local_ips))
    for option, value in attachment.driver_opts.items():
        yield f"driver_opts.{option}", value


def _capabilities(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(name.upper().removeprefix("CAP_") for name in names))


def _security(service: Service) -> tuple[str, ...]:
    unlabelled = service.privileged or "host" in (service.ipc, service.pid)
    options = set()
    for given in service.security_opt:
        option = given if "=" in given else given.replace(":", "=", 1)
        profile = option.startswith("seccomp=") and option != "seccomp=unconfined"
        if profile or option.startswith("credentialspec=") or (unlabelled and option == "label=disable"):
            continue
        options.add(option)
    return tuple(sorted(options))


def _restart(service: Service) -> str:
    """The restart policy; `deploy.restart_policy` wins over `restart`, as in docker compose."""
    policy = service.deploy.restart_policy if service.deploy is not None else None
    text = _restart_condition(policy) if policy is not None else service.restart or ""
    return "" if text == "no" else text


def _restart_condition(policy: RestartPolicy) -> str:
    condition = {"none": "no", "any": "always", None: "always"}.get(policy.condition, policy.condition or "")
    if condition == "on-failure" and policy.max_attempts:
        return f"on-failure:{policy.max_attempts}"
    return condition


def _ports(service: Service, image: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    bindings: dict[str, list[str]] = {}
    for port in service.ports:
        bindings.setdefault(f"{port.target}/{port.protocol}", []).append(_binding(port))
    for target, published in bindings.items():
        yield f"ports.{target}", tuple(sorted(published))
    exposed = {*bindings, *image.get("expose", ())}
    for given in service.expose:
        exposed.update(exposed_ports(given))
    yield "expose", tuple(sorted(exposed))


def _binding(port: Port) -> str:
    published = "any" if port.published in (None, "", "0") else str(port.published)
    return f"{port.host_ip}:{published}" if port.host_ip else published


def exposed_ports(text: str) -> tuple[str, ...]:
    """`8000-8001/udp` as `8000/udp`, `8001/udp`."""
    numbers, _, protocol = text.partition("/")
    first, _, last = numbers.partition("-")
    return tuple(f"{port}/{protocol or 'tcp'}" for port in range(int(first), int(last or first) + 1))


def _mounts(
    project: Project, service: Service, files: ServiceFiles, image: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    yield from ((key, value) for key, value in image.items() if key.startswith("mounts."))
    yield from ((f"mounts.{folder}", "volume") for folder in files.holders)
    yield from ((f"mounts.{file.target}", f"bind {file.path} ro") for file in files.bound)
    for entry in service.tmpfs:
        target, _, options = entry.partition(":")
        yield f"mounts.{target}", " ".join(["tmpfs", *sorted(filter(None, options.split(",")))])
    for mount in service.volumes:
        target = mount.target.rstrip("/") or "/"
        yield f"mounts.{target}", _mount(project, mount)
    if service.use_api_socket:
        yield "mounts./var/run/docker.sock", "bind /var/run/docker.sock"


def _mount(project: Project, mount: Mount) -> str:
    source = mount.source
    if mount.type == "volume" and source is not None and source in project.volumes:
        source = project.volumes[source].name
    options = [
        "ro" if mount.read_only else "",
        "nocopy" if mount.nocopy else "",
        mount.selinux or "",
        f"subpath={mount.subpath}" if mount.subpath else "",
        mount.propagation if mount.propagation not in (None, "rprivate") else "",
        f"size={mount.tmpfs_size}" if mount.tmpfs_size else "",
        f"mode={mount.tmpfs_mode:o}" if mount.tmpfs_mode else "",
    ]
    return " ".join(word for word in (mount.type, source, *sorted(filter(None, options))) if word)


def _resources(_project: Project, service: Service, _peers: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    limits = service.deploy.limits if service.deploy is not None else None
    reserved = service.deploy.reservations if service.deploy is not None else None
    yield "cpus", (limits.cpus if limits and limits.cpus else service.cpus)
    yield "mem_limit", (limits.memory if limits and limits.memory else service.mem_limit)
    yield "mem_reservation", (reserved.memory if reserved and reserved.memory else service.mem_reservation)
    pids = limits.pids if limits and limits.pids else service.pids_limit
    yield "pids_limit", None if pids == -1 else pids
    requests = service.gpus + (reserved.devices if reserved else ())
    yield "gpus", tuple(sorted(_device_request(request) for request in requests))
    for name, ulimit in service.ulimits.items():
        yield f"ulimits.{name}", f"{ulimit.soft}:{ulimit.hard}"
    yield from ((f"sysctls.{name}", value) for name, value in service.sysctls.items())
    yield from ((f"storage_opt.{name}", value) for name, value in service.storage_opt.items())
    if service.blkio_config is not None:
        yield from _blkio(service.blkio_config)


def _device_request(request: Any) -> str:
    parts = {
        "driver": request.driver,
        "count": request.count,
        "device_ids": ",".join(sorted(request.device_ids)),
        "capabilities": ",".join(sorted(request.capabilities)),
        "options": ",".join(sorted(f"{name}={value}" for name, value in request.options.items())),
    }
    return " ".join(f"{name}={value}" for name, value in parts.items() if value)


def _blkio(config: BlkioConfig) -> Iterator[tuple[str, Any]]:
    yield "blkio_config.weight", config.weight
    for name in (
        "weight_device",
        "device_read_bps",
        "device_read_iops",
        "device_write_bps",
        "device_write_iops",
    ):
        devices = getattr(config, name)
        yield f"blkio_config.{name}", tuple(sorted(f"{device.path}:{device.value}" for device in devices))


def _labels_and_logs(
    _project: Project, service: Service, _peers: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    yield from ((f"labels.{name}", value) for name, value in service.labels.items() if not own_label(name))
    yield from ((f"annotations.{name}", value) for name, value in service.annotations.items())
    if service.logging is not None:
        yield "logging.driver", service.logging.driver
        yield from ((f"logging.options.{name}", value) for name, value in service.logging.options.items())


def own_label(name: str) -> bool:
    """Whether a label is part of the book-keeping, not of a configuration."""
    return name.startswith(_OWN_LABELS)


def _inherit(flat: Flat, service: Service, image: Mapping[str, Any]) -> Flat:
    """Add what the engine takes from the image (`merge` of its container creation)."""
    inherited = {key: value for key, value in image.items() if key not in ("command", "entrypoint")}
    if not service.entrypoint and not service.command:
        inherited["command"] = image.get("command")
    if service.entrypoint is None:
        inherited["entrypoint"] = image.get("entrypoint")
    for name, value in service.environment.items():
        if value is None:
            inherited.pop(f"environment.{name}", None)
    if flat.get("healthcheck.test") == ("NONE",):
        inherited = {key: value for key, value in inherited.items() if not key.startswith("healthcheck.")}
    merged = {
        **inherited,
        **{key: value for key, value in flat.items() if value not in (None, "", (), 0, 0.0)},
    }
    merged.update((key, flat[key]) for key in flat if key.startswith(("environment.", "labels.")))
    merged.update((key, flat[key]) for key in _KEEP_ZERO if flat.get(key) is not None)
    return merged


def network(network: Network) -> Flat:
    """The configuration of a network.

    `driver` (text, `bridge` included), `driver_opts.NAME`, `labels.NAME` (without the book-keeping), `internal`
    and `attachable` (True), `enable_ipv6` (True), `enable_ipv4` (False only), `ipam.driver` (but default),
    `ipam.options.NAME`, and for its first address pool `subnet`, `gateway`, `ip_range`,
    `aux_addresses.NAME`; for further pools the same behind `pools.1.`, `pools.2.` …
    """
    flat: Flat = {
        "driver": network.driver or "bridge",
        "internal": network.internal,
        "attachable": network.attachable,
        "enable_ipv6": bool(network.enable_ipv6),
        "ipam.driver": "" if network.ipam_driver in (None, "default") else network.ipam_driver,
    }
    flat.update((f"driver_opts.{name}", value) for name, value in network.driver_opts.items())
    flat.update((f"labels.{name}", value) for name, value in network.labels.items())
    flat.update((f"ipam.options.{name}", value) for name, value in network.ipam_options.items())
    for index, pool in enumerate(network.ipam_pools):
        at = f"pools.{index}." if index else ""
        flat.update(
            {f"{at}subnet": pool.subnet, f"{at}gateway": pool.gateway, f"{at}ip_range": pool.ip_range}
        )
        flat.update((f"{at}aux_addresses.{name}", address) for name, address in pool.aux_addresses.items())
    told = without_defaults(flat)
    if network.enable_ipv4 is False:
        told["enable_ipv4"] = False
    return told


def volume(volume: Volume) -> Flat:
    """The configuration of a volume.

    `driver` (text, `local` included), `driver_opts.NAME`, `labels.NAME` (without the book-keeping and
    `com.docker.volume.anonymous`).
    """
    flat: Flat = {"driver": volume.driver or "local"}
    flat.update((f"driver_opts.{name}", value) for name, value in volume.driver_opts.items())
    flat.update((f"labels.{name}", value) for name, value in volume.labels.items())
    return without_defaults(flat)
