"""Builds images with BuildKit, through the buildx plugin: one `bake` for all of them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from compose_lite.errors import BuildFailed, DiskFull, UsageError
from compose_lite.lazy_dataclasses import replace
from compose_lite.runner.bake_file import bake_file
from compose_lite.runner.build_progress import BuildProgress
from compose_lite.runner.cli_plugins import find_plugin
from compose_lite.runner.engine import DISK_FULL

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Mapping

    from compose_lite.runner.bake_file import BakeFile
    from compose_lite.runner.build_progress import BuildReport
    from compose_lite.runner.cancellation import Cancellation
    from compose_lite.runner.image_build import ImageBuild

_CUT_OFF = "error reading from server"  # what the client says when its builder goes away
_NO_ATTESTATIONS = "BUILDX_NO_DEFAULT_ATTESTATIONS"


def find_buildx(environ: Mapping[str, str]) -> str | None:
    """Return the path of the buildx plugin, looked for where the `docker` command looks; None if there is none."""
    return find_plugin("buildx", environ)


class Buildx:
    """The plugin, and the environment that it runs in.

    Args:
        environ: the user's variables, with those that lead to the daemon (`DOCKER_HOST` …).
        builder: the builder instance to use (`--builder`), None for the configured one.
    """

    def __init__(self, path: str, environ: Mapping[str, str], *, builder: str | None = None) -> None:
        self._path = path
        self._environ = environ
        self._builder = builder

    def build(
        self,
        builds: Mapping[str, ImageBuild],
        wanted: Collection[str],
        report: BuildReport,
        *,
        variables: Mapping[str, str],
        push: bool = False,
        cancellation: Cancellation | None = None,
    ) -> None:
        """Build the images of the services in `wanted`; `variables` has those that secrets come from.

        Raises BuildFailed with the failing step's output.
        """
        bake = bake_file(builds, wanted, variables=variables, push=push)
        progress = BuildProgress(bake.targets, report)
        process = self._start(bake, "--progress", "rawjson")
        try:
            if cancellation is not None:
                cancellation.on_cancel(process.terminate)
            assert process.stderr is not None
            for line in process.stderr:
                progress.feed(line)
            status = process.wait()
        finally:
            _end(process)
        if cancellation is not None:
            cancellation.check()
        if status != 0:
            service, message, output = progress.failure()
            raise BuildFailed(
                _sentence(service, message), service=service, output=output, hint=_hint(message)
            )

    def check(self, builds: Mapping[str, ImageBuild], wanted: Collection[str]) -> tuple[bool, str]:
        """Check the Dockerfiles without building; return whether they are fine, and the findings as text."""
        unsecret = {service: replace(build, secrets={}) for service, build in builds.items()}
        bake = bake_file(unsecret, wanted, variables={}, check=True)
        process = self._start(bake, "--progress", "quiet")
        try:
            out, _ = process.communicate()
        finally:
            _end(process)
        return process.returncode == 0, str(out, errors="replace")

    def _start(self, bake: BakeFile, *options: str) -> subprocess.Popen[bytes]:
        import subprocess

        command = [self._path, "bake", "--file", "-", *options]
        if self._builder is not None:
            command += ["--builder", self._builder]
        command += [word for privilege in bake.allow for word in ("--allow", privilege)]
        # Which files a build may read is the compose file's business: don't ask for each folder.
        # An attestation that nobody asks for would make another image of each build where containerd keeps them.
        environ = {_NO_ATTESTATIONS: "1", **self._environ, **bake.secrets, "BUILDX_BAKE_ENTITLEMENTS_FS": "0"}
        try:
            process = subprocess.Popen(
                command,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if "quiet" in options else subprocess.DEVNULL,
                stderr=subprocess.STDOUT if "quiet" in options else subprocess.PIPE,
            )
        except OSError as error:
            raise UsageError(
                f"the build tool {self._path} can't be run: {error.strerror}",
                hint="reinstall the buildx plugin, or set DOCKER_BUILDKIT=0 to build without it",
                code="no-build-tool",
            ) from error
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as stdin:  # if it ends at once, it says why
            stdin.write(json.dumps(bake.definition).encode())
        process.stdin = None  # or `communicate` would flush it
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no build behind when we are interrupted: the tool cancels it when it is asked to end."""
    if process.poll() is None:
        process.terminate()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _sentence(service: str | None, message: str) -> str:
    return f"the image of service {service!r} can't be built: {message}" if service else message


def _hint(message: str) -> str | None:
    if DISK_FULL in message:
        return DiskFull.REMEDY
    if _CUT_OFF in message:
        return "see whether the builder (the Docker daemon, unless you chose another) runs, then run the command again"
    if "moby.buildkit.frontend.contexts" in message:
        return (
            "this engine's BuildKit is too old for additional_contexts: begin the Dockerfile with "
            "`# syntax=docker/dockerfile:1`, or use a newer engine"
        )
    if "subdir not supported" in message:
        return (
            "this engine's BuildKit builds from whole git repositories only: use Docker Engine 23.0 or later, "
            "or build with DOCKER_BUILDKIT=0"
        )
    return None
