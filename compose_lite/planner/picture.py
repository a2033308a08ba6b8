"""The stack as a picture: its services, networks and volumes, what leans on what, and how each of them is.

A picture knows nothing of formats; `cli.views.graph` draws it.
"""

from __future__ import annotations

import re

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner.graph import ordered, service_graph
from compose_lite.planner.jobs import jobs_of
from compose_lite.planner.standing import Standing, presence, standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.planner.observed import Observed
    from compose_lite.spec.model import Dependency, Network, Port, Project, Service, Volume

_CONDITIONS = {
    "service_started": "started",
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
}
_CREDENTIALS = re.compile("//[^/@]*@")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceBox:
    """A service as it is drawn.

    Attributes:
        image: the image that the files name; `build` is the context that it is built from.
        ports: published ones, as `127.0.0.1:8080 → 80`.
        networks: keys of the networks that it joins; `mode` is what it has instead (`host`, `service:vpn`).
        enabled: whether its profiles are on.
        job: it runs to completion.
        standing: how its containers are, where that was asked for.
    """

    name: str
    image: str | None = None
    build: str | None = None
    provider: str | None = None
    replicas: int = 1
    ports: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    mode: str | None = None
    profiles: tuple[str, ...] = ()
    enabled: bool = True
    job: bool = False
    standing: Standing | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceBox:
    """A network or volume; `notes` say what is special about it (`external`, `internal`, a driver)."""

    name: str
    notes: tuple[str, ...] = ()
    standing: Standing | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One service waits for another; `words` say for what: `healthy`, `restart`, `optional`."""

    service: str
    needed: str
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """A service mounts a volume at `target`."""

    service: str
    volume: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A stack to draw; services come before those that they need, otherwise in order of names."""

    project: str
    services: tuple[ServiceBox, ...] = ()
    networks: tuple[ResourceBox, ...] = ()
    volumes: tuple[ResourceBox, ...] = ()
    needs: tuple[Need, ...] = ()
    uses: tuple[Use, ...] = ()


def picture(
    project: Project, observed: Observed | None = None, *, disabled: bool = True, unused: bool = False
) -> Picture:
    """Draw up a project, with how everything is now if a snapshot is given.

    Args:
        disabled: also the services whose profiles are off.
        unused: also the networks and volumes that none of these services uses.

    Raises:
        PlanError: services need each other in a circle.
    """
    shown = {**project.services, **(project.disabled_services if disabled else {})}
    jobs = jobs_of(project)
    boxes = [
        _service_box(project, shown[name], observed, job=name in jobs) for name in _dependents_first(shown)
    ]
    uses = tuple(use for box in boxes for use in _uses(shown[box.name], project))
    joined = {network for box in boxes for network in box.networks}
    mounted = {use.volume for use in uses}
    return Picture(
        project=project.name,
        services=tuple(boxes),
        networks=tuple(
            ResourceBox(
                name=key, notes=_network_notes(found), standing=presence(observed, network=found.name)
            )
            for key, found in sorted(project.networks.items())
            if unused or key in joined
        ),
        volumes=tuple(
            ResourceBox(name=key, notes=_volume_notes(found), standing=presence(observed, volume=found.name))
            for key, found in sorted(project.volumes.items())
            if unused or key in mounted
        ),
        needs=tuple(
            Need(service=box.name, needed=need.service, words=_need_words(need))
            for box in boxes
            for need in sorted(shown[box.name].depends_on, key=lambda need: need.service)
            if need.service in shown
        ),
        uses=uses,
    )


def _dependents_first(services: Mapping[str, Service]) -> list[str]:
    """The services by how many others stand above them in a row, then by name."""
    graph = service_graph(services)
    depth = dict.fromkeys(services, 0)
    for name in reversed(ordered(graph, services)):
        for needed in graph[name]:
            depth[needed] = max(depth[needed], depth[name] + 1)
    return sorted(services, key=lambda name: (depth[name], name))


def _service_box(project: Project, service: Service, observed: Observed | None, *, job: bool) -> ServiceBox:
    enabled = service.name in project.services
    return ServiceBox(
        name=service.name,
        image=service.image,
        build=None if service.build is None else _context(service.build.context, project.working_dir),
        provider=None if service.provider is None else service.provider.type,
        replicas=service.replicas,
        ports=tuple(map(_port, service.ports)),
        networks=tuple(sorted(attachment.network for attachment in service.networks)),
        mode=service.network_mode,
        profiles=service.profiles,
        enabled=enabled,
        job=job,
        standing=None if observed is None else standing(service, observed, job=job, enabled=enabled),
    )


def _context(context: str, working_dir: str) -> str:
    """The build context as the file's author knows it: `./web`; a repository's address without credentials."""
    if "://" in context:
        return _CREDENTIALS.sub("//", context, count=1)
    if context == working_dir:
        return "."
    parent = working_dir.rpartition("/")[0]
    for folder, shown in ((working_dir, "./"), (parent, "../")):
        if folder.strip("/") and context.startswith(f"{folder}/"):
            return shown + context.removeprefix(f"{folder}/")
    return context


def _port(port: Port) -> str:
    host = port.host_ip or ""
    address = f"[{host}]:" if ":" in host else f"{host}:" if host else ""
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return f"{address}{port.published or 'any'} → {port.target}{protocol}"


def _uses(service: Service, project: Project) -> Iterable[Use]:
    return sorted(
        (
            Use(service=service.name, volume=mount.source, target=mount.target, read_only=mount.read_only)
            for mount in service.volumes
            if mount.type == "volume" and mount.source is not None and mount.source in project.volumes
        ),
        key=lambda use: (use.volume, use.target),
    )


def _need_words(need: Dependency) -> tuple[str, ...]:
    words = [_CONDITIONS[need.condition]]
    if need.restart:
        words.append("restart")
    if not need.required:
        words.append("optional")
    return tuple(words)


def _network_notes(network: Network) -> tuple[str, ...]:
    notes = [word for word in ("external", "internal", "attachable") if getattr(network, word)]
    return (*notes, *_driver(network.driver, usual="bridge"))


def _volume_notes(volume: Volume) -> tuple[str, ...]:
    notes = [word for word in ("external", "protected") if getattr(volume, word)]
    return (*notes, *_driver(volume.driver, usual="local"))


def _driver(driver: str | None, *, usual: str) -> tuple[str, ...]:
    return () if driver in (None, "", "default", usual) else (f"driver {driver}",)
