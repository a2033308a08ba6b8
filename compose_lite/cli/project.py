"""From the common options to a loaded project, or to the mere name of one."""

# Speed: every command comes through here, and pathlib alone costs milliseconds.
# ruff: noqa: PTH109, PTH117, PTH121

from __future__ import annotations

import os
from itertools import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compose_lite.cli.invocation import Invocation
    from compose_lite.errors import Problem
    from compose_lite.pipeline import Stack
    from compose_lite.spec.compiled import Compiled
    from compose_lite.spec.load import LoadResult
    from compose_lite.spec.model import Project
    from compose_lite.spec.options import LoadOptions, Stages


def load_options(
    ctx: Invocation,
    *,
    services: tuple[str, ...] = (),
    reduce: bool = True,
    stages: Stages | None = None,
    all_resources: bool = False,
) -> LoadOptions:
    """Tell the loader what the command line and the environment say."""
    from compose_lite.spec.options import ALL_STAGES, LoadOptions

    common = ctx.common

    def fetch(reference: str) -> tuple[str, ...]:
        from compose_lite.cli.published import local_files

        return local_files(reference, ctx.environ, offline=ctx.offline, plain_http=common.insecure_registry)

    remote = any(file.startswith("oci://") for file in common.file)
    files = tuple(chain.from_iterable(fetch(file) for file in common.file)) if remote else common.file
    return LoadOptions(
        working_dir=working_dir(ctx.environ),
        environ=dict(ctx.environ),
        stdin=ctx.terminal.stdin.read,
        fetch=fetch,
        files=files,
        project_name=common.project_name,
        instance=common.instance,
        project_directory=common.project_directory,
        env_files=common.env_file,
        profiles=common.profile,
        services=services,
        all_resources=common.all_resources or all_resources,
        reduce=reduce,
        compatibility=common.compatibility,
        home=ctx.environ.get("HOME"),
        stages=stages or ALL_STAGES,
    )


def load_project(
    ctx: Invocation, services: tuple[str, ...] = (), *, reduce: bool = True, all_resources: bool = False
) -> Project:
    """Load the project, tell its warnings, and return it reduced to `services` and what they depend on.

    Without `reduce` the services are only switched on, whatever their profiles.

    Raises:
        SpecError: with every problem found in the files.
    """
    options = load_options(ctx, services=services, reduce=reduce, all_resources=all_resources)
    return _compiled(ctx, options).project


def load_for_containers(ctx: Invocation, services: tuple[str, ...] = ()) -> Project:
    """Load for a command that makes containers: tell also what the files ask of other engines in vain."""
    compiled = _compiled(ctx, load_options(ctx, services=services))
    tell(ctx, compiled.elsewhere)
    return compiled.project


def check_project(ctx: Invocation, options: LoadOptions) -> None:
    """Tell the warnings only; raises `SpecError`."""
    from compose_lite.spec.compiled import check_compiled

    tell(ctx, check_compiled(options, _cache_folder(ctx)))


def _compiled(ctx: Invocation, options: LoadOptions) -> Compiled:
    from compose_lite.spec.compiled import load_compiled

    compiled = load_compiled(options, _cache_folder(ctx))
    tell(ctx, compiled.warnings)
    return compiled


def _cache_folder(ctx: Invocation) -> str | None:
    from compose_lite.spec.compiled import cache_folder

    uncached = ctx.common.no_cache or ctx.variable_set("COMPOSE_LITE_NO_CACHE")
    return None if uncached else cache_folder(ctx.environ)


def loaded(ctx: Invocation, options: LoadOptions) -> LoadResult:
    """Load and tell the warnings; raises `SpecError`."""
    from compose_lite.spec.load import load

    result = load(options)
    tell(ctx, result.warnings)
    return result


def find_stack(ctx: Invocation, services: tuple[str, ...] = ()) -> Stack:
    """What a command that can do without files works on: the whole stack, with `services` switched on.

    As in docker compose, `-p` without `-f` names a project whose files need not be there; without
    files, `COMPOSE_PROJECT_NAME` stands in for them.

    Raises:
        SpecError: the files are wrong, or there are none and nothing names the project.
    """
    from compose_lite.errors import SpecError
    from compose_lite.pipeline import Stack

    name = ctx.common.project_name
    if name and not ctx.common.file:
        return Stack(name=_of_instance(ctx, name))
    try:
        project = load_project(ctx, services, reduce=False, all_resources=True)
    except SpecError as error:
        fallback = ctx.environ.get("COMPOSE_PROJECT_NAME")
        if fallback and error.problems[0].code == "no-file":
            return Stack(name=_of_instance(ctx, fallback))
        raise
    return Stack(name=project.name, project=project)


def _of_instance(ctx: Invocation, name: str) -> str:
    """The name of the project that the command line means by a name; raises `UsageError` for a bad instance."""
    wish = (
        ctx.environ.get("COMPOSE_LITE_INSTANCE", "") if ctx.common.instance is None else ctx.common.instance
    )
    if not wish:
        return name
    from compose_lite.errors import UsageError
    from compose_lite.spec.instance import instance_name, instance_project

    try:
        return instance_project(name, instance_name(wish, working_dir(ctx.environ)))
    except ValueError as error:
        raise UsageError(str(error), code="bad-instance-name") from error


def tell(ctx: Invocation, problems: Sequence[Problem]) -> None:
    """Show warnings to the user."""
    if not problems:
        return
    from compose_lite.cli.views.problems import render_problem

    terminal = ctx.terminal
    for problem in problems:
        shown = render_problem(problem, coloured=terminal.err_colour, columns=terminal.columns(error=True))
        terminal.note(shown)


def working_dir(environ: Mapping[str, str]) -> str:
    """The folder that the user is in, by the name that the shell knows it under (symbolic links kept)."""
    actual = os.getcwd()
    named = environ.get("PWD", "")
    try:
        return named if os.path.isabs(named) and os.path.samefile(named, actual) else actual
    except OSError:
        return actual
