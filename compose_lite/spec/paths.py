"""Relative paths to absolute ones, attribute by attribute."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from compose_lite.spec.tree import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Resolve = Callable[[str], str]

_WINDOWS_DRIVE = re.compile(r"[a-zA-Z]:[\\/]")
_REMOTE_PREFIXES = ("https://", "http://", "git://", "ssh://", "github.com/", "git@")
_PINNED = re.compile(r"oci://[^@\s]+@sha256:[0-9a-f]{64}")
_CONTEXT_SCHEMES = ("docker-image://", "service:", "oci-layout://", "target:")


def join(base: str, path: str) -> str:
    """Return `path` cleaned, relative to `base`, as Go's filepath.Join does."""
    if path.startswith("/"):
        return path
    joined = f"{base}/{path}" if base else path
    cleaned = posixpath.normpath(joined)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def hint_for_missing(paths: Iterable[str]) -> str | None:
    """What to do about files that are not there although they were named as if they were elsewhere."""
    if not any(path.startswith(_REMOTE_PREFIXES) or "://" in path for path in paths):
        return None
    return "compose-lite reads files of this machine only: get the file first, and look at it"


def is_pinned(path: str) -> bool:
    """Whether it names files in a registry by a digest: what it stands for can't change behind anybody's back."""
    return _PINNED.fullmatch(path) is not None


def folder_of(path: str, base: str, kind: Callable[[str], str]) -> str:
    """Return the folder that `path` (relative to `base`) is or lies in, itself relative to `base`."""
    absolute = join(base, path)
    folder = absolute if kind(absolute) == "folder" else posixpath.dirname(absolute)
    return posixpath.relpath(folder, base)


def resolve_paths(tree: Map, base: str, home: str | None) -> None:
    """Make the paths of `tree` relative to `base`, in place.

    Args:
        tree: the canonical model.
        base: absolute folder, or a relative one if the paths shall stay relative to the project's.
        home: what `~` stands for.
    """
    resolver = _Resolver(base, home)
    services = tree.get("services")
    if isinstance(services, Map):
        for service in services.values():
            if isinstance(service, Map):
                resolver.service(service)
    for section in ("configs", "secrets"):
        resources = tree.get(section)
        if isinstance(resources, Map):
            for resource in resources.values():
                if isinstance(resource, Map):
                    _replace(resource, "file", resolver.maybe_unix)
    volumes = tree.get("volumes")
    if isinstance(volumes, Map):
        for volume in volumes.values():
            if isinstance(volume, Map):
                resolver.driver_device(volume)


class _Resolver:
    """Knows the folder that relative paths start from."""

    def __init__(self, base: str, home: str | None) -> None:
        self.base = base
        self.home = home

    def expand_user(self, path: str) -> str:
        """Replace a leading `~`."""
        if self.home is not None and path.startswith("~"):
            return join(self.home, path[1:].lstrip("/")) if path[1:].strip("/") else self.home
        return path

    def absolute(self, path: str) -> str:
        """Resolve a plain path."""
        path = self.expand_user(path)
        return path if posixpath.isabs(path) else join(self.base, path)

    def maybe_unix(self, path: str) -> str:
        """Resolve a host path that may be a Windows one."""
        path = self.expand_user(path)
        if posixpath.isabs(path) or path.startswith("\\\\") or _WINDOWS_DRIVE.match(path):
            return path
        return join(self.base, path)

    def context(self, path: str) -> str:
        """Resolve a build context that may be a URL."""
        if path.startswith(_REMOTE_PREFIXES) or "://" in path or path.startswith(_CONTEXT_SCHEMES):
            return path
        path = self.expand_user(path)
        return path if posixpath.isabs(path) else join(self.base, path)

    def service(self, service: Map) -> None:
        """Resolve every path of a service."""
        build = service.get("build")
        if isinstance(build, Map):
            _replace(build, "context", self.context)
            contexts = build.get("additional_contexts")
            if isinstance(contexts, Map):
                for name in contexts:
                    _replace(contexts, name, self.context)
        for entry in service.get("env_file") or ():
            if isinstance(entry, Map):
                _replace(entry, "path", self.absolute)
        labels = service.get("label_file")
        if isinstance(labels, Seq):
            for index, item in enumerate(labels):
                if isinstance(item, str):
                    labels[index] = self.absolute(item)
        extends = service.get("extends")
        if isinstance(extends, Map):
            _replace(extends, "file", self.absolute)
        develop = service.get("develop")
        if isinstance(develop, Map):
            for rule in develop.get("watch") or ():
                if isinstance(rule, Map):
                    _replace(rule, "path", self.absolute)
        for volume in service.get("volumes") or ():
            if isinstance(volume, Map) and volume.get("type") == "bind":
                source = volume.get("source")
                if isinstance(source, str):
                    volume["source"] = self.maybe_unix(source)

    def driver_device(self, volume: Map) -> None:
        """A local volume that binds a folder names it in its driver options."""
        options = volume.get("driver_opts")
        if volume.get("driver") == "local" and isinstance(options, Map) and options.get("o") == "bind":
            _replace(options, "device", self.maybe_unix)


def _replace(node: Map, key: Any, resolve: Resolve) -> None:
    value = node.get(key)
    if isinstance(value, str) and value:
        node[key] = resolve(value)
