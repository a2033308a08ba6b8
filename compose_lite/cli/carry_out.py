"""Runs a verb of the pipeline with progress shown, `--dry-run` obeyed and failures reported."""

from __future__ import annotations

from contextlib import contextmanager
from functools import reduce

from compose_lite import events
from compose_lite.cli.signals import ending_as_ctrl_c
from compose_lite.errors import ExecutionError
from compose_lite.lazy_dataclasses import dataclass, replace
from compose_lite.pipeline.means import Means

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.views.progress import View
    from compose_lite.errors import FailureReport
    from compose_lite.events import EventSink
    from compose_lite.planner.plan import Plan


_AGAIN = "remove the cause, then run the same command again: it continues from what is there"


@dataclass(slots=True)
class Run:
    """A verb under way: what it works with, and the exit code once it has ended."""

    means: Means
    view: View
    exit_code: int = 0


@contextmanager
def carrying_out(
    ctx: Invocation,
    *,
    title: str,
    mode: str | None = None,
    quiet_pull: bool = False,
    quiet_build: bool = False,
) -> Iterator[Run]:
    """Connect, open the progress view, and report what fails in the body as a failure report.

    Args:
        title: what the live view is headed with.
        mode: a progress mode that wins over `--progress`.
        quiet_pull, quiet_build: leave the steps of pulls and builds out.
    """
    from compose_lite.cli.views.progress import chosen_mode, showing

    mode = mode or chosen_mode(ctx.common.progress, ctx.terminal, ctx.environ)
    run: Run | None = None
    try:
        with ending_as_ctrl_c(), showing(mode, ctx.terminal, title=title) as view:
            run = Run(means_of(ctx, without_steps(view, pull=quiet_pull, build=quiet_build)), view)
            yield run
    except ExecutionError as error:
        if run is None or not error.reports:
            raise
        from compose_lite.cli.views.report import render_reports, reports_json

        reports = _with_command(error.reports, title, ctx.argv)
        if mode == "json":
            ctx.terminal.note(reports_json(reports))
        else:
            terminal = ctx.terminal
            columns = terminal.columns(error=True)
            terminal.note(render_reports(reports, coloured=terminal.err_colour, columns=columns))
        run.exit_code = error.exit_code


def _with_command(
    reports: Sequence[FailureReport], title: str, argv: Sequence[str]
) -> Sequence[FailureReport]:
    """The reports of failed actions with the command line that goes on: it is the same again."""
    if not argv:
        return reports
    may_hold_secrets = title == "run" or any(word.startswith("--build-arg") for word in argv)
    if may_hold_secrets:
        return [replace(one, hint=one.hint or _AGAIN) if one.action else one for one in reports]
    import shlex

    line = shlex.join(("compose-lite", *argv))
    return [replace(report, resume=line) if report.action else report for report in reports]


def means_of(ctx: Invocation, emit: EventSink) -> Means:
    """What a verb of this invocation works with."""
    limit = ctx.common.parallel if ctx.common.parallel > 0 else _limit(ctx)
    means = Means(
        daemon=ctx.connect(),
        emit=emit,
        parallel=limit,
        lock_timeout=ctx.common.lock_timeout or 0,
        command=f"compose-lite {ctx.command}".rstrip(),
        environ=ctx.environ,
    )
    return replace(means, review=lambda plan: _print_instead(ctx, plan)) if ctx.common.dry_run else means


def _limit(ctx: Invocation) -> int | None:
    wish = ctx.environ.get("COMPOSE_PARALLEL_LIMIT", "")
    return int(wish) if wish.isdigit() and int(wish) > 0 else None


def print_only(ctx: Invocation, verb: Callable[[Means], Sequence[Plan]]) -> int:
    """Print the plans that a verb makes as one, and carry none out."""
    from compose_lite.cli.views.plan import plan_text
    from compose_lite.planner.plan import joined

    means = Means(daemon=ctx.connect(), review=lambda _plan: False, lock=False)
    ctx.terminal.print(plan_text(reduce(joined, verb(means)), ctx.terminal.columns()))
    return 0


def _print_instead(ctx: Invocation, plan: Plan) -> bool:
    """Print a plan and keep it from being carried out."""
    from compose_lite.cli.views.plan import plan_text

    ctx.terminal.print(plan_text(plan, ctx.terminal.columns()))
    ctx.terminal.flush()
    return False


def without_steps(view: EventSink, *, pull: bool, build: bool) -> EventSink:
    """The view without the progress of pulls or builds."""
    verbs = {verb for verb, left_out in (("pull", pull), ("build", build)) if left_out}
    if not verbs:
        return view
    silenced: set[int] = set()

    def emit(event: events.Event) -> None:
        if isinstance(event, events.PlanStarted):
            silenced.clear()
        elif isinstance(event, events.ActionStarted) and event.verb in verbs:
            silenced.add(event.id)
        if not (isinstance(event, events.ActionProgress) and event.id in silenced):
            view(event)

    return emit
