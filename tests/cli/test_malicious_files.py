"""Whoever only looks at a stack that somebody else wrote runs nothing of theirs and calls nobody."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING

import pytest

from compose_lite.lazy_dataclasses import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
# What is run by the tools around compose files, by build tools, registries, remote sources and providers.
PROGRAMS = (
    "docker", "docker-buildx", "docker-compose", "docker-credential-evil", "docker-evil", "docker-model", "evil",
    "git", "ssh", "curl", "wget", "sh", "bash", "python3", "pass", "xdg-open",
)  # fmt: skip


class _Answers(BaseHTTPRequestHandler):
    """A daemon that has nothing, and takes note of what it is asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell that a listing is empty, and that nothing else exists."""
        assert isinstance(self.server, _Engine)
        self.server.asked.append(f"{self.command} {self.path}")
        listing = self.path.split("?")[0].endswith(("/json", "/volumes", "/networks", "/_ping", "/version"))
        single = "/images/" in self.path or (self.path.count("/") > 3 and "/containers/json" not in self.path)
        found = listing and not single
        empty: object = {"Volumes": []} if "/volumes" in self.path else []
        body = json.dumps(empty if found else {"message": "no such thing"}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815  # the names that the base class looks up

    def address_string(self) -> str:
        """A name for the log; a Unix socket has none."""
        return "local"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Engine(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    asked: list[str]


@dataclass(kw_only=True, slots=True)
class Trap:
    """A folder to run in, with programs on PATH that leave a mark, and a server that nobody may call.

    Attributes:
        marks: the folder of the marks.
        asked: the requests to the daemon.
        port: where the server listens, on this machine.
    """

    folder: Path
    marks: Path
    engine: str
    listener: socket.socket
    asked: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def run(self, *words: str, host: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command line in the folder, on the daemon that has nothing (or on whatever the files could choose)."""
        environ = {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder),
            "DOCKER_CONFIG": str(self.folder / "docker"),
            "PYTHONPATH": str(ROOT),
        }
        if host:
            environ["DOCKER_HOST"] = f"unix://{self.engine}"
        return subprocess.run(
            [sys.executable, "-m", "compose_lite", *words],
            cwd=self.folder / "project",
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def assert_untouched(self) -> None:
        """Nothing was run, nobody was called, and the daemon was asked for nothing but listings."""
        assert list(self.marks.iterdir()) == []
        with pytest.raises(BlockingIOError):
            self.listener.accept()
        assert [request for request in self.asked if not request.startswith(("GET ", "HEAD "))] == []


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    marks = tmp_path / "marks"
    for folder in (marks, tmp_path / "bin", tmp_path / "docker" / "cli-plugins", tmp_path / "project"):
        folder.mkdir(parents=True)
    for name in PROGRAMS:
        for place in (tmp_path / "bin" / name, tmp_path / "docker" / "cli-plugins" / name):
            place.write_text(f"#!/bin/sh\n: > '{marks}/{name}'\n")
            place.chmod(0o755)
    config = {"credsStore": "evil", "credHelpers": {"127.0.0.1": "evil", "evil.test": "evil"}}
    (tmp_path / "docker" / "config.json").write_text(json.dumps(config))
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    engine = _Engine(str(tmp_path / "e.sock"), _Answers)
    engine.asked = []
    thread = threading.Thread(target=engine.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    with listener:
        yield Trap(
            folder=tmp_path,
            marks=marks,
            engine=str(tmp_path / "e.sock"),
            listener=listener,
            asked=engine.asked,
        )
    engine.shutdown()
    engine.server_close()


def malicious(port: int, marks: Path) -> str:
    """A valid file that asks for everything that a stack may ask for once it is brought up."""
    here = f"127.0.0.1:{port}"
    return f"""
name: shop
services:
  remote:
    image: {here}/evil/remote
    pull_policy: always
    build: {{context: "http://{here}/evil.git#main:folder", secrets: [key], ssh: [default]}}
  cloned:
    image: evil.test/cloned
    build: git@{here}:evil.git
  built:
    build:
      context: .
      dockerfile_inline: |
        FROM {here}/base
        RUN : > {marks}/built
      additional_contexts: {{more: "https://{here}/more.git", base: "docker-image://{here}/base"}}
      cache_from: ["type=registry,ref={here}/cache"]
  running:
    image: x
    command: '$$(: > {marks}/command)'
    entrypoint: ["sh", "-c", "`: > {marks}/entrypoint`"]
    post_start: [{{command: ": > {marks}/hook"}}]
    pre_stop: [{{command: ": > {marks}/hook"}}]
    healthcheck: {{test: ": > {marks}/health"}}
    secrets: [key]
    env_file: [values.env]
    label_file: [values.env]
    develop: {{watch: [{{action: sync+exec, path: ., target: /x, exec: {{command: ": > {marks}/watch"}}}}]}}
secrets:
  key: {{file: ./key}}
"""


LOOKING = [
    ["config"],
    ["config", "--format", "json"],
    ["config", "--images"],
    ["config", "--hash", "*"],
    ["check"],
    ["check", "--format", "json"],
    ["explain", "services.remote.build"],
    ["graph", "--format", "svg"],
    ["graph", "--live"],
    ["ps", "--all"],
    ["ls"],
    ["volumes"],
    ["plan"],
    ["plan", "--for", "build"],
    ["plan", "--for", "pull"],
    ["plan", "--for", "down"],
    ["--dry-run", "up", "--build"],
    ["--dry-run", "down", "--volumes"],
    ["--dry-run", "watch"],
    ["__complete", "up", ""],
    ["__complete", "stop", ""],
    ["__complete", "--profile", ""],
]


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_looking_at_a_stack_runs_nothing_of_it(trap: Trap, words: list[str]) -> None:
    project = trap.folder / "project"
    (project / "compose.yaml").write_text(malicious(trap.port, trap.marks))
    (project / "values.env").write_text(f"A=$(: > {trap.marks}/env)\nB=`: > {trap.marks}/env`\n")
    (project / "key").write_text("secret")
    done = trap.run(*words)
    trap.assert_untouched()
    assert done.returncode == (1 if "check" in words else 0), done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["config"],
        ["plan"],
        ["plan", "--for", "down"],
        ["plan", "--for", "stop"],
        ["--dry-run", "up"],
        ["--dry-run", "down"],
        ["--dry-run", "run", "uses"],
        ["ps"],
        ["__complete", "up", ""],
    ],
    ids=" ".join,
)
def test_a_provider_is_not_run_to_look_at_a_stack(trap: Trap, words: list[str]) -> None:
    stack = (
        "services: {provided: {provider: {type: evil, options: {a: b}}}, "
        "uses: {image: x, depends_on: [provided]}}"
    )
    (trap.folder / "project" / "compose.yaml").write_text(stack)
    done = trap.run(*words)
    trap.assert_untouched()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "source",
    [
        "http://{here}/compose.yaml",
        "https://{here}/stack.git",
        "git@{here}:stack.git",
        "ssh://git@{here}/stack.git",
        "oci://{here}/stack",
        "file://{here}/stack",
    ],
)
@pytest.mark.parametrize(
    "how", ["include: ['{}']", "services: {{a: {{extends: {{file: '{}', service: a}}}}}}"]
)
def test_a_file_that_is_elsewhere_is_not_fetched(trap: Trap, how: str, source: str) -> None:
    text = how.format(source.format(here=f"127.0.0.1:{trap.port}"))
    (trap.folder / "project" / "compose.yaml").write_text(text)
    done = trap.run("config")
    trap.assert_untouched()
    assert done.returncode == 1
    assert "does not exist" in done.stderr
    assert "compose-lite reads files of this machine only" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "x-a: !!python/object/apply:os.system ['{}']",
        "x-a: !!python/object/new:os.system ['{}']",
        "x-a: !!python/name:os.system",
        "x-a: !ruby/object:Gem::Requirement {{a: '{}'}}",
        "x-a: !include compose.yaml",
        "x-a: !env '{}'",
    ],
)
def test_no_tag_makes_an_object(trap: Trap, text: str) -> None:
    command = f": > {trap.marks}/tag"
    stack = f"{text.format(command)}\nservices: {{a: {{image: x, command: !!python/name:os.system ''}}}}\n"
    (trap.folder / "project" / "compose.yaml").write_text(stack)
    done = trap.run("config")
    trap.assert_untouched()
    assert "defect" not in done.stderr


def test_files_of_the_project_do_not_choose_the_daemon_or_a_program(trap: Trap) -> None:
    """`.env` sets variables for the files; where the daemon is, is the user's own business."""
    project = trap.folder / "project"
    (project / "compose.yaml").write_text("services: {a: {image: x}}")
    (project / ".env").write_text(
        f"DOCKER_HOST=tcp://127.0.0.1:{trap.port}\nDOCKER_CONTEXT=evil\nBROWSER=evil\nPATH={project}\n"
        f"HTTP_PROXY=http://127.0.0.1:{trap.port}\nDOCKER_CONFIG={project}\n"
    )
    trap.run("ps", host=False)
    trap.assert_untouched()
    assert trap.run("ps").returncode == 0
    trap.assert_untouched()


def test_what_includes_and_extends_may_read_is_text_of_this_user(trap: Trap) -> None:
    """They reach whatever the user may read, as a path can be written down; `config` shows what came of it."""
    project, outside = trap.folder / "project", trap.folder / "outside"
    outside.mkdir()
    (outside / "values.env").write_text("FROM_OUTSIDE=1\n")
    (outside / "other.yaml").write_text("services: {b: {image: y, env_file: values.env}}\n")
    (project / "link.yaml").symlink_to(outside / "other.yaml")
    (project / "compose.yaml").write_text("include: [link.yaml]\nservices: {a: {image: x}}\n")
    done = trap.run("config")
    assert "does not exist" in done.stderr  # a link's env file is looked for beside the link
    (project / "compose.yaml").write_text("include: [../outside/other.yaml]\nservices: {a: {image: x}}\n")
    done = trap.run("config")
    assert done.returncode == 0
    assert "FROM_OUTSIDE" in done.stdout
    trap.assert_untouched()
