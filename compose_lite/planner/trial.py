"""A copy of a project that can run beside the original: for tests, gone without a trace afterwards."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.links import raise_all
from compose_lite.planner.selection import unknown_services
from compose_lite.spec.model import FrozenMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.spec.model import Command, Network, Project, Service, Volume


def trial_project(project: Project, service: str, *, slug: str, command: Command | None = None) -> Project:
    """The project under a name of its own, in which the service runs once, with `command` if there is one.

    What only one stack at a time can have is given up: host ports, container names (they become aliases)
    and names of networks and volumes, and subnets that no service has a fixed address in. Images keep the
    names that they have in the original, so that what was built for it is used.

    Raises:
        PlanError: the service is unknown.
    """
    raise_all(unknown_services(project, [service]))
    name = f"{project.name}-test-{slug}"
    fixed = {
        attachment.network
        for each in project.services.values()
        for attachment in each.networks
        if attachment.ipv4_address or attachment.ipv6_address
    }
    services = {key: _beside(each, project.name) for key, each in project.services.items()}
    services[service] = _once(services[service], command)
    return replace(
        project,
        name=name,
        services=FrozenMap(services),
        networks=_renamed_networks(project.networks, name, keep_subnets=fixed),
        volumes=_renamed_volumes(project.volumes, name),
    )


def _beside(service: Service, original: str) -> Service:
    """The service without what its container in the original stack may have already."""
    networks = service.networks
    if service.container_name is not None:
        known_as = service.container_name
        networks = tuple(
            replace(attachment, aliases=(*attachment.aliases, known_as)) for attachment in service.networks
        )
    if service.build is not None and service.image is None:
        # Nobody but us gives it this name: a registry has no image of it.
        policy = "build" if service.pull_policy == "build" else "never"
        service = replace(service, image=service.image_name(original), pull_policy=policy)
    return replace(
        service,
        container_name=None,
        networks=networks,
        ports=(),
        expose=(*service.expose, *(f"{port.target}/{port.protocol}" for port in service.ports)),
    )


def _once(service: Service, command: Command | None) -> Service:
    """The service with one container that is not started again when it ends."""
    deploy = replace(service.deploy, restart_policy=None) if service.deploy is not None else None
    return replace(
        service,
        command=service.command if command is None else command,
        restart=None,
        deploy=deploy,
        scale=1,
        attach=True,
    )


def _renamed_networks(
    networks: Mapping[str, Network], project: str, *, keep_subnets: set[str]
) -> FrozenMap[str, Network]:
    return FrozenMap(
        (
            key,
            network
            if network.external
            else replace(
                network,
                name=f"{project}_{key}",
                ipam_pools=network.ipam_pools if key in keep_subnets else (),
            ),
        )
        for key, network in networks.items()
    )


def _renamed_volumes(volumes: Mapping[str, Volume], project: str) -> FrozenMap[str, Volume]:
    return FrozenMap(
        (key, volume if volume.external else replace(volume, name=f"{project}_{key}", protected=False))
        for key, volume in volumes.items()
    )
