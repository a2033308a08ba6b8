"""Compose files that are named by `oci://`: fetched from their registry into the cache, once for each digest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite.errors import ComposeLiteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.pipeline.artifact import PublishedFile

SCHEME = "oci://"
_LIST = ".files"


def local_files(files: Iterable[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The files with those of registries replaced by what was fetched of them, in their order.

    Raises:
        RegistryError: an artifact can't be had. ComposeLiteError: it can't be kept, or must not be used.
    """
    return tuple(
        path for file in files for path in (_fetched(file, environ) if file.startswith(SCHEME) else (file,))
    )


def _fetched(reference: str, environ: Mapping[str, str]) -> list[str]:
    folder = _cache(environ)
    _, at, digest = reference.rpartition("@")
    if at and (kept := _kept(folder / digest.replace(":", "-"))):
        return kept  # a digest never comes to mean something else
    from compose_lite.pipeline.artifact import fetch

    digest, found = fetch(reference, environ)
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


def _kept(place: Path) -> list[str]:
    """The compose files of an artifact that was fetched before; none if it was not."""
    names = place / _LIST
    if not names.is_file():
        return []
    return [str(place / name) for name in names.read_text().splitlines()]


def _keep(place: Path, files: Iterable[PublishedFile]) -> list[str]:
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
