"""Finds the Docker daemon, as the docker command does, and makes connections to it."""

# Every command comes by here, and importing pathlib costs more than all of this.
# ruff: noqa: PTH110, PTH111, PTH112, PTH118, PTH208

from __future__ import annotations

import os
import socket

from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from compose_lite.runner.docker_daemon import DockerDaemon

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"

# That of Docker Engine 20.10: it has all that is always needed.
OLDEST_API = (1, 41)

# Seconds that a remote daemon has to take a TCP connection; a local socket answers at once or never.
_DIAL_TIMEOUT = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsFiles:
    """The files of a TLS set-up; `verify` is off where the user asked for it."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    verify: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Where a daemon is: an address as in DOCKER_HOST, how it is secured and where that was said."""

    address: str
    tls: TlsFiles | None = None
    origin: str = "default"


def connect_daemon(
    *, host: str | None = None, context: str | None = None, environ: Mapping[str, str] | None = None
) -> DockerDaemon:
    """Return the daemon that flags, environment and Docker's own configuration point to.

    Nothing is sent before the first request. Raises UsageError for an address or context that makes no sense.
    """
    from compose_lite.runner.docker_daemon import DockerDaemon
    from compose_lite.runner.engine import Engine

    variables = os.environ if environ is None else environ
    endpoint = find_endpoint(host=host, context=context, environ=variables)
    engine = Engine(dialer(endpoint), endpoint, pinned_version=_pinned_version(variables))
    return DockerDaemon(engine)


def _pinned_version(environ: Mapping[str, str]) -> str | None:
    wanted = environ.get("DOCKER_API_VERSION")
    if wanted and not all(part.isdecimal() for part in wanted.split(".")):
        raise UsageError(
            f"DOCKER_API_VERSION is no API version: {wanted!r}", hint="use a number such as 1.41"
        )
    if wanted and tuple(map(int, wanted.split("."))) < OLDEST_API:
        oldest = ".".join(map(str, OLDEST_API))
        raise UsageError(
            f"DOCKER_API_VERSION asks for API {wanted}, {oldest} is the oldest that is spoken here",
            hint="leave the variable out: the newest version that both sides know is found by itself",
        )
    return wanted or None


def find_endpoint(
    *, host: str | None = None, context: str | None = None, environ: Mapping[str, str]
) -> Endpoint:
    """Decide by flag, DOCKER_HOST, DOCKER_CONTEXT, then the configuration's current context.

    Raises UsageError if both flags are given or the context does not exist.
    """
    if host and context:
        raise UsageError("--host and --context can't be used together")
    if not context:
        address = host or environ.get("DOCKER_HOST")
        if address:
            return Endpoint(
                address=address,
                tls=_tls_of_environment(environ),
                origin="--host" if host else "DOCKER_HOST",
            )
    folder = _config_folder(environ)
    name = context or environ.get("DOCKER_CONTEXT") or _current_context(folder)
    if not name or name == "default":
        return Endpoint(address=DEFAULT_ADDRESS)
    return _endpoint_of_context(folder, name)


def client_environment(endpoint: Endpoint, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ`, changed so that the `docker` command and its plugins talk to this same endpoint."""
    changed = {key: value for key, value in environ.items() if key not in ("DOCKER_HOST", "DOCKER_CONTEXT")}
    if endpoint.origin in ("--host", "DOCKER_HOST"):
        changed["DOCKER_HOST"] = endpoint.address
    else:
        changed["DOCKER_CONTEXT"] = endpoint.origin.removeprefix("context ")
    return changed


def dialer(endpoint: Endpoint) -> Callable[[], socket.socket]:
    """Return a function that opens one connection to the endpoint; raises UsageError for unknown schemes."""
    scheme, separator, rest = endpoint.address.partition("://")
    if not separator:
        scheme, rest = "tcp", endpoint.address
    if scheme == "unix":
        return lambda: _dial_unix(rest)
    if scheme in ("tcp", "http", "https"):
        default_port = 2376 if endpoint.tls or scheme == "https" else 2375
        where = _host_and_port(rest, default_port, endpoint.address)
        tls = endpoint.tls or (TlsFiles() if scheme == "https" else None)
        if tls is None:
            return lambda: _dial_tcp(where)
        secure = tls
        return lambda: _dial_tls(where, secure)
    if scheme == "ssh":
        return lambda: _dial_ssh(endpoint.address)
    raise UsageError(
        f"the daemon's address {endpoint.address!r} (from {endpoint.origin}) is of an unknown kind",
        hint="use unix://PATH, tcp://HOST:PORT or ssh://USER@HOST",
    )


def _dial_unix(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock


def _dial_tcp(where: tuple[str, int]) -> socket.socket:
    sock = socket.create_connection(where, timeout=_DIAL_TIMEOUT)
    sock.settimeout(None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def _dial_tls(where: tuple[str, int], files: TlsFiles) -> socket.socket:
    from compose_lite.runner.tls import wrap

    return wrap(_dial_tcp(where), files, host=where[0])


def _dial_ssh(address: str) -> socket.socket:
    from urllib.parse import urlsplit

    from compose_lite.runner.ssh import dial

    url = urlsplit(address)
    host = url.hostname or ""
    if not host or host.startswith("-") or (url.username or "").startswith("-"):
        raise UsageError(f"the daemon's address {address!r} names no usable host", hint="use ssh://USER@HOST")
    options = ["-o", f"ConnectTimeout={_DIAL_TIMEOUT}", "-T"]
    options += ["-p", str(url.port)] if url.port else []
    options += ["-l", url.username] if url.username else []
    remote = ["docker", *(["--host", f"unix://{url.path}"] if url.path.strip("/") else [])]
    return dial(["ssh", *options, "--", host, *remote, "system", "dial-stdio"])


def _host_and_port(text: str, default_port: int, address: str) -> tuple[str, int]:
    name, colon, port = text.rstrip("/").rpartition(":")
    if not colon or "]" in port:
        name, port = text.rstrip("/"), str(default_port)
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"the daemon's address {address!r} has no valid port", hint="use tcp://HOST:PORT")
    return name.strip("[]") or "localhost", int(port)


def _tls_of_environment(environ: Mapping[str, str]) -> TlsFiles | None:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not verify and not environ.get("DOCKER_TLS"):
        return None
    return _tls_of_folder(environ.get("DOCKER_CERT_PATH") or _config_folder(environ), verify=verify)


def _tls_of_folder(folder: str, *, verify: bool) -> TlsFiles:
    paths = (os.path.join(folder, name) for name in ("ca.pem", "cert.pem", "key.pem"))
    ca, cert, key = (path if os.path.exists(path) else None for path in paths)
    return TlsFiles(ca=ca, cert=cert, key=key, verify=verify)


def _current_context(folder: str) -> str | None:
    return _read_json(os.path.join(folder, "config.json")).get("currentContext")


def context_names(environ: Mapping[str, str]) -> list[str]:
    """The names of all contexts, sorted; `default` is always there."""
    folder = _config_folder(environ)
    kept = os.path.join(folder, "contexts", "meta")
    entries = os.listdir(kept) if os.path.isdir(kept) else []
    metas = (_read_json(os.path.join(kept, entry, "meta.json")) for entry in entries)
    return sorted({"default", *(str(meta["Name"]) for meta in metas if "Name" in meta)})


def _endpoint_of_context(folder: str, name: str) -> Endpoint:
    from hashlib import sha256

    digest = sha256(name.encode()).hexdigest()
    meta = _read_json(os.path.join(folder, "contexts", "meta", digest, "meta.json"))
    found = meta.get("Endpoints", {}).get("docker")
    if not found:
        raise UsageError(f"there is no Docker context {name!r}", hint="`docker context ls` lists them")
    folder = os.path.join(folder, "contexts", "tls", digest, "docker")
    verify = not found.get("SkipTLSVerify", False)
    secured = os.path.isdir(folder) or not verify
    tls = _tls_of_folder(folder, verify=verify) if secured else None
    return Endpoint(address=found.get("Host") or DEFAULT_ADDRESS, tls=tls, origin=f"context {name}")


def _read_json(path: str) -> dict[str, Any]:
    """Return a JSON file's object, an empty one if there is no such file or it holds nothing usable."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _config_folder(environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or os.path.expanduser("~")
    return environ.get("DOCKER_CONFIG") or os.path.join(home, ".docker")
