"""Decides what has to be looked at for a project, and looks: lists first, inspections only where needed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.pipeline.means import Stack
    from compose_lite.planner.observed import Observed
    from compose_lite.planner.requests import UpRequest
    from compose_lite.runner.daemon import Daemon
    from compose_lite.spec.model import Project


def observe_project(daemon: Daemon, project: Project) -> Observed:
    """The snapshot that `up` is planned from: the project's things, its images, and everybody's containers."""
    from compose_lite.runner.observe import observe

    return observe(
        daemon,
        project.name,
        images=image_refs(project),
        platforms={
            service.image_name(project.name): service.platform
            for service in project.services.values()
            if service.platform
        },
        networks=[network.name for network in project.networks.values()],
        volumes=[volume.name for volume in project.volumes.values()],
        foreign=True,
    )


def observe_stack(daemon: Daemon, stack: Stack, *, images: bool = False) -> Observed:
    """The snapshot that `down`, `stop` and their like are planned from."""
    from compose_lite.runner.observe import observe

    project = stack.project
    if project is None:
        return observe(daemon, stack.name)
    return observe(
        daemon,
        stack.name,
        images=image_refs(project) if images else (),
        networks=[network.name for network in project.networks.values()],
        volumes=[volume.name for volume in project.volumes.values()],
    )


def look_closer(
    daemon: Daemon,
    project: Project,
    observed: Observed,
    request: UpRequest,
    contents: Mapping[str, str],
) -> Observed:
    """The snapshot with the configurations of those containers whose labels don't show that they fit."""
    from compose_lite.planner.converge import needs_inspection

    ids = needs_inspection(project, observed, request, contents)
    if not ids:
        return observed
    from compose_lite.runner.observe import inspect

    return inspect(daemon, observed, ids)


def settled(project: Project, observed: Observed, daemon: Daemon) -> Project:
    """The project as it is run: an instance with the host ports that it has, or gets; others as they are."""
    if not project.instance:
        return project
    from compose_lite.planner.instances import allocated
    from compose_lite.runner.sockets import Listeners, sees_host_sockets

    listeners = Listeners() if sees_host_sockets(daemon.address) else None

    def listens(port: int, protocol: str) -> bool:
        return listeners is not None and protocol in ("tcp", "udp") and bool(listeners.inodes(port, protocol))

    return allocated(project, observed, listens)


def image_refs(project: Project) -> Iterable[str]:
    """The references of all images that the project's services and mounts use."""
    for service in project.services.values():
        if service.provider is None:
            yield service.image_name(project.name)
        yield from (hook.image for hook in service.pre_start if hook.image)
        yield from (mount.source for mount in service.volumes if mount.type == "image" and mount.source)
