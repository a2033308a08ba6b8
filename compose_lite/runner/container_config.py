"""Makes the Engine API's request to create a container out of a service: pure, field by field.

What is not set is left out, so that the engine's and the image's defaults hold. What the engine in use can't
take is refused (`runner.features`), never dropped.
"""

from __future__ import annotations

import json

from compose_lite import __version__, labels
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner import container_mounts, container_networks, features
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.planner.actions import CreateContainer
    from compose_lite.runner.daemon import Json
    from compose_lite.spec.model import BlkioDevice, DeviceRequest, Healthcheck, Project, Service

_NANO = 1_000_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a container's configuration depends on besides the project.

    Attributes:
        api_version: the engine's, as a tuple.
        image_id: the image that the reference means now, for the label.
        peers: service → id of the container whose namespaces or volumes are shared.
        replaced: id of the container whose place it takes, or `None`.
        inherited: target → name of the anonymous volume that is taken over.
        links: links to containers, `CONTAINER:ALIAS`.
        documents: content of the files that the engine wants to be told (seccomp profiles), by path as written.
        models: model key → address where it is served.
        registry_config: the user's Docker configuration, for `use_api_socket`.
    """

    api_version: tuple[int, ...]
    image_id: str = ""
    peers: Mapping[str, str] = EMPTY
    replaced: str | None = None
    inherited: Mapping[str, str] = EMPTY
    links: tuple[str, ...] = ()
    documents: Mapping[str, str] = EMPTY
    models: Mapping[str, str] = EMPTY
    registry_config: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateRequest:
    """How to create the container.

    Attributes:
        body: of the request to create it.
        platform: of the same.
        connections: requests to connect it to further networks, which older engines want one by one: pairs
            of the network and the request's body without the container.
    """

    body: Json
    platform: str | None
    connections: tuple[tuple[str, Json], ...]


def create_request(
    project: Project, service: Service, action: CreateContainer, around: Surroundings
) -> CreateRequest:
    """Return how to create the container of `action`. Raises UsageError for what the engine can't do."""
    features.require(service, around.api_version)
    body = {
        "Image": service.image_name(project.name),
        **_config(service, action, around),
        "Labels": container_labels(project, service, action, around),
        "HostConfig": _host_config(project, service, action, around),
    }
    endpoints = container_networks.endpoints(
        project, service, action, links=around.links, api_version=around.api_version
    )
    first = endpoints if around.api_version >= features.ALL_NETWORKS else endpoints[:1]
    if first:
        body["NetworkingConfig"] = {"EndpointsConfig": dict(first)}
    if mac := container_networks.mac_address(service, around.api_version):
        body["MacAddress"] = mac
    connections = tuple((network, {"EndpointConfig": config}) for network, config in endpoints[len(first) :])
    return CreateRequest(body=body, platform=service.platform, connections=connections)


def container_labels(
    project: Project, service: Service, action: CreateContainer, around: Surroundings
) -> dict[str, str]:
    """The container's labels: the service's own, docker compose's book-keeping and ours."""
    oneoff = action.oneoff
    book_keeping = {
        labels.PROJECT: project.name,
        labels.SERVICE: service.name,
        labels.NUMBER: str(action.container.number),
        labels.ONEOFF: "True" if oneoff else "False",
        labels.CONFIG_HASH: action.config_hash,
        labels.HASH: f"{labels.HASH_VERSION}:{action.config_hash}",
        labels.DEPENDS_ON: ",".join(
            f"{need.service}:{need.condition}:{str(need.restart).lower()}" for need in service.depends_on
        ),
        labels.CONFIG_FILES: ",".join(project.compose_files),
        labels.WORKING_DIR: project.working_dir,
        labels.IMAGE: around.image_id or action.image_id,
        labels.VERSION: __version__,
    }
    optional = {
        labels.ENVIRONMENT_FILE: ",".join(project.env_files),
        labels.SLUG: oneoff.slug if oneoff else "",
        labels.AUTO_REMOVE: "True" if oneoff and oneoff.remove else "",
        labels.REPLACES: around.replaced or "",
        labels.UNNAMED: "" if action.named else "True",
        labels.PROVIDED: ",".join(service.provided),
        labels.PEERS: ",".join(f"{name}={container}" for name, container in around.peers.items()),
        labels.FILES: json.dumps(dict(sorted(action.files.items()))) if action.files else "",
    }
    return {**service.labels, **book_keeping, **{name: value for name, value in optional.items() if value}}


def _config(service: Service, action: CreateContainer, around: Surroundings) -> Json:
    interactive = action.oneoff is not None and service.stdin_open
    given: Json = {
        "Hostname": service.hostname,
        "Domainname": service.domainname,
        "User": service.user,
        "WorkingDir": service.working_dir,
        "Tty": service.tty or None,
        "OpenStdin": service.stdin_open or None,
        # The client that is attached to a one-off is its standard input: when it goes, input ends.
        "StdinOnce": interactive or None,
        "AttachStdin": interactive or None,
        "AttachStdout": True,
        "AttachStderr": True,
        "Env": _environment(service, around),
        "Healthcheck": _healthcheck(service.healthcheck),
        "ExposedPorts": _exposed(service),
        "StopSignal": service.stop_signal,
        "StopTimeout": _whole_seconds(service.stop_grace_period),
    }
    if service.command is not None:
        given["Cmd"] = list(service.command)
    if service.entrypoint is not None:
        # An empty list would mean "the image's"; one empty word means none at all.
        given["Entrypoint"] = list(service.entrypoint) or [""]
    return _without_none(given)


def _environment(service: Service, around: Surroundings) -> list[str] | None:
    variables: dict[str, str | None] = dict(service.environment)
    for grant in service.models:
        address = around.models.get(grant.model)
        if address is None:
            raise UsageError(
                f"service {service.name!r} uses the model {grant.model!r}, but no model runner serves it",
                hint="install Docker Model Runner, or take the model out of the service",
            )
        name = grant.model.upper().replace("-", "_")
        variables.setdefault(grant.endpoint_var or f"{name}_URL", address)
        variables.setdefault(grant.model_var or f"{name}_MODEL", grant.model)
    if service.use_api_socket and around.registry_config:
        variables["DOCKER_CONFIG"] = container_mounts.REGISTRY_CONFIG_FOLDER
    # A name without a value takes the variable away that the image sets.
    return [name if value is None else f"{name}={value}" for name, value in variables.items()] or None


def _healthcheck(check: Healthcheck | None) -> Json | None:
    if check is None:
        return None
    if check.disable or check.test[:1] == ("NONE",):
        return {"Test": ["NONE"]}
    return _without_none(
        {
            "Test": list(check.test) or None,
            "Interval": _nanoseconds(check.interval),
            "Timeout": _nanoseconds(check.timeout),
            "StartPeriod": _nanoseconds(check.start_period),
            "StartInterval": _nanoseconds(check.start_interval),
            "Retries": check.retries,
        }
    )


def _exposed(service: Service) -> dict[str, Json] | None:
    ports = {f"{port.target}/{port.protocol}" for port in service.ports}
    for text in service.expose:
        numbers, _, protocol = text.partition("/")
        first, _, last = numbers.partition("-")
        ports |= {f"{port}/{protocol or 'tcp'}" for port in range(int(first), int(last or first) + 1)}
    return {port: {} for port in sorted(ports)} or None


# HostConfig's names of what a service says in the same words.
_SAME_IN_HOST_CONFIG = {
    "CgroupnsMode": "cgroup",
    "CgroupParent": "cgroup_parent",
    "CpuCount": "cpu_count",
    "CpuPeriod": "cpu_period",
    "CpuQuota": "cpu_quota",
    "CpuRealtimePeriod": "cpu_rt_period",
    "CpuRealtimeRuntime": "cpu_rt_runtime",
    "CpusetCpus": "cpuset",
    "CpuShares": "cpu_shares",
    "Init": "init",
    "Isolation": "isolation",
    "MemorySwap": "memswap_limit",
    "MemorySwappiness": "mem_swappiness",
    "OomScoreAdj": "oom_score_adj",
    "Runtime": "runtime",
    "ShmSize": "shm_size",
    "UsernsMode": "userns_mode",
    "UTSMode": "uts",
}
_FLAGS_IN_HOST_CONFIG = {
    "OomKillDisable": "oom_kill_disable",
    "Privileged": "privileged",
    "ReadonlyRootfs": "read_only",
}
_LISTS_IN_HOST_CONFIG = {
    "CapAdd": "cap_add",
    "CapDrop": "cap_drop",
    "DeviceCgroupRules": "device_cgroup_rules",
    "Dns": "dns",
    "DnsOptions": "dns_opt",
    "DnsSearch": "dns_search",
    "GroupAdd": "group_add",
}
_MAPPINGS_IN_HOST_CONFIG = {"Annotations": "annotations", "StorageOpt": "storage_opt", "Sysctls": "sysctls"}


def _host_config(project: Project, service: Service, action: CreateContainer, around: Surroundings) -> Json:
    given: Json = {api: getattr(service, name) for api, name in _SAME_IN_HOST_CONFIG.items()}
    given.update((api, getattr(service, name) or None) for api, name in _FLAGS_IN_HOST_CONFIG.items())
    given.update((api, list(getattr(service, name)) or None) for api, name in _LISTS_IN_HOST_CONFIG.items())
    given.update(
        (api, dict(getattr(service, name)) or None) for api, name in _MAPPINGS_IN_HOST_CONFIG.items()
    )
    given.update(_limits(service))
    given.update(_block_io(service))
    given.update(container_mounts.mounts(project, service, action, around))
    given.update(
        {
            "NetworkMode": container_networks.network_mode(project, service, around.peers),
            "PidMode": container_networks.namespace(service.pid, around.peers),
            "IpcMode": container_networks.namespace(service.ipc, around.peers),
            "Links": container_networks.host_links(service, around.links),
            "PortBindings": _port_bindings(service),
            "RestartPolicy": _restart_policy(service),
            "AutoRemove": (action.oneoff is not None and action.oneoff.remove) or None,
            "ExtraHosts": [f"{host}:{address}" for host, address in service.extra_hosts] or None,
            "SecurityOpt": _security_options(service, around.documents),
            "Ulimits": [
                {"Name": name, "Soft": limit.soft, "Hard": limit.hard}
                for name, limit in service.ulimits.items()
            ]
            or None,
            "LogConfig": service.logging
            and {"Type": service.logging.driver or "", "Config": dict(service.logging.options)},
            "VolumesFrom": [_volumes_from(source, around.peers) for source in service.volumes_from] or None,
        }
    )
    return _without_none(given)


def _limits(service: Service) -> Json:
    """Processor, memory, process and device limits; those under `deploy` win (the files must agree anyway)."""
    limits = service.deploy.limits if service.deploy else None
    reserved = service.deploy.reservations if service.deploy else None
    cpus = (limits and limits.cpus) or service.cpus
    plain = [device for device in service.devices if not features.is_cdi(device)]
    cdi = [device.source for device in service.devices if features.is_cdi(device)]
    requests = [
        _device_request(request) for request in (*service.gpus, *(reserved.devices if reserved else ()))
    ]
    if cdi:
        requests.append({"Driver": "cdi", "DeviceIDs": cdi})
    return {
        "NanoCpus": round(cpus * _NANO) if cpus else None,
        "CpuPercent": None if service.cpu_percent is None else round(service.cpu_percent),
        "Memory": (limits and limits.memory) or service.mem_limit,
        "MemoryReservation": (reserved and reserved.memory) or service.mem_reservation,
        "PidsLimit": (limits and limits.pids) or service.pids_limit,
        "DeviceRequests": requests or None,
        "Devices": [
            {
                "PathOnHost": device.source,
                "PathInContainer": device.target,
                "CgroupPermissions": device.permissions,
            }
            for device in plain
        ]
        or None,
    }


def _device_request(request: DeviceRequest) -> Json:
    return _without_none(
        {
            "Driver": request.driver,
            "Count": request.count,
            "DeviceIDs": list(request.device_ids) or None,
            "Capabilities": [list(request.capabilities)] if request.capabilities else None,
            "Options": dict(request.options) or None,
        }
    )


def _block_io(service: Service) -> Json:
    config = service.blkio_config
    if config is None:
        return {}
    return {
        "BlkioWeight": config.weight,
        "BlkioWeightDevice": _throttled(config.weight_device, "Weight"),
        "BlkioDeviceReadBps": _throttled(config.device_read_bps, "Rate"),
        "BlkioDeviceReadIOps": _throttled(config.device_read_iops, "Rate"),
        "BlkioDeviceWriteBps": _throttled(config.device_write_bps, "Rate"),
        "BlkioDeviceWriteIOps": _throttled(config.device_write_iops, "Rate"),
    }


def _throttled(devices: tuple[BlkioDevice, ...], unit: str) -> list[Json] | None:
    return [{"Path": device.path, unit: device.value} for device in devices] or None


def _port_bindings(service: Service) -> dict[str, list[Json]] | None:
    bindings: dict[str, list[Json]] = {}
    for port in service.ports:
        binding = {"HostIp": port.host_ip or "", "HostPort": port.published or ""}
        bindings.setdefault(f"{port.target}/{port.protocol}", []).append(binding)
    return bindings or None


_RESTART_CONDITIONS = {"none": "no", "any": "always", None: "always"}


def _restart_policy(service: Service) -> Json | None:
    """The restart policy; `deploy.restart_policy` wins over `restart`, as in docker compose."""
    policy = service.deploy.restart_policy if service.deploy else None
    if policy is not None:
        name = _RESTART_CONDITIONS.get(policy.condition, policy.condition or "")
        attempts = policy.max_attempts or 0
    elif service.restart:
        name, _, count = service.restart.partition(":")
        attempts = int(count or 0)
    else:
        return None
    # The engine refuses a maximum with any other policy.
    return {"Name": name, "MaximumRetryCount": attempts if name == "on-failure" else 0}


def _security_options(service: Service, documents: Mapping[str, str]) -> list[str] | None:
    options = []
    for option in service.security_opt:
        name, value = features.security_option(option)
        options.append(f"{name}={documents[value]}" if name == "seccomp" and value in documents else option)
    credentials = service.credential_spec
    if credentials is not None:
        if credentials.file:
            options.append(f"credentialspec=file://{credentials.file}")
        elif credentials.registry:
            options.append(f"credentialspec=registry://{credentials.registry}")
        elif credentials.config:
            options.append(f"credentialspec=raw://{documents[credentials.config]}")
    return options or None


def _volumes_from(source: str, peers: Mapping[str, str]) -> str:
    if source.startswith("container:"):
        return source.removeprefix("container:")
    name, colon, access = source.partition(":")
    return f"{peers[name]}{colon}{access}"


def _nanoseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * _NANO)


def _whole_seconds(seconds: float | None) -> int | None:
    """Seconds rounded up: a grace period is never cut short."""
    return None if seconds is None else -int(-seconds // 1)


def _without_none(given: Json) -> Json:
    return {name: value for name, value in given.items() if value is not None}
