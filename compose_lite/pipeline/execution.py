"""Carries a plan out with what a verb was given: warnings first, then the review, then the executor."""

from __future__ import annotations

from contextlib import contextmanager

from compose_lite.errors import Problem, Severity
from compose_lite.events import Notice, Unchanged
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from compose_lite.errors import LockHeld
    from compose_lite.pipeline.means import Means
    from compose_lite.planner.plan import Plan
    from compose_lite.runner.execute import ExecutionResult
    from compose_lite.runner.lock import Purpose
    from compose_lite.spec.model import Project


def carry_out(
    plan: Plan, project: Project | None, means: Means, *, contents: Mapping[str, bytes] = EMPTY
) -> ExecutionResult | None:
    """Execute a plan; `None` if there was nothing to do, or the review kept it from being done.

    Args:
        project: `None` where the stack is known from the daemon alone.
        contents: what secrets and configs contain.

    Raises:
        ExecutionError: an action failed.
        Interrupted: the user asked to stop.
    """
    for warning in plan.warnings:
        means.emit(Notice(problem=warning))
    if not means.review(plan):
        return None
    for ref in plan.unchanged:
        means.emit(Unchanged(kind="container", name=ref.name, service=ref.service))
    if plan.empty:
        return None
    from compose_lite.runner.execute import execute
    from compose_lite.runner.site import site_for

    site = site_for(
        plan,
        means.daemon,
        project,
        contents=contents,
        environ=means.environ,
        build_options=means.build,
        parallel=means.parallel,
        cancellation=means.cancellation,
    )
    for warning in site.builder.ignored() if site.builder is not None else ():
        means.emit(Notice(problem=warning))
    return execute(plan, site, sink=means.emit, parallel=means.parallel)


@contextmanager
def locked(
    project: str,
    means: Means,
    *,
    purpose: Purpose = "change",
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Keep other invocations from changing the project meanwhile, or from watching it.

    Args:
        cancelled: tells whether to stop waiting for another one.

    Raises:
        LockHeld: another one does it, and goes on for longer than `means.lock_timeout`.
        Interrupted: the wait was cancelled.
    """
    if not means.lock:
        yield
        return
    from compose_lite.runner.lock import project_lock

    def tell(held: LockHeld) -> None:
        problem = Problem(code="waiting", message=f"waiting: {held}", severity=Severity.WARNING)
        means.emit(Notice(problem=problem))

    with project_lock(
        means.daemon.address,
        project,
        environ=means.environ,
        purpose=purpose,
        command=means.command,
        timeout=means.lock_timeout,
        waiting=tell,
        cancelled=cancelled,
    ):
        yield
