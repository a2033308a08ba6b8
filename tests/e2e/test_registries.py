"""Registries: what is pulled and pushed, with which login, for which platform, and what a failure costs."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from compose_lite.runner.connect import connect_daemon
from compose_lite.runner.observe import image
from tests.e2e import state
from tests.e2e.checks import containers, field, image_exists, prints_match, says, says_not
from tests.e2e.harness import Scenario, play
from tests.e2e.images import ensure_busybox
from tests.e2e.registry import busy_registry, offer_for, registry
from tests.e2e.stack import Stack
from tests.e2e.steps import do, remember, run
from tests.runner.registry_server import PASSWORD, USER, Registry

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(180)]


def log_in_by_file(stack: Stack, host: str) -> None:
    """As `docker login` does it where no credential helper is set up."""
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    _configure(stack, {"auths": {host: {"auth": login}}})


def log_in_by_store(stack: Stack, host: str) -> None:
    """As `docker login` does it with a helper for all registries."""
    _install_helper(stack)
    _configure(stack, {"auths": {host: {}}, "credsStore": "e2e"})


def log_in_by_helper(stack: Stack, host: str) -> None:
    """As `docker login` does it with a helper for this registry only; that for all others is not there."""
    _install_helper(stack)
    _configure(stack, {"credsStore": "missing", "credHelpers": {host: "e2e"}})


@pytest.mark.parametrize("log_in", [log_in_by_file, log_in_by_store, log_in_by_helper])
def test_private(log_in: Callable[[Stack, str], None], tmp_path: Path) -> None:
    """A registry that wants a password gets the one that `docker login` has stored, for push, pull and up."""
    guarded = Registry(tmp_path, password=True).start()
    reference = f"{guarded.host}/private/app:{tmp_path.name.lower()}"
    try:
        play(
            Scenario(
                name="private",
                intent="Logins of the docker command are used.",
                files={
                    "compose.yaml": f"""
                        services:
                          web: {{image: "{reference}", build: .}}
                    """,
                    "Dockerfile": "FROM compose-lite-test/busybox:1-idle\n",
                },
                steps=(
                    run("build"),
                    run("push", code=1),
                    says(f"docker login {guarded.host}"),
                    do("log in", lambda stack: log_in(stack, guarded.host)),
                    run("push"),
                    do("no local copy", lambda _: state.api().remove_image(reference)),
                    run("pull --policy missing"),
                    image_exists(reference),
                    run("up -d --pull always --no-build"),
                    containers(web="running"),
                ),
            ),
            tmp_path,
        )
    finally:
        guarded.stop()
        _forget(reference)


def test_which_are_pulled(tmp_path: Path) -> None:
    """`pull SERVICE` leaves the dependencies out unless told otherwise; failures may be ignored."""
    with registry() as address:
        web, db, gone = (f"{address}/e2e/{name}:1" for name in ("web", "db", "gone"))
        files = {
            "compose.yaml": f"""
                services:
                  web: {{image: "{web}", depends_on: [db]}}
                  db: {{image: "{db}"}}
                  gone: {{image: "{gone}", profiles: [never]}}
            """
        }
        steps = (
            do("push the images", lambda _: [_offer(reference) for reference in (web, db)]),
            run("pull web"),
            image_exists(web),
            image_exists(db, exists=False),
            run("pull --include-deps --policy missing web"),
            image_exists(db),
            run("pull gone web", code=1),
            says(gone, "check the name and the tag"),
            run("pull --ignore-pull-failures gone web"),
            says(gone),
            run("pull -q web"),
            says_not("layers"),
        )
        try:
            play(Scenario(name="which", intent="The images asked for.", files=files, steps=steps), tmp_path)
        finally:
            _forget(web, db)


@pytest.mark.parametrize("status", [429, 503])
def test_busy(status: int, tmp_path: Path) -> None:
    """A registry that is too busy at first is asked again."""
    with registry() as address, busy_registry(address, status, times=2) as front:
        _offer(f"{address}/e2e/busy:{status}")
        reference = f"{front}/e2e/busy:{status}"
        files = {"compose.yaml": f'services: {{web: {{image: "{reference}"}}}}'}
        steps = (run("pull"), image_exists(reference), run("up -d"), containers(web="running"))
        try:
            play(Scenario(name="busy", intent="Patience helps.", files=files, steps=steps), tmp_path)
        finally:
            _forget(reference)


def test_platform(tmp_path: Path) -> None:
    """`platform` says which image is pulled; one that is there for another platform does not do."""
    with registry() as address:
        reference = f"{address}/e2e/many:1"
        files = {
            "compose.yaml": f"""
                services:
                  web: {{image: "{reference}", platform: "${{PLATFORM}}"}}
            """
        }
        one, other = {"PLATFORM": "linux/amd64"}, {"PLATFORM": "linux/arm64"}
        steps = (
            do("push an image", lambda _: _offer(reference)),
            do("for two", lambda _: offer_for(address, "e2e/many", "1", ["linux/amd64", "linux/arm64"])),
            run("up -d", env=one),
            containers(web="running"),
            do("it is for this", lambda _: _is_for(reference, "amd64")),
            run("up -d --no-start", env=other),
            says("linux/arm64"),
            do("it is for the other", lambda _: _is_for(reference, "arm64")),
            run("up --no-start --pull missing --dry-run", env=other),
            prints_match(lambda text: "pull" not in text, "no pull"),
            run("pull", env={"PLATFORM": "linux/s390x"}, code=1),
            says("no matching manifest for linux/s390x"),
        )
        intent = "Images are for the platform."
        try:
            play(Scenario(name="platform", intent=intent, files=files, steps=steps), tmp_path)
        finally:
            _forget(reference)


def test_age(tmp_path: Path) -> None:
    """An image that was pulled lately is not pulled again by a policy that goes by the age, however old it is."""
    with registry() as address:
        reference = f"{address}/e2e/aged:1"
        files = {
            "compose.yaml": f"""
                services:
                  web: {{image: "{reference}", pull_policy: every_1h}}
            """
        }
        steps = (
            do("push an image", lambda _: _offer(reference)),
            run("up -d"),
            field("web", "State.Status", "running"),
            remember(),
            run("up --dry-run -d"),
            prints_match(lambda text: "pull" not in text, "no pull"),
            run("up -d", changes=0),
        )
        try:
            play(Scenario(name="age", intent="Fresh is fresh.", files=files, steps=steps), tmp_path)
        finally:
            _forget(reference)


def _offer(reference: str) -> None:
    """Put the idle image into a registry, and leave no local copy under the name."""
    state.api().tag(ensure_busybox("1-idle"), reference)
    for line in state.api().push(reference, stream=True, decode=True):
        assert "error" not in line, line
    state.api().remove_image(reference)


def _is_for(reference: str, architecture: str) -> None:
    found = image(reference, connect_daemon().inspect_image(reference, platform=f"linux/{architecture}"))
    assert found.platform == f"linux/{architecture}"


def _forget(*references: str) -> None:
    for reference in references:
        for _ in state.api().images(reference):
            state.api().remove_image(reference, force=True)


def _configure(stack: Stack, config: dict[str, object]) -> None:
    Path(stack.env["HOME"], ".docker", "config.json").write_text(json.dumps(config))


def _install_helper(stack: Stack) -> None:
    """A credential helper that has the password of every registry."""
    folder = Path(stack.env["HOME"], "bin")
    folder.mkdir()
    helper = folder / "docker-credential-e2e"
    answer = json.dumps({"Username": USER, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\ntest \"$1\" = get || exit 1\ncat >/dev/null\necho '{answer}'\n")
    helper.chmod(0o755)
    stack.env["PATH"] = f"{folder}:{stack.env['PATH']}"
