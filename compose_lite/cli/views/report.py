"""The block that tells, after a failure, everything that is needed to act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.problems import headed
from compose_lite.cli.views.text import BOLD, CYAN, DIM, RED, clip, json_text, paint, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compose_lite.errors import FailureReport


# Columns that the reason has at most: `plan` tells all of a command that has changed.
_REASON = 120


def render_reports(reports: Iterable[FailureReport], *, coloured: bool, columns: int | None = None) -> str:
    """One block for each failed action."""
    return "\n".join(render_report(report, coloured=coloured, columns=columns) for report in reports)


def reports_json(reports: Iterable[FailureReport]) -> str:
    """The reports as JSON lines, without what is not known."""
    from dataclasses import asdict

    lines = []
    for report in reports:
        found = asdict(report)
        known = {name: value for name, value in found.items() if value not in (None, (), False, "")}
        shown = {"event": "error", "error": True, "text": known.pop("message"), **known}
        lines.append(json_text(shown))
    return "\n".join(lines)


def render_report(report: FailureReport, *, coloured: bool, columns: int | None = None) -> str:
    """What failed and why it was done, how the container ended, its last words, what is undone, how to mend it.

    Args:
        columns: width of the window, if it is for one: the message is broken between words.
    """
    lines = headed(paint("error:", BOLD, RED, on=coloured), report.message, columns)
    if report.reason:
        lines.append(f"  to be done because: {clip(safe(report.reason), _REASON)}")
    if report.exit_code is not None:
        memory = ", killed because it ran out of memory" if report.oom_killed else ""
        lines.append(f"  exit code {report.exit_code}{memory}")
    lines += _quoted("last health probes", report.probes, coloured)
    who = f" of {report.container}" if report.container else ""
    lines += _quoted(f"last log lines{safe(who)}", report.log_tail, coloured)
    if report.undone:
        lines += ["  left undone:", *(f"    - {safe(thing)}" for thing in report.undone)]
    if report.hint:
        name = paint("hint:", CYAN, on=coloured)
        lines += [f"  {name} {safe(line)}" for line in report.hint.splitlines()]
    if report.resume:
        lines.append(f"  {paint('then continue:', CYAN, on=coloured)} {safe(report.resume)}")
    return "\n".join(lines)


def _quoted(title: str, texts: Sequence[str], coloured: bool) -> list[str]:
    if not texts:
        return []
    bar = paint("|", DIM, on=coloured)
    return [f"  {title}:", *(f"    {bar} {safe(line)}" for text in texts for line in text.splitlines())]
