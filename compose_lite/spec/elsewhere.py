"""Names what a file asks of another engine (Swarm, an orchestrator of models …): valid, and without effect here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.errors import Problem, Severity
from compose_lite.spec.tree import locate, path_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.spec.tree import Map, Path

_SWARM = "it is for Swarm, where a service runs on several machines"
_HINT_ONLY = "it is a note for other tools, no engine reads it"

# What stands at which place of a service → why it changes nothing. `*` is any item of a list.
_IN_SERVICES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("deploy", "endpoint_mode"), _SWARM),
    (("deploy", "labels"), f"{_SWARM}; for the containers' own labels write `labels` beside `deploy`"),
    (("deploy", "placement"), _SWARM),
    (("deploy", "restart_policy", "delay"), "the Engine chooses the pause before a restart itself"),
    (("deploy", "restart_policy", "window"), "the Engine counts restarts without a window"),
    (("deploy", "resources", "reservations", "cpus"), "the Engine can limit processors, not reserve them"),
    (("deploy", "resources", "reservations", "pids"), "the Engine can limit processes, not reserve them"),
    (("deploy", "resources", "reservations", "generic_resources"), _SWARM),
    (("ports", "*", "app_protocol"), _HINT_ONLY),
    (("ports", "*", "name"), _HINT_ONLY),
)
_IN_FILES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("driver",), _SWARM),
    (("driver_opts",), _SWARM),
    (("template_driver",), _SWARM),
)


def elsewhere_problems(model: Map, tree: Map) -> list[Problem]:
    """Return a warning for each attribute of the active model that no single Docker Engine can honour.

    Args:
        model: the canonical model; only what is active in it is looked at.
        tree: the merged tree that it was made from, for the places.
    """
    found: list[Problem] = []
    for section, table in (("services", _IN_SERVICES), ("secrets", _IN_FILES), ("configs", _IN_FILES)):
        for name in model.get(section) or ():
            entry = (tree.get(section) or {}).get(name)
            if section == "services" and _mode(entry) == "global":
                found.append(_problem(tree, (section, name, "deploy", "mode"), _SWARM))
            for pattern, why in table:
                found += (_problem(tree, (section, name, *path), why) for path in _matches(entry, pattern))
    return found


def _mode(service: Any) -> Any:
    deploy = service.get("deploy") if isinstance(service, dict) else None
    return deploy.get("mode") if isinstance(deploy, dict) else None


def _matches(node: Any, pattern: tuple[str, ...]) -> Iterator[Path]:
    """Yield the paths below `node` at which `pattern` finds a value."""
    if not pattern:
        yield ()
        return
    step, rest = pattern[0], pattern[1:]
    if step == "*" and isinstance(node, list):
        for index, item in enumerate(node):
            yield from ((index, *path) for path in _matches(item, rest))
    elif isinstance(node, dict) and node.get(step) is not None:
        yield from ((step, *path) for path in _matches(node[step], rest))


def _problem(tree: Map, path: Path, why: str) -> Problem:
    text = path_text(path)
    return Problem(
        code="no-effect-here",
        message=f"{text} has no effect: {why}",
        location=locate(tree, path, key=True),
        path=text,
        severity=Severity.WARNING,
    )
