"""The command `publish`: put the compose files into a registry, to be used from there by `-f oci://…`."""

from __future__ import annotations

from pathlib import Path

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, word
from compose_lite.errors import ComposeLiteError, UsageError
from compose_lite.lazy_dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline.artifact import PublishedFile
    from compose_lite.spec.load import LoadResult
    from compose_lite.spec.model import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishOptions:
    """Options of `publish`."""

    repository: str = word("REPOSITORY[:TAG]")
    app: bool = flag("Copy the images too, and name them by their digests")
    resolve_image_digests: bool = flag("Name images by the digests that their registries have now")
    with_env: bool = flag("Publish environment variables and env files too")
    oci_version: str | None = text(
        "Version of the image specification (1.1, or 1.0 where that is refused)", choices=("1.0", "1.1")
    )
    insecure_registry: bool = flag("Speak plain HTTP with the registry")
    yes: bool = flag("Answer every question with yes", short="-y")


def run_publish(ctx: Invocation, options: PublishOptions) -> int:
    """Publish the compose files, after the images that are built from them."""
    from compose_lite.cli.project import load_options, load_project, loaded
    from compose_lite.pipeline.artifact import publish
    from compose_lite.spec.options import Stages

    ctx = _with_all_profiles(ctx)
    project = load_project(ctx, all_resources=True, reduce=False)
    _check(project, with_env=options.with_env)
    stages = Stages(interpolate=False, normalize=False, resolve_paths=False)
    result = loaded(ctx, load_options(ctx, reduce=False, all_resources=True, stages=stages))
    if ctx.common.dry_run:
        names = ("compose.yaml", *_env_files(result.model))
        ctx.terminal.print(f"would publish {', '.join(dict.fromkeys(names))} as {options.repository}")
        return 0
    if not options.yes and not _agreed(ctx, project):
        return 1
    _push_images(ctx, project)  # first: their digests are only known then
    pins = _pins(ctx, project) if options.app or options.resolve_image_digests else {}
    digest = publish(
        options.repository,
        _files(project, result, pins),
        ctx.environ,
        version=options.oci_version,
        images=pins.values() if options.app else (),
        plain_http=options.insecure_registry,
    )
    ctx.terminal.note(f"published {options.repository}; use exactly this by:")
    ctx.terminal.print(f"oci://{_without_tag(options.repository)}@{digest}")
    return 0


def _with_all_profiles(ctx: Invocation) -> Invocation:
    """All services are published, so all of them count in what is checked, asked, pushed and copied."""
    return replace(ctx, common=replace(ctx.common, profile=("*",)))


def _check(project: Project, *, with_env: bool) -> None:
    """Refuse what would be of no use to others, or tell them what they should not know."""
    unnamed = [name for name, service in project.services.items() if service.build and not service.image]
    if unnamed:
        raise UsageError(
            f"the images of {', '.join(unnamed)} have no name under which others could have them",
            hint="give each service an `image` beside its `build`",
        )
    telling = [name for name, service in project.services.items() if service.environment]
    if telling and not with_env:
        raise UsageError(
            f"the environment of {', '.join(telling)} would be published",
            hint="if nothing in it is secret, allow it by --with-env",
        )


def _files(project: Project, result: LoadResult, pins: Mapping[str, str]) -> Iterator[PublishedFile]:
    """One compose file with all that the files say together, and the env files that it names."""
    from compose_lite.pipeline.artifact import COMPOSE_FILE, ENV_FILE, PublishedFile
    from compose_lite.spec.render import to_yaml

    elsewhere = [path for path in result.files if Path(path).parent != Path(project.working_dir)]
    if elsewhere:
        raise UsageError(
            f"{elsewhere[0]} lies outside of {project.working_dir}: its relative paths would be lost",
            hint="publish from the folder of the compose files",
        )
    result.model["name"] = project.name
    for name, image in pins.items():
        result.model["services"][name]["image"] = image
    yield PublishedFile(name="compose.yaml", kind=COMPOSE_FILE, content=to_yaml(result).encode())
    for name in dict.fromkeys(_env_files(result.model)):
        yield PublishedFile(name=name, kind=ENV_FILE, content=_read(Path(project.working_dir), name))


def _pins(ctx: Invocation, project: Project) -> dict[str, str]:
    """The image of each service that has one, with the digest that its registry has for it now."""
    from compose_lite.runner.digests import pinned

    images = {name: service.image for name, service in project.services.items() if service.image}
    found = pinned(ctx.connect(), images.values(), ctx.environ)
    return {name: found[image] for name, image in images.items()}


def _env_files(model: Any) -> Iterator[str]:
    """The env files that services name, as they are written."""
    for service in model["services"].values():
        entries = service.get("env_file") or ()
        for entry in [entries] if isinstance(entries, str) else entries:
            yield str(entry["path"] if isinstance(entry, dict) else entry)


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"the env file {name} lies outside of {folder}", hint="move it into the folder")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ComposeLiteError(f"can't read {path}: {error.strerror}", code="cannot-read") from error


def _agreed(ctx: Invocation, project: Project) -> bool:
    """Ask where the files speak of this machine's folders; whatever is no clear yes is a no."""
    mounted = sorted(
        {
            mount.source or ""
            for service in project.services.values()
            for mount in service.volumes
            if mount.type == "bind"
        }
    )
    if not mounted:
        return True
    ctx.terminal.note(f"Others will have to have these paths: {', '.join(mounted)}")
    ctx.terminal.note("Publish all the same? [y/N] ", end="")
    return ctx.terminal.stdin.readline().decode(errors="replace").strip().lower() in ("y", "yes")


def _push_images(ctx: Invocation, project: Project) -> None:
    built = tuple(name for name, service in project.services.items() if service.build is not None)
    if built:
        from compose_lite.cli.commands.build import PushOptions, run_push

        run_push(ctx, PushOptions(services=built, ignore_push_failures=True))


def _without_tag(repository: str) -> str:
    head, colon, tag = repository.rpartition(":")
    return head if colon and "/" not in tag else repository


COMMANDS = {
    "publish": Command(
        options=PublishOptions, run=run_publish, example="publish --with-env registry.example/team/app:1"
    )
}
