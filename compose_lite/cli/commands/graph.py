"""The command `graph`: the stack as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, words
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.picture import Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphOptions:
    """Options of `graph`."""

    services: tuple[str, ...] = words("SERVICE")
    format: str | None = text("Output format (text)", choices=("text",))
    live: bool = flag("Ask the daemon how each service is, and show it")


def run_graph(ctx: Invocation, options: GraphOptions) -> int:
    """Draw the stack."""
    from compose_lite.cli.views.graph.text import render_text

    drawn = _picture(ctx, options)
    columns = ctx.terminal.size()[0] if ctx.terminal.out_tty else 80
    ctx.terminal.print(render_text(drawn, columns=columns, coloured=ctx.terminal.out_colour))
    return 0


def _picture(ctx: Invocation, options: GraphOptions) -> Picture:
    """The picture of the whole stack, or of the named services with what they need."""
    from compose_lite.cli.project import load_project
    from compose_lite.planner.picture import picture

    project = load_project(ctx, options.services, all_resources=True)
    observed = None
    if options.live:
        from compose_lite.pipeline import Stack
        from compose_lite.pipeline.observation import observe_stack

        observed = observe_stack(ctx.connect(), Stack(name=project.name, project=project))
    return picture(project, observed, disabled=not options.services, unused=ctx.common.all_resources)


COMMANDS = {
    "graph": Command(options=GraphOptions, run=run_graph, example="graph --live"),
}
