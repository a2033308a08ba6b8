"""Compose files that are named by `oci://`: fetched from their registry into the cache, once for each digest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite.errors import ComposeLiteError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from compose_lite.pipeline.artifact import PublishedFile

SCHEME = "oci://"
_LIST = ".files"


def local_files(
    file: str, environ: Mapping[str, str], *, offline: bool = False, plain_http: Container[str] = ()
) -> tuple[str, ...]:
    """The file itself, or the compose files that a reference to a registry stands for, in their order.

    Args:
        offline: only take what was fetched before.
        plain_http: the registries (`host` or `host:port`) that are spoken to without TLS.

    Raises:
        RegistryError: an artifact can't be had. ComposeLiteError: it can't be kept, or must not be used.
    """
    if not file.startswith(SCHEME):
        return (file,)
    folder = _cache(environ)
    _, at, digest = file.rpartition("@")
    if at and (kept := _kept(folder / digest.replace(":", "-"))):
        return kept  # a digest never comes to mean something else
    if offline:
        raise ComposeLiteError(f"{file} has not been fetched yet", code="registry")
    registry = file.removeprefix(SCHEME).partition("/")[0]
    return _fetched(file, folder, environ, plain_http=registry in plain_http)


def _fetched(
    reference: str, folder: Path, environ: Mapping[str, str], *, plain_http: bool
) -> tuple[str, ...]:
    from compose_lite.pipeline.artifact import fetch

    digest, found = fetch(reference, environ, plain_http=plain_http)
    place = folder / digest.replace(":", "-")
    try:
        return _kept(place) or _keep(place, found)
    except OSError as error:
        raise ComposeLiteError(
            f"can't write {error.filename}: {error.strerror}", code="cannot-write"
        ) from error


def _cache(environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME") or str(Path.home())
    return Path(environ.get("XDG_CACHE_HOME") or Path(home, ".cache")) / "compose-lite" / "oci"


def _kept(place: Path) -> tuple[str, ...]:
    """The compose files of an artifact that was fetched before; none if it was not."""
    names = place / _LIST
    if not names.is_file():
        return ()
    return tuple(str(place / name) for name in names.read_text().splitlines())


def _keep(place: Path, files: Iterable[PublishedFile]) -> tuple[str, ...]:
    """Write an artifact's files; all of them are there once the folder has its name. Raises OSError."""
    from compose_lite.pipeline.artifact import COMPOSE_FILE

    fresh = place.with_name(f"{place.name}.{os.getpid()}")
    merged: list[str] = []
    for file in files:
        name = file.name
        while file.kind == COMPOSE_FILE and name in merged:
            name = f"next-{name}"  # docker compose gives all of them one name
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        if file.kind == COMPOSE_FILE:
            merged.append(name)
    (fresh / _LIST).write_text("\n".join(merged))
    try:
        fresh.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        from shutil import rmtree

        rmtree(fresh)  # another invocation was faster
    return _kept(place)
