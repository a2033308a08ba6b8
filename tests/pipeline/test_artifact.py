"""What comes from a registry is used only if it is what it should be, and lies where it should."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from compose_lite.cli.published import local_files
from compose_lite.errors import ComposeLiteError
from compose_lite.pipeline.artifact import COMPOSE_FILE, ENV_FILE, PublishedFile, fetch, publish
from compose_lite.runner.oci import RegistryError, digest_of
from tests.runner.registry_server import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMPOSE = PublishedFile(name="compose.yaml", kind=COMPOSE_FILE, content=b"services: {}\n")
ENV = PublishedFile(name="config/web.env", kind=ENV_FILE, content=b"A=1\n")


class Answers:
    """A registry that answers what it is told; `asked` are the requests with their logins."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifest = b""
        self.token = ""
        self.asked: list[tuple[str, str]] = []
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answers.answer(self)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        login = request.headers.get("Authorization", "")
        self.asked.append((request.path, login))
        status, headers, body = 404, {}, b"{}"
        if request.path.startswith("/token"):
            status, body = 200, json.dumps({"token": self.token}).encode()
        elif self.token and login != f"Bearer {self.token}":
            realm = f'Bearer realm="http://{self.host}/token",service="here"'
            status, headers = 401, {"WWW-Authenticate": realm}
        elif "/manifests/" in request.path:
            status, body = 200, self.manifest
        elif request.path.rpartition("/")[2] in self.blobs:
            status, body = 200, self.blobs[request.path.rpartition("/")[2]]
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def offer(self, **names: str) -> None:
        """Have an artifact of compose files with these contents, by name; `COMPOSE` has the content that it says."""
        layers = []
        for name, content in names.items():
            data = content.encode()
            self.blobs[digest_of(data)] = data
            layers.append(
                {
                    "mediaType": COMPOSE_FILE,
                    "digest": digest_of(data),
                    "size": len(data),
                    "annotations": {"com.docker.compose.file": name},
                }
            )
        self.manifest = json.dumps({"schemaVersion": 2, "layers": layers}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def answers() -> Iterator[Answers]:
    """A registry that says what the test wants."""
    found = Answers()
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home without logins."""
    return {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize(
    "name", ["../evil.yaml", "/etc/evil", "a/../../evil", "..", "a\\..\\b", "./", "a\nb"]
)
def test_a_name_that_leaves_the_folder_is_refused(
    answers: Answers, environ: dict[str, str], tmp_path: Path, name: str
) -> None:
    answers.offer(**{name: "services: {}"})
    with pytest.raises(ComposeLiteError, match="outside of its folder"):
        local_files(f"oci://{answers.host}/app:1", environ)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_blob_that_is_not_what_its_digest_says_is_refused(
    answers: Answers, environ: dict[str, str]
) -> None:
    answers.offer(**{"compose.yaml": "services: {}"})
    (digest,) = answers.blobs
    answers.blobs[digest] = b"services: {evil: {image: evil}}"
    with pytest.raises(RegistryError, match="sent something else"):
        fetch(f"oci://{answers.host}/app:1", environ)


def test_a_manifest_that_is_not_what_its_digest_says_is_refused(
    answers: Answers, environ: dict[str, str]
) -> None:
    answers.offer(**{"compose.yaml": "services: {}"})
    with pytest.raises(RegistryError, match="sent something else"):
        fetch(f"oci://{answers.host}/app@{digest_of(b'another')}", environ)


@pytest.mark.parametrize("manifest", [b"", b"[]", b'{"layers": [{"mediaType": "application/tar"}]}'])
def test_what_is_no_artifact_of_compose_files_is_refused(
    answers: Answers, environ: dict[str, str], manifest: bytes
) -> None:
    answers.manifest = manifest
    with pytest.raises(RegistryError, match="compose file"):
        fetch(f"oci://{answers.host}/app:1", environ)


def test_a_token_is_asked_for_and_shown_where_the_registry_wants_one(
    answers: Answers, environ: dict[str, str]
) -> None:
    answers.token = "secret"
    answers.offer(**{"compose.yaml": "services: {}"})
    fetch(f"oci://{answers.host}/app:1", environ)
    assert answers.asked[1][0].startswith("/token?service=here&scope=repository%3Aapp%3Apull")
    assert answers.asked[2] == ("/v2/app/manifests/1", "Bearer secret")


def test_a_digest_is_fetched_once(answers: Answers, environ: dict[str, str]) -> None:
    answers.offer(**{"compose.yaml": "services: {}", "more.yaml": "x-a: 1"})
    digest = digest_of(answers.manifest)
    reference = f"oci://{answers.host}/app@{digest}"
    with pytest.raises(ComposeLiteError, match="not been fetched"):
        local_files(reference, environ, offline=True)
    first = local_files(reference, environ)
    assert [path.rpartition("/")[2] for path in first] == ["compose.yaml", "more.yaml"]
    asked = len(answers.asked)
    assert local_files(reference, environ, offline=True) == local_files(reference, environ) == first
    assert len(answers.asked) == asked


def test_files_of_this_machine_stay_what_they_are(environ: dict[str, str]) -> None:
    assert local_files("a.yaml", environ) == ("a.yaml",)


def test_a_reference_that_is_none_and_a_registry_that_is_not_there(environ: dict[str, str]) -> None:
    with pytest.raises(ComposeLiteError, match="names no artifact"):
        fetch("oci://", environ)
    with pytest.raises(RegistryError, match="can't be reached"):
        fetch("oci://127.0.0.1:1/app:1", environ)


@pytest.mark.parametrize("version", [None, "1.0", "1.1"])
def test_what_was_published_comes_back(tmp_path: Path, environ: dict[str, str], version: str | None) -> None:
    registry = Registry(tmp_path, password=True).start()
    try:
        config = registry.docker_config(tmp_path)
        logged_in = {**environ, **config}
        target = f"{registry.host}/team/app:1"
        digest = publish(target, [COMPOSE, ENV], logged_in, version=version)
        assert fetch(f"oci://{target}", logged_in) == (digest, [COMPOSE, ENV])
        assert fetch(f"oci://{registry.host}/team/app@{digest}", logged_in)[1] == [COMPOSE, ENV]
        with pytest.raises(RegistryError, match="denies access"):
            fetch(f"oci://{target}", environ)
    finally:
        registry.stop()
