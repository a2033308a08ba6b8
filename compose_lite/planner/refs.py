"""What decisions and actions alike refer to: containers, and the files that they get."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from compose_lite.planner.observed import ObservedContainer


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerRef:
    """A container of the plan: one that exists (`id` is set) or one that an earlier action creates.

    `name` is its name at the time of the action that creates it, else as observed; it is the key by
    which the executor finds the id of a container that the same plan created. `called` is what people
    know it by, where an earlier action has renamed it.
    """

    name: str
    service: str
    number: int
    id: str | None = None
    called: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectedFile:
    """A secret or config that is written into the container instead of being mounted.

    Attributes:
        kind: where `source` is a key: `secrets` or `configs` of the project.
        target: absolute path in the container.
        uid, gid: numeric owner as text; `None` is root.
        mode: permissions; `None` is 0o444.
    """

    kind: Literal["secrets", "configs"]
    source: str
    target: str
    uid: str | None = None
    gid: str | None = None
    mode: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BoundFile:
    """A secret or config that is the read-only bind mount of the host's file `path`."""

    path: str
    target: str


def ref_of(container: ObservedContainer) -> ContainerRef:
    """The reference to an existing container."""
    return ContainerRef(
        name=container.name, service=container.service, number=container.number, id=container.id
    )
