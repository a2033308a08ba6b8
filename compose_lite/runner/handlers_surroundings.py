"""Carries out what concerns the surroundings of containers: networks and volumes. See `handlers`."""

from __future__ import annotations

import time

from compose_lite import __version__, labels
from compose_lite.errors import Conflict, DaemonError, NotFound
from compose_lite.runner.container_networks import endpoint
from compose_lite.runner.create import connect
from compose_lite.runner.site import DONE, IN_USE, NOTHING_TO_DO, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.planner import actions as a
    from compose_lite.runner.daemon import Json
    from compose_lite.runner.progress import Report
    from compose_lite.runner.site import Site
    from compose_lite.spec.model import Network

# How often, and after how many seconds each, something is looked for that another request may be making.
_GLANCES, _PAUSE = 25, 0.2


# networks


def create_network(site: Site, action: a.CreateNetwork, _report: Report) -> Outcome:
    network = site.known_project.networks[action.key]
    body = network_body(network, site.known_project.name, action)
    try:
        site.daemon.create_network(body)
    except Conflict:
        if not _is_there(site, action.name, body["Labels"]):
            raise
        return NOTHING_TO_DO
    except DaemonError as error:
        # The daemon may still be at the same request of an invocation that was killed: its subnet is taken then,
        # but it is not yet to be seen.
        if "overlap" not in str(error) or not _appears(site, action.name, body["Labels"]):
            raise
        return NOTHING_TO_DO
    return DONE


def network_body(network: Network, project: str, action: a.CreateNetwork) -> Json:
    """The request to create a network."""
    pools = [
        {
            name: value
            for name, value in {
                "Subnet": pool.subnet,
                "Gateway": pool.gateway,
                "IPRange": pool.ip_range,
                "AuxiliaryAddresses": dict(pool.aux_addresses) or None,
            }.items()
            if value
        }
        for pool in network.ipam_pools
    ]
    body: Json = {
        "Name": action.name,
        "CheckDuplicate": True,  # engines before API 1.44 make a second one of the same name otherwise
        "Driver": network.driver or "",
        "Options": dict(network.driver_opts),
        "Internal": network.internal,
        "Attachable": network.attachable,
        "EnableIPv6": bool(network.enable_ipv6),
        "Labels": {**network.labels, **_marks(project, labels.NETWORK, action.key, action.config_hash)},
    }
    if network.enable_ipv4 is not None:
        body["EnableIPv4"] = network.enable_ipv4
    if network.ipam_driver or pools or network.ipam_options:
        body["IPAM"] = {
            "Driver": network.ipam_driver or "default",
            "Config": pools,
            "Options": dict(network.ipam_options),
        }
    return body


def remove_network(site: Site, action: a.RemoveNetwork, _report: Report) -> Outcome:
    try:
        site.daemon.remove_network(action.id)
    except NotFound:
        return NOTHING_TO_DO
    except DaemonError as error:
        if error.status != 403:
            raise
        if action.keep_if_used:
            return IN_USE
        attached = site.daemon.inspect_network(action.id).get("Containers") or {}
        names = ", ".join(sorted(found["Name"] for found in attached.values()))
        raise DaemonError(
            f"the network {action.name!r} is still used by {names}" if names else str(error),
            hint="stop or disconnect what is attached to it first",
            status=403,
        ) from error
    return DONE


def connect_network(site: Site, action: a.ConnectNetwork, _report: Report) -> Outcome:
    own = (action.container.service,) if action.named else ()
    names = list(dict.fromkeys((*own, *action.attachment.aliases)))
    settings = endpoint(action.attachment, aliases=names, mac_address=action.attachment.mac_address)
    container = site.containers.id(action.container)
    made = connect(site.daemon, action.network, container, {"EndpointConfig": settings})
    return DONE if made else NOTHING_TO_DO


def disconnect_network(site: Site, action: a.DisconnectNetwork, _report: Report) -> Outcome:
    container = site.containers.id(action.container)
    try:
        site.daemon.disconnect_network(action.network, container=container, force=action.force)
    except NotFound:
        return NOTHING_TO_DO
    except DaemonError:
        if action.network in site.daemon.inspect_container(container)["NetworkSettings"]["Networks"]:
            raise
        return NOTHING_TO_DO
    return DONE


# volumes


def create_volume(site: Site, action: a.CreateVolume, _report: Report) -> Outcome:
    """Create a volume; the daemon takes an existing one of the same name and driver as it is."""
    volume = site.known_project.volumes[action.key]
    marks = _marks(site.known_project.name, labels.VOLUME, action.key, action.config_hash)
    if volume.protected:
        marks[labels.PROTECTED] = "true"
    site.daemon.create_volume(
        {
            "Name": action.name,
            "Driver": volume.driver or "",
            "DriverOpts": dict(volume.driver_opts),
            "Labels": {**volume.labels, **marks},
        }
    )
    return DONE


def remove_volume(site: Site, action: a.RemoveVolume, _report: Report) -> Outcome:
    try:
        site.daemon.remove_volume(action.name)
    except NotFound:
        return NOTHING_TO_DO
    except Conflict:
        # A refusal alone does not tell that somebody needs the data: nothing may stay unnoticed.
        if not action.keep_if_used or not site.daemon.list_containers(filters={"volume": [action.name]}):
            raise
        return IN_USE
    return DONE


def _marks(project: str, kind: str, key: str, config_hash: str) -> dict[str, str]:
    """The labels of a network or volume."""
    hashes = {
        labels.CONFIG_HASH: config_hash,
        labels.HASH: f"{labels.HASH_VERSION}:{config_hash}",
    }
    return {
        labels.PROJECT: project,
        kind: key,
        labels.VERSION: __version__,
        **(hashes if config_hash else {}),
    }


def _is_there(site: Site, network: str, wanted: Mapping[str, str]) -> bool:
    """Whether the network of this name has the labels that ours would have."""
    try:
        marks = site.daemon.inspect_network(network).get("Labels") or {}
    except NotFound:
        return False
    return all(marks.get(name) == value for name, value in wanted.items())


def _appears(site: Site, network: str, wanted: Mapping[str, str]) -> bool:
    """Whether the network is there, or comes to be within a moment."""
    for _ in range(_GLANCES):
        if _is_there(site, network, wanted):
            return True
        time.sleep(_PAUSE)
    return False
