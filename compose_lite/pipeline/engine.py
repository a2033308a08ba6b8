"""Looks, before anything is changed, whether the daemon is new enough for what the files ask for."""

from __future__ import annotations

from compose_lite.errors import PlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.runner.daemon import Daemon
    from compose_lite.spec.model import Project


def check_engine(project: Project, names: Iterable[str], daemon: Daemon, *, with_dependencies: bool) -> None:
    """Raise `PlanError` with each field of the named services (all, if none is) that the daemon is too old for."""
    from compose_lite.planner.selection import select
    from compose_lite.runner.engine import version_tuple
    from compose_lite.runner.features import too_new

    chosen = (project.services[name] for name in select(project, names, with_dependencies=with_dependencies))
    problems = too_new(
        (service for service in chosen if service.provider is None), version_tuple(daemon.api_version)
    )
    if problems:
        raise PlanError(problems=problems)
