"""Options about images: what `build`, `pull`, `push` do with them, and how `create`, `up` and `run` get theirs."""

import contextlib
import json
import re
import urllib.error
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import state
from tests.e2e.checks import (
    containers,
    environment,
    image_exists,
    inside,
    kept,
    oneoffs,
    prints,
    prints_match,
    replaced,
    says,
    says_not,
)
from tests.e2e.harness import Scenario, Step, play, scenarios
from tests.e2e.images import ensure_busybox, make_image
from tests.e2e.registry import has_of, registry
from tests.e2e.stack import Stack
from tests.e2e.steps import do, remember, run, write

# Every build of the last step makes another file.
BUILT = {
    "compose.yaml": """
        services:
          web: {build: {context: ., target: web}, depends_on: [db]}
          db: {build: {context: ., target: db}}
    """,
    "Dockerfile": """
        FROM compose-lite-test/busybox:1-idle AS db
        RUN echo "what the build says"
        FROM db AS web
        COPY page.txt /page.txt
        RUN head -c 16 /dev/urandom > /stamp
    """,
    "page.txt": "first\n",
}
ALONE = {**BUILT, "compose.yaml": "services: {web: {build: {context: ., target: web}}}"}
SECOND = write("page.txt", "second\n")


def _image(stack: Stack, service: str = "web") -> str:
    found: str = state.api().inspect_image(f"{stack.name}-{service}")["Id"]
    return found


def _remember_image(stack: Stack) -> None:
    stack.env["BEFORE"] = _image(stack)


def same_image(*, expected: bool) -> Step:
    """The image of `web` is the remembered one, or another one."""

    def act(stack: Stack) -> None:
        assert (_image(stack) == stack.env["BEFORE"]) == expected

    return do(f"web's image is {'the same' if expected else 'another one'}", act)


def bakes(look: Callable[[dict[str, object]], object]) -> Step:
    """The printed bake file's target `web` is as `look` wants it."""
    return prints_match(lambda text: bool(look(json.loads(text)["target"]["web"])), "the target")


test_build = scenarios(
    Scenario(
        name="no-cache",
        intent="`build` takes steps from the cache; with `--no-cache` each is done again.",
        files=BUILT,
        steps=(
            run("build web"),
            do("remember the image", _remember_image),
            run("build web"),
            same_image(expected=True),
            run("build --no-cache web"),
            same_image(expected=False),
        ),
    ),
    Scenario(
        name="with-dependencies",
        intent="`build SERVICE` builds that one; with `--with-dependencies` also what it depends on.",
        files=BUILT,
        steps=(
            run("build web"),
            image_exists("{STACK}-db:latest", exists=False),
            run("build --with-dependencies web"),
            image_exists("{STACK}-db:latest"),
        ),
    ),
    Scenario(
        name="quiet",
        intent="`build --quiet` says nothing of a build that succeeds.",
        files=BUILT,
        steps=(
            run("build --no-cache web"),
            says("what the build says"),
            run("build --no-cache --quiet web"),
            says_not("what the build says"),
        ),
    ),
    Scenario(
        name="memory",
        intent="`build --memory` limits what the steps of a classic build may use.",
        files={
            **BUILT,
            "Dockerfile": """
                FROM compose-lite-test/busybox:1-idle AS db
                FROM db AS web
                RUN cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes > /limit; true
            """,
        },
        steps=(
            run("build --memory 64m web", env={"DOCKER_BUILDKIT": "0"}),
            run("run --rm --no-deps web cat /limit"),
            prints("67108864"),
        ),
    ),
    Scenario(
        name="builder",
        intent="`build --builder` names the builder; of one that there is not it says so.",
        files=BUILT,
        steps=(
            run("build --builder no-such-builder web", code=1),
            says("no-such-builder"),
            image_exists("{STACK}-web:latest", exists=False),
        ),
    ),
    Scenario(
        name="check",
        intent="`build --check` looks through the Dockerfile and builds nothing.",
        files={**BUILT, "Dockerfile": BUILT["Dockerfile"].replace("COPY", "copy")},
        steps=(
            run("build --check web", code=None),
            # BuildKit in Engine 20.10 can't check yet, and says so.
            prints_match(
                lambda text: bool(re.search("frontend.lint|Check complete", text)), "what was found"
            ),
            image_exists("{STACK}-web:latest", exists=False),
        ),
    ),
    Scenario(
        name="print",
        intent="`build --print` prints the bake file with what the other options ask for, and builds nothing.",
        files=BUILT,
        steps=(
            run("build --print web"),
            bakes(lambda target: target["target"] == "web" and "no-cache" not in target),
            run("build --print --no-cache --pull --provenance mode=max --sbom true --ssh default web"),
            bakes(lambda target: target["no-cache"] and target["pull"]),
            bakes(lambda target: "type=provenance,mode=max" in target["attest"]),
            bakes(lambda target: any("sbom" in attestation for attestation in target["attest"])),
            bakes(lambda target: target["ssh"] == ["default"]),
            image_exists("{STACK}-web:latest", exists=False),
        ),
    ),
)

test_containers_options = scenarios(
    Scenario(
        name="create",
        intent="`create --no-build` needs the image, `--build` builds it anew, `--no-recreate` keeps containers.",
        files=BUILT,
        steps=(
            run("create --no-build", code=1),
            says("--no-build"),
            containers(),
            run("create --quiet-pull"),
            containers(web="created", db="created"),
            remember(),
            SECOND,
            run("create --no-recreate --build"),
            kept("web", "db"),
            run("create --build"),
            replaced("web"),
            run("start web"),
            inside("web", "cat /page.txt", "second"),
        ),
    ),
    Scenario(
        name="run-builds",
        intent="`run --build` builds the image anew; `--quiet-build` leaves out what the build says, `--quiet` all.",
        files=ALONE,
        steps=(
            run("run --rm web cat /page.txt"),
            prints("first"),
            SECOND,
            run("run --rm web cat /page.txt"),
            prints("first"),
            run("run --rm --build web cat /page.txt"),
            prints("second"),
            write("page.txt", "third\n"),
            run("run --rm --build --quiet-build web cat /page.txt"),
            prints("third"),
            says_not("COPY page.txt"),
            run("run --rm --build --quiet web cat /page.txt"),
            do("nothing else was said", lambda stack: _silent(stack)),
        ),
    ),
    Scenario(
        name="up-builds-quietly",
        intent="`up --quiet-build` leaves out what the build says; the stack comes up all the same.",
        files=BUILT,
        steps=(
            run("up -d --build --quiet-build"),
            says_not("what the build says"),
            containers(web="running", db="running"),
        ),
    ),
)


def _silent(stack: Stack) -> None:
    assert stack.last is not None
    assert stack.last.out == "third\n"
    assert stack.last.err == ""


def _has(address: str, name: str, *, expected: bool = True) -> Step:
    """The registry has an image of the project under this name, or has it not."""

    def act(stack: Stack) -> None:
        found = False
        with contextlib.suppress(urllib.error.HTTPError):
            found = bool(has_of(address, f"{stack.name}/{name}", "1"))
        assert found == expected

    return do(f"the registry has {name}: {expected}", act)


def _offer(address: str, name: str, variant: str) -> Step:
    """Put a busybox into the registry, and leave no copy under its name here."""

    def make(_stack: Stack, reference: str) -> None:
        state.api().tag(ensure_busybox(variant), reference)

    return _offered(address, name, make, f"put {variant} into the registry as {name}")


def _offer_new(address: str, name: str) -> Step:
    """Put an image into the registry that is nowhere here, so that its layers have to be fetched."""

    def make(stack: Stack, reference: str) -> None:
        make_image(reference, files={"stamp": stack.name})

    return _offered(address, name, make, f"put a new image into the registry as {name}")


def _offered(address: str, name: str, make: Callable[[Stack, str], None], text: str) -> Step:
    def act(stack: Stack) -> None:
        api, reference = state.api(), f"{address}/{stack.name}/{name}:1"
        before = [entry["Id"] for entry in api.images(filters={"reference": reference})]
        make(stack, reference)
        for line in api.push(reference, stream=True, decode=True):
            assert "error" not in line, line
        api.remove_image(reference)
        if before:
            api.tag(before[0], reference)

    return do(text, act)


def _built_for(address: str) -> dict[str, str]:
    """The files of `BUILT`, with images that the registry can be given."""
    compose = f"""
        services:
          web: {{image: "{address}/${{STACK}}/web:1", build: {{context: ., target: web}}, depends_on: [db]}}
          db: {{image: "{address}/${{STACK}}/db:1", build: {{context: ., target: db}}}}
    """
    return {**BUILT, "compose.yaml": compose}


def _played(folder: Path, intent: str, files: dict[str, str], *steps: Step) -> None:
    play(Scenario(name="registry", intent=intent, files=files, steps=steps), folder)


@pytest.mark.daemon
def test_pushing(tmp_path: Path) -> None:
    """`build --push` and `push` give away what was built; `push --quiet` says nothing of it."""
    with registry() as address:
        _played(
            tmp_path,
            "Images get into a registry.",
            _built_for(address),
            run("build --push db"),
            _has(address, "db"),
            _has(address, "web", expected=False),
            run("build web"),
            run("push --quiet web"),
            says_not("web"),
            _has(address, "web"),
        )


@pytest.mark.daemon
def test_pushing_what_is_needed_too(tmp_path: Path) -> None:
    """`push --include-deps` pushes what the service depends on; `--ignore-push-failures` goes on without what fails."""
    with registry() as address:
        _played(
            tmp_path,
            "Images get into a registry with those that they need.",
            _built_for(address),
            run("build web"),
            run("push --include-deps web", code=1),
            run("push --include-deps --ignore-push-failures web"),
            _has(address, "web"),
            _has(address, "db", expected=False),
            run("build db"),
            run("push --include-deps web"),
            _has(address, "db"),
        )


@pytest.mark.daemon
def test_pulling(tmp_path: Path) -> None:
    """`--pull` of `create`, `run` and `build` takes what is newer; `--quiet-pull` leaves its progress out."""
    with registry() as address:
        files = {
            "compose.yaml": f"""
                services:
                  web: {{image: "{address}/${{STACK}}/web:1", command: sleep 1000, stop_signal: KILL}}
                  built: {{build: .}}
            """,
            "Dockerfile": f"ARG STACK\nFROM {address}/${{STACK}}/web:1\nCMD sleep 1000\n",
        }
        _played(
            tmp_path,
            "Images are pulled when options say so.",
            files,
            _offer(address, "web", "1"),
            run("create --pull never web", code=1),
            containers(),
            run("run --rm --pull never web true", code=1),
            run("--progress json run --rm --pull missing --quiet-pull web sh -c 'echo $GENERATION'"),
            prints(""),
            says_not("layers"),
            run("build --build-arg STACK built"),
            _offer(address, "web", "2"),
            run("--progress json create --pull always --quiet-pull web"),
            says_not("layers"),
            environment("web", GENERATION="2"),
            _offer_new(address, "web"),
            run("--progress json run --rm --pull always web sh -c 'echo $GENERATION'"),
            prints(""),
            says("layers"),
            _offer(address, "web", "2"),
            run("build --build-arg STACK --pull built"),
            run("run --rm built sh -c 'echo $GENERATION'"),
            prints("2"),
            _offer(address, "web", "1"),
            run("--progress json up -d --pull always --quiet-pull web"),
            says_not("layers"),
            environment("web", GENERATION=None),
            oneoffs(),
        )


@pytest.mark.daemon
def test_pulling_what_can_be_built(tmp_path: Path) -> None:
    """`pull --ignore-buildable` leaves alone what has a `build` section; without it that is tried, too."""
    with registry() as address:
        files = {
            "compose.yaml": f"""
                services:
                  web: {{image: "{address}/${{STACK}}/web:1"}}
                  built: {{image: "{address}/${{STACK}}/built:1", build: .}}
            """,
            "Dockerfile": "FROM compose-lite-test/busybox:1-idle\n",
        }
        _played(
            tmp_path,
            "What can be built need not be pulled.",
            files,
            _offer(address, "web", "1"),
            run("pull", code=None),
            says("{STACK}/built:1"),
            run("pull --ignore-buildable"),
            says_not("{STACK}/built:1"),
            image_exists(f"{address}/{{STACK}}/web:1"),
        )
