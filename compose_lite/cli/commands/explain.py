"""The command `explain`: where a value or a variable comes from."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import text, word
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainOptions:
    """Options of `explain`."""

    subject: str = word("PATH|'${VARIABLE}'")
    format: str | None = text("Output format (text)", choices=("text", "json"))


def run_explain(ctx: Invocation, options: ExplainOptions) -> int:
    """Show who has a say in a value, and who has the last word."""
    from compose_lite.cli.project import load_options
    from compose_lite.spec.explain import explain

    explanation = explain(load_options(ctx), options.subject)
    if options.format == "json":
        from compose_lite.cli.views.text import json_text
        from compose_lite.spec.explanation import explanation_data

        ctx.terminal.print(json_text(explanation_data(explanation), indent=2))
    else:
        from compose_lite.cli.views.explanation import render_explanation

        ctx.terminal.print(render_explanation(explanation, coloured=ctx.terminal.out_colour))
    return 0


COMMANDS = {
    "explain": Command(
        options=ExplainOptions, run=run_explain, example="explain services.web.environment.PORT"
    ),
}
