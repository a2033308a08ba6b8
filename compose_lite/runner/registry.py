"""Finds the credentials for registries that the `docker` command has stored (the one door to docker's auth)."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docker.auth import AuthConfig

_SECTIONS = ("auths", "credsStore", "credHelpers")


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What is known for a registry; `header` is ready for the daemon, `problem` why there may be none."""

    header: str | None = None
    problem: str | None = None


def docker_config_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of the `docker` command's configuration, whether or not it exists."""
    named = environ.get("DOCKER_CONFIG")
    return Path(named) if named else Path(environ.get("HOME") or Path.home()) / ".docker"


def read_docker_config(folder: Path) -> dict[str, Any]:
    """Return the `docker` command's configuration; empty if there is none or it can't be read."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def credentials_for_image(ref: str, environ: Mapping[str, str] | None = None) -> Credentials:
    """Return the credentials for the registry of image `ref`, as the header `X-Registry-Auth` takes them.

    A credential helper that fails is a problem to mention if the registry then refuses: like the `docker`
    command, an image that needs no password is pulled all the same.
    """
    stored = _load(os.environ if environ is None else environ)
    if stored is None:
        return Credentials()
    from docker import auth, errors

    try:
        registry, _ = auth.resolve_repository_name(ref)
        if problem := _missing_helper([stored.auths.get_credential_store(registry)]):
            return Credentials(problem=problem)
        found = stored.auths.resolve_authconfig(registry)
    except (errors.DockerException, OSError, ValueError, KeyError) as error:
        return Credentials(problem=_without_repr(error))
    if found:
        return Credentials(header=auth.encode_header(found).decode("ascii"))
    damaged = registry in map(auth.convert_to_hostname, stored.damaged)
    return Credentials(problem=_damaged(registry) if damaged else None)


def credentials_for_build(environ: Mapping[str, str] | None = None) -> Credentials:
    """Return all credentials as the header `X-Registry-Config` takes them: a build may pull from anywhere."""
    stored = _load(os.environ if environ is None else environ)
    if stored is None:
        return Credentials()
    from docker import auth, errors

    auths = stored.auths
    if problem := _missing_helper([auths.creds_store, *auths.cred_helpers.values()]):
        return Credentials(problem=problem)
    try:
        found = {registry: entry for registry, entry in auths.get_all_credentials().items() if entry}  # type: ignore[no-untyped-call]  # missing in its stubs
    except (errors.DockerException, OSError, ValueError, KeyError) as error:
        return Credentials(problem=_without_repr(error))
    return Credentials(header=auth.encode_header(found).decode("ascii")) if found else Credentials()


class _Stored(NamedTuple):
    """What the configuration stores; `damaged` are the registries whose entries nothing can be made of."""

    auths: AuthConfig
    damaged: frozenset[str]


def _load(environ: Mapping[str, str]) -> _Stored | None:
    """Return what is stored; None, at little cost, if nothing is."""
    config = read_docker_config(docker_config_folder(environ))
    sections: dict[str, Any] = {name: config[name] for name in _SECTIONS if config.get(name)}
    if not sections:
        return None
    from docker import auth

    listed = sections.pop("auths", None)
    entries = listed.items() if isinstance(listed, dict) else ()
    read = {registry: _usable(entry) for registry, entry in entries}
    usable = {registry: entry for registry, entry in read.items() if entry is not None}
    return _Stored(
        auths=auth.load_config(config_dict={**sections, "auths": usable}, credstore_env=dict(environ)),
        damaged=frozenset(read.keys() - usable.keys()),
    )


def _usable(entry: object) -> dict[str, str] | None:
    """An entry of `auths` in a form that the docker package reads; None if nothing can be made of it.

    An empty entry is a mark of a credential helper's. The name and the password may stand there openly, as the
    `docker` command takes them too; the package knows the encoded form only, and fails on what is damaged.
    """
    if not isinstance(entry, dict):
        return None
    if token := entry.get("identitytoken"):
        return {"identitytoken": str(token)}
    encoded = entry.get("auth")
    if not encoded and entry.get("username"):
        encoded = b64encode(f"{entry['username']}:{entry.get('password', '')}".encode()).decode()
    if not encoded:
        return {}
    return {"auth": str(encoded)} if _is_login(str(encoded)) else None


def _is_login(encoded: str) -> bool:
    try:
        return b":" in b64decode(encoded)
    except ValueError:
        return False


def _damaged(registry: str) -> str:
    return f"the login stored for {registry} is damaged: log in anew with `docker login {registry}`"


def _missing_helper(names: Sequence[str | None]) -> str | None:
    """Say which program is missing; the docker package would print a warning of its own."""
    from shutil import which

    for name in names:
        if name and which(f"docker-credential-{name}") is None:
            return f"the stored credentials can't be read: docker-credential-{name} is not installed"
    return None


def _without_repr(error: Exception) -> str:
    return f"the stored credentials can't be read: {error}"
