"""Finds the project's containers that no service of the files accounts for."""

from __future__ import annotations

from compose_lite import labels
from compose_lite.errors import Problem, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.spec.model import Project


def orphans_of(project: Project, observed: Observed) -> tuple[ObservedContainer, ...]:
    """Containers of services that the files do not have, also not behind a profile; by name.

    One-off containers count once they have ended, whatever their service, as with docker compose.
    """
    known = project.services.keys() | project.disabled_services.keys()
    found = [
        container
        for container in observed.containers
        if (not container.running if container.oneoff else container.service not in known)
    ]
    return tuple(sorted(found, key=lambda container: container.name))


def never_begun(observed: Observed) -> tuple[ObservedContainer, ...]:
    """One-off containers that were to go when they end, of an invocation that was ended before it could see to that.

    A `run` holds the project's lock until its container has started, and who runs a step of `pre_start` holds it
    until the step has ended: so nobody is about to start these, or waits for them.
    """
    return tuple(container for container in observed.containers if container.oneoff and _left(container))


def _left(container: ObservedContainer) -> bool:
    if labels.STEP in container.labels:
        return True
    return container.state == "created" and labels.AUTO_REMOVE in container.labels


def orphan_warnings(
    project: Project, orphans: Iterable[ObservedContainer], *, removed: bool = False
) -> tuple[Problem, ...]:
    """Name the orphans, apart from one-offs; say where they come from if it is other files.

    Those that are `removed` are named only in the latter case.
    """
    own, others = [], []
    for container in orphans:
        if container.oneoff:
            continue
        origin = _other_files(project, container)
        if origin:
            others.append(f"{container.name} (of {origin})")
        else:
            own.append(container.name)
    warnings = []
    if own and not removed:
        warnings.append(
            _warning("orphans", f"containers of services that the project does not have: {', '.join(own)}")
        )
    if others:
        hint = "give one of the two stacks another name (-p)"
        warnings.append(
            _warning(
                "foreign-orphans",
                f"containers that other files made under the same project name{' go too' if removed else ''}: "
                + ", ".join(others),
                hint if removed else f"{hint}, or remove them with --remove-orphans",
            )
        )
    return tuple(warnings)


def _other_files(project: Project, container: ObservedContainer) -> str:
    """The compose files that made the container, if none of them is among the project's."""
    made_by = container.labels.get(labels.CONFIG_FILES, "")
    if not made_by or not project.compose_files:
        return ""
    return "" if set(made_by.split(",")) & set(project.compose_files) else made_by


def _warning(code: str, message: str, hint: str = "remove them with --remove-orphans") -> Problem:
    return Problem(code=code, message=message, hint=hint, severity=Severity.WARNING)
