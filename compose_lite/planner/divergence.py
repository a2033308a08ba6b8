"""Decides whether a container still is what its service says, and if not, why."""

from __future__ import annotations

from compose_lite import labels
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner import hashing
from compose_lite.planner.differences import HIDDEN, container_reasons
from compose_lite.planner.reasons import Change, Reason, Why
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from compose_lite.planner.effective import Flat
    from compose_lite.planner.files import ServiceFiles
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.spec.model import Project, Service

_IMAGE_DIGITS = 12
# What `use_api_socket` adds where the user of that moment has registry credentials: no part of the service.
_REGISTRY_ACCESS = frozenset({"environment.DOCKER_CONFIG", "mounts./run/secrets/docker/config.json"})
# What Podman (seen on 4.3) gives every container of its own accord, and shows as if it had been asked for.
_PODMANS_OWN = frozenset(
    {
        *(f"environment.{name}" for name in ("container", "HOME", "HOSTNAME", "TERM")),
        *("ipc", "pid", "pids_limit", "shm_size", "stop_grace_period", "uts", "working_dir"),
    }
)


def hash_matches(container: ObservedContainer, digest: str) -> bool:
    """Whether this tool created the container from exactly this configuration."""
    return container.labels.get(labels.HASH) == hashing.label(digest)


def divergence(
    project: Project,
    observed: Observed,
    service: Service,
    container: ObservedContainer,
    *,
    digest: str,
    files: ServiceFiles,
    peers: Mapping[str, str],
) -> tuple[Reason, ...]:
    """Why the container has to be replaced; nothing if it is as the service says.

    Args:
        digest: the service's configuration hash.
        peers: service → id of the container that a new container would share something with.
    """
    ref = service.image_name(project.name)
    return (
        *_image_reasons(observed, service, ref, container),
        *_config_reasons(project, observed, service, container, digest=digest, files=files, peers=peers),
    )


def _image_reasons(
    observed: Observed, service: Service, ref: str, container: ObservedContainer
) -> tuple[Reason, ...]:
    image = observed.images.get(ref)
    if image is None or not container.image_id or container.image_id == image.id:
        return ()
    rebuilt = " (rebuilt)" if service.build is not None else ""
    change = Change(path="image", old=_short(container.image_id), new=_short(image.id) + rebuilt)
    return (Reason(why=Why.IMAGE_CHANGED, subject=ref, changes=(change,)),)


def _short(image_id: str) -> str:
    algorithm, colon, digits = image_id.partition(":")
    return algorithm + colon + digits[:_IMAGE_DIGITS] if colon else image_id[:_IMAGE_DIGITS]


def _config_reasons(
    project: Project,
    observed: Observed,
    service: Service,
    container: ObservedContainer,
    *,
    digest: str,
    files: ServiceFiles,
    peers: Mapping[str, str],
) -> tuple[Reason, ...]:
    """What an inspection shows to differ; the hash alone decides where none was made.

    The hash of the same version differs only if the service does, even where an inspection does not
    show it. A container of docker compose, or of a version with another hash, is judged by what is seen.
    """
    if hash_matches(container, digest):
        return ()
    ours = container.labels.get(labels.HASH, "").startswith(hashing.label(""))
    reasons: tuple[Reason, ...] = ()
    if container.effective is not None:
        # Only now: where the hash says that nothing differs, nothing is compared.
        from compose_lite.planner.effective_container import expected

        image = observed.images.get(service.image_name(project.name))
        config = image.config if image is not None else None
        wanted = expected(project, service, files=files, image=config or EMPTY, peers=peers)
        if not ours:
            wanted = _attached(_known_to(observed.api_version, wanted), container)
        actual = container.effective
        if service.use_api_socket:
            wanted, actual = _without_registry_access(wanted), _without_registry_access(actual)
        actual = _without_podmans_own(wanted, actual)
        reasons = container_reasons(wanted, actual, image_known=config is not None, files_known=ours)
        reasons = _without_values(reasons, _said_by_providers(service, container))
    elif not ours:
        return (Reason(why=Why.CONFIG_CHANGED),)
    return reasons or ((Reason(why=Why.CONFIG_CHANGED),) if ours else ())


def _said_by_providers(service: Service, container: ObservedContainer) -> frozenset[str]:
    """Paths of the variables that providers say or have said: they may hold credentials whatever their names."""
    told = container.labels.get(labels.PROVIDED, "").split(",")
    return frozenset(f"environment.{name}" for name in (*service.provided, *told))


def _without_values(reasons: tuple[Reason, ...], paths: frozenset[str]) -> tuple[Reason, ...]:
    return tuple(
        replace(
            reason,
            changes=tuple(
                replace(change, old=change.old and HIDDEN, new=change.new and HIDDEN)
                if change.path in paths
                else change
                for change in reason.changes
            ),
        )
        for reason in reasons
    )


def _known_to(api_version: str, wanted: Flat) -> Flat:
    """Without what an older engine drops and so can't show again (annotations came with API 1.43)."""
    if tuple(map(int, api_version.split("."))) >= (1, 43):
        return wanted
    return {key: value for key, value in wanted.items() if not key.startswith("annotations.")}


def _without_registry_access(flat: Mapping[str, Any]) -> Flat:
    return {key: value for key, value in flat.items() if key not in _REGISTRY_ACCESS}


def _without_podmans_own(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the container has, without what a Podman has added and nobody asks for."""
    if actual.get("environment.container") != "podman":
        return actual
    return {key: value for key, value in actual.items() if key in wanted or key not in _PODMANS_OWN}


def _attached(wanted: Flat, container: ObservedContainer) -> Flat:
    """Without the networks that the container is not on: it can be connected as it is."""
    present = {endpoint.network for endpoint in container.endpoints}
    missing = {key for key, value in wanted.items() if value is True and key.startswith("networks.")} - {
        f"networks.{name}" for name in present
    }
    return {
        key: value
        for key, value in wanted.items()
        if not any(key == network or key.startswith(f"{network}.") for network in missing)
    }
