"""Reads BuildKit's progress (`--progress rawjson`) into what each image's build does, and why one failed."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from compose_lite.runner.demux import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Mapping

# Steps shorter than this (seconds) are not reported as done: the next one shows it.
WORTH_TELLING = 0.1

# How much of a failing step's output is kept for the report (lines).
_KEPT_OUTPUT = 50

# `[web stage-0 2/3] RUN make`, `[web internal] load .dockerignore`, `[web] exporting to image`, `[2/3] RUN make`
_STEP = re.compile(r"\[(?P<where>[^\]]*)\] (?P<what>.*)", re.DOTALL)
_COUNT = re.compile(r"(\d+)/(\d+)$")
_NOISE = re.compile(
    r"failed to solve: |rpc error: code = \w+ desc = |failed to solve with frontend [\w.]+: "
    r"|failed to create LLB definition: |failed to build: "
)
_ERROR = re.compile(r"ERROR: (?:target (?P<target>\S+): )?(?P<message>.*)")
# Bake tries standard input as a Compose file too, and grumbles about its `$`.
_GRUMBLE = re.compile(r'WARNING: The ".*" variable is not set')


class BuildReport(Protocol):
    """A `Report` for several builds: the service comes first."""

    def __call__(
        self,
        service: str,
        text: str,
        current: int | None = None,
        total: int | None = None,
        *,
        output: bool = False,
    ) -> None: ...


class _Step:
    """A step of one image's build."""

    __slots__ = ("service", "state", "text", "where")

    def __init__(self, service: str | None, where: str, text: str) -> None:
        self.service = service
        self.where = where
        self.text = text
        self.state = ""

    @property
    def count(self) -> tuple[int | None, int | None]:
        """Which step of how many, if it is one of the Dockerfile's."""
        found = _COUNT.search(self.where)
        return (int(found[1]), int(found[2])) if found else (None, None)


class _Work:
    """What BuildKit does once, for all the steps of all images that need it."""

    __slots__ = ("output", "splitter", "steps")

    def __init__(self) -> None:
        self.steps: dict[str | None, _Step] = {}
        self.splitter = LineSplitter()
        self.output: deque[str] = deque(maxlen=_KEPT_OUTPUT)


class BuildProgress:
    """Takes the tool's lines one by one; afterwards it knows what failed.

    Args:
        targets: the service by target name; with several targets their names begin each step's name.
        report: called with the service, a text, and the step's number and the number of steps when known.
    """

    def __init__(self, targets: Mapping[str, str], report: BuildReport) -> None:
        self._targets = targets
        self._report = report
        self._work: dict[str, _Work] = {}
        self._failed: tuple[str | None, _Work] | None = None
        self._words: deque[str] = deque(maxlen=_KEPT_OUTPUT)

    def feed(self, line: bytes) -> None:
        """Take one line of the tool's standard error."""
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            text = line.decode(errors="replace").rstrip()
            if text and not _GRUMBLE.match(text):
                self._words.append(text)
            return
        for vertex in message.get("vertexes") or ():
            self._vertex(vertex)
        for log in message.get("logs") or ():
            self._log(log)

    def failure(self) -> tuple[str | None, str, tuple[str, ...]]:
        """Return the service that failed (None if unknown), why, and what the failing step wrote last."""
        service = None
        message = "; ".join(self._words) or "the build tool failed without a word"
        for words in self._words:
            if found := _ERROR.match(words):
                service = self._targets.get(found["target"] or "")
                message = found["message"]
        if self._failed is not None:
            service = service or self._failed[0]
        output = tuple(self._failed[1].output) if self._failed else ()
        return service or self._only_service(), _NOISE.sub("", message), output

    def _only_service(self) -> str | None:
        services = list(self._targets.values())
        return services[0] if len(services) == 1 else None

    def _vertex(self, vertex: Mapping[str, Any]) -> None:
        work = self._work.setdefault(str(vertex.get("digest")), _Work())
        found = self._step(str(vertex.get("name", "")))
        step = work.steps.setdefault(found.service, found)
        if vertex.get("error"):
            if "canceled" not in vertex["error"]:
                self._failed = self._failed or (step.service, work)
            return
        state = "cached" if vertex.get("cached") else "done" if vertex.get("completed") else "running"
        if state == step.state or not vertex.get("started") or step.service is None:
            return
        step.state = state
        if state == "cached":
            self._report(step.service, f"{step.text} (cached)", *step.count)
        elif state == "running":
            self._report(step.service, step.text, *step.count)
        elif "internal" not in step.where:
            seconds = _seconds(vertex["started"], vertex["completed"])
            if seconds >= WORTH_TELLING:
                self._report(step.service, f"{step.text} ({seconds:.1f} s)", *step.count)

    def _step(self, name: str) -> _Step:
        """Take a step's name apart."""
        found = _STEP.match(name)
        where, text = (found["where"], found["what"]) if found else ("", name)
        first, _, rest = where.partition(" ")
        text = text.partition("\n")[0]
        if first in self._targets:
            return _Step(self._targets[first], rest, text)
        ours = "local bake definitions" not in text
        return _Step(self._only_service() if ours else None, where, text)

    def _log(self, log: Mapping[str, Any]) -> None:
        work = self._work.get(str(log.get("vertex")))
        if work is None:
            return
        for line in work.splitter.feed(b64decode(log.get("data") or "")):
            text = line.decode(errors="replace").rstrip("\r")
            work.output.append(text)
            for service in list(work.steps)[:1]:
                if service is not None:
                    self._report(service, text, output=True)


def _seconds(begun: str, ended: str) -> float:
    """Return the time between two stamps (RFC 3339 in UTC, with up to nine decimals)."""
    from datetime import datetime

    first, last = (datetime.fromisoformat(f"{stamp[:19]}+00:00") for stamp in (begun, ended))
    fractions = [float(f"0.{stamp[20:].rstrip('Z') or 0}") for stamp in (begun, ended)]
    return (last - first).total_seconds() + fractions[1] - fractions[0]
