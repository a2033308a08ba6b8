"""Drafts a `develop` section for a stack that has none, from its build contexts and bind mounts."""

from __future__ import annotations

import json
import posixpath
import re

from compose_lite.planner.watch import local_context, relative_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from compose_lite.spec.model import Mount, Project, Service

_PLAIN = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._/@+ -]*(?<! )")


def draft_section(project: Project, services: Collection[str] = ()) -> str:
    """YAML text to put beside the named services (all, if none is), or nothing if there is nothing to watch.

    What is bind-mounted is drafted as a sync in the mount's place; what a build context has besides, as a
    rebuild.
    """
    chosen = [service for name, service in project.services.items() if not services or name in services]
    drafts = [(service.name, list(_rules(project, service))) for service in chosen]
    lines = ["services:"]
    for name, rules in drafts:
        if rules:
            lines += [f"  {_word(name)}:", "    develop:", "      watch:"]
            lines += [f"        {line}" for rule in rules for line in rule]
    return "\n".join(lines) + "\n" if len(lines) > 1 else ""


def _rules(project: Project, service: Service) -> Iterator[list[str]]:
    mounts = [mount for mount in service.volumes if _is_source(project, mount)]
    for mount in mounts:
        source = _shown(project, mount.source or "")
        yield [
            "- action: sync",
            f"  path: {_word(source)}",
            f"  target: {_word(mount.target)}",
            f"  # drop the mount {source}:{mount.target} then",
        ]
    context = local_context(service)
    if context is not None:
        synced = [relative_to(context, posixpath.normpath(mount.source or "")) for mount in mounts]
        if "" in synced:
            return
        rule = ["- action: rebuild", f"  path: {_word(_shown(project, context))}"]
        ignored = [_word(f"{path}/") for path in synced if path]
        yield [*rule, f"  ignore: [{', '.join(ignored)}]"] if ignored else rule


def _is_source(project: Project, mount: Mount) -> bool:
    """Whether a mount shows the container a part of the project, and no socket or folder of the system."""
    if mount.type != "bind" or mount.source is None:
        return False
    inside = relative_to(project.working_dir, posixpath.normpath(mount.source))
    return inside is not None and not mount.target.startswith("/run/")


def _shown(project: Project, path: str) -> str:
    inside = relative_to(project.working_dir, posixpath.normpath(path))
    return path if inside is None else f"./{inside}" if inside else "."


def _word(text: str) -> str:
    """The text as YAML, quoted where it has to be."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
