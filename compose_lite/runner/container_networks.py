"""A container's networks: its network mode, and its endpoint on each network, in the Engine API's words."""

from __future__ import annotations

from compose_lite.runner import features

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.planner.actions import CreateContainer
    from compose_lite.runner.daemon import Json
    from compose_lite.spec.model import NetworkAttachment, Project, Service

_INTERFACE_OPTION = "com.docker.network.endpoint.ifname"
_SERVICE = "service:"


def network_mode(project: Project, service: Service, peers: Mapping[str, str]) -> str:
    """The host configuration's network mode: the service's own, else the network with the highest priority."""
    if service.network_mode:
        return namespace(service.network_mode, peers) or ""
    attached = _by_priority(service)
    return _daemon_name(project, attached[0].network) if attached else "none"


def namespace(mode: str | None, peers: Mapping[str, str]) -> str | None:
    """A mode in which `service:NAME` is the container that the service has."""
    if mode is None or not mode.startswith(_SERVICE):
        return mode
    return f"container:{peers[mode.removeprefix(_SERVICE)]}"


def host_links(service: Service, links: tuple[str, ...]) -> list[str] | None:
    """The links of the host configuration: only the engine's own bridge has them there."""
    return list(links) or None if service.network_mode else None


def endpoints(
    project: Project,
    service: Service,
    action: CreateContainer,
    *,
    links: tuple[str, ...],
    api_version: tuple[int, ...],
) -> list[tuple[str, Json]]:
    """The container's endpoints by the daemon's network name, the one that gives the network mode first."""
    if service.network_mode:
        return []
    return [
        (
            _daemon_name(project, attachment.network),
            endpoint(
                attachment,
                aliases=aliases(service, action, attachment),
                links=links,
                mac_address=_mac_address(service, attachment, first=position == 0, api_version=api_version),
            ),
        )
        for position, attachment in enumerate(_by_priority(service))
    ]


def aliases(service: Service, action: CreateContainer, attachment: NetworkAttachment) -> list[str]:
    """The names that the container answers to: its own, its service's and those asked for."""
    if not action.named:
        return [action.container.name]
    names = [action.final_name or action.container.name]
    if action.oneoff is None or action.oneoff.use_aliases:
        names += [service.name, *attachment.aliases]
    return list(dict.fromkeys(names))


def endpoint(
    attachment: NetworkAttachment,
    *,
    aliases: list[str],
    links: tuple[str, ...] = (),
    mac_address: str | None = None,
) -> Json:
    """An endpoint's settings."""
    options = dict(attachment.driver_opts)
    if attachment.interface_name:
        options[_INTERFACE_OPTION] = attachment.interface_name
    addresses = {
        "IPv4Address": attachment.ipv4_address,
        "IPv6Address": attachment.ipv6_address,
        "LinkLocalIPs": list(attachment.link_local_ips) or None,
    }
    settings = {
        "IPAMConfig": {name: value for name, value in addresses.items() if value} or None,
        "Links": list(links) or None,
        "Aliases": aliases,
        "MacAddress": mac_address,
        "DriverOpts": options or None,
        "GwPriority": attachment.gw_priority or None,
    }
    return {name: value for name, value in settings.items() if value is not None}


def mac_address(service: Service, api_version: tuple[int, ...]) -> str | None:
    """The container-wide MAC address, which older engines know instead of the endpoints'."""
    attached = _by_priority(service)
    if service.network_mode or not attached:
        return service.mac_address
    if api_version >= features.ENDPOINT_MAC:
        return None
    return service.mac_address or attached[0].mac_address


def _mac_address(
    service: Service, attachment: NetworkAttachment, *, first: bool, api_version: tuple[int, ...]
) -> str | None:
    if api_version < features.ENDPOINT_MAC:
        return None
    return attachment.mac_address or (service.mac_address if first else None)


def _by_priority(service: Service) -> list[NetworkAttachment]:
    return sorted(service.networks, key=lambda attachment: (-attachment.priority, attachment.network))


def _daemon_name(project: Project, key: str) -> str:
    return project.networks[key].name if key in project.networks else key
