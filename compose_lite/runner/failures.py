"""Makes of an error the report that its reader needs to act: exit code, last probes, the tail of the log."""

from __future__ import annotations

from compose_lite.errors import BuildFailed, ComposeLiteError, DaemonError, FailureReport
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.reasons import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compose_lite.planner.plan import Plan, PlannedAction
    from compose_lite.runner.daemon import Daemon, Json
    from compose_lite.runner.schedule import Failure

LOG_LINES = 20
PROBES = 3


class ContainerFailure(ComposeLiteError):
    """A container is not what was waited for; `report` has all that is known of it."""

    code = "container-failed"

    def __init__(self, report: FailureReport) -> None:
        super().__init__(report.message, hint=report.hint, code=report.code)
        self.report = report


def report_of(error: ComposeLiteError, planned: PlannedAction | None = None) -> FailureReport:
    """The report of any error; `planned` is the action that it ended."""
    if isinstance(error, ContainerFailure):
        report = error.report
    else:
        problem = error.problems[0]
        output = error.output[-LOG_LINES:] if isinstance(error, BuildFailed) else ()
        report = FailureReport(message=str(error), hint=problem.hint, code=problem.code, log_tail=output)
    if planned is None:
        return report
    action = f"{planned.action.verb} {planned.action.kind} {planned.action.name}"
    message = report.message
    # The daemon's own words don't say what it was asked; ours do.
    if isinstance(error, DaemonError) and not message.startswith("can't "):
        message = f"can't {action}: {message}"
    reason = "; ".join(map(text, planned.reasons))
    return replace(report, message=message, action=action, reason=reason)


def left_undone(plan: Plan, failures: Sequence[Failure], because: Mapping[int, int]) -> tuple[Failure, ...]:
    """The failures with what was not done because of each, one line a resource but for the one that failed itself.

    Args:
        because: action that was not begun → the failed one that it needs.
    """
    from compose_lite.planner.outcomes import outcomes

    found = []
    for failure in failures:
        failed = failure.planned.id
        skipped = frozenset(number for number, cause in because.items() if cause == failed)
        own = {(one.kind, one.name) for one in outcomes(plan, frozenset({failed}))}
        undone = tuple(
            f"{one.change} {one.kind} {one.name}"
            for one in outcomes(plan, skipped)
            if (one.kind, one.name) not in own
        )
        found.append(replace(failure, report=replace(failure.report, undone=undone)))
    return tuple(found)


def container_failure(
    daemon: Daemon, inspected: Json, message: str, *, hint: str | None = None, code: str = "container-failed"
) -> ContainerFailure:
    """The failure of a container, with what it left behind: for one that was just inspected."""
    state: Json = inspected["State"]
    running = state.get("Running", False)
    return ContainerFailure(
        FailureReport(
            message=message,
            hint=hint,
            code=code,
            container=inspected["Name"].removeprefix("/"),
            exit_code=None if running else state.get("ExitCode"),
            oom_killed=bool(state.get("OOMKilled")),
            probes=probes(state),
            log_tail=log_tail(daemon, inspected),
        )
    )


def probes(state: Json) -> tuple[str, ...]:
    """The last results of the health check: `exit code: output`."""
    results = (state.get("Health") or {}).get("Log") or ()
    return tuple(
        f"exit code {one.get('ExitCode')}: {(one.get('Output') or '').strip() or '(no output)'}"
        for one in results[-PROBES:]
    )


def log_tail(daemon: Daemon, inspected: Json) -> tuple[str, ...]:
    """The last lines that the container wrote; none if its log can't be read."""
    config: Json = inspected.get("Config") or {}
    try:
        feed = daemon.logs_container(inspected["Id"], tail=str(LOG_LINES), tty=bool(config.get("Tty")))
        written = b"".join(chunk for _, chunk in feed)
    except DaemonError:
        return ()  # its log driver keeps nothing, or the container is gone
    lines = written.decode(errors="replace").removesuffix("\n").split("\n")
    return tuple(line.rstrip("\r") for line in lines[-LOG_LINES:]) if written else ()
