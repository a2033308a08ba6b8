"""Decides how each secret and config reaches a container: mounted from the host or written into it."""

from __future__ import annotations

import posixpath

from compose_lite.errors import PlanError, Problem
from compose_lite.hashes import sha256
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner.refs import BoundFile, InjectedFile
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from compose_lite.planner.requests import Contents
    from compose_lite.spec.model import FileGrant, FileObject, Project, Service

    Kind = Literal["secrets", "configs"]

_DIGEST_LENGTH = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceFiles:
    """The files that a service's containers get.

    Attributes:
        bound: bind mounts of the host's files.
        injected: files to write before the first start.
        holders: folders that must be anonymous volumes so that `injected` can be written although the
            root file system is read-only.
        described: each file by target, for the container's label: `configs.NAME UID:GID MODE DIGEST`
            (`secrets.NAME …`, and `mounts.PATH …` for mounted files that the service wants tracked).
    """

    bound: tuple[BoundFile, ...] = ()
    injected: tuple[InjectedFile, ...] = ()
    holders: tuple[str, ...] = ()
    described: Mapping[str, str] = EMPTY


NONE = ServiceFiles()


def tracked_mounts(service: Service) -> tuple[str, ...]:
    """Host paths of the bind mounts whose content counts as configuration, because the service asks for it."""
    ours = service.extensions.get("x-compose-lite")
    if not isinstance(ours, dict) or ours.get("track_mounted_files") is not True:
        return ()
    return tuple(mount.source for mount in service.volumes if mount.type == "bind" and mount.source)


def files_of(project: Project, service: Service, contents: Contents) -> ServiceFiles:
    """How the service's secrets and configs reach its containers.

    Those that come from a file and keep its owner and mode are mounted, as docker compose does it; all
    others are written into the container.

    Raises:
        PlanError: a secret or config that only an orchestrator of several machines could provide, or one
            that can't be written because the root file system is read-only.
    """
    tracked = tracked_mounts(service)
    if not service.secrets and not service.configs and not tracked:
        return NONE
    bound: list[BoundFile] = []
    injected: list[InjectedFile] = []
    described: dict[str, str] = {}
    for kind, grant, origin in _grants(project, service):
        if origin.external:
            raise PlanError(problems=[_external(service, kind, grant)])
        if origin.file is not None and grant.uid is None and grant.gid is None and grant.mode is None:
            bound.append(BoundFile(path=origin.file, target=grant.target))
        else:
            injected.append(
                InjectedFile(
                    kind=kind,
                    source=grant.source,
                    target=grant.target,
                    uid=grant.uid,
                    gid=grant.gid,
                    mode=grant.mode,
                )
            )
        digest = _digest(project, service, grant.target, contents.get(f"{kind}.{grant.source}"))
        described[grant.target] = f"{kind}.{grant.source} {_owner_and_mode(grant)} {digest}"
    for mount in service.volumes:
        if mount.type == "bind" and mount.source in tracked:
            digest = _digest(project, service, mount.target, contents.get(f"mounts.{mount.source}"))
            described[mount.target] = f"mounts.{mount.source} -:- - {digest}"
    return ServiceFiles(
        bound=tuple(bound),
        injected=tuple(injected),
        holders=_holders(service, injected),
        described=described,
    )


def _grants(project: Project, service: Service) -> Iterator[tuple[Kind, FileGrant, FileObject]]:
    for grant in service.configs:
        yield "configs", grant, project.configs[grant.source]
    for grant in service.secrets:
        yield "secrets", grant, project.secrets[grant.source]


def _owner_and_mode(grant: FileGrant) -> str:
    mode = "-" if grant.mode is None else f"{grant.mode:04o}"
    return f"{grant.uid or '-'}:{grant.gid or '-'} {mode}"


def _digest(project: Project, service: Service, target: str, content: str | None) -> str:
    """A digest that is bound to its place, so that it can't be looked up in a table of common contents."""
    if content is None:
        return "?"
    place = "\0".join((project.name, service.name, target, content))
    return sha256(place.encode()).hexdigest()[:_DIGEST_LENGTH]


def _holders(service: Service, injected: list[InjectedFile]) -> tuple[str, ...]:
    """Folders of injected files that have to be volumes, because nothing can be written there otherwise.

    That is the root file system where it is read-only, and every tmpfs: it only exists while the container runs,
    and hides then what was written before.
    """
    mounted = {mount.target.rstrip("/"): mount.type for mount in service.volumes}
    mounted.update((entry.partition(":")[0].rstrip("/"), "tmpfs") for entry in service.tmpfs)
    folders: set[str] = set()
    for file in injected:
        folder = posixpath.dirname(file.target)
        covering = max((target for target in mounted if _within(folder, target)), key=len, default=None)
        hidden = covering is not None and mounted[covering] == "tmpfs"
        if not hidden and (covering is not None or not service.read_only):
            continue
        if folder in ("/", covering):
            raise PlanError(problems=[_unwritable(service, file, hidden=hidden)])
        folders.add(folder)
    return tuple(sorted(folders))


def _within(folder: str, target: str) -> bool:
    return folder == target or folder.startswith(f"{target}/")


def _external(service: Service, kind: Kind, grant: FileGrant) -> Problem:
    return Problem(
        code="external-file",
        message=f"{kind[:-1]} {grant.source!r} of service {service.name!r} is external: one engine has no store for it",
        hint="give it a `file`, `environment` or `content` of its own",
        location=service.location,
        path=f"services.{service.name}.{kind}",
    )


def _unwritable(service: Service, file: InjectedFile, *, hidden: bool) -> Problem:
    why = (
        f"service {service.name!r} has a tmpfs there" if hidden else f"service {service.name!r} is read_only"
    )
    return Problem(
        code="unwritable-target",
        message=f"{file.kind[:-1]} {file.source!r} can't be written to {file.target!r}: {why}",
        hint="give it a target in a folder of its own, such as /run/configs/NAME, or use a plain `file` source",
        location=service.location,
        path=f"services.{service.name}.{file.kind}",
    )
