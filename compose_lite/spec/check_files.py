"""Check rules for files of the host that the stack counts on."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from compose_lite.spec.check_facts import Remark
from compose_lite.spec.tree import path_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.spec.check_facts import Facts
    from compose_lite.spec.model import Mount
    from compose_lite.spec.tree import Path

_FILE_ENDINGS = frozenset(
    {
        ".cfg", ".cnf", ".conf", ".crt", ".env", ".html", ".ini", ".js", ".json", ".key", ".pem", ".php",
        ".properties", ".py", ".sh", ".sql", ".toml", ".ts", ".txt", ".xml", ".yaml", ".yml",
    }
)  # fmt: skip
_FOLDER_NAMES = frozenset(
    {"app", "bin", "code", "config", "data", "html", "log", "logs", "public", "src", "www"}
)


def bind_sources(facts: Facts) -> Iterator[Remark]:
    """Find bind mounts whose source is missing, or is a file for a folder or a folder for a file."""
    for name, service in facts.project.services.items():
        for index, mount in enumerate(service.volumes):
            if mount.type != "bind" or mount.source is None:
                continue
            path: Path = ("services", name, "volumes", index)
            complaint = _complaint(mount, facts.kind(mount.source))
            if complaint is not None:
                message, hint = complaint
                yield Remark(path=path, message=f"{path_text(path)}: {mount.source} {message}", hint=hint)


def _complaint(mount: Mount, kind: str | None) -> tuple[str, str] | None:
    expects_file = posixpath.splitext(mount.target)[1] in _FILE_ENDINGS
    if kind is None and not mount.create_host_path:
        return "does not exist, so the container can't be created", "create it, or correct the path"
    if kind is None and expects_file:
        return (
            f"does not exist; the engine makes a folder of that name, where {mount.target} is meant to be a file",
            "create the file, or correct the path",
        )
    if kind is None:
        return (
            "does not exist; the engine makes an empty folder that belongs to root",
            "create it, or correct the path",
        )
    if kind == "folder" and expects_file:
        return f"is a folder, but {mount.target} looks like a file", "mount the file itself"
    if kind == "file" and _expects_folder(mount.target):
        return (
            f"is a file, but {mount.target} looks like a folder",
            "mount the folder, or name the file in the target",
        )
    return None


def _expects_folder(target: str) -> bool:
    last = posixpath.basename(target.rstrip("/"))
    return target.endswith("/") or last.endswith(".d") or last in _FOLDER_NAMES


def content_files(facts: Facts) -> Iterator[Remark]:
    """Find secrets and configs whose file is missing or no file."""
    for kind, objects in (("secrets", facts.project.secrets), ("configs", facts.project.configs)):
        for key, item in objects.items():
            if item.file is None:
                continue
            found = facts.kind(item.file)
            if found in (None, "folder"):
                path: Path = (kind, key, "file")
                state = "does not exist" if found is None else "is a folder, not a file"
                yield Remark(
                    path=path,
                    message=f"{path_text(path)}: {item.file} {state}, so services that use it can't start",
                    hint="create the file, or correct the path",
                )
