"""Makes the implied explicit: default network, implied dependencies, build defaults, resource names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.tree import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.spec.trace import Trace
    from compose_lite.spec.tree import Mark, Path

    Lookup = Callable[[str], str | None]
    Tell = Callable[[str, str, Mark | None], None]

_RESOURCES = ("networks", "volumes", "configs", "secrets")
_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")


def normalize(tree: Map, project_name: str, lookup: Lookup, trace: Trace | None = None) -> None:
    """Normalise the canonical tree in place.

    Args:
        tree: the merged, canonical model.
        project_name: prefix of resource names.
        lookup: values for build arguments and environment entries that have none.
        trace: is told which entries got their values so.
    """
    tree["name"] = project_name
    services = tree.get("services") or Map()
    _join_default_network(tree, services)
    for name, service in services.items():
        if service.get("pull_policy") == "if_not_present":
            service["pull_policy"] = "missing"
        build = service.get("build")
        if isinstance(build, Map):
            _build(build, lookup, _teller(trace, ("services", name, "build", "args")))
        if "environment" in service:
            tell = _teller(trace, ("services", name, "environment"))
            service["environment"] = resolve_unset(service["environment"], lookup, keep=True, tell=tell)
        _imply_dependencies(service)
    for section in _RESOURCES:
        _name_resources(tree, section, project_name)


def _join_default_network(tree: Map, services: Map) -> None:
    """Let services that name no network join `default`, and declare it where it is used."""
    used = False
    for service in services.values():
        if "network_mode" in service or "provider" in service:
            continue
        networks = service.get("networks")
        if not networks:
            service["networks"] = Map({"default": None})
            used = True
        elif "default" in networks:
            used = True
    networks = tree.get("networks")
    if used and (networks is None or "default" not in networks):
        if networks is None:
            networks = tree["networks"] = Map()
        networks["default"] = None


def _teller(trace: Trace | None, path: Path) -> Tell | None:
    """Return what records that the entries below `path` got their values from the surroundings."""
    if trace is None:
        return None
    return lambda key, value, mark: trace.say((*path, key), "shell", value, mark)


def _build(build: Map, lookup: Lookup, tell: Tell | None) -> None:
    if build.get("context") is None:
        build["context"] = "."
    if build.get("dockerfile") is None and build.get("dockerfile_inline") is None:
        build["dockerfile"] = "Dockerfile"
    if "args" in build:
        build["args"] = resolve_unset(build["args"], lookup, keep=False, tell=tell)


def resolve_unset(entries: Any, lookup: Lookup, *, keep: bool, tell: Tell | None = None) -> Any:
    """Give entries without a value the one that `lookup` knows; drop those it does not, unless `keep`."""
    if isinstance(entries, Map):
        missing = [key for key, value in entries.items() if value is None]
        for key in missing:
            value = lookup(key)
            if value is not None:
                entries[key] = value
                if tell is not None:
                    tell(key, value, entries.mark(key))
            elif not keep:
                del entries[key]
        return entries
    if not isinstance(entries, Seq):
        return entries
    kept = Seq()
    for item, mark in zip(entries, entries.marks, strict=True):
        text = item
        if isinstance(item, str) and "=" not in item:
            value = lookup(item)
            if value is not None:
                text = f"{item}={value}"
                if tell is not None:
                    tell(item, value, mark)
            elif not keep:
                continue
        kept.put(text, mark)
    return kept


def resolve_bare_names(tree: Map, lookup: Lookup) -> None:
    """Give bare names in `environment` lists the value that an included file's own variables have."""
    services = tree.get("services")
    for service in services.values() if isinstance(services, Map) else ():
        environment = service.get("environment") if isinstance(service, Map) else None
        if isinstance(environment, Seq):
            for index, item in enumerate(environment):
                value = lookup(item) if isinstance(item, str) else None
                if value is not None:
                    environment[index] = f"{item}={value}"


def _imply_dependencies(service: Map) -> None:
    """Add what `links`, shared namespaces and `volumes_from` depend on; explicit entries win."""
    implied: list[tuple[str, bool]] = []
    for link in service.get("links") or ():
        parts = link.split(":")
        implied.append((parts[0] if len(parts) == 2 else link, True))
    for namespace in _NAMESPACES:
        mode = service.get(namespace)
        if isinstance(mode, str) and mode.startswith("service:"):
            implied.append((mode.removeprefix("service:"), True))
    implied.extend(
        (source.split(":")[0], False)
        for source in service.get("volumes_from") or ()
        if not source.startswith("container:")
    )
    if not implied:
        return
    dependencies = service.get("depends_on")
    if dependencies is None:
        dependencies = service["depends_on"] = Map()
    for name, restart in implied:
        if name not in dependencies:
            dependencies[name] = Map({"condition": "service_started", "restart": restart, "required": True})


def _name_resources(tree: Map, section: str, project_name: str) -> None:
    resources = tree.get(section)
    if not isinstance(resources, Map):
        return
    for key, resource in resources.items():
        if resource is None:
            resource = resources[key] = Map()
        if resource.get("name") is None:
            resource["name"] = key if resource.get("external") is True else f"{project_name}_{key}"
