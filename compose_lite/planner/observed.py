"""What the daemon runs now, as one frozen snapshot made by `runner.observe`."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass, field, replace
from compose_lite.planner.naming import is_previous_name
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Literal

    State = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]
    Health = Literal["starting", "healthy", "unhealthy"]

    # A container's configuration in the file format's own words: `environment.PORT` → `80`. Made alike from
    # a service (what should be) and from an inspected container (what is), so that the two can be compared.
    Effective = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedMount:
    """A mount of a container; `name` is the volume's name (64 hex digits when anonymous)."""

    type: str
    target: str
    name: str | None = None
    source: str | None = None
    read_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedEndpoint:
    """A container's connection to a network."""

    network: str
    network_id: str
    aliases: tuple[str, ...] = ()
    ip_address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedPort:
    """A port of a container; `published` is None when it is only exposed."""

    target: int
    protocol: str = "tcp"
    published: int | None = None
    host_ip: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedContainer:
    """A container of the project.

    Attributes:
        number: replica number, 1-based (0 for a one-off without one).
        image: image reference it was made from; `image_id` is that image's id at the time.
        exit_code: of the last run, known when exited or dead.
        created: seconds since the epoch.
        effective: its configuration, only there when it was inspected.
        started_at: RFC 3339 time of the last start, only there when it was inspected.
    """

    id: str
    name: str
    service: str
    number: int
    oneoff: bool = False
    image: str = ""
    image_id: str = ""
    state: State = "created"
    health: Health | None = None
    exit_code: int | None = None
    created: int = 0
    status: str = ""
    command: str = ""
    labels: Mapping[str, str] = EMPTY
    endpoints: tuple[ObservedEndpoint, ...] = ()
    network_mode: str = ""
    mounts: tuple[ObservedMount, ...] = ()
    ports: tuple[ObservedPort, ...] = ()
    effective: Effective | None = field(default=None, hash=False)
    started_at: str = ""

    @property
    def running(self) -> bool:
        """Whether its process lives (paused and restarting ones included)."""
        return self.state in ("running", "paused", "restarting")

    @property
    def volumes(self) -> frozenset[str]:
        """The daemon's names of the volumes that it mounts."""
        return frozenset(mount.name for mount in self.mounts if mount.name is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedNetwork:
    """A network; `effective` is its configuration in the file format's words."""

    id: str
    name: str
    labels: Mapping[str, str] = EMPTY
    driver: str = "bridge"
    effective: Effective = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedVolume:
    """A volume; `effective` is its configuration in the file format's words."""

    name: str
    labels: Mapping[str, str] = EMPTY
    driver: str = "local"
    effective: Effective = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedImage:
    """An image on the daemon; `config` has the defaults that a container inherits, once inspected.

    `config` is in the vocabulary of `planner.effective`. `created` and `tagged` (when the reference last
    came to mean this image) are moments as RFC 3339 writes them; empty if unknown. `platform` is `os/architecture`, with
    `/variant` where there is one; empty if unknown.
    """

    ref: str
    id: str
    platform: str = ""
    labels: Mapping[str, str] = EMPTY
    digests: tuple[str, ...] = ()
    created: str = ""
    tagged: str = ""
    size: int = 0
    config: Effective | None = field(default=None, hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignContainer:
    """A container outside of the project: it may hold a name or a host port that the project wants.

    `allocated` is its label about the host ports that were allocated for it: they are its own while it is stopped.
    """

    id: str
    name: str
    project: str = ""
    running: bool = False
    ports: tuple[ObservedPort, ...] = ()
    allocated: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """The daemon's state as far as one project is concerned.

    `networks` and `volumes` have the project's own (by label) and those with a name that the project
    uses, keyed by the daemon's name; `images` maps the references that the project uses (a reference
    that the daemon does not have is not a key). `previous` are the containers that are kept, stopped, as the
    generation before (`keep_previous`); they are not among `containers`. `foreign` are the containers of others, as far as they
    were looked at (one listing without a filter gives both).
    """

    project: str
    containers: tuple[ObservedContainer, ...] = ()
    previous: tuple[ObservedContainer, ...] = ()
    networks: Mapping[str, ObservedNetwork] = EMPTY
    volumes: Mapping[str, ObservedVolume] = EMPTY
    images: Mapping[str, ObservedImage] = EMPTY
    foreign: tuple[ForeignContainer, ...] = ()
    api_version: str = "1.41"

    def of_all_generations(self) -> Observed:
        """The same, with the kept containers of the generation before among the others."""
        return replace(self, containers=(*self.containers, *self.previous), previous=())

    def of_service(self, service: str) -> tuple[ObservedContainer, ...]:
        """The service's containers, one-offs excluded, by number."""
        found = (c for c in self.containers if c.service == service and not c.oneoff)
        return tuple(sorted(found, key=lambda c: (c.number, c.created, c.name)))


def generations(
    found: Iterable[ObservedContainer],
) -> tuple[tuple[ObservedContainer, ...], tuple[ObservedContainer, ...]]:
    """The containers of the present, and those that are kept, stopped, as the generation before."""
    present: list[ObservedContainer] = []
    previous: list[ObservedContainer] = []
    for container in found:
        kept = is_previous_name(container.name) and not container.running and not container.oneoff
        (previous if kept else present).append(container)
    return tuple(present), tuple(previous)
