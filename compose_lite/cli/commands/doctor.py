"""The command `doctor`: whether engine and machine are fit for stacks, and what to do where they are not."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import text
from compose_lite.cli.signals import ending_as_ctrl_c
from compose_lite.errors import DaemonError, UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline.diagnosis import Finding, Status

# Columns of a check's name, and those before its message.
_CHECK = 13
_INDENT = 2 + _CHECK + 2
_COLUMNS = {"Check": "CHECK", "Status": "STATUS", "Message": "MESSAGE", "Remedy": "REMEDY"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DoctorOptions:
    """Options of `doctor`."""

    format: str | None = text("json, table TEMPLATE or a Go template", metavar="FORMAT")


def run_doctor(ctx: Invocation, options: DoctorOptions) -> int:
    """Check engine and machine; the exit code is 1 if one of the checks failed."""
    from compose_lite.cli.views.listing import show_listing
    from compose_lite.pipeline.diagnosis import sick

    findings = _findings(ctx)
    if options.format in (None, ""):
        _show(ctx, findings)
    else:
        rows = [
            {
                "Check": finding.check,
                "Status": finding.status,
                "Message": finding.message,
                "Remedy": finding.remedy,
            }
            for finding in findings
        ]
        show_listing(ctx.terminal, rows, options.format, _COLUMNS)
    return 1 if sick(findings) else 0


def _findings(ctx: Invocation) -> list[Finding]:
    from compose_lite.pipeline.diagnosis import no_engine, of_client, of_engine
    from compose_lite.runner.checkup import examine_client, examine_engine

    try:
        with ending_as_ctrl_c():
            engine = of_engine(examine_engine(ctx.connect(), probe=not ctx.common.dry_run))
    except (DaemonError, UsageError) as error:
        engine = no_engine(error)
    return [*engine, *of_client(examine_client(ctx.environ))]


def _show(ctx: Invocation, findings: Iterable[Finding]) -> None:
    """A line a check, and its remedy below it where it is not fine; on a terminal none is wider than the window."""
    from compose_lite.cli.views.text import GREEN, RED, YELLOW, paint, safe, wrapped

    marks: dict[Status, tuple[str, str]] = {
        "ok": ("✓", GREEN),
        "warning": ("!", YELLOW),
        "failure": ("✗", RED),
        "skipped": ("-", ""),
    }
    terminal = ctx.terminal
    columns = terminal.columns()
    room = None if columns is None else columns - _INDENT
    for finding in findings:
        mark, colour = marks[finding.status]
        shown = paint(mark, colour, on=terminal.out_colour and bool(colour))
        first, *more = wrapped(safe(finding.message), room)
        terminal.print(f"{shown} {finding.check:<{_CHECK}}  {first}")
        if finding.remedy:
            more += wrapped(f"→ {safe(finding.remedy)}", room)
        for line in more:
            terminal.print(" " * _INDENT + line)


COMMANDS = {"doctor": Command(options=DoctorOptions, run=run_doctor, example="doctor --format json")}
