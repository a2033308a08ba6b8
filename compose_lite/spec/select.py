"""Which services are active: profiles, the services named on the command line, what those depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.problems import nearest
from compose_lite.spec.tree import Map

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compose_lite.spec.problems import Problems

_RESOURCES = ("networks", "volumes", "secrets", "configs", "models")


@dataclass(slots=True)
class Selection:
    """Services split by whether they are active; `active` is the model's own mapping."""

    active: Map
    disabled: Map


def apply_profiles(model: Map, profiles: Sequence[str]) -> Selection:
    """Take services whose profiles are not switched on out of the model."""
    services: Map = model["services"]
    disabled = Map()
    if "*" not in profiles:
        for name in list(services):
            own = services[name].get("profiles")
            if own and not any(profile in profiles for profile in own):
                disabled.put(name, services.pop(name), services.mark(name))
    return Selection(active=services, disabled=disabled)


def enable_services(selection: Selection, names: Iterable[str], problems: Problems) -> None:
    """Switch on the named services, whatever their profiles, and those that share their profiles."""
    names = list(names)
    for name in names:
        if name not in selection.active and name not in selection.disabled:
            known = [*selection.active, *selection.disabled]
            problems.add("no-such-service", f"no such service: {name}", hint=nearest(name, known))
    profiles = {profile for name in names for profile in selection.disabled.get(name, {}).get("profiles", ())}
    for name in list(selection.disabled):
        own = selection.disabled[name].get("profiles", ())
        if name in names or any(profile in profiles for profile in own):
            selection.active.put(name, selection.disabled.pop(name), selection.disabled.mark(name))


def keep_services(
    selection: Selection, names: Sequence[str], problems: Problems, *, with_dependencies: bool
) -> None:
    """Reduce the active services to the named ones and what they depend on; no names keep all."""
    if not names:
        return
    active = selection.active
    kept: set[str] = set()
    waiting = [name for name in names if name in active]
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept.add(name)
        for other, entry in (active[name].get("depends_on") or {}).items() if with_dependencies else ():
            if other in active:
                waiting.append(other)
            elif entry["required"]:
                problems.add(
                    "no-such-service", f"`{name}` depends on `{other}`, which is not an active service"
                )
    for name in list(active):
        if name not in kept:
            selection.disabled.put(name, active.pop(name), active.mark(name))
        elif "depends_on" in active[name]:
            _forget_others(active[name], kept)


def _forget_others(service: Map, kept: set[str]) -> None:
    """Drop dependencies on services that were not selected."""
    dependencies = service["depends_on"]
    for other in [other for other in dependencies if other not in kept]:
        del dependencies[other]
    if not dependencies:
        del service["depends_on"]


def unused_resources(model: Map, selection: Selection) -> dict[str, list[str]]:
    """The networks, volumes, secrets, configs and models that no active service uses, by section."""
    used: dict[str, set[str]] = {section: set() for section in _RESOURCES}
    for service in selection.active.values():
        used["networks"].update(service.get("networks", ()))
        used["models"].update(service.get("models", ()))
        used["volumes"].update(
            volume["source"]
            for volume in service.get("volumes", ())
            if volume.get("type") == "volume" and volume.get("source")
        )
        used["configs"].update(grant.get("source", "") for grant in service.get("configs", ()))
        used["secrets"].update(grant.get("source", "") for grant in service.get("secrets", ()))
        build = service.get("build") or {}
        used["secrets"].update(grant.get("source", "") for grant in build.get("secrets", ()))
    unused = {
        section: [name for name in model.get(section) or () if name not in names]
        for section, names in used.items()
    }
    return {section: names for section, names in unused.items() if names}


def drop_resources(model: Map, dropped: Mapping[str, Iterable[str]]) -> None:
    """Take resources out of the model, and sections that nothing is left of."""
    for section, names in dropped.items():
        for name in names:
            del model[section][name]
    for section in _RESOURCES:
        if section in model and not model[section]:
            del model[section]
