"""Questions about what runs; nothing here changes anything."""

from __future__ import annotations

from compose_lite import labels
from compose_lite.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon
    from compose_lite.spec.model import Project


def containers(
    daemon: Daemon,
    project: str,
    *,
    stopped: bool = True,
    service: str | None = None,
    previous: bool = False,
) -> tuple[ObservedContainer, ...]:
    """The project's containers (one-offs too), by name: one list call.

    Args:
        stopped: also those that don't run.
        service: only this service's.
        previous: also those that are kept as the generation before.
    """
    from compose_lite.planner.observed import generations
    from compose_lite.runner.observe import container

    wanted = [f"{labels.PROJECT}={project}"]
    if service is not None:
        wanted.append(f"{labels.SERVICE}={service}")
    listed = daemon.list_containers(filters={"label": wanted}, include_stopped=stopped)
    present, before = generations(map(container, listed))
    return tuple(sorted((*present, *(before if previous else ())), key=lambda found: found.name))


def replaced_containers(daemon: Daemon, project: str) -> tuple[ObservedContainer, ...]:
    """The containers whose place another one has taken, as far as they are still there: kept, or not yet removed."""
    from compose_lite.planner.naming import is_previous_name

    found = containers(daemon, project, previous=True)
    replaced = {container.labels.get(labels.REPLACES) for container in found}
    return tuple(
        container
        for container in found
        if not container.running and (is_previous_name(container.name) or container.id in replaced)
    )


def service_container(
    daemon: Daemon, project: str, service: str, *, index: int = 0, running: bool = True
) -> ObservedContainer:
    """The service's container number `index`, or its first one.

    Raises:
        NotFound: there is no such container, or (where `running` is asked for) it does not run.
    """
    found = [
        container
        for container in containers(daemon, project, service=service, stopped=not running)
        if not container.oneoff and index in (0, container.number)
    ]
    if not found:
        which = f" container #{index}" if index else ""
        if not running:
            raise NotFound(f"service {service!r} has no container{which.removeprefix(' container')}")
        hint = f"start it with: compose-lite up --detach {service}"
        raise NotFound(f"service {service!r} is not running{which}", hint=hint)
    return min(found, key=lambda container: container.number)


def config_hashes(project: Project) -> dict[str, str]:
    """The configuration hash of each service's containers, by name; raises `SpecError` as `up` does."""
    from compose_lite.pipeline.contents import digests, read_contents
    from compose_lite.planner.files import files_of
    from compose_lite.planner.hashing import service_hash

    known = digests(read_contents(project))
    return {
        name: service_hash(project, service, files_of(project, service, known))
        for name, service in project.services.items()
    }
