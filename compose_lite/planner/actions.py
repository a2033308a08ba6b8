"""The typed steps that a plan is made of; about one call to the daemon each.

An action says what is to be done, completely, and nothing about how: `runner.handlers` carries it out.
Each class has a `verb` and a `kind` for views, and a `name` for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from compose_lite.spec.model import Condition, Hook, NetworkAttachment


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerRef:
    """A container of the plan: one that exists (`id` is set) or one that an earlier action creates.

    `name` is its name at the time of the action that creates it, else as observed; it is the key by
    which the executor finds the id of a container that the same plan created.
    """

    name: str
    service: str
    number: int
    id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _OnContainer:
    """An action on one container."""

    kind: ClassVar[str] = "container"
    container: ContainerRef

    @property
    def name(self) -> str:
        """The container's name."""
        return self.container.name


@dataclass(frozen=True, kw_only=True, slots=True)
class PullImage:
    """Pull `ref` for `services`; `optional` if a local image or a build can stand in for a failed pull."""

    verb: ClassVar[str] = "pull"
    kind: ClassVar[str] = "image"
    ref: str
    services: tuple[str, ...]
    platform: str | None = None
    optional: bool = False

    @property
    def name(self) -> str:
        return self.ref


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildImage:
    """Build the image `ref` of `service`."""

    verb: ClassVar[str] = "build"
    kind: ClassVar[str] = "image"
    ref: str
    service: str

    @property
    def name(self) -> str:
        return self.ref


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveImage:
    """Remove the image `ref`."""

    verb: ClassVar[str] = "remove"
    kind: ClassVar[str] = "image"
    ref: str

    @property
    def name(self) -> str:
        return self.ref


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateNetwork:
    """Create the project's network `key` under the daemon's `name`."""

    verb: ClassVar[str] = "create"
    kind: ClassVar[str] = "network"
    key: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveNetwork:
    """Remove a network."""

    verb: ClassVar[str] = "remove"
    kind: ClassVar[str] = "network"
    id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectNetwork(_OnContainer):
    """Attach an existing container to a network that it should be on."""

    verb: ClassVar[str] = "connect"
    network: str
    attachment: NetworkAttachment


@dataclass(frozen=True, kw_only=True, slots=True)
class DisconnectNetwork(_OnContainer):
    """Detach a container from a network; `force` also where the container is not running."""

    verb: ClassVar[str] = "disconnect"
    network: str
    force: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateVolume:
    """Create the project's volume `key` under the daemon's `name`."""

    verb: ClassVar[str] = "create"
    kind: ClassVar[str] = "volume"
    key: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveVolume:
    """Remove a volume and its data."""

    verb: ClassVar[str] = "remove"
    kind: ClassVar[str] = "volume"
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateContainer(_OnContainer):
    """Create a container of `service` (never starts it).

    Attributes:
        container: who it will be; `container.name` is the name that it is created under.
        replaces: the container whose place it takes: its anonymous volumes are mounted again, unless
            `renew_volumes`; its id goes into a label until the replacement is complete.
        config_hash: goes into the container's labels.
        peers: containers whose namespaces or volumes it shares (`service:NAME`, `volumes_from`), by service.
    """

    verb: ClassVar[str] = "create"
    config_hash: str
    replaces: ContainerRef | None = None
    renew_volumes: bool = False
    peers: tuple[ContainerRef, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectFiles(_OnContainer):
    """Write the service's secrets and configs into a container that has never been started.

    A container in state `created` may miss them (a kill between the two calls), so this is planned
    before the first start of every such container.
    """

    verb: ClassVar[str] = "provide files to"


@dataclass(frozen=True, kw_only=True, slots=True)
class StartContainer(_OnContainer):
    """Start (or, for a paused container, see `UnpauseContainer`)."""

    verb: ClassVar[str] = "start"


@dataclass(frozen=True, kw_only=True, slots=True)
class StopContainer(_OnContainer):
    """Stop; `timeout` in seconds before the kill, `None` for the container's own grace period."""

    verb: ClassVar[str] = "stop"
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartContainer(_OnContainer):
    """Stop and start again; `timeout` as for `StopContainer`."""

    verb: ClassVar[str] = "restart"
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class KillContainer(_OnContainer):
    """Send a signal."""

    verb: ClassVar[str] = "kill"
    signal: str = "SIGKILL"


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseContainer(_OnContainer):
    """Freeze the container's processes."""

    verb: ClassVar[str] = "pause"


@dataclass(frozen=True, kw_only=True, slots=True)
class UnpauseContainer(_OnContainer):
    """Thaw a paused container."""

    verb: ClassVar[str] = "unpause"


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveContainer(_OnContainer):
    """Remove; `volumes` also its anonymous volumes, `force` even while it runs."""

    verb: ClassVar[str] = "remove"
    volumes: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RenameContainer(_OnContainer):
    """Give a container the name that it should have."""

    verb: ClassVar[str] = "rename"
    to: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AwaitCondition:
    """Wait until `containers` of `service` meet `condition`; not a failure of the plan unless `required`."""

    verb: ClassVar[str] = "wait for"
    kind: ClassVar[str] = "service"
    service: str
    condition: Condition
    containers: tuple[ContainerRef, ...]
    required: bool = True
    timeout: float | None = None

    @property
    def name(self) -> str:
        return self.service


@dataclass(frozen=True, kw_only=True, slots=True)
class RunHook(_OnContainer):
    """Run a lifecycle hook's command in a running container."""

    verb: ClassVar[str] = "run hook in"
    hook: Hook
    event: str


Action = (
    PullImage
    | BuildImage
    | RemoveImage
    | CreateNetwork
    | RemoveNetwork
    | ConnectNetwork
    | DisconnectNetwork
    | CreateVolume
    | RemoveVolume
    | CreateContainer
    | InjectFiles
    | StartContainer
    | StopContainer
    | RestartContainer
    | KillContainer
    | PauseContainer
    | UnpauseContainer
    | RemoveContainer
    | RenameContainer
    | AwaitCondition
    | RunHook
)
