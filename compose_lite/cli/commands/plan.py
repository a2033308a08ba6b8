"""The commands `plan` and `apply`: what a command would do and why, and doing just that later."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.commands.up import (
    CreateOptions,
    UpOptions,
    create_request,
    images_request,
    parse_scale,
    prepared,
    scale_requests,
    up_request,
)
from compose_lite.cli.options import flag, number, text, word
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline import Stack
    from compose_lite.pipeline.planned import Preview
    from compose_lite.planner.plan import Plan
    from compose_lite.planner.requests import ImagesRequest, UpRequest
    from compose_lite.spec.model import Project

CHANGES = 2
_MAKING = ("up", "create", "scale")
_ON_IMAGES = ("pull", "build")
_ON_CONTAINERS = ("down", "stop", "start", "restart", "kill", "pause", "unpause", "rm", "rollback")
VERBS = (*_MAKING, "run", *_ON_CONTAINERS, *_ON_IMAGES)
_OTHERS = "With --for down, stop, restart, rm, rollback"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOptions(CreateOptions):
    """Options of `plan`: those of the commands that make a difference to their plans, and how to show it."""

    for_verb: str = text(
        f"The command to plan: {', '.join(VERBS)}",
        choices=VERBS,
        default="up",
        long="--for",
        metavar="COMMAND",
    )
    format: str | None = text("Output format (text)", choices=("text", "json"))
    detailed_exitcode: bool = flag("Exit with 2 if there is something to do")
    out: str | None = text("Keep the plan in a file, for apply", metavar="FILE")
    no_deps: bool = flag("Leave alone what the services depend on")
    # What these change is not in a plan.
    quiet_pull: bool = flag("Taken as up takes it", hidden=True)
    yes: bool = flag("Taken as up takes it", short="-y", hidden=True)
    volumes: bool = flag("Remove volumes too", short="-v", group=_OTHERS)
    rmi: str | None = text("Remove images too", choices=("local", "all"), group=_OTHERS)
    stop: bool = flag("Stop containers that rm removes", group=_OTHERS)
    timeout: int | None = number(
        "Seconds to wait for a container to stop before it is killed",
        short="-t",
        metavar="SECONDS",
        group=_OTHERS,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplyOptions:
    """Options of `apply`."""

    file: str = word("FILE")


def run_plan(ctx: Invocation, options: PlanOptions) -> int:
    """Print what `up`, or another command, would do."""
    from compose_lite.pipeline.planned import preview
    from compose_lite.planner.plan import joined

    stack, asked, scale = _asked(ctx, options)
    found = preview(stack, asked, ctx.connect())
    plan = found.plans[0] if len(found.plans) == 1 else joined(*found.plans)
    _show(ctx, options, plan)
    if options.out is not None:
        _keep(ctx, found, scale, options.out)
    return CHANGES if not plan.empty and options.detailed_exitcode else 0


def _asked(ctx: Invocation, options: PlanOptions) -> tuple[Stack, tuple[Any, ...], Mapping[str, int]]:
    """The stack, the requests of the verb, and the counts that it sets."""
    from compose_lite.cli.project import find_stack, load_project
    from compose_lite.pipeline import Stack

    if options.for_verb in _ON_CONTAINERS:
        return find_stack(ctx, options.services), (_request(ctx, options),), {}
    if options.for_verb == "run":
        return _run(ctx, options)
    if options.for_verb in _ON_IMAGES:
        project = load_project(ctx, options.services)
        return Stack(name=project.name, project=project), (_request(ctx, options),), {}
    if options.for_verb == "scale":
        scale = (*options.scale, *options.services)
        options = replace(options, scale=scale, services=tuple(parse_scale(scale)))
    project = prepared(ctx, options.services, options.scale)
    asked = _making(project, options, all_resources=ctx.common.all_resources)
    return Stack(name=project.name, project=project), asked, parse_scale(options.scale)


def _run(ctx: Invocation, options: PlanOptions) -> tuple[Stack, tuple[Any, ...], Mapping[str, int]]:
    """What `run` asks for; its plan can't be kept, as its container is somebody's who waits for it."""
    from compose_lite.cli.commands.run import RunOptions, run_requests
    from compose_lite.cli.project import load_for_containers
    from compose_lite.pipeline import Stack

    if len(options.services) != 1 or options.out is not None:
        what = "--out can't be combined with --for run" if options.out else "--for run takes one service"
        raise UsageError(what, hint="for example compose-lite plan --for run web")
    project = load_for_containers(ctx, options.services)
    wanted = RunOptions(
        service=options.services[0],
        no_deps=options.no_deps,
        remove_orphans=options.remove_orphans,
        build=options.build,
        pull=options.pull,
    )
    return Stack(name=project.name, project=project), run_requests(ctx, wanted, project), {}


def _making(
    project: Project, options: PlanOptions, *, all_resources: bool
) -> tuple[UpRequest, ImagesRequest]:
    """What a verb that makes containers asks for."""
    if options.for_verb == "scale":
        return scale_requests(options.services, no_deps=options.no_deps)
    if options.for_verb == "create":
        request = create_request(project, options, all_resources=all_resources)
        return request, images_request(options, no_deps=False, verb="create")
    wanted = UpOptions(
        services=options.services,
        force_recreate=options.force_recreate,
        no_recreate=options.no_recreate,
        remove_orphans=options.remove_orphans,
        recreate_volume=options.recreate_volume,
        no_deps=options.no_deps,
        timeout=options.timeout,
    )
    request = up_request(project, wanted, all_resources=all_resources)
    return request, images_request(options, no_deps=options.no_deps, verb="up")


def _request(ctx: Invocation, options: PlanOptions) -> Any:
    """What a verb that makes no containers asks for."""
    from compose_lite.planner import requests

    services, timeout = options.services, options.timeout
    match options.for_verb:
        case "down":
            return requests.DownRequest(
                services=services,
                volumes=options.volumes,
                rmi="all" if options.rmi == "all" else "local" if options.rmi else None,
                remove_orphans=options.remove_orphans or ctx.variable_set("COMPOSE_REMOVE_ORPHANS"),
                timeout=timeout,
            )
        case "stop":
            return requests.StopRequest(services=services, timeout=timeout)
        case "restart":
            return requests.RestartRequest(services=services, timeout=timeout, no_deps=options.no_deps)
        case "rm":
            return requests.RemoveRequest(services=services, stop=options.stop, volumes=options.volumes)
        case "kill":
            return requests.KillRequest(services=services, remove_orphans=options.remove_orphans)
        case "pause":
            return requests.PauseRequest(services=services)
        case "unpause":
            return requests.UnpauseRequest(services=services)
        case "rollback":
            return requests.RollbackRequest(services=services, timeout=timeout)
        case "pull":
            return requests.PullRequest(services=services, policy=options.pull)
        case "build":
            return requests.BuildRequest(services=services)
        case _:
            return requests.StartRequest(services=services)


def _show(ctx: Invocation, options: PlanOptions, plan: Plan) -> None:
    if options.format == "json":
        from compose_lite.cli.views.text import json_text
        from compose_lite.planner.render import to_dict

        ctx.terminal.print(json_text(to_dict(plan), indent=2))
    else:
        from compose_lite.cli.views.plan import plan_text

        ctx.terminal.print(plan_text(plan, ctx.terminal.columns()))


def _keep(ctx: Invocation, found: Preview, scale: Mapping[str, int], path: str) -> None:
    """Write the plan to a file; raises `UsageError` if it can't be, or the files could not be read again."""
    import json
    from pathlib import Path

    project = found.stack.project
    if project is not None and "-" in project.compose_files:
        raise UsageError(
            "a plan of a file from standard input can't be kept: it could not be read again",
            hint="write the file down, and name it with --file",
        )
    try:
        Path(path).write_text(json.dumps(found.document(scale), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror}", code="cannot-write") from error
    ctx.terminal.note(f"Kept in {path}; carry it out with: compose-lite apply {path}")


def run_apply(ctx: Invocation, options: ApplyOptions) -> int:
    """Carry out a plan that was kept in a file, if nothing has moved since."""
    from pathlib import Path

    from compose_lite.cli.carry_out import carrying_out, print_only
    from compose_lite.pipeline.planned import apply
    from compose_lite.planner.saved import read

    try:
        document = read(Path(options.file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"can't read {options.file}: {error.strerror}", code="unreadable-file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{options.file} is no saved plan: it is not text", code="not-a-plan") from error
    stack = _stack(ctx, document)
    if ctx.common.dry_run:
        return print_only(ctx, lambda means: apply(document, stack, means))
    with carrying_out(ctx, title="apply") as run:
        apply(document, stack, run.means)
    return run.exit_code


def _stack(ctx: Invocation, document: dict[str, Any]) -> Stack:
    """The stack that a plan was made for, loaded anew from the files that it was loaded from."""
    from compose_lite.cli.project import find_stack
    from compose_lite.pipeline import Stack
    from compose_lite.planner.requests import UpRequest
    from compose_lite.planner.saved import requests_of
    from compose_lite.spec.instance import base_project

    source = document["source"]
    if source is None:
        return Stack(name=document["project"])
    instance = source.get("instance", "")
    common = replace(
        ctx.common,
        file=tuple(source["compose_files"]),
        project_name=base_project(source["name"], instance),
        instance=instance,
        project_directory=source["working_dir"],
        env_file=tuple(source["env_files"]),
        profile=tuple(source["profiles"]),
    )
    there = replace(ctx, common=common)
    request = requests_of(document)[0]
    if not isinstance(request, UpRequest):
        return find_stack(there, request.services)
    project = prepared(there, request.services, ())
    return Stack(name=project.name, project=project.with_scale(document["scale"]))


COMMANDS = {
    "plan": Command(options=PlanOptions, run=run_plan, example="plan --detailed-exitcode"),
    "apply": Command(options=ApplyOptions, run=run_apply, example="apply update.plan"),
}
