"""Warns of paths that are looked up on another machine, where the daemon is, and not on this one."""

from __future__ import annotations

from compose_lite.errors import Problem, Severity
from compose_lite.lazy_dataclasses import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.planner.actions import CreateContainer
    from compose_lite.planner.plan import Plan
    from compose_lite.spec.model import Project


def with_warnings(plan: Plan, project: Project, address: str) -> Plan:
    """The plan, with a warning for each service whose new containers mount paths of another machine.

    Args:
        address: the daemon's.
    """
    if not is_elsewhere(address):
        return plan
    warnings = {problem.path: problem for problem in _warnings(plan, project, address)}
    return replace(plan, warnings=(*plan.warnings, *warnings.values()))


def is_elsewhere(address: str) -> bool:
    """Whether the daemon is on another machine, as far as its address tells; behind ssh it is taken to be."""
    if address.startswith(("unix://", "npipe://")):
        return False
    from urllib.parse import urlsplit

    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    host = parts.hostname or "localhost"
    return parts.scheme == "ssh" or not (host in ("localhost", "::1") or host.startswith("127."))


def _warnings(plan: Plan, project: Project, address: str) -> Iterator[Problem]:
    from compose_lite.planner.actions import CreateContainer

    for planned in plan.actions:
        if isinstance(planned.action, CreateContainer):
            paths = _mounted(planned.action, project)
            if paths:
                yield _warning(planned.action.container.service, paths, project, address)


def _mounted(action: CreateContainer, project: Project) -> list[str]:
    volumes = project.services[action.container.service].volumes
    binds = {mount.source for mount in volumes if mount.type == "bind" and mount.source}
    return sorted(binds | {file.path for file in action.bound})


def _warning(service: str, paths: list[str], project: Project, address: str) -> Problem:
    return Problem(
        code="path-elsewhere",
        message=f"service {service!r} mounts {', '.join(paths)}: that is on the daemon's machine ({address}),"
        " not on this one",
        hint="see that it is there, or use a volume, `configs` with `content`, or `develop.watch`",
        location=project.services[service].location,
        path=f"services.{service}.volumes",
        severity=Severity.WARNING,
    )
