"""The configuration that a container of a service would have, in the vocabulary of `planner.effective`."""

from __future__ import annotations

import math

from compose_lite.planner.effective import KEEP_ZERO, without_defaults
from compose_lite.planner.effective_attachments import mounts, namespaces, networks, ports, volumes_from
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from compose_lite.planner.effective import Flat
    from compose_lite.planner.files import ServiceFiles
    from compose_lite.spec.model import BlkioConfig, Healthcheck, Project, RestartPolicy, Service

# The book-keeping: no part of a configuration.
_OWN_LABELS = ("com.docker.compose.", "io.compose-lite.")

# Fields that are the same on both sides, by the names that they have in the model.
_PLAIN = (
    "tty", "stdin_open", "privileged", "read_only", "init", "oom_kill_disable", "userns_mode",
    "uts", "cgroup", "cgroup_parent", "runtime", "isolation", "dns", "dns_opt", "dns_search", "shm_size",
    "oom_score_adj", "cpu_shares", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_count",
    "cpu_percent", "cpuset", "mem_swappiness", "memswap_limit",
)  # fmt: skip
_SORTED = ("device_cgroup_rules", "group_add")


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
        image: the defaults of its image, in the same vocabulary.
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
    flat["volumes_from"] = volumes_from(service, peers)
    if service.stop_grace_period is not None:
        flat["stop_grace_period"] = math.ceil(service.stop_grace_period)
    for part in (_process, _resources, _labels_and_logs):
        flat.update(part(service))
    flat.update(namespaces(service, peers))
    flat.update(networks(project, service))
    flat.update(ports(service, image))
    flat.update(mounts(project, service, files, image))
    flat.update((f"files.{target}", told) for target, told in files.described.items())
    return without_defaults(_inherit(flat, service, image))


def _process(service: Service) -> Iterator[tuple[str, Any]]:
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


def _resources(service: Service) -> Iterator[tuple[str, Any]]:
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


def _labels_and_logs(service: Service) -> Iterator[tuple[str, Any]]:
    yield from (
        (f"labels.{name}", value)
        for name, value in service.labels.items()
        if not name.startswith(_OWN_LABELS)
    )
    yield from ((f"annotations.{name}", value) for name, value in service.annotations.items())
    if service.logging is not None:
        yield "logging.driver", service.logging.driver
        yield from ((f"logging.options.{name}", value) for name, value in service.logging.options.items())


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
    merged.update((key, flat[key]) for key in KEEP_ZERO if flat.get(key) is not None)
    return merged
