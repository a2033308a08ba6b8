"""Decides which volumes to create; one that exists is only ever destroyed when its key was named for it."""

from __future__ import annotations

from compose_lite import labels
from compose_lite.errors import Problem, Severity
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner import effective, hashing
from compose_lite.planner.differences import differences
from compose_lite.planner.reasons import Reason, Why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.observed import Observed, ObservedVolume
    from compose_lite.planner.reasons import Change
    from compose_lite.spec.model import Project, Service, Volume


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeDecision:
    """A volume that has to be created; with `old` the one of its name is destroyed first."""

    volume: Volume
    reasons: tuple[Reason, ...]
    old: ObservedVolume | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeDecisions:
    """What becomes of the volumes, and what is wrong with them."""

    made: tuple[VolumeDecision, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def volumes_used(project: Project, services: Iterable[Service]) -> tuple[Volume, ...]:
    """The project's volumes that the services mount, by key."""
    keys = {mount.source for service in services for mount in service.volumes if mount.type == "volume"}
    return tuple(project.volumes[key] for key in sorted(filter(None, keys)) if key in project.volumes)


def decide_volumes(
    project: Project, observed: Observed, volumes: Iterable[Volume], destroy: frozenset[str] = frozenset()
) -> VolumeDecisions:
    """Compare the volumes with what is there; `destroy` has the keys of those that may lose their data."""
    made, problems, warnings = [], [], []
    for volume in volumes:
        found = observed.volumes.get(volume.name)
        if volume.external:
            if found is None:
                problems.append(_no_external(volume))
        elif found is None:
            reason = Reason(why=Why.NOT_FOUND, subject="volume")
            made.append(VolumeDecision(volume=volume, reasons=(reason,)))
        elif found.labels.get(labels.PROJECT) != project.name:
            warnings.append(_not_ours(volume, found))
        else:
            changes = _changes(volume, found)
            if changes and volume.key not in destroy:
                warnings.append(_kept(volume, changes))
            elif changes and volume.protected:
                problems.append(protected(volume))
            elif changes:
                reason = Reason(why=Why.VOLUME_CHANGED, subject=volume.key, changes=changes)
                made.append(VolumeDecision(volume=volume, reasons=(reason,), old=found))
    return VolumeDecisions(made=tuple(made), problems=tuple(problems), warnings=tuple(warnings))


def _changes(volume: Volume, found: ObservedVolume) -> tuple[Change, ...]:
    if found.labels.get(labels.HASH) == hashing.label(hashing.volume_hash(volume)):
        return ()
    return differences(effective.volume(volume), found.effective)


def protected(volume: Volume) -> Problem:
    """The refusal to destroy a protected volume."""
    return Problem(
        code="volume-protected",
        message=f"volume {volume.name!r} is protected: no command removes it",
        hint=f"take `protected: true` out of volumes.{volume.key}.x-compose-lite first",
        location=volume.location,
        path=f"volumes.{volume.key}",
    )


def protected_by_label(name: str) -> Problem:
    """The same where the files are not at hand, and the volume's label says that it is protected."""
    return Problem(
        code="volume-protected",
        message=f"volume {name!r} is protected: no command removes it",
        hint=f"to remove it, with its data: docker volume rm {name}",
    )


def in_use(volume: str, container: str) -> Problem:
    """The refusal to make a volume anew that a container keeps."""
    return Problem(
        code="volume-in-use",
        message=f"volume {volume!r} can't be made anew: {container} uses it",
        hint=f"remove that container first: docker rm -f {container}",
    )


def _no_external(volume: Volume) -> Problem:
    return Problem(
        code="external-volume-missing",
        message=f"volume {volume.name!r} is declared as external, but the daemon does not have it",
        hint=f"create it: docker volume create {volume.name}",
        location=volume.location,
        path=f"volumes.{volume.key}",
    )


def _not_ours(volume: Volume, found: ObservedVolume) -> Problem:
    owner = found.labels.get(labels.PROJECT)
    made_for = f"for the project {owner!r}" if owner else "by hand"
    return Problem(
        code="volume-not-ours",
        message=f"volume {volume.name!r} was made {made_for}; it is used as it is",
        hint="declare it `external: true` if that is meant",
        location=volume.location,
        path=f"volumes.{volume.key}",
        severity=Severity.WARNING,
    )


def _kept(volume: Volume, changes: tuple[Change, ...]) -> Problem:
    told = ", ".join(str(change) for change in changes)
    return Problem(
        code="volume-changed",
        message=f"volume {volume.name!r} differs from its definition ({told}); it is kept, with its data",
        hint=f"to make it anew, losing its data: --recreate-volume {volume.key}",
        location=volume.location,
        path=f"volumes.{volume.key}",
        severity=Severity.WARNING,
    )
