"""Builds a project's images, with BuildKit where the buildx plugin is installed, else the classic builder."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from compose_lite.errors import BuildFailed, ComposeLiteError, DaemonError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.build_archive import unpacked
from compose_lite.runner.build_buildx import Buildx, find_buildx
from compose_lite.runner.build_classic import build_classic
from compose_lite.runner.build_limits import ignored_by_buildkit, refuse_builder
from compose_lite.runner.engine import version_tuple
from compose_lite.runner.image_build import image_builds
from compose_lite.runner.progress import silent
from compose_lite.runner.pull import push_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.errors import Problem
    from compose_lite.runner.cancellation import Cancellation
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.image_build import ImageBuild
    from compose_lite.runner.progress import Report
    from compose_lite.spec.model import Project

_OFF = ("0", "false", "f", "no", "off")


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions:
    """What the command line says about building as a whole (the rest goes into the project's `build` sections).

    Attributes:
        all_platforms: build for every platform named (`build`), not just for one that runs here (`up`).
        push: push what was built.
        builder: the buildx builder to use.
        memory: how much a classic build's containers may use (bytes); BuildKit has no such limit.
    """

    all_platforms: bool = False
    push: bool = False
    builder: str | None = None
    memory: int | None = None


def buildx_of(daemon: Daemon, environ: Mapping[str, str], options: BuildOptions) -> Buildx | None:
    """Return BuildKit's builder, None where the classic one is to be used.

    Raises UsageError if a builder was chosen that only BuildKit has.
    """
    path = None if environ.get("DOCKER_BUILDKIT", "").lower() in _OFF else find_buildx(environ)
    if path is None:
        if options.builder is not None:
            refuse_builder(options.builder)
        return None
    own_builder = options.builder or environ.get("BUILDX_BUILDER")
    if not own_builder and daemon.is_podman:
        return None
    return Buildx(path, daemon.client_environment(environ), builder=options.builder)


class ImageBuilder:
    """Builds the images of some services; `build` may be called for them from several threads at once.

    BuildKit gets all of them in one go, when the first is asked for: so what they share is built once.
    The others' callers then wait for that. The classic builder builds each when it is asked for.

    Args:
        at_once: most images to build at a time, None for no limit: BuildKit then gets as many in one go.
    """

    def __init__(
        self,
        daemon: Daemon,
        project: Project,
        services: tuple[str, ...],
        *,
        options: BuildOptions | None = None,
        environ: Mapping[str, str] | None = None,
        cancellation: Cancellation | None = None,
        at_once: int | None = None,
    ) -> None:
        self._daemon = daemon
        self._project = project
        self._options = options or BuildOptions()
        self._environ = os.environ if environ is None else environ
        self._cancellation = cancellation
        self._at_once = at_once
        self._builds = image_builds(project, services, all_platforms=self._options.all_platforms)
        self._buildx = buildx_of(daemon, self._environ, self._options)
        self._lock = threading.Lock()
        self._reports: dict[str, Report] = {}
        self._waiting = list(services)  # for BuildKit
        self._failures: dict[str, ComposeLiteError] = {}  # what ended the common build, by service

    @property
    def failure(self) -> ComposeLiteError | None:
        """What ended a common build, None if nothing did."""
        return next(iter(self._failures.values()), None)

    def ignored(self) -> tuple[Problem, ...]:
        """Return a warning for each wish that the builder takes without obeying it."""
        if self._buildx is None:
            return ()
        return tuple(
            ignored_by_buildkit(
                self._builds.values(),
                memory=self._options.memory is not None,
                api_version=version_tuple(self._daemon.api_version),
                own_builder=bool(self._options.builder or self._environ.get("BUILDX_BUILDER")),
            )
        )

    def build(self, service: str, report: Report = silent) -> str:
        """Build the service's image (or wait for it) and return its id.

        Raises BuildFailed with the failing step's output, UsageError for what the builder can't do.
        """
        self._reports[service] = report
        if self._buildx is None:
            with unpacked({service: self._builds[service]}) as found:
                return self._build_classic(found[service])
        with self._lock:
            if service in self._waiting:
                self._bake(self._buildx, self._next_batch(service))
        if service in self._failures:
            raise self._failure_for(service, self._failures[service])
        return str(self._daemon.inspect_image(self._builds[service].ref)["Id"])

    def _next_batch(self, service: str) -> list[str]:
        """Take the service, and as many others as may be built beside it, off the waiting list."""
        others = [other for other in self._waiting if other != service]
        room = len(others) if self._at_once is None else self._at_once - 1
        self._waiting = others[room:]
        return [service, *others[:room]]

    def _bake(self, buildx: Buildx, services: list[str]) -> None:
        try:
            with unpacked(self._builds) as builds:
                buildx.build(
                    builds,
                    services,
                    self._report,
                    variables=self._project.environment,
                    push=self._options.push,
                    cancellation=self._cancellation,
                )
        except BuildFailed as error:
            self._failures |= dict.fromkeys(services, self._explained(error))
        except ComposeLiteError as error:
            self._failures |= dict.fromkeys(services, error)

    def _explained(self, failure: BuildFailed) -> BuildFailed:
        """The failure, put down to the daemon if that is gone: BuildKit's client only says that a stream has ended."""
        try:
            self._daemon.version()
        except DaemonError as gone:
            return BuildFailed(
                f"{failure}: {gone}", service=failure.service, output=failure.output, hint=gone.hint
            )
        return failure

    def _build_classic(self, image: ImageBuild) -> str:
        built = build_classic(
            self._daemon,
            image,
            self._report,
            memory=self._options.memory,
            environ=self._environ,
            cancellation=self._cancellation,
        )
        if self._options.push:
            for tag in image.tags:
                push_image(
                    self._daemon, tag, report=self._reports.get(image.service, silent), environ=self._environ
                )
        return built

    def _report(
        self,
        service: str,
        text: str,
        current: int | None = None,
        total: int | None = None,
        *,
        output: bool = False,
    ) -> None:
        self._reports.get(service, silent)(text, current, total, output=output)

    @staticmethod
    def _failure_for(service: str, failure: ComposeLiteError) -> ComposeLiteError:
        """Return the failure itself for the service that caused it; the others only went down with it."""
        if not isinstance(failure, BuildFailed) or failure.service in (None, service):
            return failure
        return BuildFailed(
            f"the image of service {service!r} was not built, because that of {failure.service!r} can't be",
            service=service,
        )


def build_images(
    daemon: Daemon,
    project: Project,
    services: tuple[str, ...],
    reports: Mapping[str, Report] | None = None,
    *,
    options: BuildOptions | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Build the images of `services`; return the ids by image name. Raises as `ImageBuilder.build`."""
    builder = ImageBuilder(daemon, project, services, options=options, environ=environ)
    built: dict[str, str] = {}
    for service in services:
        ref = project.services[service].image_name(project.name)
        try:
            built[ref] = builder.build(service, (reports or {}).get(service, silent))
        except BuildFailed as error:
            if builder.failure is None:
                raise
            raise builder.failure from error
    return built
