"""The command `ls`: the projects on the daemon."""

from __future__ import annotations

from fnmatch import fnmatchcase

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, texts
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.runner.observe import ProjectSummary

_LEAST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class LsOptions:
    """Options of `ls`."""

    all: bool = flag("Projects without a running container too", short="-a")
    filter: tuple[str, ...] = texts("Only what fits, as in name=shop*", metavar="NAME=VALUE")
    format: str | None = text("Output format (table)", choices=("table", "json"))
    quiet: bool = flag("Names only", short="-q")


def run_ls(ctx: Invocation, options: LsOptions) -> int:
    """List the projects that have containers."""
    from compose_lite.runner.observe import list_projects

    patterns = _patterns(options.filter)
    projects = [
        project
        for project in list_projects(ctx.connect(), include_stopped=options.all)
        if not patterns or any(_fits(project.name, pattern) for pattern in patterns)
    ]
    _show(ctx, options, projects)
    return 0


def _patterns(filters: Sequence[str]) -> list[str]:
    """The names asked for; raises `UsageError` for a filter other than by name."""
    for item in filters:
        if not item.startswith("name="):
            raise UsageError(f"ls can't filter by {item!r}", hint="it knows name=PATTERN")
    return [item.removeprefix("name=") for item in filters]


def _fits(name: str, pattern: str) -> bool:
    """Whether a name has the pattern in it, as text, with wildcards, or as docker compose's regular expression."""
    if pattern in name or fnmatchcase(name, pattern):
        return True
    import re

    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


def _show(ctx: Invocation, options: LsOptions, projects: Sequence[ProjectSummary]) -> None:
    from compose_lite.cli.views.table import table
    from compose_lite.cli.views.text import json_text, safe

    terminal = ctx.terminal
    if options.quiet:
        for project in projects:
            terminal.print(safe(project.name))
    elif options.format == "json":
        shown = [_told(project) for project in projects]
        terminal.print(json_text(shown, compact=True))
    else:
        columns = terminal.columns()
        titles = {"NAME": "Name", "INSTANCE": "Instance", "STATUS": "Status", "CONFIG FILES": "ConfigFiles"}
        if not any(project.instance for project in projects):
            del titles["INSTANCE"]
        rows = [[_told(project).get(field, "") for field in titles.values()] for project in projects]
        files = ("CONFIG FILES",)
        terminal.print(table(tuple(titles), rows, least=_LEAST, columns=columns, cut=files, shrink=files))


def _told(project: ProjectSummary) -> dict[str, str]:
    """The project under docker compose's names of fields; `Instance` only where it is one."""
    told = {
        "Name": project.name,
        "Status": status_text(project),
        "ConfigFiles": ",".join(project.config_files),
    }
    return {**told, "Instance": project.instance} if project.instance else told


def status_text(project: ProjectSummary) -> str:
    """Containers by state: `exited(1), running(2)`."""
    return ", ".join(f"{state}({count})" for state, count in sorted(project.states.items()))


COMMANDS = {"ls": Command(options=LsOptions, run=run_ls, example="ls --all")}
