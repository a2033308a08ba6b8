"""Lists of which every item may be there once: later items take the place of earlier ones that mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.ports import BadPort
from compose_lite.spec.tree import Map, Path, Seq, path_text
from compose_lite.spec.units import go_text
from compose_lite.spec.volumes import BadVolume, volume_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.spec.problems import Problems

    Indexer = Callable[[Any], str]


def drop_duplicates(tree: Map, problems: Problems) -> None:
    """Keep one of several list items that mean the same thing: the last one, at the first one's place."""
    _drop_in_services(tree, _UNIQUE_SERVICE, problems)
    networks = tree.get("networks")
    if isinstance(networks, Map):
        for name, network in networks.items():
            if isinstance(network, Map):
                _drop(network, _UNIQUE_NETWORK, ("networks", name), tree, problems)


def drop_revealed_duplicates(tree: Map, problems: Problems) -> None:
    """Drop the duplicates that canonical form shows: ports out of ranges, targets that were written differently."""
    _drop_in_services(tree, _UNIQUE_REVEALED, problems)


def _drop_in_services(tree: Map, table: dict[str, Any], problems: Problems) -> None:
    services = tree.get("services")
    if isinstance(services, Map):
        for name, service in services.items():
            if isinstance(service, Map):
                _drop(service, table, ("services", name), tree, problems)


def _drop(node: Map, table: dict[str, Any], path: Path, root: Map, problems: Problems) -> None:
    for key in table.keys() & node.keys():
        value = node[key]
        below = table[key]
        if type(below) is dict:
            if isinstance(value, Map):
                if "*" in below:
                    for name, item in value.items():
                        if isinstance(item, Map):
                            _drop(item, below["*"], (*path, key, name), root, problems)
                else:
                    _drop(value, below, (*path, key), root, problems)
        elif isinstance(value, Seq) and value:
            unique = _unique(value, below, (*path, key), root, problems)
            if unique is not None:
                node[key] = unique


def _unique(value: Seq, index_of: Indexer, path: Path, root: Map, problems: Problems) -> Seq | None:
    """Return the list without duplicates, or ``None`` if it has none or an item can't be compared."""
    keys: list[str] = []
    for item in value:
        try:
            keys.append(index_of(item))
        except _OfWrongType:
            return None
        except (BadVolume, BadPort, _NoIndex) as error:
            where = (*path, len(keys))
            problems.add(
                getattr(error, "code", "bad-volume"), f"{path_text(where)}: {error}", at=(root, where)
            )
            return None
    if len(set(keys)) == len(keys):
        return None
    result = Seq()
    places: dict[str, int] = {}
    for index, key in enumerate(keys):
        if key in places:
            result[places[key]] = value[index]
            result.marks[places[key]] = value.mark(index)
        else:
            places[key] = len(result)
            result.put(value[index], value.mark(index))
    return result


class _OfWrongType(ValueError):
    """An item is of a type that the schema is about to refuse, in better words."""


class _NoIndex(ValueError):
    """An item lacks what tells it from others."""

    code = "wrong-type"


def _by_name(item: Any) -> str:
    if not isinstance(item, str):
        raise _OfWrongType
    return item.partition("=")[0]


def _by_volume_target(item: Any) -> str:
    if isinstance(item, Map):
        target = item.get("target")
        if not isinstance(target, str):
            raise BadVolume("a volume needs a target, the path in the container")
        return target
    if isinstance(item, str):
        try:
            return volume_target(item)
        except BadVolume as error:
            raise BadVolume(f"`{item}` is not a volume: {error}") from None
    return ""


def _by_device_target(item: Any) -> str:
    if isinstance(item, Map):
        target = item.get("target")
        if not isinstance(target, str):
            raise _NoIndex("a device needs a target, its path in the container")
        return target
    parts = str(item).split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _by_text(item: Any) -> str:
    if not isinstance(item, (str, int)):
        raise _OfWrongType
    return go_text(item)


def _by_mount(prefix: str) -> Indexer:
    def index(item: Any) -> str:
        if isinstance(item, Map):
            return str(item["target"]) if "target" in item else f"{prefix}/{item.get('source')}"
        return f"{prefix}/{item}"

    return index


def _by_port(item: Any) -> str:
    if isinstance(item, Map):
        if "target" not in item:
            raise _NoIndex("a port needs a target, the port in the container")
        host = item.get("host_ip", "0.0.0.0")
        published = item.get("published")
        if isinstance(published, int):
            published = f"number {published}"  # docker compose does not take it for the same as text
        return f"{host}:{published}:{item.get('target')}/{item.get('protocol', 'tcp')}"
    return go_text(item)


def _by_path(item: Any) -> str:
    return str(item.get("path")) if isinstance(item, Map) else str(item)


_UNIQUE_NETWORK: dict[str, Any] = {"labels": _by_name, "ipam": {"options": _by_name}}
_UNIQUE_SERVICE: dict[str, Any] = {
    "annotations": _by_name,
    "build": {
        "args": _by_name,
        "additional_contexts": _by_name,
        "labels": _by_name,
        "tags": _by_name,
    },
    "cap_add": _by_name,
    "cap_drop": _by_name,
    "configs": _by_mount(""),
    "deploy": {"labels": _by_name},
    "devices": _by_device_target,
    "dns": _by_name,
    "dns_opt": _by_name,
    "dns_search": _by_name,
    "environment": _by_name,
    "env_file": _by_path,
    "expose": _by_text,
    "labels": _by_name,
    "links": _by_name,
    "networks": {"*": {"aliases": _by_name, "link_local_ips": _by_name}},
    "ports": _by_port,
    "profiles": _by_name,
    "secrets": _by_mount("/run/secrets"),
    "sysctls": _by_name,
    "tmpfs": _by_name,
    "volumes": _by_volume_target,
}
_UNIQUE_REVEALED: dict[str, Any] = {key: _UNIQUE_SERVICE[key] for key in ("ports", "volumes")}
