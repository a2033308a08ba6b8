"""Images built by BuildKit and by the classic builder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from compose_lite import labels
from compose_lite.errors import BuildFailed, Interrupted, NotFound, UsageError
from compose_lite.runner.build import BuildOptions, ImageBuilder, build_images, buildx_of
from compose_lite.runner.cancellation import Cancellation
from compose_lite.runner.image_build import image_builds
from compose_lite.spec.model import Build, FileGrant, FileObject, Project, Service, Ulimit
from tests.e2e import peer
from tests.e2e.images import ensure_busybox
from tests.runner.registry_server import Registry

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.daemon


class Workshop:
    """A project with a folder of build contexts; its images are removed at the end."""

    def __init__(self, daemon, folder: Path, environ: dict[str, str]) -> None:
        self.daemon = daemon
        self.folder = folder
        self.environ = environ
        self.name = f"clt{uuid.uuid4().hex[:10]}"
        self.services: dict[str, Service] = {}
        self.more: dict[str, object] = {}

    def service(self, name: str, text: str, *, context: str = "", image: str | None = None, **build) -> None:
        folder = self.folder / (context or name)
        folder.mkdir(exist_ok=True)
        if text:
            (folder / "Dockerfile").write_text(text.replace("BASE", ensure_busybox()))
        self.services[name] = Service(name=name, image=image, build=Build(context=str(folder), **build))

    def project(self) -> Project:
        return Project(name=self.name, working_dir=str(self.folder), services=self.services, **self.more)

    def build(self, *services: str, **options) -> dict[str, str]:
        self.heard: list[tuple[str, str]] = []
        self.output: list[str] = []
        reports = {service: self.listen(service) for service in services}
        return build_images(
            self.daemon,
            self.project(),
            services,
            reports,
            options=BuildOptions(**options),
            environ=self.environ,
        )

    def listen(self, service):
        def report(text, current=None, total=None, *, output=False):
            self.output.append(text) if output else self.heard.append((service, text))

        return report

    def image(self, service: str):
        return self.daemon.inspect_image(self.services[service].image_name(self.name))

    def run(self, service: str, *command: str) -> str:
        image = self.services[service].image_name(self.name)
        done = subprocess.run(
            ["docker", "run", "--rm", image, *command], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def clean(self) -> None:
        for service in self.services.values():
            for ref in (service.image_name(self.name), *(service.build.tags if service.build else ())):
                try:
                    self.daemon.remove_image(ref, force=True)
                except NotFound:
                    continue


@pytest.fixture
def classic(daemon, tmp_path):
    shop = Workshop(daemon, tmp_path, {**os.environ, "DOCKER_CONFIG": "/nonexistent", "DOCKER_BUILDKIT": "0"})
    yield shop
    shop.clean()


@pytest.fixture
def buildkit(daemon, tmp_path):
    client = peer.buildx()
    if client is None or not client.exists():
        # In continuous integration absence must not look like success.
        lacking = pytest.fail if os.environ.get("CI") else pytest.skip
        lacking("the buildx plugin is not on this machine: scripts/setup-test-tools, or COMPOSE_LITE_PEER")
    plugins = tmp_path / "docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    shutil.copy(client, plugins / "docker-buildx")
    environ = {key: value for key, value in os.environ.items() if key != "DOCKER_BUILDKIT"}
    shop = Workshop(daemon, tmp_path, {**environ, "DOCKER_CONFIG": str(plugins.parent)})
    yield shop
    shop.clean()


@pytest.fixture(params=["classic", "buildkit"])
def shop(request):
    return request.getfixturevalue(request.param)


# both


def test_an_image_and_its_labels(shop):
    dockerfile = "FROM BASE AS dev\nARG A\nENV A=$A\nFROM dev AS prod\nRUN exit 1\n"
    shop.service(
        "web", dockerfile, args={"A": "${x} %{y}", "UNSET": None}, target="dev", labels={"team": "blue"},
        tags=(f"{shop.name}-also:2",),
    )  # fmt: skip
    built = shop.build("web")
    image = shop.image("web")
    assert built == {f"{shop.name}-web": image["Id"]}
    assert image["Config"]["Labels"] == {"team": "blue", labels.PROJECT: shop.name, labels.SERVICE: "web"}
    assert "A=${x} %{y}" in image["Config"]["Env"]
    assert f"{shop.name}-also:2" in image["RepoTags"]


def test_steps_are_told_and_cached_ones_are_known(shop):
    shop.service("web", f"FROM BASE\nRUN echo hello {uuid.uuid4().hex}; sleep 0.2\n")
    first = shop.build("web")
    assert any(text.startswith("RUN echo hello") for _, text in shop.heard)
    assert any(line.startswith("hello") for line in shop.output)
    assert shop.build("web") == first
    assert any(text.startswith("RUN echo hello") and text.endswith("(cached)") for _, text in shop.heard)
    shop.services["web"] = Service(name="web", build=Build(context=str(shop.folder / "web"), no_cache=True))
    assert shop.build("web") != first


def test_a_failing_step_shows_what_it_wrote(shop):
    shop.service("web", "FROM BASE\nRUN echo before\nRUN echo working; echo oops >&2; exit 3\n")
    with pytest.raises(BuildFailed, match=r"image of service 'web' can't be built: .*3") as failed:
        shop.build("web")
    assert sorted(failed.value.output) == ["oops", "working"]
    assert failed.value.service == "web"


def test_a_dockerfile_that_makes_no_sense(shop):
    shop.service("web", "FROM BASE\nRNU x\n")
    with pytest.raises(BuildFailed, match="unknown instruction: RNU"):
        shop.build("web")


def test_a_missing_context_and_a_missing_base_image(shop):
    shop.services["gone"] = Service(name="gone", build=Build(context=str(shop.folder / "gone")))
    with pytest.raises(BuildFailed, match="gone"):
        shop.build("gone")
    shop.service("web", "FROM 127.0.0.1:1/no/image:1\n")
    with pytest.raises(BuildFailed, match=r"127\.0\.0\.1:1"):
        shop.build("web")


def test_ignored_files_and_inline_dockerfiles(shop):
    inline = f"FROM {ensure_busybox()}\nCOPY . /all\n"
    shop.service("web", "", dockerfile_inline=inline)
    for name in ("keep", "drop", "Dockerfile"):
        (shop.folder / "web" / name).write_text(name)
    (shop.folder / "web" / ".dockerignore").write_text("drop\n.dockerignore\n")
    shop.build("web")
    assert shop.run("web", "ls", "-A", "/all").split() == ["Dockerfile", "keep"]


def test_network_hosts_and_memory(shop):
    dockerfile = "FROM BASE\nRUN cat /etc/hosts > /hosts; df -k /dev/shm > /shm\n"
    shop.service(
        "web", dockerfile, extra_hosts=(("registry.test", "10.1.2.3"),), network="none", shm_size=32 << 20,
        ulimits={"nofile": Ulimit(soft=100, hard=200)}, pull=False,
    )  # fmt: skip
    shop.build("web")
    assert "10.1.2.3" in shop.run("web", "cat", "/hosts")


def test_a_build_that_is_given_up(shop):
    shop.service("web", f"FROM BASE\nRUN echo {uuid.uuid4().hex}; sleep 60\n")
    cancellation = Cancellation()
    builder = ImageBuilder(
        shop.daemon, shop.project(), ("web",), environ=shop.environ, cancellation=cancellation
    )
    begun = time.monotonic()
    threading.Timer(1.5, cancellation.cancel).start()
    with pytest.raises(Interrupted):
        builder.build("web")
    assert time.monotonic() - begun < 20


def test_a_built_image_is_pushed(shop, make_reference, tmp_path):
    registry = Registry(tmp_path).start()
    try:
        ref = make_reference(registry.host)
        shop.service("web", "FROM BASE\nENV PUSHED=1\n", image=ref)
        shop.build("web", push=True)
        shop.daemon.remove_image(ref, force=True)
        list(shop.daemon.pull_image(ref))
        assert "PUSHED=1" in shop.daemon.inspect_image(ref)["Config"]["Env"]
    finally:
        registry.stop()


# BuildKit


def test_a_shared_stage_is_built_once(buildkit):
    shared = f"FROM BASE AS base\nRUN echo {uuid.uuid4().hex}; sleep 1.5; date +%s%N > /built\n"
    for name in ("one", "two", "three"):
        buildkit.service(name, f"{shared}FROM base AS {name}\nENV WHO={name}\n", context="all", target=name)
        # All three use one context, whose Dockerfile must have every target.
    (buildkit.folder / "all" / "Dockerfile").write_text(
        shared.replace("BASE", ensure_busybox())
        + "".join(f"FROM base AS {name}\nENV WHO={name}\n" for name in ("one", "two", "three"))
    )
    built = buildkit.build("one", "two", "three")
    assert len(set(built.values())) == 3
    assert len({buildkit.run(name, "cat", "/built") for name in ("one", "two", "three")}) == 1


def test_callers_in_several_threads_share_one_bake_and_each_hears_of_its_own(buildkit):
    buildkit.service("good", "FROM BASE\nRUN sleep 5\n")
    buildkit.service("bad", "FROM BASE\nRUN echo no; exit 4\n")
    builder = ImageBuilder(buildkit.daemon, buildkit.project(), ("good", "bad"), environ=buildkit.environ)
    failures: dict[str, BuildFailed] = {}

    def build(service):
        try:
            builder.build(service)
        except BuildFailed as error:
            failures[service] = error

    threads = [threading.Thread(target=build, args=(service,)) for service in ("good", "bad")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures["bad"].output == ("no",)
    assert "because that of 'bad' can't be" in str(failures["good"])


def test_secrets_reach_the_step_and_leave_no_trace(buildkit):
    (buildkit.folder / "token").write_text("from a file")
    buildkit.service(
        "web",
        "FROM BASE\nRUN --mount=type=secret,id=a --mount=type=secret,id=b "
        "cat /run/secrets/a /run/secrets/b | md5sum > /sum\n",
        secrets=(FileGrant(source="a", target="a"), FileGrant(source="b", target="b")),
    )
    buildkit.more = {
        "environment": {"TOKEN": "open sesame"},
        "secrets": {
            "a": FileObject(key="a", name="a", environment="TOKEN"),
            "b": FileObject(key="b", name="b", file=str(buildkit.folder / "token")),
        },
    }
    buildkit.build("web")
    expected = hashlib.md5(b"open sesame" + b"from a file").hexdigest()
    assert buildkit.run("web", "cat", "/sum").split()[0] == expected
    history = subprocess.run(
        ["docker", "history", "--no-trunc", f"{buildkit.name}-web"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "sesame" not in history + str(buildkit.heard) + str(buildkit.output)


def test_privileges_are_granted_without_a_question(buildkit):
    buildkit.service("web", "FROM BASE\nRUN cat /etc/hosts\n", network="host")
    buildkit.build("web")


def test_checking_finds_what_a_build_would_not(buildkit):
    buildkit.service("web", "from BASE\nRUN true\n")
    builds = image_builds(buildkit.project(), ("web",))
    buildx = buildx_of(buildkit.daemon, buildkit.environ, BuildOptions())
    assert buildx is not None
    _, findings = buildx.check(builds, ("web",))
    # BuildKit in Engine 20.10 can't check yet, and says so; newer ones find the lower-case keyword.
    assert "check" in findings.lower()
    with pytest.raises(NotFound):
        buildkit.image("web")


# the classic builder


@pytest.mark.parametrize(
    ("build", "named"),
    [
        ({"secrets": (FileGrant(source="a", target="a"),)}, "build.secrets"),
        ({"ssh": ("default",)}, "build.ssh"),
        ({"cache_to": ("type=inline",)}, "build.cache_to"),
        ({"cache_from": ("type=local,src=x",)}, "build.cache_from"),
        ({"additional_contexts": {"x": "/src"}}, "build.additional_contexts"),
        ({"privileged": True}, "build.privileged"),
        ({"entitlements": ("network.host",)}, "build.entitlements"),
        ({"provenance": "true"}, "build.provenance"),
        ({"sbom": "true"}, "build.sbom"),
    ],
)
def test_what_needs_buildkit_is_refused_by_name(classic, build, named):
    classic.more = {"secrets": {"a": FileObject(key="a", name="a", content="x")}}
    classic.service("web", "FROM BASE\n", **build)
    with pytest.raises(UsageError) as refused:
        classic.build("web")
    assert f"service 'web': {named}" in str(refused.value)
    assert "needs BuildKit" in str(refused.value)
    assert "buildx plugin" in str(refused.value.hint)


def test_a_dockerfile_that_needs_buildkit_is_explained(classic):
    classic.service("web", "FROM BASE\nRUN --mount=type=cache,target=/c true\n")
    with pytest.raises(BuildFailed, match="BuildKit") as failed:
        classic.build("web")
    assert "install the buildx plugin" in str(failed.value.hint)


def test_a_dockerfile_outside_of_the_context(classic):
    (classic.folder / "Elsewhere").write_text(f"FROM {ensure_busybox()}\nCOPY . /all\n")
    classic.service("web", "", dockerfile="../Elsewhere")
    (classic.folder / "web" / "file").write_text("x")
    first = classic.build("web")
    assert classic.run("web", "ls", "-A", "/all").split() == ["file"]
    assert classic.build("web") == first
