"""What needs a newer engine than the oldest supported one: a table of fields and API versions."""

from __future__ import annotations

import re

from compose_lite.errors import Problem, UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compose_lite.spec.model import DeviceMapping, Service

# Since when the API takes all networks of a container when it is created, and MAC addresses with them.
ALL_NETWORKS = (1, 44)
ENDPOINT_MAC = (1, 44)
# Since when `Mounts` can make a missing host folder, as `Binds` always could.
CREATE_MOUNTPOINT = (1, 42)

_CDI_NAME = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w-]*=[A-Za-z0-9][\w.:-]*"


@dataclass(frozen=True, slots=True)
class Feature:
    """A field, the API version that brought it, the engine release of that version, and whether it is used."""

    field: str
    api_version: tuple[int, ...]
    engine: str
    used: Callable[[Service], bool]


FEATURES = (
    Feature("volumes.type: cluster", (1, 42), "23.0", lambda s: any(m.type == "cluster" for m in s.volumes)),
    Feature("annotations", (1, 43), "24.0", lambda s: bool(s.annotations)),
    Feature(
        "volumes.bind.recursive",
        (1, 44),
        "25.0",
        lambda s: any(m.recursive in ("writable", "readonly") for m in s.volumes),
    ),
    Feature(
        "healthcheck.start_interval",
        (1, 44),
        "25.0",
        lambda s: s.healthcheck is not None and s.healthcheck.start_interval is not None,
    ),
    Feature("networks.*.mac_address", ENDPOINT_MAC, "25.0", lambda s: _has_further_mac(s)),
    Feature("devices (CDI)", (1, 44), "25.0", lambda s: any(map(is_cdi, s.devices))),
    Feature(
        "volumes.volume.subpath",
        (1, 45),
        "26.0",
        lambda s: any(m.type == "volume" and m.subpath for m in s.volumes),
    ),
    Feature("volumes.type: image", (1, 48), "28.0", lambda s: any(m.type == "image" for m in s.volumes)),
    Feature("networks.*.gw_priority", (1, 48), "28.0", lambda s: any(n.gw_priority for n in s.networks)),
    Feature(
        "networks.*.interface_name", (1, 49), "28.1", lambda s: any(n.interface_name for n in s.networks)
    ),
)


def require(service: Service, api_version: tuple[int, ...]) -> None:
    """Refuse what the engine can't do, rather than leave it out. Raises UsageError naming each such field."""
    problems = too_new((service,), api_version)
    if problems:
        raise UsageError(problems=problems)


def too_new(services: Iterable[Service], api_version: tuple[int, ...]) -> list[Problem]:
    """A problem for each field of the services that needs a newer engine than one that speaks `api_version`."""
    return [
        _too_new(service, feature, api_version)
        for service in services
        for feature in FEATURES
        if api_version < feature.api_version and feature.used(service)
    ]


def _too_new(service: Service, feature: Feature, api_version: tuple[int, ...]) -> Problem:
    needed, there = (".".join(map(str, version)) for version in (feature.api_version, api_version))
    return Problem(
        code="engine-too-old",
        message=f"service {service.name!r} uses `{feature.field}`, which the Docker daemon is too old for:"
        f" it speaks API {there}, {needed} is needed",
        hint=f"update to Docker Engine {feature.engine} or later, or take the field out",
        location=service.location,
        path=f"services.{service.name}.{feature.field}",
    )


def is_cdi(device: DeviceMapping) -> bool:
    """Whether a device is named as the Container Device Interface does it: `vendor.com/class=name`."""
    return device.source == device.target and re.fullmatch(_CDI_NAME, device.source) is not None


def security_option(option: str) -> tuple[str, str]:
    """A `security_opt` entry as name and value, whichever of `=` and `:` stands between them."""
    name, _, value = option.partition("=") if "=" in option else option.partition(":")
    return name, value


def _has_further_mac(service: Service) -> bool:
    """Whether a network other than the first asks for a MAC address: older engines have one for the container."""
    ordered = sorted(service.networks, key=lambda network: (-network.priority, network.network))
    return any(network.mac_address for network in ordered[1:])
