"""The short syntax of a service's `volumes`: `[SOURCE:]TARGET[:OPTIONS]`."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import Any

_UNCLEAN = re.compile(r"//|/$|(?:^|/)\.\.?(?:/|$)")
_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")


class BadVolume(ValueError):
    """The text is no volume; the error's text says why."""


def parse_volume(text: str) -> dict[str, Any]:
    """Read one short volume as its long form.

    A single letter before a colon is taken for a Windows drive, as docker compose does.

    Raises:
        BadVolume: it is none.
    """
    sections = _checked_sections(text)
    if len(text.encode()) <= 2:
        return {"type": "volume", "target": clean_target(text)}
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


def volume_target(text: str) -> str:
    """Return the target of a short volume.

    Raises:
        BadVolume: it is none.
    """
    sections = _checked_sections(text)
    return clean_target(sections[1] if len(sections) > 1 else sections[0])


@lru_cache
def _checked_sections(text: str) -> tuple[str, ...]:
    if not text:
        raise BadVolume("it is empty")
    if len(text.encode()) <= 2:
        return (text,)
    sections = _sections(text)
    if any(not section for section in sections):
        raise BadVolume("there is nothing between two colons" if len(sections) > 1 else "it is empty")
    if len(sections) > 3:
        raise BadVolume("it has too many colons; a volume is SOURCE:TARGET:OPTIONS")
    return tuple(sections)


def _sections(text: str) -> list[str]:
    """Split at colons, except behind a section of one letter: that is a drive."""
    sections: list[str] = []
    drive = ""
    for section in text.split(":"):
        section = drive + section
        drive = ""
        if len(section) == 1 and section.isalpha():
            drive = section + ":"
        else:
            sections.append(section)
    if drive:
        sections.append(drive.removesuffix(":"))
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
    if not _UNCLEAN.search(target):
        return target
    cleaned = posixpath.normpath(target)
    return cleaned[1:] if cleaned.startswith("//") else cleaned
