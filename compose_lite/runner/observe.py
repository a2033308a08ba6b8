"""Takes the snapshot of what runs now: with list calls only; what has to be looked at closely is inspected."""

from __future__ import annotations

import re
from functools import partial

from compose_lite import labels
from compose_lite.errors import NotFound
from compose_lite.lazy_dataclasses import dataclass, replace
from compose_lite.planner.observed import (
    ForeignContainer,
    Observed,
    ObservedContainer,
    ObservedEndpoint,
    ObservedImage,
    ObservedMount,
    ObservedNetwork,
    ObservedPort,
    ObservedVolume,
    generations,
)
from compose_lite.spec.model import EMPTY, FrozenMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Any

    from compose_lite.planner.observed import Health
    from compose_lite.runner.daemon import Daemon, Json

_HEALTH = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)")
_EXIT_CODE = re.compile(r"(?:Exited|Restarting) \((\d+)\)")


def observe(
    daemon: Daemon,
    project: str,
    *,
    images: Iterable[str] = (),
    platforms: Mapping[str, str] = EMPTY,
    networks: Iterable[str] = (),
    volumes: Iterable[str] = (),
    foreign: bool = False,
) -> Observed:
    """Return the project's containers, networks and volumes, and the images that it uses.

    Args:
        images: references to look up.
        platforms: reference → platform, where a certain one is asked for.
        networks, volumes: the daemon's names that the project uses, whoever they belong to.
        foreign: also list the containers of others.
    """
    from compose_lite.runner.parallel import gather

    references = sorted(set(images))
    label = {"label": [f"{labels.PROJECT}={project}"]}
    calls: list[Callable[[], Any]] = [
        partial(daemon.list_containers, filters={} if foreign else label),
        partial(_list_named, daemon.list_networks, label, frozenset(networks)),
        partial(_list_named, daemon.list_volumes, label, frozenset(volumes)),
        *(partial(_find_image, daemon, reference, platforms.get(reference)) for reference in references),
    ]
    containers, found_networks, found_volumes, *found_images = gather(calls)
    ours = [listed for listed in containers if _labels(listed).get(labels.PROJECT) == project]
    others = [listed for listed in containers if _labels(listed).get(labels.PROJECT) != project]
    present, previous = generations(
        sorted(map(container, ours), key=lambda c: (c.service, c.oneoff, c.number, c.name))
    )
    return Observed(
        project=project,
        containers=present,
        previous=previous,
        networks=FrozenMap((listed["Name"], network(listed)) for listed in found_networks),
        volumes=FrozenMap((listed["Name"], volume(listed)) for listed in found_volumes),
        images=FrozenMap((image.ref, image) for image in found_images if image is not None),
        foreign=tuple(map(_foreign, others)),
        api_version=daemon.api_version,
    )


def inspect(daemon: Daemon, observed: Observed, ids: Collection[str]) -> Observed:
    """Return the snapshot with the configuration of these containers, and of the images, filled in.

    A container that is gone by now is left out.
    """
    from compose_lite.runner.effective import of_container
    from compose_lite.runner.parallel import gather

    wanted = [found for found in observed.containers if found.id in ids]
    inspected = gather([partial(_inspect_container, daemon, found.id) for found in wanted])
    closer = dict(zip((found.id for found in wanted), inspected, strict=True))
    containers = []
    for found in observed.containers:
        details = closer.get(found.id)
        if found.id not in closer:
            containers.append(found)
        elif details is not None:
            started = details["State"].get("StartedAt", "")
            containers.append(replace(found, effective=of_container(details), started_at=started))
    return replace(observed, containers=tuple(containers))


def container(listed: Json) -> ObservedContainer:
    """A container as the daemon's listing has it."""
    marks = _labels(listed)
    number = marks.get(labels.NUMBER, "")
    status = listed.get("Status", "")
    state = listed.get("State", "created")
    settings = listed.get("NetworkSettings") or {}
    return ObservedContainer(
        id=listed["Id"],
        name=_name(listed),
        service=marks.get(labels.SERVICE, ""),
        number=int(number) if number.isdigit() else 0,
        oneoff=marks.get(labels.ONEOFF) == "True",
        image=listed.get("Image", ""),
        image_id=listed.get("ImageID", ""),
        state=state,
        health=_health(status),
        exit_code=_exit_code(status) if state in ("exited", "dead") else None,
        created=listed.get("Created", 0),
        status=status,
        command=listed.get("Command", ""),
        labels=FrozenMap(marks),
        endpoints=tuple(
            ObservedEndpoint(
                network=name,
                network_id=endpoint.get("NetworkID", ""),
                aliases=tuple(endpoint.get("Aliases") or ()),
                ip_address=endpoint.get("IPAddress", ""),
            )
            for name, endpoint in sorted((settings.get("Networks") or {}).items())
        ),
        network_mode=(listed.get("HostConfig") or {}).get("NetworkMode", ""),
        mounts=tuple(map(_mount, listed.get("Mounts") or ())),
        ports=_ports(listed),
    )


def network(listed: Json) -> ObservedNetwork:
    """A network as the daemon's listing has it."""
    from compose_lite.runner.effective import of_network

    return ObservedNetwork(
        id=listed["Id"],
        name=listed["Name"],
        labels=FrozenMap(_labels(listed)),
        driver=listed.get("Driver", ""),
        effective=of_network(listed),
    )


def volume(listed: Json) -> ObservedVolume:
    """A volume as the daemon's listing has it."""
    from compose_lite.runner.effective import of_volume

    return ObservedVolume(
        name=listed["Name"],
        labels=FrozenMap(_labels(listed)),
        driver=listed.get("Driver", ""),
        effective=of_volume(listed),
    )


def image(ref: str, inspected: Json) -> ObservedImage:
    """An image as an inspection has it, under the reference that it was asked for with."""
    from compose_lite.runner.effective import of_image

    return ObservedImage(
        ref=ref,
        id=inspected["Id"],
        platform=_platform(inspected),
        labels=FrozenMap((inspected.get("Config") or {}).get("Labels") or {}),
        digests=tuple(inspected.get("RepoDigests") or ()),
        created=_moment(inspected.get("Created", "")),
        tagged=_moment((inspected.get("Metadata") or {}).get("LastTagTime", "")),
        size=inspected.get("Size", 0),
        config=of_image(inspected),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectSummary:
    """A project that has containers; `states` counts them by state, `config_files` are its files' paths.

    `instance` is empty unless it is one of several instances of the same files.
    """

    name: str
    instance: str = ""
    states: Mapping[str, int] = EMPTY
    config_files: tuple[str, ...] = ()


def list_projects(daemon: Daemon, *, include_stopped: bool = False) -> tuple[ProjectSummary, ...]:
    """Return the projects that have containers (running ones, unless `include_stopped`), by name."""
    listed = daemon.list_containers(filters={"label": [labels.PROJECT]}, include_stopped=include_stopped)
    states: dict[str, dict[str, int]] = {}
    files: dict[str, dict[str, None]] = {}
    instances: dict[str, str] = {}
    for found in listed:
        marks = _labels(found)
        name = marks[labels.PROJECT]
        instances[name] = marks.get(labels.INSTANCE) or instances.get(name, "")
        counts = states.setdefault(name, {})
        counts[found["State"]] = counts.get(found["State"], 0) + 1
        named = filter(None, marks.get(labels.CONFIG_FILES, "").split(","))
        files.setdefault(name, {}).update(dict.fromkeys(named))
    return tuple(
        ProjectSummary(
            name=name,
            instance=instances[name],
            states=FrozenMap(sorted(counts.items())),
            config_files=tuple(files[name]),
        )
        for name, counts in sorted(states.items())
    )


def _list_named(
    list_all: Callable[..., list[Json]], label: Mapping[str, list[str]], names: frozenset[str]
) -> list[Json]:
    """List what has the project's label and what has one of the names: two calls, as filters narrow each other."""
    found = {listed["Name"]: listed for listed in list_all(filters=label)}
    missing = names - found.keys()
    if missing:
        # The daemon matches parts of names.
        found.update(
            (listed["Name"], listed)
            for listed in list_all(filters={"name": sorted(missing)})
            if listed["Name"] in missing
        )
    return [found[name] for name in sorted(found)]


def _find_image(daemon: Daemon, ref: str, platform: str | None) -> ObservedImage | None:
    try:
        found = image(ref, daemon.inspect_image(ref))
    except NotFound:
        return None
    if platform is None or found.platform == platform:
        return found
    try:
        # Where containerd keeps images, a reference can mean one for each of several platforms.
        return image(ref, daemon.inspect_image(ref, platform=platform))
    except NotFound:
        return found


def _platform(inspected: Json) -> str:
    return "/".join(filter(None, (inspected.get(part) for part in ("Os", "Architecture", "Variant"))))


def _inspect_container(daemon: Daemon, container: str) -> Json | None:
    try:
        return daemon.inspect_container(container)
    except NotFound:
        return None


def _foreign(listed: Json) -> ForeignContainer:
    return ForeignContainer(
        id=listed["Id"],
        name=_name(listed),
        project=_labels(listed).get(labels.PROJECT, ""),
        running=listed.get("State") in ("running", "paused", "restarting"),
        ports=_ports(listed),
        allocated=_labels(listed).get(labels.PORTS, ""),
    )


def _labels(listed: Json) -> dict[str, str]:
    return listed.get("Labels") or {}


def _name(listed: Json) -> str:
    """The container's own name: the listing also has those that links give it, as `/other/alias`."""
    names: list[str] = [name.removeprefix("/") for name in listed.get("Names") or ()]
    return min(names, key=lambda name: name.count("/"), default=str(listed["Id"])[:12])


def _mount(listed: Json) -> ObservedMount:
    return ObservedMount(
        type=listed.get("Type", ""),
        target=listed.get("Destination", ""),
        name=listed.get("Name") or None,
        source=listed.get("Source") or None,
        read_only=not listed.get("RW", True),
    )


def _ports(listed: Json) -> tuple[ObservedPort, ...]:
    ports = {
        ObservedPort(
            target=port["PrivatePort"],
            protocol=port.get("Type", "tcp"),
            published=port.get("PublicPort"),
            host_ip=port.get("IP", ""),
        )
        for port in listed.get("Ports") or ()
    }
    return tuple(sorted(ports, key=lambda p: (p.target, p.protocol, p.published or 0, p.host_ip)))


def _health(status: str) -> Health | None:
    found = _HEALTH.search(status)
    return found[1] if found else None  # type: ignore[return-value]  # the pattern matches nothing else


def _exit_code(status: str) -> int | None:
    found = _EXIT_CODE.match(status)
    return int(found[1]) if found else None


def _moment(told: str) -> str:
    """A moment without what the engine says for none: the year 1."""
    return "" if told.startswith("0001-") else told
