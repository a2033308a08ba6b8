"""The typed steps that a plan is made of; about one call to the daemon each.

An action says what is to be done, completely, and nothing about how: `runner.handlers` carries it out.
Each class has a `verb` and a `kind` for views, and a `name` for people.
"""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar, Literal, TypeAlias

    from compose_lite.planner.refs import BoundFile, ContainerRef, InjectedFile
    from compose_lite.spec.model import Condition, Hook, NetworkAttachment

# Beyond `depends_on`'s conditions: `up --wait` asks for "healthy, or running where there is no health check".
WaitFor: TypeAlias = "Condition | Literal['service_running_or_healthy']"


@dataclass(frozen=True, kw_only=True, slots=True)
class _OnContainer:
    """An action on one container."""

    kind: ClassVar[str] = "container"
    container: ContainerRef

    @property
    def name(self) -> str:
        """The container's name at the time of the action."""
        return self.container.called or self.container.name


@dataclass(frozen=True, kw_only=True, slots=True)
class OneOff:
    """What makes a container a one-off (`run`).

    Attributes:
        slug: goes into the label `com.docker.compose.slug`.
        remove: the daemon removes it, with its anonymous volumes, when it ends.
        use_aliases: it answers to the service's name and aliases on its networks.
    """

    slug: str
    remove: bool = False
    use_aliases: bool = False


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
    """Build the image `ref` of `service`; with `if_missing` only if the daemon does not have `ref` by then."""

    verb: ClassVar[str] = "build"
    kind: ClassVar[str] = "image"
    ref: str
    service: str
    if_missing: bool = False

    @property
    def name(self) -> str:
        return self.ref


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveImage:
    """Remove the image `ref`; with `keep_if_used` it is no failure that something still uses it."""

    verb: ClassVar[str] = "remove"
    kind: ClassVar[str] = "image"
    ref: str
    keep_if_used: bool = False

    @property
    def name(self) -> str:
        return self.ref


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateNetwork:
    """Create the project's network `key` under the daemon's `name`; `config_hash` goes into its labels."""

    verb: ClassVar[str] = "create"
    kind: ClassVar[str] = "network"
    key: str
    name: str
    config_hash: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveNetwork:
    """Remove a network; with `keep_if_used` it is no failure that something is still attached."""

    verb: ClassVar[str] = "remove"
    kind: ClassVar[str] = "network"
    id: str
    name: str
    keep_if_used: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectNetwork(_OnContainer):
    """Attach an existing container to a network that it should be on.

    `network` is the daemon's name of it, `attachment` what the service says about it; if it is `named`
    the container also answers to its service's name there, as after a creation.
    """

    verb: ClassVar[str] = "connect"
    network: str
    attachment: NetworkAttachment
    named: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class DisconnectNetwork(_OnContainer):
    """Detach a container from the network of that name; `force` also where the container is not running.

    Done already where the container is not attached.
    """

    verb: ClassVar[str] = "disconnect"
    network: str
    force: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateVolume:
    """Create the project's volume `key` under the daemon's `name`; `config_hash` goes into its labels."""

    verb: ClassVar[str] = "create"
    kind: ClassVar[str] = "volume"
    key: str
    name: str
    config_hash: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveVolume:
    """Remove a volume and its data; with `keep_if_used` it is no failure that a container still uses it."""

    verb: ClassVar[str] = "remove"
    kind: ClassVar[str] = "volume"
    name: str
    keep_if_used: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateContainer(_OnContainer):
    """Create a container of `service` (never starts it).

    Attributes:
        container: who it will be; `container.name` is the name that it is created under.
        final_name: the name that it will have in the end (a replacement is created under a temporary one).
        config_hash: goes into the labels `com.docker.compose.config-hash` and, with `hashing.VERSION` in
            front (`1:<hash>`), `io.compose-lite.hash`.
        image_id: id of the image that the decision was made for, empty if it was not known.
        replaces: the container whose place it takes: its anonymous volumes are mounted again by name,
            unless `renew_volumes` or their target is in `holders`; its id goes into the label
            `io.compose-lite.replaces`.
        inherits: anonymous volumes (target → name) to mount again, of a container that is gone by then.
        peers: containers whose namespaces or volumes it shares (`service:NAME`, `volumes_from`), one per
            service (`volumes_from` needs no more); the label `io.compose-lite.peers` gets their ids,
            as `SERVICE=ID` joined by commas, in this order.
        bound: secrets and configs to mount.
        holders: folders that need an anonymous volume because files are written there while the root
            file system is read-only.
        files: what its secrets and configs are, by target: `configs.NAME UID:GID MODE DIGEST`; written as
            JSON with sorted keys into the label `io.compose-lite.files`. No plain digest of a content.
        oneoff: set for `run`.
        named: if not, it answers only to the name that it is created under, until `ConnectNetwork`
            gives it the names of its service.
    """

    verb: ClassVar[str] = "create"
    config_hash: str
    final_name: str = ""
    image_id: str = ""
    replaces: ContainerRef | None = None
    renew_volumes: bool = False
    inherits: Mapping[str, str] = EMPTY
    peers: tuple[ContainerRef, ...] = ()
    bound: tuple[BoundFile, ...] = ()
    holders: tuple[str, ...] = ()
    files: Mapping[str, str] = EMPTY
    oneoff: OneOff | None = None
    named: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectFiles(_OnContainer):
    """Write the service's secrets and configs into a container that has never been started.

    A container in state `created` may miss them (a kill between the two calls), so this is planned
    before the first start of every such container.
    """

    verb: ClassVar[str] = "provide files to"
    files: tuple[InjectedFile, ...] = ()


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
    """Remove; `volumes` also its anonymous volumes, `force` even while it runs.

    Done already where it is gone; where the daemon is removing it already, wait for the end of that.

    Attributes:
        spare: left alone if it has come to run since it was looked at; otherwise it is stopped first.
    """

    verb: ClassVar[str] = "remove"
    volumes: bool = False
    force: bool = False
    spare: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RenameContainer(_OnContainer):
    """Give a container the name `to`; where it thereby takes the place of another one, that is `replaces`.

    Attributes:
        previous: it makes way for its successor, and is kept as the generation before.
    """

    verb: ClassVar[str] = "rename"
    to: str
    replaces: ContainerRef | None = None
    previous: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AwaitCondition:
    """Wait until `containers` of `service` meet `condition`; not a failure of the plan unless `required`.

    Attributes:
        timeout: seconds, `None` without bound.
        hold: seconds for which the containers have to go on meeting the condition.
        tolerate: how many of them may fail.
    """

    verb: ClassVar[str] = "wait for"
    kind: ClassVar[str] = "service"
    service: str
    condition: WaitFor
    containers: tuple[ContainerRef, ...]
    required: bool = True
    timeout: float | None = None
    hold: float = 0.0
    tolerate: int = 0

    @property
    def name(self) -> str:
        return self.service


@dataclass(frozen=True, kw_only=True, slots=True)
class Delay:
    """Let `seconds` pass between two steps of a service's rollout."""

    verb: ClassVar[str] = "give time to"
    kind: ClassVar[str] = "service"
    service: str
    seconds: float

    @property
    def name(self) -> str:
        return self.service


@dataclass(frozen=True, kw_only=True, slots=True)
class RunHook(_OnContainer):
    """Run a lifecycle hook's command in a running container."""

    verb: ClassVar[str] = "run hook in"
    hook: Hook
    event: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStep(_OnContainer):
    """Run a step of `pre_start` to its end, in a container of its own, for a container that is to be started.

    Attributes:
        step: which one, from 0.
        image: what its container is made from.
        files: the secrets and configs that are written into it, as they are into the service's container.
    """

    verb: ClassVar[str] = "prepare"
    hook: Hook
    step: int
    image: str
    files: tuple[InjectedFile, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunProvider:
    """Have the program that runs `service` bring it up, hold it or take it down.

    Attributes:
        provider: the program's name, `provider.type` in the files.
    """

    kind: ClassVar[str] = "service"
    service: str
    provider: str
    command: Literal["up", "stop", "down"]

    @property
    def verb(self) -> str:
        """`provide`, `stop` or `release`."""
        return {"up": "provide", "stop": "stop", "down": "release"}[self.command]

    @property
    def name(self) -> str:
        return self.service


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
    | Delay
    | RunHook
    | RunStep
    | RunProvider
)
