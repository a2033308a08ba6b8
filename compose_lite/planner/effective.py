"""The vocabulary in which what should be is compared with what is, and the networks and volumes that should be.

`effective_container` says in it what a container of a service would have, `runner.effective` what an inspected one
has, so that the two can be compared key by key. It is a flat mapping; a value that is the engine's default is
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from compose_lite.spec.model import Network, Volume

    Flat = dict[str, Any]


# Keys whose zero says something; for all others it is the same as nothing.
KEEP_ZERO = frozenset({"mem_swappiness", "stop_grace_period"})


def without_defaults(flat: Mapping[str, Any]) -> Flat:
    """The mapping without what says nothing: empty, zero (where that is no value of its own), `None`."""
    return {
        key: value
        for key, value in flat.items()
        if value not in (None, "", (), 0, False)
        or (value == "" and key.startswith(("environment.", "labels.", "annotations.")))
        or (value == 0 and value is not False and key in KEEP_ZERO)
    }


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
