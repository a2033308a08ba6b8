"""Builds images with the Engine's classic builder, for machines without the buildx plugin."""

from __future__ import annotations

import json
import re
from collections import deque
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from compose_lite.errors import BuildFailed, DaemonError
from compose_lite.runner.build_context import context_stream
from compose_lite.runner.build_limits import is_remote, refuse_buildkit_features
from compose_lite.runner.build_progress import WORTH_TELLING
from compose_lite.runner.progress import LayerProgress
from compose_lite.runner.registry import credentials_for_build

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.runner.build_progress import BuildReport
    from compose_lite.runner.cancellation import Cancellation
    from compose_lite.runner.daemon import Daemon, Json
    from compose_lite.runner.image_build import ImageBuild
    from compose_lite.spec.model import Build

_KEPT_OUTPUT = 50
# As Docker Engine writes it, or Podman (seen on 4.3).
_STEP = re.compile(r"(?:Step (?=\d+/\d+ :)|STEP )(\d+)/(\d+) ?: (.*)")
# The builder paints what a step wrote to its standard error red.
_PAINT = re.compile(r"\x1b\[(?:0|91)m")
_USING_CACHE = re.compile(r" ---> Using cache|--> Using cache [0-9a-f]{64}")
_BOOKKEEPING = re.compile(
    r" ---> (?:[0-9a-f]{12}|Running in [0-9a-f]{12})$|(?: ---> Removed|Removing) intermediate container |Successfully (?:built|tagged) "
    r"|--> [0-9a-f]{11}$|COMMIT \S+$|[0-9a-f]{64}$"
)


def build_classic(
    daemon: Daemon,
    image: ImageBuild,
    report: BuildReport,
    *,
    memory: int | None = None,
    environ: Mapping[str, str] | None = None,
    cancellation: Cancellation | None = None,
) -> str:
    """Build one image and return its id.

    Raises UsageError for what needs BuildKit, BuildFailed with the failing step's output.
    """
    refuse_buildkit_features(image, has_buildkit=not daemon.is_podman)
    params = _params(image, memory)
    if daemon.is_podman and image.labels:
        # It would take those of an object in a random order, and then not find the last steps in its cache.
        params["labels"] = json.dumps([f"{name}={value}" for name, value in image.labels.items()])
    context: Iterable[bytes]
    if is_remote(image.build.context):
        context = ()
        params["remote"] = image.build.context
        params["dockerfile"] = image.build.dockerfile or "Dockerfile"
    else:
        params["dockerfile"], context = context_stream(
            Path(image.build.context),
            dockerfile=image.build.dockerfile,
            inline=image.build.dockerfile_inline,
            select=_selected,
        )
    progress = _Progress(image.service, report)
    auth = credentials_for_build(environ).header
    try:
        feed = daemon.build_image(params=params, context=context, auth=auth)
        if cancellation is not None:
            cancellation.on_cancel(feed.close)
        for message in feed:
            progress.feed(message)
        progress.end_step()
    except DaemonError as error:
        raise BuildFailed(
            f"the image of service {image.service!r} can't be built: {error}",
            service=image.service,
            output=tuple(progress.output),
            hint=error.hint or _hint(str(error)),
        ) from error
    if cancellation is not None:
        cancellation.check()
    for tag in image.tags[1:]:
        daemon.tag_image(image.ref, ref=tag)
    return str(daemon.inspect_image(image.ref)["Id"])


def _params(image: ImageBuild, memory: int | None) -> dict[str, str]:
    build = image.build
    wishes = {
        "t": image.ref,
        "rm": "1",
        "forcerm": "1",
        "buildargs": _json({key: value for key, value in build.args.items() if value is not None}),
        "labels": _json(image.labels),
        "target": build.target,
        "nocache": "1" if build.no_cache else None,
        "pull": "1" if build.pull else None,
        "networkmode": build.network,
        "shmsize": None if build.shm_size is None else str(build.shm_size),
        "extrahosts": ",".join(f"{host}:{address}" for host, address in build.extra_hosts),
        "cachefrom": _json(list(build.cache_from)),
        "platform": image.platforms[0] if image.platforms else None,
        "isolation": build.isolation,
        "memory": None if memory is None else str(memory),
        "ulimits": _json(_ulimits(build)),
    }
    return {name: value for name, value in wishes.items() if value}


def _ulimits(build: Build) -> list[Json]:
    limits = sorted(build.ulimits.items())
    return [{"Name": name, "Soft": limit.soft, "Hard": limit.hard} for name, limit in limits]


def _json(value: Mapping[str, str] | list[str] | list[Json]) -> str | None:
    return json.dumps(value) if value else None


def _selected(folder: str, patterns: list[str], dockerfile: str) -> Iterable[str]:
    from docker.utils.build import exclude_paths

    return exclude_paths(folder, patterns, dockerfile=dockerfile)


def _hint(message: str) -> str | None:
    if "BuildKit" in message:
        return "this Dockerfile needs BuildKit: install the buildx plugin"
    return None


class _Progress:
    """Reads the classic builder's messages."""

    def __init__(self, service: str, report: BuildReport) -> None:
        self.output: deque[str] = deque(maxlen=_KEPT_OUTPUT)
        self._service = service
        self._report = report
        self._layers = LayerProgress()
        self._step: tuple[str, int | None, int | None] = ("", None, None)
        self._begun = monotonic()
        self._cached = False
        self._rest = ""

    def feed(self, message: Json) -> None:
        """Take one message: a piece of the output, or how far the pull of a base image is."""
        if "stream" in message:
            *lines, self._rest = (self._rest + _PAINT.sub("", str(message["stream"]))).split("\n")
            for line in lines:
                self._line(line.rstrip("\r"))
        elif news := self._layers.update(message):
            self._report(self._service, *news)

    def end_step(self) -> None:
        """Tell how long the step took that has just ended, if it is worth it."""
        spent = monotonic() - self._begun
        if self._step[0] and not self._cached and spent >= WORTH_TELLING:
            self._tell(f"{spent:.1f} s")

    def _tell(self, what: str) -> None:
        text, number, count = self._step
        self._report(self._service, f"{text} ({what})", number, count)

    def _line(self, line: str) -> None:
        if found := _STEP.match(line):
            self.end_step()
            self.output.clear()
            self._layers = LayerProgress()
            self._step = (found[3], int(found[1]), int(found[2]))
            self._begun, self._cached = monotonic(), False
            self._report(self._service, *self._step)
        elif _USING_CACHE.fullmatch(line):
            self._cached = True
            self._tell("cached")
        elif line and not _BOOKKEEPING.match(line):
            self.output.append(line)
            self._report(self._service, line, output=True)
