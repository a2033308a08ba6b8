"""Asks providers before the containers are planned, and gives the services that depend on them what they said."""

from __future__ import annotations

from compose_lite.events import Notice
from compose_lite.lazy_dataclasses import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from compose_lite.pipeline.means import Means
    from compose_lite.planner.observed import Observed
    from compose_lite.planner.plan import Plan
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.execute import ExecutionResult
    from compose_lite.spec.model import Project


def before_containers(
    project: Project, of_images: Plan, names: Iterable[str], *, with_dependencies: bool, verb: str
) -> Plan:
    """All that comes before containers are planned: the images, and behind them the calls of providers."""
    if not _has_providers(project):
        return of_images
    from compose_lite.planner.plan import joined
    from compose_lite.planner.providers import plan_providers

    calls = plan_providers(project, names, with_dependencies=with_dependencies, verb=verb)
    return of_images if calls.empty else joined(of_images, calls)


def as_last_time(
    project: Project, observed: Observed, daemon: Daemon, asked: Collection[str] = ()
) -> Project:
    """The project as if its providers, but for those that were `asked`, said what they said last time."""
    if not _has_providers(project):
        return project
    from compose_lite.planner.providers import remembered, remembering

    ids = remembering(project, observed, asked)
    if not ids:
        return project
    from compose_lite.runner.observe import inspect

    return remembered(project, inspect(daemon, observed, ids), asked)


def as_said(project: Project, observed: Observed, means: Means, result: ExecutionResult | None) -> Project:
    """The project with what its providers have said just now.

    Where one was not asked (`--no-deps`, `--dry-run`), what it said last time holds.
    """
    if not _has_providers(project):
        return project
    from compose_lite.planner.providers import with_variables

    said = result.said if result is not None else {}
    project, warnings = with_variables(as_last_time(project, observed, means.daemon, said.keys()), said)
    for warning in warnings:
        means.emit(Notice(problem=warning))
    return project


def with_doubt(plan: Plan, first: Plan, project: Project) -> Plan:
    """A plan that is made without asking the providers of `first`, with a warning about what depends on them."""
    if not _has_providers(project):
        return plan
    from compose_lite.planner.providers import unasked

    return replace(plan, warnings=(*plan.warnings, *unasked(first, project)))


def _has_providers(project: Project) -> bool:
    return any(service.provider for service in project.services.values())
