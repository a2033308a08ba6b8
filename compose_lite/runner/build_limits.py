"""What a builder leaves out of a `build` section: refused where it can't be done, told where it is ignored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite.errors import Problem, Severity, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compose_lite.runner.image_build import ImageBuild

# BuildKit obeys these since Engine 23.0; before, it takes them without a word (seen on 20.10).
_LIMITS_SINCE = (1, 42)
_BUILDX_HINT = "install the buildx plugin (package docker-buildx-plugin or docker-buildx), and don't set DOCKER_BUILDKIT=0"
_PODMAN_HINT = (
    "Podman has no BuildKit: take it out, or choose a builder that you have made with `docker buildx create`"
)


def is_remote(context: str) -> bool:
    """Tell whether the builder fetches the context itself: a git repository or an archive."""
    return not context.startswith("/")


def refuse_buildkit_features(image: ImageBuild, *, has_buildkit: bool = True) -> None:
    """Raise UsageError that names every attribute for which the classic builder has no counterpart.

    Args:
        has_buildkit: whether the daemon has BuildKit, so that the plugin is all that is missing.
    """
    build = image.build
    used = {
        "additional_contexts": build.additional_contexts,
        "cache_from (other than an image)": [item for item in build.cache_from if "type=" in item],
        "cache_to": build.cache_to,
        "dockerfile_inline (with a remote context)": build.dockerfile_inline and is_remote(build.context),
        "entitlements": build.entitlements,
        "platforms (more than one)": len(image.platforms) > 1,
        "privileged": build.privileged,
        "provenance": (build.provenance or "false").lower() != "false",
        "sbom": (build.sbom or "false").lower() != "false",
        "secrets": build.secrets,
        "ssh": build.ssh,
    }
    names = [name for name, value in used.items() if value]
    if names:
        raise UsageError(
            f"service {image.service!r}: build.{', build.'.join(names)} needs BuildKit",
            hint=_BUILDX_HINT if has_buildkit else _PODMAN_HINT,
            code="unsupported-build",
        )


def refuse_builder(name: str) -> None:
    """Raise UsageError: only BuildKit has builders to choose from."""
    raise UsageError(f"--builder {name} needs BuildKit", hint=_BUILDX_HINT, code="unsupported-build")


def ignored_by_buildkit(
    builds: Iterable[ImageBuild],
    *,
    memory: bool,
    api_version: tuple[int, ...],
    own_builder: bool,
) -> Iterator[Problem]:
    """Yield a warning for each wish that BuildKit takes without obeying it.

    Args:
        memory: whether the command line limits a build's memory.
        api_version: the engine's, whose BuildKit builds, unless the user has chosen a builder (`own_builder`).
    """
    if memory:
        yield _warning(
            "--memory has no effect: BuildKit limits no build's memory", "build with DOCKER_BUILDKIT=0"
        )
    for image in builds:
        if not own_builder and api_version < _LIMITS_SINCE:
            yield from _limits(image)
        for grant in image.build.secrets:
            if grant.uid is not None or grant.gid is not None or grant.mode is not None:
                yield _warning(
                    f"service {image.service!r}: uid, gid and mode of build.secrets.{grant.source} have no effect",
                    "BuildKit takes them from the Dockerfile: RUN --mount=type=secret,uid=…,gid=…,mode=…",
                )


def _limits(image: ImageBuild) -> Iterator[Problem]:
    wishes = {"shm_size": image.build.shm_size is not None, "ulimits": image.build.ulimits}
    names = [f"build.{name}" for name, value in wishes.items() if value]
    if names and not _brings_its_own_frontend(image):
        yield _warning(
            f"service {image.service!r}: {' and '.join(names)} {'has' if len(names) == 1 else 'have'} no effect: "
            "this engine's BuildKit is too old",
            "use Docker Engine 23.0 or later, begin the Dockerfile with `# syntax=docker/dockerfile:1`, "
            "or build with DOCKER_BUILDKIT=0",
        )


def _brings_its_own_frontend(image: ImageBuild) -> bool:
    """Tell whether the Dockerfile names the image that reads it, which may be newer than the engine's own."""
    build = image.build
    text = build.dockerfile_inline
    if text is None:
        if is_remote(build.context):
            return False
        try:
            text = (Path(build.context) / (build.dockerfile or "Dockerfile")).read_text(errors="replace")
        except OSError:
            return False  # the build will say so
    first = text.lstrip("\ufeff").partition("\n")[0].replace(" ", "").lower()
    return first.startswith("#syntax=")


def _warning(message: str, hint: str) -> Problem:
    return Problem(code="unsupported-build", message=message, hint=hint, severity=Severity.WARNING)
