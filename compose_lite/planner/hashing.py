"""The configuration hash: equal for two services exactly if their containers would be created alike.

Only what is set counts, so that a field that a later version adds does not change the hash of a service
that does not use it. What never reaches the container is left out. The hash goes into a label; it has
secrets' contents only as digests that are bound to their place.
"""

from __future__ import annotations

import json

from compose_lite.hashes import sha256
from compose_lite.lazy_dataclasses import MISSING, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from compose_lite.planner.files import ServiceFiles
    from compose_lite.spec.model import Deploy, Network, Project, Service, Volume

VERSION = "1"

# Decided from the daemon's lists (name, image id, number of replicas), or of no concern to a container.
_NOT_IN_CONTAINER = frozenset({
    "attach", "build", "configs", "container_name", "depends_on", "deploy", "extensions", "image", "location",
    "networks", "post_start", "pre_stop", "profiles", "provided", "provider", "pull_policy", "scale", "secrets",
    "separator", "supervision", "volumes", "watch",
})  # fmt: skip
_NOT_IN_NETWORK = frozenset({"key", "external", "extensions", "location"})
_NOT_IN_VOLUME = frozenset({"key", "external", "extensions", "location", "protected"})


def label(digest: str) -> str:
    """The value of the label `io.compose-lite.hash` for a configuration hash."""
    return f"{VERSION}:{digest}"


def service_hash(project: Project, service: Service, files: ServiceFiles) -> str:
    """The configuration hash of the service's containers."""
    told: dict[str, Any] = _set_fields(service, _NOT_IN_CONTAINER)
    told["image"] = service.image_name(project.name)
    told["networks"] = [
        {**_plain(attachment), "network": _daemon_name(project.networks, attachment.network)}
        for attachment in service.networks
    ]
    told["volumes"] = [
        {**_plain(mount), "source": _daemon_name(project.volumes, mount.source)}
        if mount.type == "volume" and mount.source is not None
        else _plain(mount)
        for mount in service.volumes
    ]
    told["files"] = {"bound": _plain(files.bound), "all": _plain(files.described)}
    if service.deploy is not None and (deploy := _deploy(service.deploy)):
        told["deploy"] = deploy
    return _digest(told)


def network_hash(network: Network) -> str:
    """The configuration hash of a network."""
    return _digest(_set_fields(network, _NOT_IN_NETWORK))


def volume_hash(volume: Volume) -> str:
    """The configuration hash of a volume."""
    return _digest(_set_fields(volume, _NOT_IN_VOLUME))


def _deploy(deploy: Deploy) -> dict[str, Any]:
    """The parts of `deploy` that make a difference to one container."""
    parts = {"limits": deploy.limits, "reservations": deploy.reservations, "restart": deploy.restart_policy}
    return {name: _plain(part) for name, part in parts.items() if part is not None}


def _daemon_name(objects: Mapping[str, Any], key: str) -> str:
    found = objects.get(key)
    return key if found is None else str(found.name)


def _digest(told: Mapping[str, Any]) -> str:
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode()).hexdigest()


def _defaults(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    found = _known_defaults.get(kind)
    if found is None:
        found = tuple(
            (field.name, None if field.default is MISSING else field.default) for field in fields(kind)
        )
        _known_defaults[kind] = found
    return found


_known_defaults: dict[type[Any], tuple[tuple[str, Any], ...]] = {}


def _set_fields(value: Any, excluded: frozenset[str] = frozenset()) -> dict[str, Any]:
    told = {}
    for name, default in _defaults(type(value)):
        if name not in excluded:
            given = getattr(value, name)
            if given is not default and given != default:
                told[name] = _plain(given)
    return told


def _plain(value: Any) -> Any:
    """JSON-ready data: dataclasses without what is not set, mappings with text keys, tuples as lists."""
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(_plain(item) for item in value)
    return _set_fields(value)
