"""A real registry on loopback, which a scenario pulls from and pushes to."""

import contextlib
import hashlib
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_OCI_MANIFEST = (
    "application/vnd.oci.image.manifest.v1+json"  # what an engine pushes that keeps images in containerd
)
_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_OCI = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json")
_ANYTHING = (_MANIFEST, _MANIFEST_LIST, *_OCI)


@contextlib.contextmanager
def registry(host: str = "127.0.0.1") -> Iterator[str]:
    """Run docker-registry (Debian's package of that name) on a free port; yields `127.0.0.1:PORT`.

    The daemon speaks plain http with loopback addresses unasked, compose-lite only with `127.0.0.1`.
    """
    program = shutil.which("docker-registry") or shutil.which("registry")
    assert program, "no docker-registry here: run scripts/setup-test-tools, or install docker-registry"
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="registry-") as folder:
        config = Path(folder, "config.yml")
        config.write_text(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '{host}:{port}'}}\n"
        )
        process = subprocess.Popen(
            [program, "serve", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _await_listener(process, host, port)
            yield f"{host}:{port}"
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def busy_registry(address: str, status: int, *, times: int) -> Iterator[str]:
    """Stand before the registry at `address` and answer the first questions for an image with `status`; yields `host:port`."""
    refusals = iter(range(times))

    class Front(BaseHTTPRequestHandler):
        # Where an engine tries TLS first, it has to see that this speaks plain HTTP.
        default_request_version = "HTTP/1.0"

        def do_GET(self) -> None:
            if "/manifests/" in self.path and next(refusals, None) is not None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            connection = HTTPConnection(address, timeout=10)
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():  # some come more than once
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            connection.close()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Front) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def _await_listener(process: "subprocess.Popen[bytes]", host: str, port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, f"docker-registry ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError("docker-registry does not answer")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def offer_for(address: str, repository: str, tag: str, platforms: Iterable[str]) -> None:
    """Make the image under a tag of a registry one for several platforms: the same files, differently described."""
    place = f"http://{address}/v2/{repository}"
    manifest = json.loads(_ask(f"{place}/manifests/{tag}", accept=f"{_MANIFEST}, {_OCI_MANIFEST}"))
    settings = json.loads(_ask(f"{place}/blobs/{manifest['config']['digest']}"))
    entries = []
    for platform in platforms:
        system, _, architecture = platform.partition("/")
        config = json.dumps({**settings, "os": system, "architecture": architecture}).encode()
        begun = _answer("POST", f"{place}/blobs/uploads/").headers["Location"]
        _answer("PUT", f"{begun}&digest={_digest(config)}", config, "application/octet-stream")
        described = {**manifest["config"], "digest": _digest(config), "size": len(config)}
        variant = json.dumps({**manifest, "config": described}).encode()
        _answer("PUT", f"{place}/manifests/{_digest(variant)}", variant, manifest["mediaType"])
        entry = {"mediaType": manifest["mediaType"], "digest": _digest(variant), "size": len(variant)}
        entries.append({**entry, "platform": {"os": system, "architecture": architecture}})
    index = {"schemaVersion": 2, "mediaType": _MANIFEST_LIST, "manifests": entries}
    _answer("PUT", f"{place}/manifests/{tag}", json.dumps(index).encode(), _MANIFEST_LIST)


def has_of(address: str, repository: str, reference: str) -> dict[str, Any]:
    """The manifest or index that a registry has under a tag or digest."""
    found: dict[str, Any] = json.loads(
        _ask(f"http://{address}/v2/{repository}/manifests/{reference}", accept=", ".join(_ANYTHING))
    )
    return found


def _ask(url: str, accept: str = "*/*") -> bytes:
    with urllib.request.urlopen(
        urllib.request.Request(url, headers={"Accept": accept}), timeout=10
    ) as answer:
        return bytes(answer.read())


def _answer(method: str, url: str, data: bytes = b"", content_type: str = "") -> HTTPResponse:
    headers = {"Content-Type": content_type} if content_type else {}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert isinstance(answer, HTTPResponse)
        return answer


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
