"""From the command line to a watch: where the project comes from, how it is read again, what a batch looks like."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from compose_lite.cli.project import load_options, tell
from compose_lite.lazy_dataclasses import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compose_lite.cli.invocation import Invocation
    from compose_lite.events import EventSink
    from compose_lite.pipeline.means import Means
    from compose_lite.pipeline.watching_files import Origin
    from compose_lite.planner.plan import Plan
    from compose_lite.spec.load import LoadResult
    from compose_lite.spec.model import Project


def watch_origin(
    ctx: Invocation,
    services: tuple[str, ...],
    *,
    prepare: Callable[[Project], Project] = lambda project: project,
) -> Origin:
    """The project of the command line, and how to read it again when its files change.

    Args:
        prepare: what the command line changes about the project (`--scale`), each time that it is read.

    Raises:
        SpecError: with every problem found in the files.
    """
    from compose_lite.pipeline.watching_files import Origin
    from compose_lite.spec.load import load

    options = load_options(ctx, services=services)

    def of(result: LoadResult) -> Origin:
        reload = None if "-" in result.files else read_again  # standard input can't be read again
        return Origin(project=prepare(result.project), read=result.read, reload=reload)

    def read_again() -> Origin:
        return of(load(options))

    result = load(options)
    tell(ctx, (*result.warnings, *result.elsewhere))
    return of(result)


@contextmanager
def watch_means(
    ctx: Invocation,
    origin: Origin,
    *,
    quiet: bool = False,
    aside: Callable[[Callable[[], None]], None] | None = None,
) -> Iterator[Means]:
    """What a watch works with: its events are shown, and the plans that changed project files lead to.

    Args:
        quiet: leave the output of builds out.
        aside: called with a function that writes, so that a live view can step aside for it.
    """
    from compose_lite.cli.carry_out import means_of, without_steps
    from compose_lite.cli.views.progress import chosen_mode
    from compose_lite.cli.views.watch import WatchView

    mode = chosen_mode(ctx.common.progress, ctx.terminal, ctx.environ)
    view = WatchView(ctx.terminal, folder=origin.project.working_dir, mode=mode, aside=aside)
    emit: EventSink = without_steps(view, pull=quiet, build=quiet)

    def review(plan: Plan) -> bool:
        if not plan.empty and mode not in ("json", "quiet"):
            from compose_lite.cli.views.plan import plan_text

            view.say(plan_text(plan, ctx.terminal.columns()))
        return True

    try:
        yield replace(means_of(ctx, emit), review=review)
    finally:
        view.close()
