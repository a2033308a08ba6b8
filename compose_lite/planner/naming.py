"""Names: the ones that containers should have, the temporary ones of unfinished replacements, the daemon's own."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from compose_lite.spec.model import Service

SHORT_ID = 12  # digits of a container id that a temporary name starts with, as docker compose does it
ANONYMOUS = re.compile(r"[0-9a-f]{64}")  # the name that the daemon gives to a volume without one
_PREVIOUS = ".previous"
_TEMPORARY = re.compile(r"[0-9a-f]{12}_(?P<name>.+)")


def container_name(project: str, service: Service, number: int) -> str:
    """The name that replica `number` of the service should have."""
    return service.container_name or service.joined(project, service.name, str(number))


def one_off_name(project: str, service: Service, slug: str) -> str:
    """The name of a one-off container."""
    return service.joined(project, service.name, "run", slug)


def temporary_name(replaced: str, name: str) -> str:
    """The name under which the successor of the container with the id `replaced` is created."""
    return f"{replaced[:SHORT_ID]}_{name}"


def aside_name(container: str, name: str) -> str:
    """The name that the container with this id takes while others sort out theirs; never a successor's."""
    return f"{container[-SHORT_ID:]}_{name}"


def birth_name(name: str, replaced: str | None, digest: str, taken: Collection[str]) -> str:
    """The name to create a container under: `name`, or a temporary one where it has to wait for that.

    It has to if it replaces a container, or if somebody has the name: a creation must not wait for a
    removal, because the removal may wait for it.
    """
    if replaced is None and name not in taken:
        return name
    by_id = [] if replaced is None else [temporary_name(replaced, name), aside_name(replaced, name)]
    by_hash = [f"{digest[start : start + SHORT_ID]}_{name}" for start in range(0, len(digest), SHORT_ID)]
    return next(candidate for candidate in (*by_id, *by_hash) if candidate not in taken)


def previous_name(name: str) -> str:
    """The name under which the container that had `name` is kept when another one has taken its place."""
    return name + _PREVIOUS


def is_previous_name(name: str) -> bool:
    """Whether a container of this name, unless it runs, is the kept generation before another one."""
    return name.endswith(_PREVIOUS)


def name_before(previous: str) -> str:
    """The name that a container had before it was kept under the name `previous`."""
    return previous.removesuffix(_PREVIOUS)


def is_successor_name(name: str, replaced: str) -> bool:
    """Whether a container of this name was created to take the place of the one with the id `replaced`."""
    return _TEMPORARY.fullmatch(name) is not None and name.startswith(replaced[:SHORT_ID])
