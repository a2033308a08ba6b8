"""What a command asks the planner for, as frozen data: one class a verb.

Options that change the stack itself (`--scale`, `run`'s overrides, build options) are applied to the
`Project` before it is planned. An empty `services` means all of the project's.
"""

from __future__ import annotations

from collections.abc import Mapping

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from compose_lite.spec.model import Command, Mount, Port

    Recreate = Literal["diverged", "force", "never"]
    BuildChoice = Literal["auto", "always", "never"]


# Digests of the content of the project's secrets and configs: `secrets.NAME` or `configs.NAME` → hex sha256,
# and `mounts.PATH` for each of `files.tracked_mounts`.
# The planner reads no files; who calls it computes them (a missing entry means "unknown": never a difference).
Contents = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class UpRequest:
    """`up` and `create`.

    Attributes:
        recreate: `force` is `--force-recreate`, `never` `--no-recreate`.
        recreate_dependencies: the same for services that are only there as dependencies
            (`--always-recreate-deps` is `force`; `never` goes with `recreate="never"`).
        no_deps: leave dependencies alone and don't wait for them.
        renew_anonymous_volumes: replaced containers get new anonymous volumes.
        start: False is `create` and `up --no-start`.
        remove_orphans: remove containers of services that the project no longer has.
        ignore_orphans: don't even mention them (`COMPOSE_IGNORE_ORPHANS`).
        timeout: seconds before a stopped container is killed; `None`: its own grace period.
        wait: the plan ends only when everything selected runs, is healthy, or has completed.
        wait_timeout: seconds that each such last wait may take, `None` without bound.
        recreate_volumes: keys of volumes that may be destroyed and made anew if they changed.
        rerun_jobs: start completed jobs again though nothing about them changed.
        all_resources: make also the networks and volumes that no service uses.
    """

    services: tuple[str, ...] = ()
    recreate: Recreate = "diverged"
    recreate_dependencies: Recreate = "diverged"
    no_deps: bool = False
    renew_anonymous_volumes: bool = False
    start: bool = True
    remove_orphans: bool = False
    ignore_orphans: bool = False
    timeout: float | None = None
    wait: bool = False
    wait_timeout: float | None = None
    recreate_volumes: frozenset[str] = frozenset()
    rerun_jobs: bool = False
    all_resources: bool = False
    verb: str = "up"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImagesRequest:
    """The images that `up`, `create` and `run` need.

    Attributes:
        pull: overrides every service's `pull_policy` (`--pull`), `None` keeps them.
        build: `always` is `--build`, `never` is `--no-build`.
        now: seconds since the epoch, for policies such as `daily`.
    """

    services: tuple[str, ...] = ()
    no_deps: bool = False
    pull: str | None = None
    build: BuildChoice = "auto"
    now: int = 0
    verb: str = "up"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """`pull`.

    Attributes:
        policy: `always` (also when `None`) or `missing`.
        include_deps: also the images of the dependencies of `services`.
        ignore_buildable: skip services that can be built.
        ignore_failures: a failed pull does not fail the plan.
    """

    services: tuple[str, ...] = ()
    policy: str | None = None
    include_deps: bool = False
    ignore_buildable: bool = False
    ignore_failures: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildRequest:
    """`build`; how to build is in the project's `build` sections."""

    services: tuple[str, ...] = ()
    with_dependencies: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DownRequest:
    """`down`.

    Attributes:
        volumes: also the project's named volumes and its containers' anonymous ones.
        rmi: also images: `all` that the services use, or `local`: those without a name of their own.
    """

    services: tuple[str, ...] = ()
    volumes: bool = False
    rmi: Literal["local", "all"] | None = None
    remove_orphans: bool = False
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StartRequest:
    """`start`: existing containers of `services` and of what they depend on; never creates."""

    services: tuple[str, ...] = ()
    wait: bool = False
    wait_timeout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StopRequest:
    """`stop`."""

    services: tuple[str, ...] = ()
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartRequest:
    """`restart`: with `no_deps`, dependents that ask for `restart: true` are left alone."""

    services: tuple[str, ...] = ()
    timeout: float | None = None
    no_deps: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviveRequest:
    """Restart containers because they are unhealthy, if they still are.

    Attributes:
        containers: their ids.
        fallen: those of them that an earlier attempt has left stopped.
        timeout: seconds before a container that does not stop is killed; `None`: its own grace period.
    """

    containers: frozenset[str]
    fallen: frozenset[str] = frozenset()
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackRequest:
    """`rollback`.

    Attributes:
        created: ids of containers that the update has made; those that replace nothing go as well.
    """

    services: tuple[str, ...] = ()
    timeout: float | None = None
    created: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class KillRequest:
    """`kill`."""

    services: tuple[str, ...] = ()
    signal: str = "SIGKILL"
    remove_orphans: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseRequest:
    """`pause`."""

    services: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class UnpauseRequest:
    """`unpause`."""

    services: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveRequest:
    """`rm`: stopped containers, or with `stop` all; `volumes` their anonymous volumes too."""

    services: tuple[str, ...] = ()
    stop: bool = False
    volumes: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRequest:
    """`run`: one one-off container of `service`, with what the command line changes about it.

    Short syntaxes are parsed by the caller. `None` keeps what the service says.

    Attributes:
        slug: 12 random hex digits that make the container's name.
        name: a container name of the user's own (`--name`).
        remove: the container goes when it ends (`--rm`).
        service_ports: publish the service's ports; otherwise only `publish`.
        use_aliases: answer to the service's name and aliases on its networks.
        environment, labels, volumes, cap_add, cap_drop: added to the service's.
        detach: nobody is attached to it.
    """

    service: str
    slug: str
    name: str | None = None
    command: Command | None = None
    entrypoint: Command | None = None
    environment: Mapping[str, str | None] = EMPTY
    labels: Mapping[str, str] = EMPTY
    user: str | None = None
    working_dir: str | None = None
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    publish: tuple[Port, ...] = ()
    volumes: tuple[Mount, ...] = ()
    tty: bool = False
    interactive: bool = True
    detach: bool = False
    remove: bool = False
    no_deps: bool = False
    service_ports: bool = False
    use_aliases: bool = False
    remove_orphans: bool = False
    ignore_orphans: bool = False
