"""The typed, frozen project: what every file, override and variable finally say.

Attribute names are the Compose Specification's. Units: durations are seconds (float), sizes are
bytes (int), file modes are integers (0o440). Text is as the container gets it: `$$` is already `$`.
`None` means "not set in any file"; an empty tuple or mapping means set to nothing or not set.
"""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Literal, NoReturn, Self, TypeVar

    from compose_lite.errors import Location, Problem

    K = TypeVar("K")
    V = TypeVar("V")
    Condition = Literal["service_started", "service_healthy", "service_completed_successfully"]


class FrozenMap(dict["K", "V"]):
    """A dict that refuses every change, so that a `Project` can be shared between threads."""

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("a project is immutable: use its with_… methods or dataclasses.replace")

    __setitem__ = __delitem__ = _refuse
    clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (dict(self),))

    def __hash__(self) -> int:  # type: ignore[override]  # frozen, unlike dict
        return hash(frozenset(self.items()))


EMPTY: FrozenMap[Any, Any] = FrozenMap()

Command = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependency:
    """One entry of a service's `depends_on`."""

    service: str
    condition: Condition = "service_started"
    required: bool = True
    restart: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Ulimit:
    """A resource limit; `single` says that one number stood for both."""

    soft: int
    hard: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FileGrant:
    """A secret or config that a service (or a build) may read, as a file.

    `target` is absolute for services (`/run/secrets/NAME`, `/NAME`); for builds it is the secret's id.
    """

    source: str
    target: str
    uid: str | None = None
    gid: str | None = None
    mode: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """How a service's image is built."""

    context: str
    dockerfile: str | None = None
    dockerfile_inline: str | None = None
    args: Mapping[str, str | None] = EMPTY
    additional_contexts: Mapping[str, str] = EMPTY
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    entitlements: tuple[str, ...] = ()
    extra_hosts: tuple[tuple[str, str], ...] = ()
    isolation: str | None = None
    labels: Mapping[str, str] = EMPTY
    network: str | None = None
    no_cache: bool = False
    platforms: tuple[str, ...] = ()
    privileged: bool = False
    provenance: str | None = None
    pull: bool = False
    sbom: str | None = None
    secrets: tuple[FileGrant, ...] = ()
    shm_size: int | None = None
    ssh: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    target: str | None = None
    ulimits: Mapping[str, Ulimit] = EMPTY


@dataclass(frozen=True, kw_only=True, slots=True)
class BlkioDevice:
    """A throttled or weighted device of `blkio_config`; `value` is bytes/s, operations/s or a weight."""

    path: str
    value: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BlkioConfig:
    """Block I/O limits."""

    weight: int | None = None
    weight_device: tuple[BlkioDevice, ...] = ()
    device_read_bps: tuple[BlkioDevice, ...] = ()
    device_read_iops: tuple[BlkioDevice, ...] = ()
    device_write_bps: tuple[BlkioDevice, ...] = ()
    device_write_iops: tuple[BlkioDevice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceMapping:
    """A host device given to the container."""

    source: str
    target: str
    permissions: str = "rwm"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceRequest:
    """A request for accelerators (`gpus`, `deploy…reservations.devices`); `count` -1 means all."""

    capabilities: tuple[str, ...] = ()
    driver: str | None = None
    count: int | None = None
    device_ids: tuple[str, ...] = ()
    options: Mapping[str, str] = EMPTY


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialSpec:
    """Windows credential spec, or none of its fields."""

    config: str | None = None
    file: str | None = None
    registry: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Healthcheck:
    """The container's probe; `test` starts with `CMD`, `CMD-SHELL` or `NONE`; times are seconds."""

    test: tuple[str, ...] = ()
    interval: float | None = None
    timeout: float | None = None
    retries: int | None = None
    start_period: float | None = None
    start_interval: float | None = None
    disable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Logging:
    """The container's log driver."""

    driver: str | None = None
    options: Mapping[str, str] = EMPTY


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkAttachment:
    """How a service joins one network."""

    network: str
    aliases: tuple[str, ...] = ()
    ipv4_address: str | None = None
    ipv6_address: str | None = None
    link_local_ips: tuple[str, ...] = ()
    mac_address: str | None = None
    interface_name: str | None = None
    driver_opts: Mapping[str, str] = EMPTY
    priority: int = 0
    gw_priority: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """A port to publish; `published` is a port, a range (`8000-8010`), or `None` for any free one."""

    target: int
    published: str | None = None
    host_ip: str | None = None
    protocol: str = "tcp"
    mode: str = "ingress"
    name: str | None = None
    app_protocol: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A volume, bind mount, tmpfs, image, named pipe or cluster volume in the container.

    `source` is a top-level volume's key for type `volume` (or `None`: an anonymous volume), an absolute
    host path for `bind`, an image reference for `image`.
    """

    type: str
    target: str
    source: str | None = None
    read_only: bool = False
    consistency: str | None = None
    propagation: str | None = None
    create_host_path: bool = False
    selinux: str | None = None
    recursive: str | None = None
    nocopy: bool = False
    subpath: str | None = None
    labels: Mapping[str, str] = EMPTY
    tmpfs_size: int | None = None
    tmpfs_mode: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """A command run at a point of a container's life, in it (`post_start`, `pre_stop`) or beside it (`pre_start`).

    Attributes:
        command: of `pre_start`, empty for what the image runs.
        image: of `pre_start`: what its own container is made from; `None` for the service's image.
        per_replica: of `pre_start`: run for each of the service's containers, not once for all of them.
    """

    command: Command
    user: str | None = None
    privileged: bool = False
    working_dir: str | None = None
    environment: Mapping[str, str | None] = EMPTY
    image: str | None = None
    per_replica: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchRule:
    """One rule of `develop.watch`; paths are absolute, patterns are as written."""

    path: str
    action: Literal["sync", "rebuild", "restart", "sync+restart", "sync+exec"]
    target: str | None = None
    include: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    initial_sync: bool = False
    exec: Hook | None = None
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceLimits:
    """`deploy.resources.limits` or `.reservations`."""

    cpus: float | None = None
    memory: int | None = None
    pids: int | None = None
    devices: tuple[DeviceRequest, ...] = ()
    generic_resources: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartPolicy:
    """`deploy.restart_policy`; times are seconds."""

    condition: str | None = None
    delay: float | None = None
    max_attempts: int | None = None
    window: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateConfig:
    """`deploy.update_config` or `.rollback_config`; times are seconds."""

    parallelism: int | None = None
    delay: float | None = None
    failure_action: str | None = None
    monitor: float | None = None
    max_failure_ratio: float | None = None
    order: Literal["start-first", "stop-first"] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Deploy:
    """The `deploy` section."""

    mode: str | None = None
    replicas: int | None = None
    endpoint_mode: str | None = None
    labels: Mapping[str, str] = EMPTY
    limits: ResourceLimits | None = None
    reservations: ResourceLimits | None = None
    restart_policy: RestartPolicy | None = None
    update_config: UpdateConfig | None = None
    rollback_config: UpdateConfig | None = None
    placement_constraints: tuple[str, ...] = ()
    placement_preferences: tuple[str, ...] = ()
    placement_max_replicas_per_node: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """A service run by an external program instead of containers."""

    type: str
    options: Mapping[str, tuple[str, ...]] = EMPTY


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelGrant:
    """A model that a service uses, with the variables that tell it where the model is."""

    model: str
    endpoint_var: str | None = None
    model_var: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Supervision:
    """How `up --supervise` restarts a service's unhealthy containers; times in seconds.

    Attributes:
        delay: before the first restart; each further one waits twice as long.
        max_delay: the longest that a restart waits.
        max_attempts: restarts after which a container is given up.
        window: a container that stays healthy so long has its budget back.
    """

    delay: float = 1.0
    max_delay: float = 60.0
    max_attempts: int = 5
    window: float = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One service. `depends_on` has the implied dependencies too (links, shared namespaces, volumes_from)."""

    name: str
    image: str | None = None
    build: Build | None = None
    command: Command | None = None
    entrypoint: Command | None = None
    environment: Mapping[str, str | None] = EMPTY
    labels: Mapping[str, str] = EMPTY
    annotations: Mapping[str, str] = EMPTY
    depends_on: tuple[Dependency, ...] = ()
    networks: tuple[NetworkAttachment, ...] = ()
    network_mode: str | None = None
    ports: tuple[Port, ...] = ()
    expose: tuple[str, ...] = ()
    volumes: tuple[Mount, ...] = ()
    volumes_from: tuple[str, ...] = ()
    secrets: tuple[FileGrant, ...] = ()
    configs: tuple[FileGrant, ...] = ()
    models: tuple[ModelGrant, ...] = ()
    healthcheck: Healthcheck | None = None
    restart: str | None = None
    deploy: Deploy | None = None
    scale: int | None = None
    profiles: tuple[str, ...] = ()
    provider: Provider | None = None
    pull_policy: str | None = None
    platform: str | None = None
    container_name: str | None = None
    hostname: str | None = None
    domainname: str | None = None
    user: str | None = None
    group_add: tuple[str, ...] = ()
    working_dir: str | None = None
    tty: bool = False
    stdin_open: bool = False
    init: bool | None = None
    attach: bool = True
    privileged: bool = False
    read_only: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    userns_mode: str | None = None
    ipc: str | None = None
    pid: str | None = None
    uts: str | None = None
    cgroup: str | None = None
    cgroup_parent: str | None = None
    isolation: str | None = None
    runtime: str | None = None
    credential_spec: CredentialSpec | None = None
    dns: tuple[str, ...] = ()
    dns_opt: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    extra_hosts: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    external_links: tuple[str, ...] = ()
    mac_address: str | None = None
    tmpfs: tuple[str, ...] = ()
    devices: tuple[DeviceMapping, ...] = ()
    device_cgroup_rules: tuple[str, ...] = ()
    gpus: tuple[DeviceRequest, ...] = ()
    ulimits: Mapping[str, Ulimit] = EMPTY
    sysctls: Mapping[str, str] = EMPTY
    storage_opt: Mapping[str, str] = EMPTY
    shm_size: int | None = None
    stop_signal: str | None = None
    stop_grace_period: float | None = None
    logging: Logging | None = None
    blkio_config: BlkioConfig | None = None
    cpu_count: int | None = None
    cpu_percent: float | None = None
    cpu_period: int | None = None
    cpu_quota: int | None = None
    cpu_rt_period: int | None = None
    cpu_rt_runtime: int | None = None
    cpu_shares: int | None = None
    cpus: float | None = None
    cpuset: str | None = None
    mem_limit: int | None = None
    mem_reservation: int | None = None
    memswap_limit: int | None = None
    mem_swappiness: int | None = None
    oom_kill_disable: bool = False
    oom_score_adj: int | None = None
    pids_limit: int | None = None
    post_start: tuple[Hook, ...] = ()
    pre_stop: tuple[Hook, ...] = ()
    pre_start: tuple[Hook, ...] = ()
    # Names of the variables in `environment` that providers have said: not in the files, added when it is brought up.
    provided: tuple[str, ...] = ()
    use_api_socket: bool = False
    watch: tuple[WatchRule, ...] = ()
    supervision: Supervision | None = Supervision()
    extensions: Mapping[str, Any] = EMPTY
    location: Location | None = field(default=None, compare=False)
    # What stands between the parts of its names: an underscore with `--compatibility`.
    separator: str = "-"

    @property
    def replicas(self) -> int:
        """How many containers the files ask for (`scale`, else `deploy.replicas`, else 1).

        None where a provider runs the service.
        """
        if self.provider is not None:
            return 0
        if self.scale is not None:
            return self.scale
        if self.deploy is not None and self.deploy.replicas is not None:
            return self.deploy.replicas
        return 1

    def image_name(self, project: str) -> str:
        """The image reference that the containers use: the given one, or `PROJECT-SERVICE` when built."""
        return self.image or self.joined(project, self.name)

    def joined(self, *parts: str) -> str:
        """The parts of a name, put together as the names of this service's containers and image are."""
        return self.separator.join(parts)

    def namespace_peers(self) -> tuple[str, ...]:
        """Services whose network, pid or ipc namespace this one shares (`service:NAME`)."""
        modes = (self.network_mode, self.pid, self.ipc)
        names = {mode.removeprefix("service:") for mode in modes if mode and mode.startswith("service:")}
        return tuple(sorted(names))


@dataclass(frozen=True, kw_only=True, slots=True)
class IpamPool:
    """One address pool of a network."""

    subnet: str | None = None
    gateway: str | None = None
    ip_range: str | None = None
    aux_addresses: Mapping[str, str] = EMPTY


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A top-level network; `key` is its name in the files, `name` the daemon's."""

    key: str
    name: str
    external: bool = False
    driver: str | None = None
    driver_opts: Mapping[str, str] = EMPTY
    attachable: bool = False
    enable_ipv4: bool | None = None
    enable_ipv6: bool | None = None
    internal: bool = False
    ipam_driver: str | None = None
    ipam_pools: tuple[IpamPool, ...] = ()
    ipam_options: Mapping[str, str] = EMPTY
    labels: Mapping[str, str] = EMPTY
    extensions: Mapping[str, Any] = EMPTY
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """A top-level volume; `key` is its name in the files, `name` the daemon's."""

    key: str
    name: str
    external: bool = False
    driver: str | None = None
    driver_opts: Mapping[str, str] = EMPTY
    labels: Mapping[str, str] = EMPTY
    protected: bool = False
    extensions: Mapping[str, Any] = EMPTY
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileObject:
    """A top-level secret or config: where its content comes from. Exactly one source is set unless external."""

    key: str
    name: str
    file: str | None = None
    environment: str | None = None
    content: str | None = field(default=None, repr=False)
    external: bool = False
    driver: str | None = None
    driver_opts: Mapping[str, str] = EMPTY
    template_driver: str | None = None
    labels: Mapping[str, str] = EMPTY
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class AiModel:
    """A top-level model (served by a model runner, not by the engine)."""

    key: str
    name: str
    model: str
    context_size: int | None = None
    runtime_flags: tuple[str, ...] = ()
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A whole stack, ready to be planned.

    Attributes:
        name: project name; part of the default name of every container, network and volume.
        instance: which instance of the files it is (`--instance`), empty for the project itself.
        working_dir: absolute project directory.
        compose_files: absolute paths of the files it was loaded from, in merge order (`-` is stdin).
        services: the active services (profiles and selection applied), by name, sorted.
        disabled_services: the services that a profile switched off.
        environment: the variables interpolation saw (shell and `.env`); may hold secrets, never print it.
        warnings: problems that do not refuse the files.
    """

    name: str
    working_dir: str
    instance: str = ""
    compose_files: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    services: Mapping[str, Service] = EMPTY
    disabled_services: Mapping[str, Service] = EMPTY
    networks: Mapping[str, Network] = EMPTY
    volumes: Mapping[str, Volume] = EMPTY
    secrets: Mapping[str, FileObject] = EMPTY
    configs: Mapping[str, FileObject] = EMPTY
    models: Mapping[str, AiModel] = EMPTY
    profiles: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default=EMPTY, repr=False, compare=False)
    extensions: Mapping[str, Any] = EMPTY
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    def with_services(self, services: Iterable[Service]) -> Self:
        """A copy with these services replaced (others unchanged)."""
        changed = dict(self.services)
        changed.update((service.name, service) for service in services)
        return replace(self, services=FrozenMap(sorted(changed.items())))

    def with_scale(self, scale: Mapping[str, int]) -> Self:
        """A copy in which the named services have the given number of replicas."""
        return self.with_services(
            replace(self.services[name], scale=count) for name, count in sorted(scale.items())
        )
