"""Carries out `CreateContainer`: gathers what the configuration depends on, creates, connects."""

from __future__ import annotations

import re

from compose_lite import labels
from compose_lite.errors import ComposeLiteError, Conflict, NotFound
from compose_lite.runner import features
from compose_lite.runner.container_config import Surroundings, create_request
from compose_lite.runner.container_mounts import normal
from compose_lite.runner.engine import version_tuple
from compose_lite.runner.site import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.planner.actions import CreateContainer
    from compose_lite.runner.container_config import CreateRequest
    from compose_lite.runner.daemon import Daemon, Json
    from compose_lite.runner.progress import Report
    from compose_lite.runner.site import Site
    from compose_lite.spec.model import Service

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = re.compile(r"[0-9a-f]{12}_")


def create_container(site: Site, action: CreateContainer, _report: Report) -> Outcome:
    """Create the container and connect it to its networks; one that is there already is taken as it is.

    Raises Conflict if its name belongs to another container, NotFound without its image.
    """
    service = site.known_project.services[action.container.service]
    request = create_request(site.known_project, service, action, _surroundings(site, service, action))
    warnings: list[str] = []
    container = _created(site.daemon, action, request, warnings)
    site.containers.created(action.container.name, container)
    if _has_link_names(service) and site.daemon.is_podman:
        warnings.append(
            f"service {service.name!r}: Podman knows no links, the names that they give are not found"
        )
    for network, body in request.connections:
        connect(site.daemon, network, container, body)
    return Outcome(warnings=tuple(warnings))


def _has_link_names(service: Service) -> bool:
    """Whether links give names to containers besides those that their services have anyway."""
    return bool(service.external_links) or any(":" in link for link in service.links)


def connect(daemon: Daemon, network: str, container: str, body: Json) -> bool:
    """Connect a container to a network; False if it was connected already."""
    try:
        daemon.connect_network(network, {"Container": container, **body})
    except ComposeLiteError:
        # The refusal has no status of its own, and its words differ between engines: look instead.
        if network in daemon.inspect_container(container)["NetworkSettings"]["Networks"]:
            return False
        raise
    return True


def _created(daemon: Daemon, action: CreateContainer, request: CreateRequest, warnings: list[str]) -> str:
    name = action.container.name
    try:
        return daemon.create_container(
            name=name, body=request.body, platform=request.platform, warn=warnings.append
        )
    except Conflict as error:
        there = _holder(daemon, name)
        if there is not None and _is_the_same(there, request.body):
            return str(there["Id"])  # the answer to an earlier attempt was lost
        raise _taken(name, there, error) from error
    except NotFound as error:
        image = request.body["Image"]
        if image in str(error) or "No such image" in str(error):
            hint = "pull or build it (`compose-lite pull`, `compose-lite build`), then try again"
            raise NotFound(f"there is no image {image!r}", hint=hint, status=404) from error
        raise


def _holder(daemon: Daemon, name: str) -> Json | None:
    try:
        return daemon.inspect_container(name)
    except NotFound:
        return None


def _is_the_same(there: Json, body: Json) -> bool:
    """Whether the container is the one that the request asks for: never started, the same labels."""
    marks = (there.get("Config") or {}).get("Labels") or {}
    wanted: Mapping[str, str] = body["Labels"]
    ours = (labels.PROJECT, labels.SERVICE, labels.NUMBER, labels.HASH, labels.REPLACES, labels.SLUG)
    return there["State"]["Status"] == "created" and all(marks.get(key) == wanted.get(key) for key in ours)


def _taken(name: str, there: Json | None, error: Conflict) -> Conflict:
    if there is None:
        return error
    marks = (there.get("Config") or {}).get("Labels") or {}
    project = marks.get(labels.PROJECT)
    owner = f"of project {project!r}" if project else "that belongs to no project"
    return Conflict(
        f"the name {name!r} is taken by a container {owner} ({there['Id'][:12]}, {there['State']['Status']})",
        hint=f"remove it (`docker rm {name}`), or use another container_name or project name",
        status=409,
    )


def _surroundings(site: Site, service: Service, action: CreateContainer) -> Surroundings:
    image = service.image_name(site.known_project.name)
    return Surroundings(
        api_version=version_tuple(site.daemon.api_version),
        image_id=action.image_id or _image_id(site.daemon, image),
        peers={peer.service: site.containers.id(peer) for peer in action.peers},
        replaced=site.containers.id(action.replaces) if action.replaces else None,
        inherited=_inherited(site, service, action, image),
        links=_links(site, service),
        documents=_documents(site.known_project.working_dir, service),
        models=site.models,
        registry_config=_registry_config(site.environ) if service.use_api_socket else None,
    )


def _image_id(daemon: Daemon, ref: str) -> str:
    try:
        return str(daemon.inspect_image(ref)["Id"])
    except NotFound:
        return ""  # the creation says so


def _inherited(site: Site, service: Service, action: CreateContainer, image: str) -> dict[str, str]:
    """The anonymous volumes to take over: those whose targets the service or the image still has."""
    anonymous = _anonymous(site, action)
    if not anonymous:
        return {}
    declared = (site.daemon.inspect_image(image).get("Config") or {}).get("Volumes") or {}
    mounted = {normal(mount.target): mount for mount in service.volumes}
    return {
        target: name
        for target, name in sorted(anonymous.items())
        if target not in action.holders
        and (
            (target in mounted and mounted[target].type == "volume" and mounted[target].source is None)
            or (target not in mounted and target in map(normal, declared))
        )
    }


def _anonymous(site: Site, action: CreateContainer) -> dict[str, str]:
    """Target → name of the anonymous volumes of the container that is replaced."""
    if action.replaces is None or action.renew_volumes:
        return {normal(target): name for target, name in action.inherits.items()}
    replaced = site.daemon.inspect_container(site.containers.id(action.replaces))
    return {
        normal(mount["Destination"]): mount["Name"]
        for mount in replaced.get("Mounts") or ()
        if mount.get("Type") == "volume" and _ANONYMOUS.fullmatch(mount.get("Name") or "")
    }


def _links(site: Site, service: Service) -> tuple[str, ...]:
    """The service's links as `CONTAINER:ALIAS`, for each container of a linked service."""
    found: dict[str, None] = {}
    for link in service.links:
        name, _, alias = link.partition(":")
        filters = {"label": [f"{labels.PROJECT}={site.known_project.name}", f"{labels.SERVICE}={name}"]}
        for listed in site.daemon.list_containers(filters=filters):
            marks = listed["Labels"]
            if marks.get(labels.ONEOFF) == "True":
                continue
            # A container that takes another's place will have that one's name by the time of the start.
            container = _TEMPORARY.sub("", min(listed["Names"], key=len).removeprefix("/"), count=1)
            aliases = (alias or name, f"{name}-{marks.get(labels.NUMBER, '1')}", container)
            found.update((f"{container}:{one}", None) for one in aliases)
    for link in service.external_links:
        name, _, alias = link.partition(":")
        found[f"{name}:{alias or name}"] = None
    return tuple(found)


def _documents(folder: str, service: Service) -> dict[str, str]:
    """The seccomp profiles that the service names by path: the engine wants to be told their content."""
    documents: dict[str, str] = {}
    if not service.security_opt:
        return documents
    from pathlib import Path

    for option in service.security_opt:
        name, value = features.security_option(option)
        if name == "seccomp" and value not in ("", "unconfined", "builtin") and not value.startswith("{"):
            path = Path(folder, value).expanduser()
            try:
                documents[value] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ComposeLiteError(
                    f"service {service.name!r}: the seccomp profile {str(path)!r} can't be read: {error}",
                    code="unreadable-file",
                ) from error
    return documents


def _registry_config(environ: Mapping[str, str]) -> str | None:
    from pathlib import Path

    folder = environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/"), ".docker")
    path = Path(folder, "config.json").resolve()
    return str(path) if path.is_file() else None
