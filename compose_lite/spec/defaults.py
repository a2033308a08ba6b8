"""Values that the format gives to attributes nobody set, before names and paths are resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.tree import Map
from compose_lite.spec.volumes import clean_target

if TYPE_CHECKING:
    from collections.abc import Iterator


def set_defaults(tree: Map) -> None:
    """Fill in the defaults of every service, in place."""
    services = tree.get("services")
    if not isinstance(services, Map):
        return
    for service in services.values():
        if isinstance(service, Map):
            _service(service)


def _service(service: Map) -> None:
    build = service.get("build")
    if isinstance(build, Map):
        build.setdefault("context", ".")
    for secret in _maps(service.get("secrets")):
        if "target" not in secret:
            secret["target"] = f"/run/secrets/{secret.get('source')}"
    for port in _maps(service.get("ports")):
        port.setdefault("protocol", "tcp")
        port.setdefault("mode", "ingress")
    for volume in _maps(service.get("volumes")):
        target = volume.get("target")
        if isinstance(target, str):
            volume["target"] = clean_target(target)
    for request in (*_maps(service.get("gpus")), *_maps(_reserved_devices(service))):
        if "count" not in request and "device_ids" not in request:
            request["count"] = "all"


def _reserved_devices(service: Map) -> Any:
    node: Any = service
    for key in ("deploy", "resources", "reservations", "devices"):
        if not isinstance(node, Map):
            return None
        node = node.get(key)
    return node


def _maps(value: Any) -> Iterator[Map]:
    if isinstance(value, list):
        for item in value:
            if isinstance(item, Map):
                yield item
