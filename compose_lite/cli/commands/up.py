"""The commands `up`, `create` and `scale`: bring the stack to what the files say."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, texts, words
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline.watching_files import Origin
    from compose_lite.planner.requests import ImagesRequest, Recreate, UpRequest
    from compose_lite.spec.model import Project

PULL = ("always", "missing", "never", "build", "if_not_present")
_HOW = "How containers are made"
_IMAGES = "Images"
_LOGS = "Logs and the end"
_WAIT = "Waiting"


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateOptions:
    """Options of `create`, which `up` has as well."""

    services: tuple[str, ...] = words("SERVICE")
    force_recreate: bool = flag("Replace containers even if nothing changed", group=_HOW)
    no_recreate: bool = flag("Leave containers as they are even if something changed", group=_HOW)
    scale: tuple[str, ...] = texts("Number of containers of a service", metavar="SERVICE=N", group=_HOW)
    remove_orphans: bool = flag("Remove containers of services that the files no longer have", group=_HOW)
    recreate_volume: tuple[str, ...] = texts(
        "Destroy this volume, with its data, and make it anew if its definition changed",
        metavar="VOLUME",
        group=_HOW,
    )
    build: bool = flag("Build images first", group=_IMAGES)
    no_build: bool = flag("Build no image, even if it is missing", group=_IMAGES)
    pull: str | None = text(
        "When to pull images (default: each service's policy)", choices=PULL, group=_IMAGES
    )
    quiet_pull: bool = flag("Show no progress of pulls", group=_IMAGES)
    yes: bool = flag("Nothing is asked here: taken for the sake of scripts", short="-y")


@dataclass(frozen=True, kw_only=True, slots=True)
class UpOptions(CreateOptions):
    """Options of `up`."""

    detach: bool = flag("Leave the containers running in the background", short="-d")
    no_deps: bool = flag("Leave alone what the services depend on", group=_HOW)
    no_start: bool = flag("Create containers, but don't start them", group=_HOW)
    always_recreate_deps: bool = flag("Replace the containers of dependencies too", group=_HOW)
    renew_anon_volumes: bool = flag("Give replaced containers new anonymous volumes", short="-V", group=_HOW)
    timeout: int | None = number(
        "Seconds to wait for a container to stop before it is killed",
        short="-t",
        metavar="SECONDS",
        group=_HOW,
    )
    quiet_build: bool = flag("Show no output of builds", group=_IMAGES)
    wait: bool = flag("Return once all services run, are healthy or have completed", group=_WAIT)
    wait_timeout: int | None = number("Longest time to wait", metavar="SECONDS", group=_WAIT)
    abort_on_container_exit: bool = flag("Stop everything as soon as a container ends", group=_LOGS)
    abort_on_container_failure: bool = flag("Stop everything as soon as a container fails", group=_LOGS)
    exit_code_from: str | None = text(
        "Exit with the code of this service's container; stops everything when one ends",
        metavar="SERVICE",
        group=_LOGS,
    )
    attach: tuple[str, ...] = texts("Show logs of this service only", metavar="SERVICE", group=_LOGS)
    no_attach: tuple[str, ...] = texts("Don't show logs of this service", metavar="SERVICE", group=_LOGS)
    attach_dependencies: bool = flag("Show logs of dependencies too", group=_LOGS)
    watch: bool = flag(
        "Watch files too, and put changes into the containers as develop.watch says", short="-w", group=_LOGS
    )
    supervise: bool = flag(
        "Stay and restart containers that turn unhealthy, as x-compose-lite.supervise says", group=_LOGS
    )
    menu: bool | None = flag(
        "Keys to watch, restart, filter logs, open a page, detach (default: COMPOSE_MENU; on a terminal only)",
        default=None,
        group=_LOGS,
    )
    timestamps: bool = flag("Show when each line was written", group=_LOGS)
    no_log_prefix: bool = flag("Leave out who wrote a line", group=_LOGS)
    no_color: bool = flag("No colours", group=_LOGS)

    @property
    def aborting(self) -> bool:
        """Whether the end of one container ends all."""
        return bool(
            self.abort_on_container_exit or self.abort_on_container_failure or self.exit_code_from is not None
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleOptions:
    """Options of `scale`."""

    scale: tuple[str, ...] = words("SERVICE=N", required=True)
    no_deps: bool = flag("Leave alone what the services depend on")


def run_up(ctx: Invocation, options: UpOptions) -> int:
    """Create and start the project's containers; attached to their logs unless told otherwise."""
    _check_create(options)
    _check_up(options)
    origin = _origin(ctx, options) if options.watch else None
    project = prepared(ctx, options.services, options.scale) if origin is None else origin.project
    _check_services(project, (*options.attach, *options.no_attach, *_named(options.exit_code_from)))
    request = up_request(project, options, all_resources=ctx.common.all_resources)
    images = images_request(options, no_deps=options.no_deps, verb="up")
    if options.detach or options.no_start or options.wait or ctx.common.dry_run:
        how = {"quiet_pull": options.quiet_pull, "quiet_build": options.quiet_build}
        return _bring_up(ctx, project, request, images, **how)
    from compose_lite.cli.attached import attached_up

    return attached_up(ctx, project, request, images, options, origin=lambda: origin or _origin(ctx, options))


def run_create(ctx: Invocation, options: CreateOptions) -> int:
    """Create the project's containers without starting them."""
    _check_create(options)
    project = prepared(ctx, options.services, options.scale)
    request = create_request(project, options, all_resources=ctx.common.all_resources)
    images = images_request(options, no_deps=False, verb="create")
    return _bring_up(ctx, project, request, images, quiet_pull=options.quiet_pull)


def run_scale(ctx: Invocation, options: ScaleOptions) -> int:
    """Change how many containers services have."""
    services = tuple(parse_scale(options.scale))
    project = prepared(ctx, services, options.scale)
    request, images = scale_requests(services, no_deps=options.no_deps)
    return _bring_up(ctx, project, request, images)


def prepared(ctx: Invocation, services: tuple[str, ...], scale: Iterable[str]) -> Project:
    """Load the project and apply `--scale`; raises `UsageError` for a service that it does not have."""
    from compose_lite.cli.project import load_for_containers

    counts = parse_scale(scale)
    return _scaled(load_for_containers(ctx, services), counts)


def _origin(ctx: Invocation, options: UpOptions) -> Origin:
    """As `prepared`, for a project that is read again when its files change."""
    from compose_lite.cli.watching import watch_origin

    counts = parse_scale(options.scale)
    return watch_origin(ctx, options.services, prepare=lambda project: _scaled(project, counts))


def _scaled(project: Project, counts: Mapping[str, int]) -> Project:
    _check_services(project, counts)
    active = {name: count for name, count in counts.items() if name in project.services}
    return project.with_scale(active) if active else project


def parse_scale(items: Iterable[str]) -> dict[str, int]:
    """Read `SERVICE=N` items; raises `UsageError` for anything else."""
    counts: dict[str, int] = {}
    for item in items:
        service, equals, count = item.partition("=")
        if not (service and equals and count.isdigit()):
            raise UsageError(f"{item!r} is no SERVICE=N", hint="for example web=3")
        counts[service] = int(count)
    return counts


def scale_requests(services: tuple[str, ...], *, no_deps: bool) -> tuple[UpRequest, ImagesRequest]:
    """What `scale` asks the planner for; the counts are in the project already."""
    from compose_lite.planner.requests import ImagesRequest, UpRequest

    request = UpRequest(services=services, no_deps=no_deps, ignore_orphans=True, verb="scale")
    return request, ImagesRequest(services=services, no_deps=no_deps, now=_now(), verb="scale")


def create_request(project: Project, options: CreateOptions, *, all_resources: bool) -> UpRequest:
    """What `create` asks the planner for."""
    from compose_lite.planner.requests import UpRequest

    return UpRequest(
        services=options.services,
        recreate=_recreate(options),
        start=False,
        remove_orphans=options.remove_orphans,
        ignore_orphans=_set(project.environment, "COMPOSE_IGNORE_ORPHANS"),
        recreate_volumes=_volumes(project, options.recreate_volume),
        all_resources=all_resources,
        verb="create",
    )


def up_request(project: Project, options: UpOptions, *, all_resources: bool) -> UpRequest:
    """What `up` asks the planner for."""
    from compose_lite.planner.requests import UpRequest

    recreate = _recreate(options)
    with_dependencies: Recreate = "force" if options.always_recreate_deps else "diverged"
    return UpRequest(
        services=options.services,
        recreate=recreate,
        recreate_dependencies="never" if recreate == "never" else with_dependencies,
        no_deps=options.no_deps,
        renew_anonymous_volumes=options.renew_anon_volumes,
        start=not options.no_start,
        remove_orphans=options.remove_orphans or _set(project.environment, "COMPOSE_REMOVE_ORPHANS"),
        ignore_orphans=_set(project.environment, "COMPOSE_IGNORE_ORPHANS"),
        timeout=options.timeout,
        wait=options.wait,
        wait_timeout=options.wait_timeout,
        recreate_volumes=_volumes(project, options.recreate_volume),
        all_resources=all_resources,
    )


def _volumes(project: Project, keys: Iterable[str]) -> frozenset[str]:
    """The volumes that may lose their data; raises `UsageError` for one that the project does not have."""
    for key in keys:
        if key not in project.volumes:
            from compose_lite.spec.suggest import did_you_mean

            raise UsageError(f"no such volume: {key}", hint=did_you_mean(key, project.volumes))
    return frozenset(keys)


def images_request(options: CreateOptions, *, no_deps: bool, verb: str) -> ImagesRequest:
    """What `up` and `create` ask for about images."""
    from compose_lite.planner.requests import ImagesRequest

    return ImagesRequest(
        services=options.services,
        no_deps=no_deps,
        pull="missing" if options.pull == "if_not_present" else options.pull,
        build="always" if options.build else "never" if options.no_build else "auto",
        now=_now(),
        verb=verb,
    )


def _bring_up(
    ctx: Invocation,
    project: Project,
    request: UpRequest,
    images: ImagesRequest,
    *,
    quiet_pull: bool = False,
    quiet_build: bool = False,
) -> int:
    from compose_lite import pipeline
    from compose_lite.cli.carry_out import carrying_out, print_only

    if ctx.common.dry_run:
        return print_only(ctx, lambda means: pipeline.up(project, request, images, means))
    with carrying_out(ctx, title=request.verb, quiet_pull=quiet_pull, quiet_build=quiet_build) as run:
        pipeline.up(project, request, images, run.means)
    return run.exit_code


def _recreate(options: CreateOptions) -> Recreate:
    if options.force_recreate:
        return "force"
    return "never" if options.no_recreate else "diverged"


def _check_create(options: CreateOptions) -> None:
    _incompatible(options, ("build", "no_build"), ("force_recreate", "no_recreate"))


def _check_up(options: UpOptions) -> None:
    """Refuse options that contradict each other, as docker compose does."""
    _check_supervise(options)
    _incompatible(
        options,
        ("always_recreate_deps", "no_recreate"),
        ("attach", "attach_dependencies"),
        ("no_start", "watch"),
        ("abort_on_container_exit", "abort_on_container_failure"),
        *((way, other) for way in ("detach", "wait") for other in _ATTACHED),
    )


def _check_supervise(options: UpOptions) -> None:
    """Refuse to supervise without staying."""
    for name in ("detach", "wait", "no_start"):
        if options.supervise and getattr(options, name):
            raise UsageError(
                f"--{_long(name)} can't be combined with --supervise",
                hint="containers are supervised for as long as `up` stays with them: leave out"
                f" --{_long(name)}; a service manager such as systemd keeps `up --supervise` running",
            )


_ATTACHED = (
    "abort_on_container_exit",
    "abort_on_container_failure",
    "exit_code_from",
    "attach",
    "attach_dependencies",
    "watch",
)


def _incompatible(options: CreateOptions, *pairs: tuple[str, str]) -> None:
    for first, second in pairs:
        if getattr(options, first) and getattr(options, second):
            raise UsageError(f"--{_long(first)} can't be combined with --{_long(second)}")


def _long(name: str) -> str:
    return name.replace("_", "-")


def _check_services(project: Project, names: Iterable[str]) -> None:
    for name in names:
        if name not in project.services:
            from compose_lite.spec.suggest import did_you_mean

            raise UsageError(f"no such service: {name}", hint=did_you_mean(name, project.services))


def _named(service: str | None) -> tuple[str, ...]:
    return () if service is None else (service,)


def _set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").lower() in ("1", "true", "t", "y", "yes", "on")


def _now() -> int:
    import time

    return int(time.time())


COMMANDS = {
    "up": Command(options=UpOptions, run=run_up, example="up --detach --wait"),
    "create": Command(options=CreateOptions, run=run_create, example="create --pull always"),
    "scale": Command(options=ScaleOptions, run=run_scale, example="scale web=3"),
}
