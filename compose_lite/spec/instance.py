"""Instances: the same files run again side by side. Names what an instance has for itself, and what it shares."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from compose_lite.spec.evidence import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compose_lite.errors import Problem
    from compose_lite.spec.evidence import Kind
    from compose_lite.spec.tree import Map, Path

VARIABLE = "COMPOSE_LITE_INSTANCE"
AUTO = "auto"

_NAME_CHARACTERS = re.compile(r"[a-z0-9_-]")


def normalize_name(text: str) -> str:
    """Return `text` as docker compose makes project names: lower case, other characters dropped."""
    return "".join(_NAME_CHARACTERS.findall(text.lower())).lstrip("_-")


def instance_name(wish: str, folder: str, kind: Callable[[str], Kind] = kind_of) -> str:
    """The name of the instance that is wished for, empty for none; `auto` takes that of the git worktree.

    Args:
        kind: tells what is at a path.

    Raises:
        ValueError: nothing of the wish can be in a name.
    """
    if wish == AUTO:
        return normalize_name(worktree(folder, kind))
    name = normalize_name(wish)
    if wish and not name:
        raise ValueError(f"the instance's name {wish!r} has no letter or digit")
    return name


def worktree(folder: str, kind: Callable[[str], Kind] = kind_of) -> str:
    """The name of the linked git worktree that a folder is in; empty in a main work tree and outside of git."""
    while True:
        found = kind(posixpath.join(folder, ".git"))
        if found == "file":  # of a linked worktree it is a file
            return posixpath.basename(folder)
        parent = posixpath.dirname(folder)
        if found == "folder" or parent == folder:
            return ""
        folder = parent


def instance_project(base: str, instance: str) -> str:
    """The name of the project that an instance is; a base that is called as the instance stands for itself."""
    return base if instance in ("", base) else f"{base}-{instance}"


def base_project(name: str, instance: str) -> str:
    """The name that `instance_project` made `name` of."""
    return name if instance in ("", name) else name.removesuffix(f"-{instance}")


def isolate(tree: Map, project: str, instance: str) -> None:
    """Give what has a fixed name in the files one of the instance's own, in the normalised tree.

    Names that have the project's in them are the instance's already. External things keep their names.
    """
    services = tree.get("services") or {}
    built = {service.get("image") for service in services.values() if service.get("build") is not None}
    for service in services.values():
        if service.get("image") and service["image"] in built:
            service["image"] = _tagged(service["image"], project, instance)
        if service.get("container_name"):
            _rename_container(service, project, instance)
    for section in ("networks", "volumes"):
        for resource in (tree.get(section) or {}).values():
            if resource.get("external") is not True:
                resource["name"] = _own(resource["name"], project, instance)


def _own(name: str, project: str, instance: str) -> str:
    return name if project in name else f"{name}-{instance}"


def _tagged(image: str, project: str, instance: str) -> str:
    """The image under a tag of the instance's, so that builds of two instances don't replace each other."""
    if project in image or "@" in image:
        return image
    folder, slash, last = image.rpartition("/")
    repository, _, tag = last.partition(":")
    return f"{folder}{slash}{repository}:{tag or 'latest'}-{instance}"


def _rename_container(service: Map, project: str, instance: str) -> None:
    """Rename the service's container; on its networks it still answers to the name that the files give it."""
    from compose_lite.spec.tree import Map, Seq

    name = service["container_name"]
    service["container_name"] = _own(name, project, instance)
    networks = service.get("networks") or Map()
    if service["container_name"] == name:
        return
    for key, attachment in networks.items():
        if attachment is None:
            attachment = networks[key] = Map()
        aliases = attachment.get("aliases") or Seq()
        if name not in aliases:
            attachment["aliases"] = Seq([*aliases, name], [*getattr(aliases, "marks", ()), None])


def sharing_problems(model: Map, tree: Map) -> list[Problem]:
    """Return a warning for each thing in the active model that an instance can't have for itself."""
    return [_problem(tree, path, why) for path, why in _shared(model, tree)]


def _shared(model: Map, tree: Map) -> Iterator[tuple[Path, str]]:
    for name in model.get("services") or ():
        if model["services"][name].get("network_mode") == "host":
            yield (
                ("services", name, "network_mode"),
                "uses the host's network: its ports are those of all instances",
            )
    for name in model.get("volumes") or ():
        if _external(tree, "volumes", name):
            yield ("volumes", name, "external"), "is external: all instances use the same data"
    for name in model.get("networks") or ():
        if _external(tree, "networks", name):
            yield ("networks", name, "external"), "is external: all instances answer to the same names on it"
        elif _subnets(tree, name):
            yield ("networks", name, "ipam"), "has a fixed subnet: only one instance at a time can have it"


def _external(tree: Map, section: str, name: str) -> bool:
    return _entry(tree, section, name).get("external") is True


def _subnets(tree: Map, name: str) -> bool:
    ipam = _entry(tree, "networks", name).get("ipam") or {}
    return any(pool.get("subnet") for pool in ipam.get("config") or ())


def _entry(tree: Map, section: str, name: str) -> dict[str, Any]:
    return (tree.get(section) or {}).get(name) or {}


def _problem(tree: Map, path: Path, why: str) -> Problem:
    from compose_lite.errors import Problem, Severity
    from compose_lite.spec.tree import locate, path_text

    return Problem(
        code="instance-shares",
        message=f"{path_text(path[:2])} {why}",
        location=locate(tree, path, key=True),
        path=path_text(path),
        severity=Severity.WARNING,
    )
