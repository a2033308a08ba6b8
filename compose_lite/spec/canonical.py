"""Short syntaxes to long ones: after this stage every attribute has its one canonical form.

The rules are a table for each kind of object, keyed by attribute; a rule takes the value and returns the
canonical one. Values that the schema will refuse pass through untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.spec.ports import BadPort, parse_port
from compose_lite.spec.tree import Map, Mark, Path, Seq, path_text
from compose_lite.spec.volumes import BadVolume, parse_volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.spec.problems import Problems

    Rule = Callable[["Context", Any, Path], Any]


MAX_PORTS = 100_000
"""Most ports that the short syntax's ranges may become; a full range of tcp or udp has 65,535."""


@dataclass(slots=True)
class Tally:
    """Counts what short syntaxes have become so far."""

    ports: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What rules need beside the value.

    Attributes:
        root: the whole tree, to locate problems in.
        problems: is told what is wrong.
        lenient: keep what can't be parsed, because variables were not interpolated.
        tally: how much has been expanded.
    """

    root: Map
    problems: Problems
    lenient: bool = False
    tally: Tally = field(default_factory=Tally)


def canonicalize(tree: Map, problems: Problems, *, lenient: bool = False) -> None:
    """Bring `tree` into canonical form, in place."""
    context = Context(root=tree, problems=problems, lenient=lenient)
    services = tree.get("services")
    if isinstance(services, Map):
        for name, service in services.items():
            if isinstance(service, Map):
                _apply(context, service, SERVICE, ("services", name))
    for section in ("networks", "volumes", "secrets", "configs"):
        resources = tree.get(section)
        if isinstance(resources, Map):
            for name, resource in resources.items():
                if isinstance(resource, Map):
                    _external(context, resource, (section, name))


def _apply(context: Context, node: Map, rules: dict[str, Rule], path: Path) -> None:
    for key in rules.keys() & node.keys():
        value = node[key]
        canonical = rules[key](context, value, (*path, key))
        if canonical is not value:
            node[key] = canonical


def marked_map(entries: dict[str, Any], mark: Mark | None) -> Map:
    """Return a `Map` whose every entry points to the same place: the short form that it came from."""
    return Map(entries, dict.fromkeys(entries, mark) if mark is not None else None)


def names_to_map(value: Any, entry: Callable[[], Any]) -> Any:
    """Turn a list of names into a mapping from name to `entry()`; other values pass."""
    if not isinstance(value, Seq) or not all(isinstance(item, str) for item in value):
        return value
    result = Map()
    for index, name in enumerate(value):
        result.put(name, entry(), value.mark(index))
    return result


def pairs_to_map(value: Any, separator: str = "=") -> Any:
    """Turn a list of `NAME=VALUE` into a mapping; other values pass."""
    if not isinstance(value, Seq):
        return value
    result = Map()
    for index, item in enumerate(value):
        if not isinstance(item, str):
            return value
        name, _, text = item.partition(separator)
        result.put(name, text, value.mark(index))
    return result


def _string_to_list(_context: Context, value: Any, path: Path) -> Any:
    if isinstance(value, str):
        return Seq([value], [_mark_at(_context, path)])
    return value


def _mark_at(context: Context, path: Path) -> Mark | None:
    from compose_lite.spec.tree import find_mark

    return find_mark(context.root, path)


def _build(context: Context, value: Any, path: Path) -> Any:
    if isinstance(value, str):
        return marked_map({"context": value}, _mark_at(context, path))
    if isinstance(value, Map):
        _apply(context, value, BUILD, path)
    return value


def _depends_on(_context: Context, value: Any, _path: Path) -> Any:
    if isinstance(value, Map):
        for entry in value.values():
            if isinstance(entry, Map):
                entry.setdefault("required", True)
        return value
    return names_to_map(value, lambda: Map({"condition": "service_started", "required": True}))


def _env_file(context: Context, value: Any, path: Path) -> Any:
    if isinstance(value, str):
        mark = _mark_at(context, path)
        return Seq([marked_map({"path": value, "required": True}, mark)], [mark])
    if isinstance(value, Seq):
        for index, item in enumerate(value):
            if isinstance(item, str):
                value[index] = marked_map({"path": item, "required": True}, value.mark(index))
            elif isinstance(item, Map):
                item.setdefault("required", True)
    return value


def _extends(context: Context, value: Any, path: Path) -> Any:
    return marked_map({"service": value}, _mark_at(context, path)) if isinstance(value, str) else value


def _gpus(context: Context, value: Any, path: Path) -> Any:
    if value == "all":
        mark = _mark_at(context, path)
        return Seq([marked_map({"count": "all"}, mark)], [mark])
    return value


def _names(_context: Context, value: Any, _path: Path) -> Any:
    return names_to_map(value, lambda: None)


def _mounts(context: Context, value: Any, path: Path) -> Any:
    if not isinstance(value, Seq):
        return value
    for index, item in enumerate(value):
        if isinstance(item, str):
            try:
                volume = parse_volume(item)
            except BadVolume as error:
                if not context.lenient:
                    where = (*path, index)
                    context.problems.add(
                        "bad-volume",
                        f"{path_text(where)}: `{item}` is not a volume: {error}",
                        at=(context.root, where),
                    )
                continue
            mark = value.mark(index)
            for key in ("bind", "volume"):
                if key in volume:
                    volume[key] = marked_map(volume[key], mark)
            value[index] = marked_map(volume, mark)
    return value


def _devices(context: Context, value: Any, path: Path) -> Any:
    if not isinstance(value, Seq):
        return value
    for index, item in enumerate(value):
        if isinstance(item, str):
            parts = item.split(":")
            if len(parts) > 3:
                if not context.lenient:
                    where = (*path, index)
                    context.problems.add(
                        "bad-device",
                        f"{path_text(where)}: `{item}` is not a device: it has too many colons",
                        at=(context.root, where),
                        hint="a device is SOURCE:TARGET:PERMISSIONS",
                    )
                continue
            source, target, permissions = (*parts, "", "")[:3]
            value[index] = marked_map(
                {"source": source, "target": target or source, "permissions": permissions or "rwm"},
                value.mark(index),
            )
    return value


def _grants(_context: Context, value: Any, _path: Path) -> Any:
    if isinstance(value, Seq):
        for index, item in enumerate(value):
            if isinstance(item, str):
                value[index] = marked_map({"source": item}, value.mark(index))
    return value


def _ports(context: Context, value: Any, path: Path) -> Any:
    if not isinstance(value, Seq):
        return value
    if all(isinstance(item, Map) for item in value):
        return value
    result = Seq()
    for index, item in enumerate(value):
        mark = value.mark(index)
        if isinstance(item, (str, int)) and not isinstance(item, bool):
            try:
                entries = parse_port(str(item))
            except BadPort as error:
                if context.lenient:
                    return value
                where = (*path, index)
                context.problems.add(
                    "bad-port",
                    f'{path_text(where)}: "{item}" is not a port: {error}',
                    at=(context.root, where),
                )
                continue
            context.tally.ports += len(entries)
            if context.tally.ports > MAX_PORTS:
                context.problems.fail(
                    "too-many-ports",
                    f"{path_text((*path, index))}: with this range the project has more than {MAX_PORTS:,} ports",
                    at=(context.root, (*path, index)),
                )
            for entry in entries:
                result.put(marked_map(entry, mark), mark)
        else:
            result.put(item, mark)
    return result


def _ssh(context: Context, value: Any, path: Path) -> Any:
    """SSH agents and keys: `default`, or `ID=PATH`."""
    if not isinstance(value, Seq):
        return value
    result = Map()
    for index, item in enumerate(value):
        if not isinstance(item, str):
            return value
        name, separator, text = item.partition("=")
        if not separator and name != "default":
            where = (*path, index)
            context.problems.add(
                "wrong-type",
                f"{path_text(where)}: `{item}` is neither `default` nor ID=PATH",
                at=(context.root, where),
            )
        result.put(name, text if separator else None, value.mark(index))
    return result


def _contexts(context: Context, value: Any, path: Path) -> Any:
    """Additional build contexts: a mapping, or a list of `NAME=CONTEXT`."""
    if isinstance(value, Seq):
        for index, item in enumerate(value):
            if isinstance(item, str) and "=" not in item:
                where = (*path, index)
                context.problems.add(
                    "wrong-type",
                    f"{path_text(where)}: `{item}` is not NAME=CONTEXT",
                    at=(context.root, where),
                )
        return pairs_to_map(value)
    if isinstance(value, Map):
        for name, item in value.items():
            if not isinstance(item, str):
                where = (*path, name)
                context.problems.add(
                    "wrong-type",
                    f"{path_text(where)} is not a folder, an image or a URL",
                    at=(context.root, where),
                )
    return value


def _external(context: Context, resource: Map, path: Path) -> None:
    """Read the old `external: {name: N}` as `external: true` and `name: N`."""
    external = resource.get("external")
    if not isinstance(external, Map):
        return
    name = external.get("name")
    where = (*path, "external")
    context.problems.warn(
        "deprecated",
        f"{path_text(where)}.name is deprecated; set name and external: true",
        at=(context.root, where),
    )
    mark = resource.mark("external")
    given = resource.get("name")
    if name is not None and given is not None and given != name:
        context.problems.add(
            "conflicting-names",
            f"{path_text(path)} has two names: `{name}` in external and `{given}`",
            at=(context.root, where),
        )
        return
    resource.put("external", True, mark)
    if name is not None:
        resource.put("name", name, mark)


BUILD: dict[str, Rule] = {
    "additional_contexts": _contexts,
    "secrets": _grants,
    "ssh": _ssh,
}

SERVICE: dict[str, Rule] = {
    "build": _build,
    "configs": _grants,
    "depends_on": _depends_on,
    "devices": _devices,
    "dns": _string_to_list,
    "env_file": _env_file,
    "extends": _extends,
    "gpus": _gpus,
    "label_file": _string_to_list,
    "models": _names,
    "networks": _names,
    "ports": _ports,
    "secrets": _grants,
    "volumes": _mounts,
}
