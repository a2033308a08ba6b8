"""The canonical model to the typed `Project`: networks, volumes, files and models here, the rest beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec import model as m
from compose_lite.spec.bind_common import extensions, texts
from compose_lite.spec.bind_service import bind_service
from compose_lite.spec.tree import Map, mark_location

if TYPE_CHECKING:
    from compose_lite.errors import Location
    from compose_lite.spec.load import LoadResult


def bind_project(result: LoadResult) -> m.Project:
    """Return the frozen project that `result` describes."""
    model, tree = result.model, result.tree
    return m.Project(
        name=result.name,
        working_dir=result.working_dir,
        instance=result.instance,
        compose_files=result.files,
        env_files=result.env_files,
        services=_services(model.get("services", {}), tree, result.separator),
        disabled_services=_services(result.disabled, tree, result.separator),
        networks=_resources(model, tree, "networks", _network),
        volumes=_resources(model, tree, "volumes", _volume),
        secrets=_resources(model, tree, "secrets", _file_object),
        configs=_resources(model, tree, "configs", _file_object),
        models=_resources(model, tree, "models", _ai_model),
        profiles=result.profiles,
        environment=m.FrozenMap(result.variables.values),
        extensions=extensions(tree),
        warnings=result.warnings,
    )


def _services(services: Any, tree: Map, separator: str) -> m.FrozenMap[str, m.Service]:
    written = tree.get("services") or Map()
    return m.FrozenMap(
        (
            name,
            bind_service(name, services[name], written.get(name) or Map(), _place(written, name), separator),
        )
        for name in sorted(services)
    )


def _resources(model: Map, tree: Map, section: str, bind: Any) -> Any:
    found = model.get(section) or {}
    written = tree.get(section) or Map()
    return m.FrozenMap(
        (key, bind(key, found[key], written.get(key) or Map(), _place(written, key))) for key in sorted(found)
    )


def _place(written: Map, key: str) -> Location | None:
    mark = written.mark(key)
    return mark_location(mark, key=True) if mark else None


def _network(key: str, entry: Map, written: Map, location: Location | None) -> m.Network:
    ipam = entry.get("ipam") or {}
    options = (written.get("ipam") or {}).get("options") or {}
    return m.Network(
        key=key,
        name=entry.get("name", key),
        external=entry.get("external", False),
        driver=entry.get("driver"),
        driver_opts=m.FrozenMap(entry.get("driver_opts", ())),
        attachable=entry.get("attachable", False),
        enable_ipv4=entry.get("enable_ipv4"),
        enable_ipv6=entry.get("enable_ipv6"),
        internal=entry.get("internal", False),
        ipam_driver=ipam.get("driver"),
        ipam_pools=tuple(
            m.IpamPool(
                subnet=pool.get("subnet"),
                gateway=pool.get("gateway"),
                ip_range=pool.get("ip_range"),
                aux_addresses=m.FrozenMap(pool.get("aux_addresses", ())),
            )
            for pool in ipam.get("config", ())
        ),
        ipam_options=m.FrozenMap((name, str(value)) for name, value in sorted(options.items())),
        labels=m.FrozenMap(entry.get("labels", ())),
        extensions=extensions(written),
        location=location,
    )


def _volume(key: str, entry: Map, written: Map, location: Location | None) -> m.Volume:
    ours = written.get("x-compose-lite")
    return m.Volume(
        key=key,
        name=entry.get("name", key),
        external=entry.get("external", False),
        driver=entry.get("driver"),
        driver_opts=m.FrozenMap(entry.get("driver_opts", ())),
        labels=m.FrozenMap(entry.get("labels", ())),
        protected=isinstance(ours, dict) and ours.get("protected") is True,
        extensions=extensions(written),
        location=location,
    )


def _file_object(key: str, entry: Map, _written: Map, location: Location | None) -> m.FileObject:
    return m.FileObject(
        key=key,
        name=entry.get("name", key),
        file=entry.get("file"),
        environment=entry.get("environment"),
        content=entry.get("content"),
        external=entry.get("external", False),
        driver=entry.get("driver"),
        driver_opts=m.FrozenMap(entry.get("driver_opts", ())),
        template_driver=entry.get("template_driver"),
        labels=m.FrozenMap(entry.get("labels", ())),
        location=location,
    )


def _ai_model(key: str, entry: Map, _written: Map, location: Location | None) -> m.AiModel:
    return m.AiModel(
        key=key,
        name=entry.get("name", key),
        model=entry.get("model", ""),
        context_size=entry.get("context_size"),
        runtime_flags=texts(entry.get("runtime_flags")),
        location=location,
    )
