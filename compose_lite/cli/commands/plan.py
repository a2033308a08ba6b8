"""The command `plan`: what `up` would do, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose_lite.cli.commands import Command
from compose_lite.cli.commands.up import CreateOptions, UpOptions, images_request, prepared, up_request
from compose_lite.cli.options import flag, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.plan import Plan

CHANGES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOptions(CreateOptions):
    """Options of `plan`: those of `up` that make a difference to its plan, and how to show it."""

    format: str | None = text("Output format (text)", choices=("text", "json"))
    detailed_exitcode: bool = flag("Exit with 2 if there is something to do")
    no_deps: bool = flag("Leave alone what the services depend on")


def run_plan(ctx: Invocation, options: PlanOptions) -> int:
    """Print what `up` would do."""
    from compose_lite import pipeline
    from compose_lite.pipeline.means import Means

    project = prepared(ctx, options.services, options.scale)
    wanted = UpOptions(
        services=options.services,
        force_recreate=options.force_recreate,
        no_recreate=options.no_recreate,
        remove_orphans=options.remove_orphans,
        no_deps=options.no_deps,
    )
    means = Means(daemon=ctx.connect(), review=lambda _plan: False, lock=False)
    images = images_request(options, no_deps=options.no_deps, verb="up")
    plans = pipeline.up(project, up_request(project, wanted), images, means)
    _show(ctx, options, plans)
    changes = any(not plan.empty for plan in plans)
    return CHANGES if changes and options.detailed_exitcode else 0


def _show(ctx: Invocation, options: PlanOptions, plans: Sequence[Plan]) -> None:
    from compose_lite.planner.plan import joined
    from compose_lite.planner.render import text, to_dict

    plan = joined(*plans)
    if options.format == "json":
        import json

        ctx.terminal.print(json.dumps(to_dict(plan), indent=2, ensure_ascii=False))
    else:
        ctx.terminal.print(text(plan), end="")


COMMANDS = {"plan": Command(options=PlanOptions, run=run_plan, example="plan --detailed-exitcode")}
