"""Compose files as an artifact in a registry: the format that docker compose publishes and reads."""

from __future__ import annotations

import json
import posixpath

from compose_lite.errors import ComposeLiteError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.digests import parse_reference
from compose_lite.runner.oci import INDEX, MANIFEST, RegistryError, Repository, digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

SCHEME = "oci://"
ARTIFACT = "application/vnd.docker.compose.project"
COMPOSE_FILE = "application/vnd.docker.compose.file+yaml"
ENV_FILE = "application/vnd.docker.compose.envfile"
_NAMES = {COMPOSE_FILE: "com.docker.compose.file", ENV_FILE: "com.docker.compose.envfile"}
_EMPTY_1_1 = "application/vnd.oci.empty.v1+json"
_EMPTY_1_0 = "application/vnd.docker.compose.config.empty.v1+json"
_NOTHING = b"{}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """A file of an artifact; `kind` is its media type."""

    name: str
    kind: str
    content: bytes


def publish(
    reference: str,
    files: Iterable[PublishedFile],
    environ: Mapping[str, str],
    *,
    version: str | None = None,
    images: Iterable[str] = (),
    plain_http: bool = False,
) -> str:
    """Put files under a reference; returns the digest by which exactly these can be had again.

    Args:
        version: of the OCI image specification, `1.0` or `1.1`; by default 1.1, or 1.0 where that is refused.
        images: by their digests; they are copied into the repository, and an index of them refers to the files.
        plain_http: speak to the registry without TLS.

    Raises:
        RegistryError: a registry can't be reached or refuses.
    """
    target = _parsed(reference)
    repository = Repository(target.name, environ, plain_http=plain_http)
    layers = [_layer(repository, file) for file in files]
    repository.put_blob(_NOTHING)
    manifest = _put_files(repository, target.tag, layers, version)
    if images := tuple(images):
        _put_images(repository, images, manifest)
    return digest_of(manifest)


def _put_files(
    repository: Repository, tag: str, layers: list[dict[str, object]], version: str | None
) -> bytes:
    """Put the manifest of the files under a tag; returns it."""
    if version != "1.0":
        manifest = _manifest(layers, "1.1")
        try:
            repository.put_manifest(tag, manifest)
        except RegistryError as error:
            # What a registry says that knows no artifacts yet.
            if version is not None or error.status not in (400, 415):
                raise
        else:
            return manifest
    manifest = _manifest(layers, "1.0")
    repository.put_manifest(tag, manifest)
    return manifest


def _put_images(repository: Repository, images: Iterable[str], files: bytes) -> None:
    """Copy images into the repository, and name them in an index that the registry lists beside the files."""
    from compose_lite import __version__
    from compose_lite.runner.image_copy import copy_image

    entries = []
    for image in dict.fromkeys(images):
        reference = parse_reference(image)
        source = repository.beside(reference.name)
        entries.append(copy_image(source, reference.digest, repository))
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "artifactType": ARTIFACT,
        "manifests": entries,
        "subject": {"mediaType": MANIFEST, "digest": digest_of(files), "size": len(files)},
        "annotations": {"com.docker.compose.version": __version__},
    }
    content = json.dumps(index).encode()
    repository.put_referrer(content, digest_of(files), media_type=INDEX, artifact_type=ARTIFACT)


def fetch(
    reference: str, environ: Mapping[str, str], *, plain_http: bool = False
) -> tuple[str, list[PublishedFile]]:
    """The digest of what is under a reference, and its files.

    Raises:
        RegistryError: it is not there, it is not what its digest says, or no artifact of compose files.
        ComposeLiteError: a file would leave the folder that it is put into.
    """
    source = _parsed(reference)
    repository = Repository(source.name, environ, plain_http=plain_http)
    manifest = repository.manifest(source.digest or source.tag).content
    return digest_of(manifest), [
        PublishedFile(
            name=_name(layer, reference), kind=layer["mediaType"], content=repository.blob(layer["digest"])
        )
        for layer in _layers(manifest, reference)
    ]


def _parsed(reference: str) -> Any:
    try:
        return parse_reference(reference.removeprefix(SCHEME))
    except ValueError as error:
        raise ComposeLiteError(f"{reference} names no artifact: {error}", code="registry") from error


def _layer(repository: Repository, file: PublishedFile) -> dict[str, object]:
    from compose_lite import __version__

    return {
        "mediaType": file.kind,
        "digest": repository.put_blob(file.content),
        "size": len(file.content),
        "annotations": {_NAMES[file.kind]: file.name, "com.docker.compose.version": __version__},
    }


def _manifest(layers: list[dict[str, object]], version: str) -> bytes:
    old = version == "1.0"
    config = {
        "mediaType": _EMPTY_1_0 if old else _EMPTY_1_1,
        "digest": digest_of(_NOTHING),
        "size": len(_NOTHING),
    }
    artifact = {} if old else {"artifactType": ARTIFACT}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, **artifact, "config": config, "layers": layers}
    return json.dumps(manifest).encode()


def _layers(manifest: bytes, reference: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(manifest)
        known = [layer for layer in found["layers"] if layer["mediaType"] in _NAMES]
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(f"{reference} is no artifact of compose files") from error
    if not any(layer["mediaType"] == COMPOSE_FILE for layer in known):
        raise RegistryError(f"{reference} has no compose file", hint="it may be an image")
    return known


def _name(layer: Mapping[str, Any], reference: str) -> str:
    """The file's name, below the folder of the artifact: whoever made it must not reach anything else."""
    marked = (layer.get("annotations") or {}).get(_NAMES[layer["mediaType"]], "")
    name = str(marked) or "compose.yaml"
    clean = posixpath.normpath(name)
    if (
        name.startswith("/")
        or clean.startswith("..")
        or "\\" in name
        or clean == "."
        or not name.isprintable()
    ):
        raise ComposeLiteError(
            f"{reference} has a file that would lie outside of its folder: {name!r}",
            code="unsafe-name",
            hint="don't use it: whoever made it wanted to write somewhere else",
        )
    return clean
