"""The commands `build`, `pull` and `push`: make, get and give away the services' images."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, texts, words
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.requests import BuildRequest
    from compose_lite.spec.model import Build, Project

_WHAT = "What is built"
_HOW = "How it is built"
_INSTEAD = "Instead of building"
_MEMORY = "Most memory that the build's containers may use (classic builder only)"


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions:
    """Options of `build`."""

    services: tuple[str, ...] = words("SERVICE")
    with_dependencies: bool = flag("Build what the services depend on too", group=_WHAT)
    push: bool = flag("Push what was built", group=_WHAT)
    provenance: str | None = text("Attestation of provenance to add", metavar="MODE", group=_WHAT)
    sbom: str | None = text("Attestation of contents to add", metavar="MODE", group=_WHAT)
    build_arg: tuple[str, ...] = texts("Build argument", metavar="NAME=VALUE", group=_HOW)
    pull: bool = flag("Look for newer base images", group=_HOW)
    no_cache: bool = flag("Build every step again", group=_HOW)
    ssh: str | None = text("SSH agent or key that builds may use", metavar="ID", group=_HOW)
    builder: str | None = text("Builder to use", metavar="NAME", group=_HOW)
    memory: str | None = text(_MEMORY, short="-m", metavar="BYTES", group=_HOW)
    check: bool = flag("Check the Dockerfiles without building", group=_INSTEAD)
    print: bool = flag("Print the bake file and build nothing", group=_INSTEAD)
    quiet: bool = flag("Show no progress", short="-q")


@dataclass(frozen=True, kw_only=True, slots=True)
class PullOptions:
    """Options of `pull`."""

    services: tuple[str, ...] = words("SERVICE")
    ignore_buildable: bool = flag("Leave out images that can be built")
    ignore_pull_failures: bool = flag("Pull what can be pulled")
    include_deps: bool = flag("Pull images of what the services depend on too")
    policy: str | None = text("When to pull (always)", choices=("missing", "always"))
    quiet: bool = flag("Show no progress", short="-q")


@dataclass(frozen=True, kw_only=True, slots=True)
class PushOptions:
    """Options of `push`."""

    services: tuple[str, ...] = words("SERVICE")
    ignore_push_failures: bool = flag("Push what can be pushed")
    include_deps: bool = flag("Push images of what the services depend on too")
    quiet: bool = flag("Show no progress", short="-q")


def run_build(ctx: Invocation, options: BuildOptions) -> int:
    """Build the services' images."""
    from compose_lite import pipeline
    from compose_lite.cli.carry_out import carrying_out
    from compose_lite.cli.project import load_project
    from compose_lite.planner.requests import BuildRequest
    from compose_lite.runner.build import BuildOptions as Wanted

    project = with_build_options(load_project(ctx, options.services), options, ctx.environ.get)
    request = BuildRequest(services=options.services, with_dependencies=options.with_dependencies)
    if options.print or options.check:
        return _look_only(ctx, project, request, options)
    how = Wanted(
        all_platforms=True, push=options.push, builder=options.builder, memory=_memory(options.memory)
    )
    mode = "quiet" if options.quiet else None
    with carrying_out(ctx, title="build", mode=mode) as run:
        plan = pipeline.build(project, request, replace(run.means, build=how))
        if plan.empty and not options.quiet:
            ctx.terminal.note("No services to build")
    return run.exit_code


def run_pull(ctx: Invocation, options: PullOptions) -> int:
    """Pull the services' images."""
    from compose_lite import pipeline
    from compose_lite.cli.carry_out import carrying_out
    from compose_lite.cli.project import load_project
    from compose_lite.planner.requests import PullRequest

    project = load_project(ctx, options.services)
    request = PullRequest(
        services=options.services,
        policy=options.policy,
        include_deps=options.include_deps,
        ignore_buildable=options.ignore_buildable,
        ignore_failures=options.ignore_pull_failures,
    )
    with carrying_out(ctx, title="pull", mode="quiet" if options.quiet else None) as run:
        pipeline.pull(project, request, run.means)
    return run.exit_code


def run_push(ctx: Invocation, options: PushOptions) -> int:
    """Push the images that the services build."""
    from compose_lite import pipeline
    from compose_lite.cli.carry_out import carrying_out
    from compose_lite.cli.project import load_project

    project = load_project(ctx, options.services)
    request = pipeline.PushRequest(
        services=options.services,
        include_deps=options.include_deps,
        ignore_failures=options.ignore_push_failures,
    )
    if ctx.common.dry_run:
        for ref in pipeline.pushable(project, request):
            ctx.terminal.print(f"would push {ref}")
        return 0
    with carrying_out(ctx, title="push", mode="quiet" if options.quiet else None) as run:
        pushed = pipeline.push(project, request, run.means)
        if not pushed and not options.quiet:
            ctx.terminal.note("No services with an image to push")
    return run.exit_code


def with_build_options(
    project: Project, options: BuildOptions, lookup: Callable[[str], str | None]
) -> Project:
    """The project with the command line's options in every `build` section."""
    arguments = _arguments(options.build_arg, lookup)
    return project.with_services(
        replace(service, build=_build(service.build, options, arguments))
        for service in project.services.values()
        if service.build is not None
    )


def _build(build: Build, options: BuildOptions, arguments: dict[str, str | None]) -> Build:
    from compose_lite.spec.model import FrozenMap

    return replace(
        build,
        args=FrozenMap({**build.args, **arguments}),
        no_cache=build.no_cache or options.no_cache,
        pull=build.pull or options.pull,
        ssh=(*build.ssh, options.ssh) if options.ssh else build.ssh,
        provenance=options.provenance or build.provenance,
        sbom=options.sbom or build.sbom,
    )


def _arguments(items: Iterable[str], lookup: Callable[[str], str | None]) -> dict[str, str | None]:
    """`NAME=value` items; a bare name takes its value from the environment."""
    pairs = (item.partition("=") for item in items)
    return {name: value if equals else lookup(name) for name, equals, value in pairs}


def _look_only(ctx: Invocation, project: Project, request: BuildRequest, options: BuildOptions) -> int:
    """Print the bake file, or check the Dockerfiles with BuildKit."""
    from compose_lite import pipeline
    from compose_lite.pipeline.means import Means
    from compose_lite.planner.actions import BuildImage
    from compose_lite.runner.bake_file import bake_file
    from compose_lite.runner.build import BuildOptions as Wanted
    from compose_lite.runner.build import buildx_of
    from compose_lite.runner.image_build import image_builds

    daemon = ctx.connect()
    plan = pipeline.build(project, request, Means(daemon=daemon, review=lambda _plan: False))
    wanted = tuple(step.action.service for step in plan.actions if isinstance(step.action, BuildImage))
    builds = image_builds(project, wanted, all_platforms=True)
    if options.print:
        import json

        bake = bake_file(builds, wanted, variables=project.environment, push=options.push)
        ctx.terminal.print(json.dumps(bake.definition, indent=2))
        return 0
    buildx = buildx_of(daemon, ctx.environ, Wanted(builder=options.builder))
    if buildx is None:
        if daemon.is_podman:
            missing, remedy = "Podman has none", "leave --check out"
        else:
            missing, remedy = "its plugin is not installed", "install docker-buildx, or leave --check out"
        raise UsageError(f"only BuildKit can check Dockerfiles, and {missing}", hint=remedy)
    fine, findings = buildx.check(builds, wanted)
    ctx.terminal.print(findings, end="")
    return 0 if fine else 1


def _memory(wish: str | None) -> int | None:
    from compose_lite.spec.units import parse_bytes

    try:
        return None if wish is None else parse_bytes(wish)
    except ValueError as error:
        raise UsageError(f"--memory: {wish!r} is not a size", hint="for example 512m") from error


COMMANDS = {
    "build": Command(options=BuildOptions, run=run_build, example="build --pull web"),
    "push": Command(options=PushOptions, run=run_push, example="push web"),
    "pull": Command(options=PullOptions, run=run_pull, example="pull --ignore-buildable"),
}
