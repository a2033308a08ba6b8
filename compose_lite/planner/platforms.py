"""Compares platforms, `os/architecture/variant`, in the forms in which people write them."""

from __future__ import annotations

_SYSTEMS = frozenset({"linux", "windows", "darwin", "freebsd"})
# Architecture and variant by the names that other tools have for them; the variants left out are implied.
_SYNONYMS = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "i386": ("386", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}
_IMPLIED = {"amd64": "v1", "arm64": "v8", "arm": "v7"}


def is_for(wanted: str, actual: str) -> bool:
    """Whether an image for the platform `actual` is one for `wanted`; what either leaves open fits anything."""
    pairs = zip(_parts(wanted), _parts(actual), strict=True)
    return all(ours == theirs or not ours or not theirs for ours, theirs in pairs)


def _parts(platform: str) -> tuple[str, str, str]:
    """System, architecture and variant, empty where nothing is said."""
    words = platform.lower().split("/")
    system = words.pop(0) if words[0] in _SYSTEMS else ""
    name, given, *_ = *words, "", ""
    architecture, variant = _SYNONYMS.get(name, (name, ""))
    return system, architecture, given or variant or _IMPLIED.get(architecture, "")
