"""One image to build, as data: what its service asks for, with everything that it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite import labels
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.spec.model import Build, FileObject, Project

_SERVICE = "service:"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageBuild:
    """What `build` makes.

    Attributes:
        ref: the image's name; `tags` has this and its further ones.
        secrets: where the content comes from, by the id that the Dockerfile uses.
        contexts: `additional_contexts` with every `service:NAME` replaced: by `target:NAME` where that
            service is built too, else by its image.
        platforms: what to build for, empty for the daemon's own platform.
        labels: the given ones and the project's.
    """

    ref: str
    service: str
    build: Build
    secrets: Mapping[str, FileObject] = EMPTY
    contexts: Mapping[str, str] = EMPTY
    platforms: tuple[str, ...] = ()
    labels: Mapping[str, str] = EMPTY

    @property
    def tags(self) -> tuple[str, ...]:
        """All names that the image gets, its own first."""
        return tuple(dict.fromkeys((self.ref, *self.build.tags)))

    @property
    def built_on(self) -> tuple[str, ...]:
        """The services whose builds this one takes something from."""
        return tuple(c.removeprefix("target:") for c in self.contexts.values() if c.startswith("target:"))


def image_builds(
    project: Project, services: tuple[str, ...], *, all_platforms: bool = False
) -> dict[str, ImageBuild]:
    """Return the builds of `services` and of the services that their `additional_contexts` name.

    With `all_platforms` (`build`) every platform of `build.platforms` counts; otherwise (`up`) only one
    that runs here: the service's own `platform`, or the daemon's. Raises UsageError for a service that
    has no `build` section.
    """
    known = {**project.disabled_services, **project.services}
    builds: dict[str, ImageBuild] = {}
    waiting = list(services)
    while waiting:
        name = waiting.pop(0)
        if name in builds:
            continue
        builds[name] = _image_build(project, name, all_platforms=all_platforms)
        waiting += [other for other in builds[name].built_on if known[other].build is not None]
    return builds


def _image_build(project: Project, name: str, *, all_platforms: bool) -> ImageBuild:
    service = project.services.get(name) or project.disabled_services[name]
    build = service.build
    if build is None:
        raise UsageError(f"service {name!r} has no build section", code="nothing-to-build")
    if build.context.startswith(_SERVICE):
        raise UsageError(
            f"service {name!r}: {build.context} can't be the build context itself",
            hint="name it under additional_contexts and use COPY --from",
            code="unsupported-build",
        )
    return ImageBuild(
        ref=service.image_name(project.name),
        service=name,
        build=build,
        secrets={grant.target or grant.source: project.secrets[grant.source] for grant in build.secrets},
        contexts={key: _context(project, value) for key, value in build.additional_contexts.items()},
        platforms=_platforms(build, service.platform, all_platforms=all_platforms),
        labels={**build.labels, labels.PROJECT: project.name, labels.SERVICE: name},
    )


def _context(project: Project, value: str) -> str:
    if not value.startswith(_SERVICE):
        return value
    name = value.removeprefix(_SERVICE)
    service = project.services.get(name) or project.disabled_services[name]
    return f"docker-image://{service.image}" if service.build is None else f"target:{name}"


def _platforms(build: Build, own: str | None, *, all_platforms: bool) -> tuple[str, ...]:
    if all_platforms and build.platforms:
        return build.platforms
    if own is not None:
        return (own,)
    return build.platforms if len(build.platforms) == 1 else ()
