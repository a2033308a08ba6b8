"""BuildKit's messages become steps, with what failed and what it wrote last."""

from __future__ import annotations

import json
from base64 import b64encode

from compose_lite.runner.build_progress import BuildProgress

BEGUN, ENDED = "2024-05-01T10:00:00.25Z", "2024-05-01T10:00:02.5Z"


class Heard(list):
    def __call__(self, service, text, current=None, total=None, *, output=False):
        self.append((service, text, current, total) if not output else (service, "|", text))


def vertex(digest: str, name: str, **state: object) -> bytes:
    return json.dumps({"vertexes": [{"digest": digest, "name": name, **state}]}).encode()


def log(digest: str, text: str) -> bytes:
    return json.dumps(
        {"logs": [{"vertex": digest, "stream": 1, "data": b64encode(text.encode()).decode()}]}
    ).encode()


def heard(*lines: bytes, targets: dict[str, str] | None = None) -> tuple[list[object], BuildProgress]:
    said = Heard()
    progress = BuildProgress(targets or {"web": "web", "job_1": "job.1"}, said)
    for line in lines:
        progress.feed(line)
    return said, progress


def test_a_steps_life():
    said, _ = heard(
        vertex("d1", "[web builder 2/3] RUN make"),
        vertex("d1", "[web builder 2/3] RUN make", started=BEGUN),
        log("d1", "compiling\nlin"),
        log("d1", "king\n"),
        vertex("d1", "[web builder 2/3] RUN make", started=BEGUN, completed=ENDED),
        vertex("d2", "[job_1 1/3] FROM x", started=BEGUN, completed=BEGUN, cached=True),
        vertex("d3", "[web] exporting to image", started=BEGUN),
    )
    assert said == [
        ("web", "RUN make", 2, 3),
        ("web", "|", "compiling"),
        ("web", "|", "linking"),
        ("web", "RUN make (2.2 s)", 2, 3),
        ("job.1", "FROM x (cached)", 1, 3),
        ("web", "exporting to image", None, None),
    ]


def test_a_shared_step_is_told_for_each_image_and_its_output_once():
    said, _ = heard(
        vertex("d1", "[web base 1/1] RUN slow", started=BEGUN),
        vertex("d1", "[job_1 base 1/1] RUN slow", started=BEGUN),
        log("d1", "x\n"),
    )
    assert said == [("web", "RUN slow", 1, 1), ("job.1", "RUN slow", 1, 1), ("web", "|", "x")]


def test_with_one_image_the_names_have_no_prefix():
    said, _ = heard(
        vertex("d0", "[internal] load local bake definitions", started=BEGUN),
        vertex("d1", "[internal] load .dockerignore", started=BEGUN),
        vertex("d2", "[stage-0 2/2] RUN <<EOF\nmake\nEOF", started=BEGUN),
        targets={"web": "web"},
    )
    assert said == [("web", "load .dockerignore", None, None), ("web", "RUN <<EOF", 2, 2)]


def test_a_failure_names_the_service_and_keeps_the_last_lines():
    _, progress = heard(
        b'WARNING: The "x" variable is not set. Defaulting to a blank string.',
        vertex("d1", "[job_1 2/2] RUN false", started=BEGUN),
        log("d1", "".join(f"line {n}\n" for n in range(100))),
        vertex("d2", "[web 1/2] RUN slow", started=BEGUN, error="context canceled: context canceled"),
        vertex("d1", "[job_1 2/2] RUN false", started=BEGUN, completed=ENDED, error="exit code: 1"),
        b'ERROR: target job_1: failed to solve: process "/bin/sh -c false" did not complete: exit code: 1',
    )
    service, message, output = progress.failure()
    assert service == "job.1"
    assert message == 'process "/bin/sh -c false" did not complete: exit code: 1'
    assert output == tuple(f"line {n}" for n in range(50, 100))


def test_failures_without_a_step():
    nested = "rpc error: code = Unknown desc = failed to solve with frontend dockerfile.v0: failed to create LLB definition: "
    _, progress = heard(f"ERROR: target web: failed to solve: {nested}unknown instruction: RNU".encode())
    assert progress.failure() == ("web", "unknown instruction: RNU", ())
    _, progress = heard(b"unknown flag: --progress")
    assert progress.failure() == (None, "unknown flag: --progress", ())
    _, progress = heard()
    assert progress.failure() == (None, "the build tool failed without a word", ())
