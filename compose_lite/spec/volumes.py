"""The short syntax of a service's `volumes`: `[SOURCE:]TARGET[:OPTIONS]`."""

from __future__ import annotations

import posixpath
from typing import Any

_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")


class BadVolume(ValueError):
    """The text is no volume; the error's text says why."""


def parse_volume(text: str) -> dict[str, Any]:
    """Read one short volume as its long form.

    A single letter before a colon is taken for a Windows drive, as docker compose does.

    Raises:
        BadVolume: it is none.
    """
    if not text:
        raise BadVolume("it is empty")
    if len(text.encode()) <= 2:
        return {"type": "volume", "target": clean_target(text)}
    sections = _sections(text)
    if any(not section for section in sections):
        raise BadVolume("there is nothing between two colons" if len(sections) > 1 else "it is empty")
    if len(sections) > 3:
        raise BadVolume("it has too many colons; a volume is SOURCE:TARGET:OPTIONS")
    source = sections[0] if len(sections) > 1 else ""
    target = sections[1] if len(sections) > 1 else sections[0]
    volume: dict[str, Any] = {"type": "bind" if _is_path(source) else "volume"}
    if source:
        volume["source"] = source
    volume["target"] = clean_target(target)
    bind: dict[str, Any] = {}
    if len(sections) == 3:
        _options(sections[2], volume, bind)
    if volume["type"] == "bind":
        bind["create_host_path"] = True
    else:
        volume.setdefault("volume", {})
    if bind:
        volume["bind"] = bind
    return volume


def _sections(text: str) -> list[str]:
    sections: list[str] = []
    current = ""
    for character in text:
        if character == ":" and not (len(current) == 1 and current.isalpha()):
            sections.append(current)
            current = ""
        else:
            current += character
    sections.append(current)
    return sections


def _options(text: str, volume: dict[str, Any], bind: dict[str, Any]) -> None:
    """Apply `ro`, `rw`, `nocopy`, propagation and SELinux options; unknown ones are ignored by docker compose."""
    for option in text.split(","):
        if option == "ro":
            volume["read_only"] = True
        elif option == "rw":
            volume.pop("read_only", None)
        elif option == "nocopy":
            volume["volume"] = {"nocopy": True}
        elif option in _PROPAGATIONS:
            bind["propagation"] = option
        elif option in ("z", "Z"):
            bind["selinux"] = option


def _is_path(source: str) -> bool:
    if not source:
        return False
    if source[0] in "./~" or source.startswith("\\\\"):
        return True
    return len(source) > 1 and source[0].isalpha() and source[1] == ":"


def clean_target(target: str) -> str:
    """Clean a container path as Go's path.Clean does."""
    if not target:
        return ""
    cleaned = posixpath.normpath(target)
    return cleaned[1:] if cleaned.startswith("//") else cleaned
