"""Images built by BuildKit and by the classic builder."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
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
    from collections.abc import Iterator
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
        folder.mkdir(parents=True, exist_ok=True)
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


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder's files over HTTP."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def git_served(repository: Path) -> Iterator[str]:
    """Commit what is in a folder, and serve it by git's own protocol."""
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["commit", "--quiet", "-m", "x"],
    ):
        subprocess.run(["git", *identity, *command], cwd=repository, check=True, timeout=60)
    serve = ["git", "daemon", "--inetd", "--export-all", f"--base-path={repository.parent}"]

    class OneClient(socketserver.BaseRequestHandler):
        """Leaves a connection to a git of its own."""

        def handle(self) -> None:
            subprocess.run(serve, stdin=self.request, stdout=self.request, check=False, timeout=60)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), OneClient) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"git://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


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
    assert any(text.startswith("RUN echo hello") and text.endswith(" s)") for _, text in shop.heard)
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


def test_network_and_hosts(shop):
    shop.service(
        "web", "FROM BASE\nRUN cat /etc/hosts > /hosts\n", extra_hosts=(("registry.test", "10.1.2.3"),), network="none"
    )  # fmt: skip
    shop.build("web")
    assert "10.1.2.3" in shop.run("web", "cat", "/hosts")


def limited(shop):
    shop.service(
        "web", "FROM BASE\nRUN ulimit -n > /files; df -k /dev/shm | tail -1 > /shm\n",
        shm_size=32 << 20, ulimits={"nofile": Ulimit(soft=100, hard=200)},
    )  # fmt: skip


def test_limits_hold_or_their_absence_is_told(shop):
    limited(shop)
    builder = ImageBuilder(shop.daemon, shop.project(), ("web",), environ=shop.environ)
    told = [problem.message for problem in builder.ignored()]
    builder.build("web")
    held = shop.run("web", "cat", "/files").strip() == "100" and " 32768 " in shop.run("web", "cat", "/shm")
    assert held != bool(told)
    assert all("build.shm_size and build.ulimits have no effect" in message for message in told)


def test_a_context_that_is_an_archive_here_or_elsewhere(shop):
    shop.service("here", "FROM BASE\nCOPY file /file\n")
    (shop.folder / "here" / "file").write_text("packed")
    archive = shutil.make_archive(str(shop.folder / "context"), "gztar", shop.folder / "here")
    shop.services["here"] = Service(name="here", build=Build(context=archive))
    with served(shop.folder) as address:
        url = f"{address}/context.tar.gz"
        shop.services["elsewhere"] = Service(name="elsewhere", build=Build(context=url))
        shop.build("here", "elsewhere")
    assert [shop.run(name, "cat", "/file") for name in ("here", "elsewhere")] == ["packed", "packed"]


def test_a_context_that_is_a_file_but_no_archive(shop):
    (shop.folder / "notes").write_text("no archive")
    shop.services["web"] = Service(name="web", build=Build(context=str(shop.folder / "notes")))
    with pytest.raises(BuildFailed, match="notes is neither a folder nor a tar archive"):
        shop.build("web")


def test_a_context_in_a_git_repository(shop):
    repository = shop.folder / "repository"
    shop.service("web", "FROM BASE\nCOPY file /file\n", context="repository")
    (repository / "file").write_text("committed")
    with git_served(repository) as address:
        shop.services["web"] = Service(name="web", build=Build(context=f"{address}/repository#main"))
        shop.build("web")
    assert shop.run("web", "cat", "/file") == "committed"


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
    built_by = "cat /proc/sys/kernel/random/uuid > /built"  # another one each time that it runs
    shared = f"FROM BASE AS base\nRUN echo {uuid.uuid4().hex}; {built_by}\n"
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


def test_no_more_images_are_built_at_a_time_than_allowed(buildkit):
    for name in ("one", "two", "three"):
        dockerfile = f"FROM BASE\nRUN cp /proc/uptime /began; sleep 0.5; cp /proc/uptime /ended; true {uuid.uuid4().hex}\n"
        buildkit.service(name, dockerfile)
    services = tuple(buildkit.services)
    builder = ImageBuilder(buildkit.daemon, buildkit.project(), services, environ=buildkit.environ, at_once=2)
    with ThreadPoolExecutor() as threads:
        list(threads.map(builder.build, services))
    times = [
        [float(buildkit.run(name, "cat", f"/{what}").split()[0]) for what in ("began", "ended")]
        for name in services
    ]
    at_once = [sum(began <= moment < ended for began, ended in times) for moment, _ in times]
    assert max(at_once) <= 2


def test_an_attestation_a_platform_and_an_inline_cache(buildkit):
    platform = f"linux/{buildkit.daemon.inspect_image(ensure_busybox())['Architecture']}"
    buildkit.service(
        "web", "FROM BASE\nRUN echo cached\n", platforms=(platform,), cache_to=("type=inline",),
        provenance="false", sbom="false",
    )  # fmt: skip
    buildkit.build("web", all_platforms=True)
    assert buildkit.image("web")["Architecture"] == platform.removeprefix("linux/")


def test_secrets_options_that_have_no_effect_are_told(buildkit):
    buildkit.service("web", "FROM BASE\n", secrets=(FileGrant(source="a", target="a", mode=0o400),))
    buildkit.more = {"secrets": {"a": FileObject(key="a", name="a", content="x")}}
    options = BuildOptions(memory=1 << 28)
    builder = ImageBuilder(
        buildkit.daemon, buildkit.project(), ("web",), environ=buildkit.environ, options=options
    )
    told = [problem.message for problem in builder.ignored()]
    assert told[0].startswith("--memory has no effect")
    assert "service 'web': uid, gid and mode of build.secrets.a have no effect" in told[1]


def test_a_dockerfile_with_a_frontend_of_its_own_may_know_limits(buildkit):
    limited(buildkit)
    dockerfile = buildkit.folder / "web" / "Dockerfile"
    dockerfile.write_text("# syntax=docker/dockerfile:1\n" + dockerfile.read_text())
    builder = ImageBuilder(buildkit.daemon, buildkit.project(), ("web",), environ=buildkit.environ)
    assert builder.ignored() == ()


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


def test_an_ssh_agent_reaches_the_step(buildkit):
    agent = buildkit.folder / "agent"
    buildkit.service(
        "web",
        'FROM BASE\nRUN --mount=type=ssh,required=true test -S "$SSH_AUTH_SOCK"\n',
        ssh=(f"default={agent}",),
    )
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(agent))
        listener.listen()
        assert buildkit.build("web")


def test_another_services_image_is_a_context_or_the_engine_is_too_old_for_it(buildkit):
    buildkit.service("base", "FROM BASE\nRUN echo from the base > /file\n")
    buildkit.service(
        "web", "FROM BASE\nCOPY --from=base /file /file\n", additional_contexts={"base": "service:base"}
    )
    failed = None
    try:
        buildkit.build("web")
    except BuildFailed as error:
        failed = error
    if failed is None:
        assert buildkit.run("web", "cat", "/file") == "from the base\n"
    else:  # Engine 20.10
        assert "too old for additional_contexts" in str(failed.hint)


def test_a_privilege_that_the_builder_does_not_give_is_named(buildkit):
    buildkit.service("web", "FROM BASE\nRUN true\n", privileged=True)
    with pytest.raises(BuildFailed, match=r"security\.insecure"):
        buildkit.build("web")


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
        ({"context": "git://x/y.git", "dockerfile_inline": "FROM x"}, "build.dockerfile_inline"),
    ],
)
def test_what_needs_buildkit_is_refused_by_name(classic, build, named):
    classic.more = {"secrets": {"a": FileObject(key="a", name="a", content="x")}}
    classic.services["web"] = Service(name="web", build=Build(**{"context": str(classic.folder), **build}))
    with pytest.raises(UsageError) as refused:
        classic.build("web")
    assert f"service 'web': {named}" in str(refused.value)
    assert "needs BuildKit" in str(refused.value)
    assert "buildx plugin" in str(refused.value.hint)


def test_builders_to_choose_from_need_buildkit(classic):
    classic.service("web", "FROM BASE\n")
    with pytest.raises(UsageError, match="--builder mine needs BuildKit"):
        classic.build("web", builder="mine")


def test_a_base_image_for_the_cache_and_a_memory_limit(classic):
    classic.service("web", "FROM BASE\nRUN echo cached\n", cache_from=(ensure_busybox(),))
    classic.build("web", memory=1 << 26)
    assert classic.image("web")


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
