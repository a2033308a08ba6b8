"""Makes of an error the report that its reader needs to act: exit code, last probes, the tail of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.errors import BuildFailed, ComposeLiteError, DaemonError, FailureReport

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Daemon, Json

LOG_LINES = 20
PROBES = 3


class ContainerFailure(ComposeLiteError):
    """A container is not what was waited for; `report` has all that is known of it."""

    code = "container-failed"

    def __init__(self, report: FailureReport) -> None:
        super().__init__(report.message, hint=report.hint, code=report.code)
        self.report = report


def report_of(error: ComposeLiteError) -> FailureReport:
    """The report of any error."""
    if isinstance(error, ContainerFailure):
        return error.report
    problem = error.problems[0]
    output = error.output[-LOG_LINES:] if isinstance(error, BuildFailed) else ()
    return FailureReport(message=str(error), hint=problem.hint, code=problem.code, log_tail=output)


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
        text = b"".join(chunk for _, chunk in feed)
    except DaemonError:
        return ()  # its log driver keeps nothing, or the container is gone
    lines = text.decode(errors="replace").removesuffix("\n").split("\n")
    return tuple(line.rstrip("\r") for line in lines[-LOG_LINES:]) if text else ()
