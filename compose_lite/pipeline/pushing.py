"""Pushes the images of services that are built: nothing on the daemon changes, so there is no plan."""

from __future__ import annotations

import time

from compose_lite import events
from compose_lite.errors import ComposeLiteError, ExecutionError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.pipeline.means import Means
    from compose_lite.spec.model import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class PushRequest:
    """`push`.

    Attributes:
        services: the services meant; empty for all.
        include_deps: also what they depend on.
        ignore_failures: a push that fails does not fail the command.
    """

    services: tuple[str, ...] = ()
    include_deps: bool = False
    ignore_failures: bool = False


def push(project: Project, request: PushRequest, means: Means) -> tuple[str, ...]:
    """Push the images that the services' `build` sections make, side by side; returns their references.

    Raises:
        ExecutionError: a push failed; the others are done.
    """
    from compose_lite.runner.parallel import gather

    refs = pushable(project, request)
    means.emit(events.PlanStarted(actions=len(refs)))
    begun = time.monotonic()
    outcomes = gather([_Push(number, ref, means) for number, ref in enumerate(refs, start=1)])
    failures = [error for error in outcomes if error is not None]
    done = len(refs) - len(failures)
    seconds = time.monotonic() - begun
    means.emit(events.PlanFinished(succeeded=done, failed=len(failures), skipped=0, seconds=seconds))
    if failures and not request.ignore_failures:
        problems = [problem for error in failures for problem in error.problems]
        raise ExecutionError(problems=problems)
    return refs


def pushable(project: Project, request: PushRequest) -> tuple[str, ...]:
    """The names of the images that are pushed: services without a `build` section have none."""
    from compose_lite.planner.selection import select

    names = select(project, request.services, with_dependencies=request.include_deps)
    services = [project.services[name] for name in names]
    built = [service for service in services if service.build is not None and service.image is not None]
    tags = {tag for service in built if service.build is not None for tag in service.build.tags}
    return tuple(sorted({service.image_name(project.name) for service in built} | tags))


@dataclass(frozen=True, slots=True)
class _Push:
    """One push, told as an action."""

    number: int
    ref: str
    means: Means

    def __call__(self) -> ComposeLiteError | None:
        from compose_lite.runner.failures import report_of
        from compose_lite.runner.pull import push_image

        emit, begun = self.means.emit, time.monotonic()
        emit(events.ActionStarted(id=self.number, verb="push", kind="image", name=self.ref))
        try:
            push_image(self.means.daemon, self.ref, report=self._report, environ=self.means.environ)
        except ComposeLiteError as error:
            seconds = time.monotonic() - begun
            emit(events.ActionFailed(id=self.number, seconds=seconds, report=report_of(error)))
            return error
        emit(events.ActionSucceeded(id=self.number, seconds=time.monotonic() - begun))
        return None

    def _report(
        self, text: str, current: int | None = None, total: int | None = None, *, output: bool = False
    ) -> None:
        event = events.ActionProgress(id=self.number, text=text, current=current, total=total, output=output)
        self.means.emit(event)
