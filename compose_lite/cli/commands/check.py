"""The command `check`: what is valid in the files but will hurt."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import text, texts
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.errors import Problem

FOUND = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOptions:
    """Options of `check`."""

    format: str | None = text("Output format (text)", choices=("text", "json", "sarif"))
    ignore: tuple[str, ...] = texts("Leave out findings of this code", metavar="CODE")


def run_check(ctx: Invocation, options: CheckOptions) -> int:
    """Show the findings; the exit code is 1 if there are any, or if the files are wrong."""
    from compose_lite.cli.project import load_options
    from compose_lite.errors import SpecError
    from compose_lite.spec.check_stack import check

    try:
        problems: Sequence[Problem] = check(load_options(ctx), ignore=options.ignore)
    except SpecError as error:
        if options.format in (None, "text"):
            raise
        problems = error.problems
    _show(ctx, options, problems)
    return FOUND if problems else 0


def _show(ctx: Invocation, options: CheckOptions, problems: Sequence[Problem]) -> None:
    if options.format in (None, "text"):
        from compose_lite.cli.views.problems import render_problem

        for problem in problems:
            terminal = ctx.terminal
            shown = render_problem(problem, coloured=terminal.out_colour, columns=terminal.columns())
            ctx.terminal.print(f"{shown}\n  code: {problem.code}")
        count = len(problems)
        ctx.terminal.note("nothing found" if not count else f"{count} finding{'s' if count > 1 else ''}")
        return
    from compose_lite.cli.views.text import json_text
    from compose_lite.spec.check import RULES
    from compose_lite.spec.check_report import problem_data, sarif

    data = sarif(problems, RULES) if options.format == "sarif" else [problem_data(each) for each in problems]
    ctx.terminal.print(json_text(data, indent=2))


COMMANDS = {"check": Command(options=CheckOptions, run=run_check, example="check --format sarif")}
