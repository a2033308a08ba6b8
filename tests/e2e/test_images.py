"""Images: built, rebuilt, pulled by policy; and nothing stops when one can't be had."""

import json
from pathlib import Path

import pytest

from tests.e2e import state
from tests.e2e.checks import (
    containers,
    environment,
    field,
    image,
    image_exists,
    inside,
    kept,
    prints,
    prints_lines,
    replaced,
    says,
    unchanged,
)
from tests.e2e.harness import Scenario, play, scenarios
from tests.e2e.images import ensure_busybox
from tests.e2e.registry import registry
from tests.e2e.stack import Stack
from tests.e2e.steps import do, edit, remember, run, write

BUILT = {
    "compose.yaml": """
        services:
          web:
            build:
              context: app
              args: {GREETING: hello, FROM_ENVIRONMENT: null}
              labels: {purpose: test}
          twin: {build: ./app}
          db: {image: "${IDLE}"}
    """,
    "app/Dockerfile": """
        FROM compose-lite-test/busybox:1-idle
        ARG GREETING=none
        ARG FROM_ENVIRONMENT=none
        COPY page.txt /page.txt
        RUN echo "$GREETING $FROM_ENVIRONMENT" > /greeting.txt
    """,
    "app/page.txt": "first\n",
    "app/.dockerignore": "secret.txt\n",
    "app/secret.txt": "not for the image\n",
}

test_build = scenarios(
    Scenario(
        name="up-builds",
        intent="`up` builds the image of a service that has none, with its arguments, and names it PROJECT-SERVICE.",
        files=BUILT,
        steps=(
            run("up -d", env={"FROM_ENVIRONMENT": "world"}),
            containers(web="running", twin="running", db="running"),
            image("web", "{STACK}-web"),
            image_exists("{STACK}-web:latest"),
            inside("web", "cat /page.txt /greeting.txt", "first\nhello world"),
            inside("twin", "cat /greeting.txt", "none none"),
            inside("web", "ls /secret.txt 2>/dev/null; ls /page.txt", "/page.txt"),
            run("up -d", env={"FROM_ENVIRONMENT": "world"}, changes=None),
        ),
    ),
    Scenario(
        name="second-up-builds-nothing",
        intent="A second `up` builds nothing, even if the build's folder changed.",
        files=BUILT,
        steps=(
            run("up -d"),
            write("app/page.txt", "second\n"),
            remember(),
            run("up -d", changes=0),
            kept("web", "twin", "db"),
        ),
    ),
    Scenario(
        name="rebuild",
        intent="`up --build` replaces exactly the containers whose image came out different.",
        files=BUILT,
        steps=(
            run("up -d"),
            remember(),
            run("up -d --build"),
            kept("web", "twin", "db"),
            write("app/page.txt", "second\n"),
            run("up -d --build web"),
            replaced("web"),
            kept("twin", "db"),
            inside("web", "cat /page.txt", "second"),
        ),
    ),
    Scenario(
        name="rebuild-of-a-shared-tag",
        intent="An image rebuilt under the same tag replaces the containers that use it, and no others.",
        files={
            **BUILT,
            "compose.yaml": """
                services:
                  web: {image: "${STACK}/app:dev", build: ./app}
                  worker: {image: "${STACK}/app:dev", pull_policy: never}
                  db: {image: "${IDLE}"}
            """,
        },
        steps=(
            run("build"),
            run("up -d"),
            remember(),
            write("app/page.txt", "second\n"),
            run("build"),
            kept("web", "worker", "db"),
            run("up -d"),
            replaced("web"),
            replaced("worker"),
            kept("db"),
            inside("worker", "cat /page.txt", "second"),
        ),
    ),
    Scenario(
        name="build-command",
        intent="`build` builds, by name and with other arguments, and starts nothing.",
        files=BUILT,
        steps=(
            run("build --build-arg GREETING=bye web"),
            containers(),
            image_exists("{STACK}-web:latest"),
            image_exists("{STACK}-twin:latest", exists=False),
            run("up -d --no-build web"),
            inside("web", "cat /greeting.txt", "bye none"),
        ),
    ),
    Scenario(
        name="named-tagged-targeted",
        intent="`image:` names what is built, `tags` adds names, `target` and `dockerfile_inline` say what.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${STACK}/web:dev
                    build:
                      context: .
                      dockerfile_inline: |
                        FROM compose-lite-test/busybox:1-idle AS base
                        ENV STAGE=base
                        FROM base AS final
                        ENV STAGE=final
                      target: base
                      tags: ["${STACK}/web:other"]
            """
        },
        steps=(
            run("up -d"),
            environment("web", STAGE="base"),
            image("web", "{STACK}/web:dev"),
            image("web", "{STACK}/web:other"),
            field("web", "Config.Image", "{STACK}/web:dev"),
        ),
    ),
    Scenario(
        name="failed-build",
        intent="A failing build fails `up` before anything is stopped, and shows what the build said.",
        files=BUILT,
        steps=(
            run("up -d"),
            remember(),
            edit("app/Dockerfile", "COPY page.txt", "RUN echo no such luck; exit 9\nCOPY page.txt"),
            edit("compose.yaml", "db: {image", "db: {environment: {A: b}, image"),
            run("up -d --build", code=None),
            says("no such luck", "9"),
            do("it failed", lambda stack: _failed(stack)),
            unchanged(),
        ),
    ),
    Scenario(
        name="no-build",
        intent="`up --no-build` without the image fails and builds nothing.",
        files=BUILT,
        steps=(run("up -d --no-build web", code=1), image_exists("{STACK}-web:latest", exists=False)),
    ),
)


@pytest.mark.daemon
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("name", "steps"),
    [
        pytest.param(
            "missing",
            (
                run("up -d"),
                containers(web="running", db="running"),
                remember(),
                run("up -d", changes=0),
                kept("web"),
            ),
            id="pulled-when-missing",
        ),
        pytest.param(
            "always",
            (
                run("up -d"),
                remember(),
                do("push a newer one", lambda stack: _push(stack, ensure_busybox("2"))),
                run("up -d --pull always web"),
                replaced("web"),
                environment("web", GENERATION="2"),
            ),
            id="pull-always-takes-the-newer",
        ),
        pytest.param(
            "missing",
            (
                run("pull"),
                containers(),
                do("push a newer one", lambda stack: _push(stack, ensure_busybox("2"))),
                run("up -d"),
                environment("web", GENERATION=None),
                remember(),
                run("pull --policy missing", changes=0),
                run("pull --policy always web"),
                run("up -d"),
                replaced("web"),
                environment("web", GENERATION="2"),
            ),
            id="pull-command",
        ),
        pytest.param(
            "never",
            (run("up -d", code=1), says("{STACK}/app:1")),
            id="never-is-never",
        ),
        pytest.param(
            "missing",
            (
                run("up -d"),
                remember(),
                edit("compose.yaml", "app:1", "app:nope"),
                run("up -d", code=1),
                says("app:nope"),
                unchanged(),
            ),
            id="not-in-the-registry",
        ),
    ],
)
def test_registry(name: str, steps: tuple, tmp_path: Path) -> None:  # type: ignore[type-arg]  # of Step
    """Images come from a real registry as the pull policy says."""
    with registry() as address:
        play(
            Scenario(
                name=name,
                intent="Images come from a real registry as the pull policy says.",
                files={
                    "compose.yaml": f"""
                        services:
                          web:
                            image: {address}/${{STACK}}/app:1
                            pull_policy: {name}
                            command: sleep 1000
                            stop_signal: KILL
                          db: {{image: "${{IDLE}}", pull_policy: never}}
                    """,
                    "registry": address,
                },
                steps=(do("push the image", lambda stack: _push(stack, ensure_busybox("1"))), *steps),
            ),
            tmp_path,
        )


def _reference(stack: Stack) -> str:
    return f"{(stack.folder / 'registry').read_text().strip()}/{stack.name}/app:1"


def _push(stack: Stack, source: str) -> None:
    """Put an image into the scenario's registry, and leave no local copy under its name."""
    reference = _reference(stack)
    existing = _image_id(reference)
    state.api().tag(source, reference)
    for line in state.api().push(reference, stream=True, decode=True):
        assert "error" not in line, line
    state.api().remove_image(reference)
    if existing:
        state.api().tag(existing, reference)


def _image_id(reference: str) -> str | None:
    found = state.api().images(filters={"reference": reference})
    return found[0]["Id"] if found else None


def _failed(stack: Stack) -> None:
    assert stack.last is not None
    assert stack.last.code not in (0, None)


test_listing = scenarios(
    Scenario(
        name="config-images",
        intent="`config --images` names the images that services run, the built ones too.",
        files=BUILT,
        steps=(
            run("config --images"),
            prints_lines("{STACK}-web", "{STACK}-twin", "compose-lite-test/busybox:1-idle"),
        ),
    ),
)


@pytest.mark.daemon
def test_digests_of_a_registry(tmp_path: Path) -> None:
    """`config` pins images to what their registry has now, and the override that it prints brings up just that."""
    with registry() as address:
        files = {
            "compose.yaml": f"""
                services:
                  web: {{image: "{address}/${{STACK}}/app:1"}}
                  built: {{build: .}}
            """,
            "registry": address,
        }
        steps = (
            run("config --lock-image-digests", code=1),
            says("can't resolve the digest of", "unknown"),
            prints(""),
            do("push the image", lambda stack: _push(stack, ensure_busybox("1-idle"))),
            run("config --resolve-image-digests --format json"),
            do("the image is pinned", lambda stack: _is_pinned(stack)),
            run("config --lock-image-digests -o lock.yaml"),
            run("-f compose.yaml -f lock.yaml up -d web"),
            containers(web="running"),
            do("the container has the pin", lambda stack: _runs_the_pin(stack)),
        )
        intent = "Images are pinned by their digests."
        play(Scenario(name="digests", intent=intent, files=files, steps=steps), tmp_path)


def _is_pinned(stack: Stack) -> None:
    assert stack.last is not None
    services = json.loads(stack.last.out)["services"]
    reference, _, digest = services["web"]["image"].partition("@")
    assert reference == _reference(stack)
    assert digest == state.api().inspect_distribution(reference)["Descriptor"]["digest"]
    assert "image" not in services["built"]


def _runs_the_pin(stack: Stack) -> None:
    digest = state.api().inspect_distribution(_reference(stack))["Descriptor"]["digest"]
    assert stack.container("web").attributes["Config"]["Image"] == f"{_reference(stack)}@{digest}"
