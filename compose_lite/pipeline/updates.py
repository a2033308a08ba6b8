"""What becomes of an update that failed: it is undone where the files ask for it, else it stays as it is."""

from __future__ import annotations

from compose_lite.errors import ExecutionError, FailureReport, Problem, Severity
from compose_lite.events import Notice
from compose_lite.pipeline.execution import carry_out
from compose_lite.pipeline.observation import observe_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.pipeline.means import Means
    from compose_lite.spec.model import Project

_GOING_BACK = Problem(
    code="update-failed",
    message="the update failed: going back to what ran before",
    severity=Severity.WARNING,
)


def after_failure(
    project: Project, means: Means, error: ExecutionError, *, before: frozenset[str]
) -> ExecutionError:
    """Undo a failed update if a service asks for it (`failure_action: rollback`).

    Args:
        before: ids of the project's containers before the update.

    Returns:
        The error with a last report that tells how things stand now; the same error if nothing was being updated.
    """
    from compose_lite.planner.requests import RollbackRequest
    from compose_lite.planner.rollback import asks_for_rollback, plan_rollback, unfinished

    observed = observe_project(means.daemon, project)
    names = ", ".join(sorted({old.service for old, _ in unfinished(observed)}))
    if not names:
        return error
    if not asks_for_rollback(project):
        return _with(error, _paused(names))
    means.emit(Notice(problem=_GOING_BACK))
    try:
        created = frozenset(container.id for container in observed.containers) - before
        carry_out(plan_rollback(project, observed, RollbackRequest(created=created)), project, means)
    except ExecutionError as again:
        return _with(error, *again.reports, _stuck(names))
    return _with(error, _undone(names))


def _with(error: ExecutionError, *reports: FailureReport) -> ExecutionError:
    more = (Problem(code=one.code, message=one.message, hint=one.hint) for one in reports)
    return ExecutionError(str(error), problems=(*error.problems, *more), reports=(*error.reports, *reports))


def _undone(names: str) -> FailureReport:
    return FailureReport(
        code="update-undone",
        message=f"the update was undone: {names} as before",
        hint="mend what failed, then `compose-lite up` again",
    )


def _paused(names: str) -> FailureReport:
    return FailureReport(
        code="update-paused",
        message=f"the update is paused: not completed for {names}; the old containers are kept",
        hint="`compose-lite up` goes on, `compose-lite rollback` goes back",
    )


def _stuck(names: str) -> FailureReport:
    return FailureReport(
        code="rollback-failed",
        message=f"the update could not be undone for {names}",
        hint="`compose-lite rollback` tries again",
    )
