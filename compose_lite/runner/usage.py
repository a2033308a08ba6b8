"""Measures what a project occupies on the daemon's disk: images, containers, their logs, volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from compose_lite import labels
from compose_lite.errors import NotFound
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from compose_lite.runner.daemon import Daemon, Json

Kind = Literal["image", "container", "log", "volume"]
_SHORT_ID = 12
_DIGEST = "sha256:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Occupied:
    """Something of the project that takes room.

    Attributes:
        services: the services that use it, sorted.
        size: bytes, `None` if they can't be told; then `note` says why.
    """

    kind: Kind
    name: str
    services: tuple[str, ...] = ()
    size: int | None = None
    note: str = ""


def usage(daemon: Daemon, project: str, images: Mapping[str, Collection[str]]) -> list[Occupied]:
    """What the project occupies, by kind and name.

    Args:
        images: references that the files name besides what containers were made from, with their services.

    Raises DaemonError.
    """
    # Kept and one-off containers are the project's as well: they take room like the others.
    containers = daemon.list_containers(filters={"label": [f"{labels.PROJECT}={project}"]}, size=True)
    return [
        *_images(daemon, containers, images),
        *sorted(map(_container, containers), key=_name),
        *sorted((_log(daemon, container) for container in containers), key=_name),
        *_volumes(daemon, project, containers),
    ]


def _images(
    daemon: Daemon, containers: Iterable[Json], named: Mapping[str, Collection[str]]
) -> list[Occupied]:
    listed = {str(image["Id"]): image for image in daemon.list_images(filters={})}
    by_reference = {tag: known for known, image in listed.items() for tag in image.get("RepoTags") or ()}
    users: dict[str, set[str]] = {}
    for container in containers:
        users.setdefault(str(container["ImageID"]), set()).add(_service(container))
    for reference, services in named.items():
        found = by_reference.get(reference) or by_reference.get(f"{reference}:latest")
        if found is not None:
            users.setdefault(found, set()).update(services)
    return sorted(
        (
            Occupied(
                kind="image",
                name=_image_name(listed[known]),
                services=tuple(sorted(services - {""})),
                size=int(listed[known]["Size"]),
            )
            for known, services in users.items()
            if known in listed
        ),
        key=_name,
    )


def _image_name(image: Json) -> str:
    """Its first tag; the beginning of its id if it has none any more."""
    tags = [tag for tag in image.get("RepoTags") or () if not tag.startswith("<none>")]
    return tags[0] if tags else str(image["Id"]).removeprefix(_DIGEST)[:_SHORT_ID]


def _container(container: Json) -> Occupied:
    """What the container has written into its own file system."""
    return Occupied(
        kind="container",
        name=_container_name(container),
        services=_services(container),
        size=int(container.get("SizeRw") or 0),
    )


def _log(daemon: Daemon, container: Json) -> Occupied:
    try:
        inspected = daemon.inspect_container(str(container["Id"]))
        size, note = _log_size(daemon, inspected)
    except NotFound:
        size, note = 0, ""
    name = _container_name(container)
    return Occupied(kind="log", name=name, services=_services(container), size=size, note=note)


def _log_size(daemon: Daemon, inspected: Json) -> tuple[int | None, str]:
    """The bytes of a container's log files, rotated ones too, or why they can't be told."""
    path = str(inspected.get("LogPath") or "")
    driver = inspected["HostConfig"]["LogConfig"]["Type"]
    if driver == "none":
        return 0, ""
    if not path:
        return None, f"the log driver {driver} doesn't say where its files are"
    if not daemon.address.startswith("unix://"):
        return None, "the file is on the daemon's machine"
    from pathlib import Path

    file = Path(path)
    try:
        # A rotated file has the name and a number behind it.
        files = [each for each in file.parent.iterdir() if f"{each.name}.".startswith(f"{file.name}.")]
        return sum(each.stat().st_size for each in files), ""
    except PermissionError:
        return None, "only root may read the daemon's folder"
    except OSError as error:
        return None, f"{error.filename}: {error.strerror}"


def _volumes(daemon: Daemon, project: str, containers: Iterable[Json]) -> list[Occupied]:
    users: dict[str, set[str]] = {}
    for container in containers:
        for mount in container.get("Mounts") or ():
            if mount.get("Type") == "volume":
                users.setdefault(str(mount["Name"]), set()).add(_service(container))
    found = []
    for volume in daemon.disk_usage().get("Volumes") or ():
        name, marks = str(volume["Name"]), volume.get("Labels") or {}
        if name not in users and marks.get(labels.PROJECT) != project:
            continue
        size = int((volume.get("UsageData") or {}).get("Size", -1))
        found.append(
            Occupied(
                kind="volume",
                name=name,
                services=tuple(sorted(users.get(name, set()) - {""})),
                size=size if size >= 0 else None,
                note="" if size >= 0 else f"the volume driver {volume['Driver']} doesn't tell",
            )
        )
    return sorted(found, key=_name)


def _name(occupied: Occupied) -> str:
    return occupied.name


def _container_name(container: Json) -> str:
    return str(container["Names"][0]).removeprefix("/")


def _service(container: Json) -> str:
    return str((container.get("Labels") or {}).get(labels.SERVICE, ""))


def _services(container: Json) -> tuple[str, ...]:
    service = _service(container)
    return (service,) if service else ()
