"""Copies an image from one repository to another: all its platforms, byte for byte, so that its digest stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from compose_lite.runner.oci import IMAGES, INDEXES, RegistryError

if TYPE_CHECKING:
    from compose_lite.runner.oci import Manifest, Repository

# Layers that may not be given on (of Windows, say): the manifest tells where they are.
_KEPT_BACK = ("foreign", "nondistributable")


def copy_image(source: Repository, reference: str, target: Repository) -> dict[str, Any]:
    """Copy the image under a tag or digest; returns how an index names it.

    Raises:
        RegistryError: a registry can't be reached or refuses, or what is there is no image.
    """
    found = source.manifest(reference, IMAGES)
    try:
        _copy(source, found, target)
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(f"what the registry has under {reference} is no image") from error
    return {"mediaType": found.media_type, "digest": found.digest, "size": len(found.content)}


def _copy(source: Repository, found: Manifest, target: Repository) -> None:
    """Copy what a manifest consists of, then itself: a registry takes none with something missing."""
    described = json.loads(found.content)
    if found.media_type in INDEXES:
        for entry in described["manifests"]:
            _copy(source, source.manifest(entry["digest"], IMAGES), target)
    else:
        for part in (described["config"], *described["layers"]):
            if not any(word in part["mediaType"] for word in _KEPT_BACK):
                target.copy_blob(source, part["digest"], part["size"])
    target.put_manifest(found.digest, found.content, found.media_type)
