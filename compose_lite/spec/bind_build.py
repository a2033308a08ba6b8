"""Binding of a service's `build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec import model as m
from compose_lite.spec.bind_common import file_mode, hosts, integer, texts, ulimits

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = ("cache_from", "cache_to", "entitlements", "platforms", "ssh", "tags")
_MAPS = ("args", "additional_contexts", "labels")
_PLAIN = (
    "dockerfile",
    "dockerfile_inline",
    "isolation",
    "network",
    "no_cache",
    "privileged",
    "provenance",
    "pull",
    "sbom",
    "target",
)


def build(entry: Mapping[str, Any]) -> m.Build:
    """Return how the image is built."""
    values: dict[str, Any] = {key: entry[key] for key in _PLAIN if key in entry}
    values.update((key, texts(entry.get(key))) for key in _TEXTS)
    values.update((key, m.FrozenMap(entry.get(key, ()))) for key in _MAPS)
    return m.Build(
        context=entry.get("context", "."),
        extra_hosts=hosts(entry.get("extra_hosts", ())),
        secrets=tuple(_secret(item) for item in entry.get("secrets", ())),
        shm_size=integer(entry.get("shm_size")),
        ulimits=ulimits(entry.get("ulimits", {})),
        **values,
    )


def _secret(entry: Mapping[str, Any]) -> m.FileGrant:
    source = entry.get("source", "")
    return m.FileGrant(
        source=source,
        target=entry.get("target") or source,
        uid=entry.get("uid"),
        gid=entry.get("gid"),
        mode=file_mode(entry.get("mode")),
    )
