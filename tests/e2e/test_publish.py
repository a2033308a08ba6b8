"""`publish` and `-f oci://…`: compose files go into a real registry and come back from it."""

from pathlib import Path

import pytest

from tests.e2e.checks import environment, nothing_left, prints, prints_match, says
from tests.e2e.harness import Scenario, Step, play
from tests.e2e.registry import has_of, offer_for, registry
from tests.e2e.stack import Stack, is_compose_lite
from tests.e2e.steps import do, edit, run, write

FILES = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            env_file: web.env
            environment: {B: "${B:-2}"}
            volumes: ["./data:/data"]
          extra: {image: "${IDLE}", profiles: [extra]}
    """,
    "web.env": "A=1\n",
}

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.skipif(
        not is_compose_lite(), reason="docker compose reads no registry without a certificate"
    ),
]


def _go_elsewhere(stack: Stack) -> None:
    """Go on in an empty folder, with the reference that `publish` has printed in PUBLISHED."""
    assert stack.last is not None
    stack.env["PUBLISHED"] = stack.last.out.strip()
    stack.folder = stack.folder.with_name("elsewhere")
    stack.folder.mkdir()


def _go_back(stack: Stack) -> None:
    stack.folder = stack.folder.with_name("project")


def _up(stack: Stack) -> None:
    """Bring up what was published, with a value for its variable."""
    stack.run(f"-f {stack.env['PUBLISHED']} up -d", env={"B": "3"})


def _forget(stack: Stack) -> None:
    """Have no cache any more."""
    stack.env["XDG_CACHE_HOME"] = str(stack.folder / "cache")


def played(tmp_path: Path, *steps: Step) -> None:
    """Play the steps as a scenario on the files above."""
    play(
        Scenario(name="published", intent="Compose files go through a registry.", files=FILES, steps=steps),
        tmp_path,
    )


def test_what_was_published_is_used_by_its_digest(tmp_path: Path) -> None:
    """Another folder brings up exactly this, whatever the tag means meanwhile, with its own variables."""
    with registry() as address:
        target = f"{address}/team/app:1"
        played(
            tmp_path,
            run(f"publish --with-env --yes {target}"),
            do("go elsewhere", _go_elsewhere),
            do("up by digest", _up),
            environment("web", A="1", B="3"),
            run(f"-f oci://{target} ps"),
            says("{STACK}-web-1"),
            do("go back", _go_back),
            edit("web.env", "A=1", "A=9"),
            run(f"publish --with-env --yes --oci-version 1.0 {target}"),
            do("have no cache", _forget),
            do("up by digest", _up),
            environment("web", A="1", B="3"),
            run(f"-f oci://{target} up -d"),
            environment("web", A="9", B="2"),
            run(f"-f oci://{target} down"),
            nothing_left(),
        )


def test_what_others_should_not_know_is_not_published_unasked(tmp_path: Path) -> None:
    """Environment is published if that is allowed, this machine's paths if they are agreed to."""
    with registry() as address:
        target = f"{address}/team/app:1"
        played(
            tmp_path,
            run(f"publish {target}", code=1),
            says("the environment of web would be published", "--with-env"),
            run(f"publish --with-env {target}", code=1, stdin="n\n"),
            says("/data"),
            run(f"--dry-run publish --with-env --yes {target}"),
            prints(f"would publish compose.yaml, web.env as {target}"),
            run(f"-f oci://{target} config", code=1),
            says("has nothing under that name"),
        )


def test_images_are_pinned(tmp_path: Path) -> None:
    """`--resolve-image-digests` publishes images by what their registry has; one that has none fails."""
    with registry() as address:
        target = f"{address}/team/app:1"
        played(
            tmp_path,
            write(
                "compose.yaml",
                f"services: {{web: {{image: '{address}/${{STACK}}/web:1', build: .}}}}",
            ),
            write("Dockerfile", "FROM compose-lite-test/busybox:1\n"),
            run(f"publish --resolve-image-digests {target}", code=1),
            says("digest"),
            run("build"),
            run("push"),
            run(f"publish --resolve-image-digests {target}"),
            run(f"-f oci://{target} config --images"),
            prints_match(lambda text: f"{address}/" in text and "@sha256:" in text, "an image by digest"),
            run("down --rmi all"),
        )


def test_an_application_is_published_with_its_images(tmp_path: Path) -> None:
    """`--app` copies every image, with all its platforms, beside the files that name it by its digest."""
    with registry() as address:
        target = f"{address}/team/app"
        image = f"{address}/{{STACK}}/web:1"

        def offer(stack: Stack) -> None:
            offer_for(address, f"{stack.name}/web", "1", ["linux/amd64", "linux/arm64"])

        def look(stack: Stack) -> None:
            assert stack.last is not None
            published = stack.last.out.strip().rpartition("@")[2]
            (listed,) = has_of(address, "team/app", published.replace(":", "-"))["manifests"]
            images = has_of(address, "team/app", listed["digest"])
            assert images["subject"]["digest"] == published
            assert (
                images["artifactType"] == listed["artifactType"] == "application/vnd.docker.compose.project"
            )
            (copied,) = images["manifests"]
            variants = has_of(address, "team/app", copied["digest"])["manifests"]
            assert {variant["platform"]["architecture"] for variant in variants} == {"amd64", "arm64"}
            stack.env["COPIED"] = copied["digest"]

        played(
            tmp_path,
            write(
                "compose.yaml",
                f"services: {{web: {{image: '{image.replace('{STACK}', '${STACK}')}', build: ., profiles: [extra]}}}}",
            ),
            write("Dockerfile", "FROM compose-lite-test/busybox:1\n"),
            run("--profile extra build"),
            run("--profile extra push"),
            do("make it one for two platforms", offer),
            edit("compose.yaml", "build: ., ", ""),
            run(f"publish --app {target}:1"),
            do("look into the registry", look),
            run(f"-f oci://{target}:1 --profile extra config --images"),
            prints(image + "@{COPIED}"),
            run("--profile extra down --rmi all"),
        )


def test_a_registry_without_a_certificate_is_used_if_that_is_allowed(tmp_path: Path) -> None:
    """`publish --insecure-registry`, and `--insecure-registry HOST` for `-f oci://…`; without them only TLS will do."""
    with registry("127.0.0.2") as address:
        target = f"{address}/team/app:1"
        played(
            tmp_path,
            run(f"publish --with-env --yes {target}", code=1),
            says("can't be reached"),
            run(f"publish --with-env --yes --insecure-registry {target}"),
            run(f"-f oci://{target} config --services", code=1),
            says("can't be reached"),
            run(f"--insecure-registry {address} -f oci://{target} config --services"),
            prints("web"),
        )


def test_the_environment_of_every_profile_is_looked_at(tmp_path: Path) -> None:
    """What a service has in its environment is not published unasked, whatever profile it is in."""
    with registry() as address:
        played(
            tmp_path,
            write(
                "compose.yaml", "services: {web: {image: a, environment: {KEY: secret}, profiles: [extra]}}"
            ),
            run(f"publish --yes {address}/team/app:1", code=1),
            says("the environment of web would be published"),
        )


def test_what_was_published_is_included_by_its_digest(tmp_path: Path) -> None:
    """A compose file includes what a registry has under a digest; completion fetches nothing."""
    with registry() as address:
        target = f"{address}/team/app:1"
        played(
            tmp_path,
            run(f"publish --with-env --yes {target}"),
            do("go elsewhere", _go_elsewhere),
            do("include it", _include),
            run("__completeNoDesc up ''"),
            prints("top\n:4"),
            run("up -d"),
            environment("web", A="1", B="2"),
            run("__completeNoDesc up ''"),
            prints("extra\ntop\nweb\n:4"),
        )


def _include(stack: Stack) -> None:
    published = stack.env["PUBLISHED"]
    stack.write("compose.yaml", f"include: ['{published}']\nservices:\n  top: {{image: '${{IDLE}}'}}\n")
