"""Checks across attributes and services: references to nothing, contradictions, dependency cycles."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from compose_lite.spec.problems import nearest
from compose_lite.spec.tree import Map, Path, path_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compose_lite.spec.problems import Problems
    from compose_lite.spec.select import Selection

_MOST_NAMED = 20
"""So many services of a circle are spelled out."""
_HEALTH_KINDS = ("CMD", "CMD-SHELL", "NONE")


def check_consistency(selection: Selection, model: Map, tree: Map, problems: Problems) -> None:
    """Report what does not fit together in the active services.

    Args:
        selection: active and disabled services, in canonical form.
        model: the canonical model.
        tree: the merged tree with marks, to point into the files.
        problems: is told what is wrong.
    """
    checker = _Checker(selection, model, tree, problems)
    for name, secret in (model.get("secrets") or {}).items():
        if not (secret.get("external") or secret.get("file") or secret.get("environment")):
            checker.no_source(name)
    for name in sorted(selection.active):
        checker.service(name, selection.active[name])
    checker.cycles()


class _Checker:
    """Holds what every check needs."""

    def __init__(self, selection: Selection, model: Map, tree: Map, problems: Problems) -> None:
        self.active = selection.active
        self.disabled = selection.disabled
        self.model = model
        self.tree = tree
        self.problems = problems

    def add(self, code: str, message: str, path: Path, hint: str | None = None) -> None:
        """Record a problem at a path of the tree."""
        self.problems.add(code, f"{path_text(path[:2])}: {message}", at=(self.tree, path), hint=hint)

    def service(self, name: str, service: Map) -> None:
        """Check one service."""
        path: Path = ("services", name)
        build = service.get("build")
        if build is None and not service.get("image") and "provider" not in service:
            self.add(
                "no-image",
                "has neither `image` nor `build`",
                path,
                "say which image to run, or how to build it",
            )
        if build is not None:
            self._build(name, service, build)
        self._references(name, service)
        self._dependencies(name, service)
        self._limits(name, service)
        self._names(name, service)
        self._mounts(name, service)
        test = (service.get("healthcheck") or {}).get("test")
        if test and test[0] not in _HEALTH_KINDS:
            self.add(
                "bad-healthcheck",
                f"healthcheck.test starts with `{test[0]}`, but must start with CMD, CMD-SHELL or NONE",
                (*path, "healthcheck", "test"),
                "write a plain text to run it in a shell",
            )
        for index, rule in enumerate((service.get("develop") or {}).get("watch") or ()):
            if rule.get("action") not in ("rebuild", "restart") and not rule.get("target"):
                self.add(
                    "no-watch-target",
                    f"a watch rule with the action `{rule.get('action')}` needs a target",
                    (*path, "develop", "watch", index),
                )

    def _build(self, name: str, service: Map, build: Map) -> None:
        path: Path = ("services", name, "build")
        if build.get("dockerfile_inline") and build.get("dockerfile"):
            self.add(
                "contradiction",
                "`dockerfile` and `dockerfile_inline` exclude each other",
                (*path, "dockerfile"),
            )
        for context, source in (build.get("additional_contexts") or {}).items():
            if not source.startswith("service:"):
                continue
            target = source.removeprefix("service:")
            where = (*path, "additional_contexts", context)
            if target not in self.active:
                self.add(
                    "undefined-service",
                    f"the build context `{context}` is the service `{target}`, which does not exist",
                    where,
                    nearest(target, self.active),
                )
            elif self.active[target].get("build") is None:
                self.add(
                    "undefined-service",
                    f"the build context `{context}` is the service `{target}`, which is not built",
                    where,
                )
        platform, platforms = service.get("platform"), build.get("platforms")
        if platform and platforms and platform not in platforms:
            self.add(
                "contradiction",
                f"build.platforms does not include the platform `{platform}`",
                (*path, "platforms"),
            )

    def _references(self, name: str, service: Map) -> None:
        path: Path = ("services", name)
        if service.get("network_mode") and service.get("networks"):
            self.add(
                "contradiction", "`network_mode` and `networks` exclude each other", (*path, "network_mode")
            )
        for section, kind, key, used in _references(service):
            if used not in (self.model.get(section) or {}):
                self.add(
                    f"undefined-{kind}",
                    f"uses the {kind} `{used}`, which is not defined under `{section}`",
                    (*path, *key),
                    nearest(used, self.model.get(section) or {}) or f"add `{used}:` under `{section}:`",
                )

    def _dependencies(self, name: str, service: Map) -> None:
        for other, entry in (service.get("depends_on") or {}).items():
            if other in self.active or (other in self.disabled and not entry["required"]):
                continue
            path: Path = ("services", name, "depends_on", other)
            if other in self.disabled:
                profiles = ", ".join(self.disabled[other].get("profiles", ()))
                self.add(
                    "undefined-service",
                    f"depends on `{other}`, which is switched off by its profiles ({profiles})",
                    path,
                    "switch the profile on, or say `required: false`",
                )
                continue
            self.add(
                "undefined-service",
                f"depends on `{other}`, which does not exist",
                path,
                nearest(other, [*self.active, *self.disabled]),
            )

    def _limits(self, name: str, service: Map) -> None:
        """The same limit in two places must be the same."""
        deploy = service.get("deploy")
        if deploy is None:
            return
        resources = deploy.get("resources") or {}
        limits, reservations = resources.get("limits"), resources.get("reservations")
        for key, section, section_key, elsewhere in (
            ("cpus", limits, "cpus", "deploy.resources.limits.cpus"),
            ("mem_limit", limits, "memory", "deploy.resources.limits.memory"),
            ("pids_limit", limits, "pids", "deploy.resources.limits.pids"),
            ("mem_reservation", reservations, "memory", "deploy.resources.reservations.memory"),
        ):
            if key in service and section is not None and section.get(section_key) != service[key]:
                self._disagree(name, key, elsewhere)
        scale, replicas = service.get("scale"), deploy.get("replicas")
        if scale is not None and replicas is not None and scale != replicas:
            self._disagree(name, "scale", "deploy.replicas")

    def _disagree(self, name: str, key: str, elsewhere: str) -> None:
        self.add(
            "contradiction",
            f"`{key}` and `{elsewhere}` disagree",
            ("services", name, key),
            "keep one of them",
        )

    def _names(self, name: str, service: Map) -> None:
        if not service.get("container_name"):
            return
        key: Path = ("scale",)
        count = service.get("scale")
        if count is None:
            key = ("deploy", "replicas")
            count = (service.get("deploy") or {}).get("replicas")
        if count is not None and count > 1:
            self.add(
                "contradiction",
                f"`container_name` allows for one container only, but {path_text(key)} is {count}",
                ("services", name, *key),
                "leave out container_name",
            )

    def _mounts(self, name: str, service: Map) -> None:
        """Nothing may be mounted where something else already is."""
        mounts: dict[str, Path] = {}
        for index, entry in enumerate(service.get("tmpfs") or ()):
            self._mount(mounts, entry.partition(":")[0], ("services", name, "tmpfs", index))
        for index, volume in enumerate(service.get("volumes") or ()):
            self._mount(mounts, volume.get("target", ""), ("services", name, "volumes", index))

    def _mount(self, mounts: dict[str, Path], target: str, path: Path) -> None:
        if target in mounts:
            self.add(
                "contradiction",
                f"{path_text(path[2:])} mounts on `{target}`, where {path_text(mounts[target][2:])} already does",
                path,
            )
        mounts[target] = path

    def no_source(self, name: str) -> None:
        """A secret without any content."""
        path: Path = ("secrets", name)
        self.add(
            "no-source", "does not say where its content comes from", path, "add `file` or `environment`"
        )

    def cycles(self) -> None:
        """Report a circle of dependencies, spelled out."""
        done: set[str] = set()
        for start in sorted(self.active):
            cycle = self._cycle_from(start, done)
            if cycle:
                self.add(
                    "dependency-cycle",
                    f"services depend on each other in a circle: {_circle(cycle)}",
                    ("services", cycle[0], "depends_on", cycle[1]),
                )
                return

    def _cycle_from(self, start: str, done: set[str]) -> list[str]:
        """Walk dependencies depth first without recursion; return the first circle met."""
        trail: list[str] = []
        pending: list[Iterator[str]] = [iter([start])]
        while pending:
            name = next(pending[-1], None)
            if name is None:
                pending.pop()
                if trail:
                    done.add(trail.pop())
            elif name in trail:
                return [*trail[trail.index(name) :], name]
            elif name not in done and name in self.active:
                trail.append(name)
                pending.append(iter(sorted(self.active[name].get("depends_on") or ())))
        return []


def _circle(names: list[str]) -> str:
    """Spell a circle out, or its beginning and end if nobody would read all of it."""
    if len(names) > _MOST_NAMED:
        left_out = len(names) - _MOST_NAMED
        names = [*names[: _MOST_NAMED - 2], f"… {left_out} more …", *names[-2:]]
    return " → ".join(names)


def _references(service: Map) -> Iterator[tuple[str, str, Path, str]]:
    """Yield what a service uses: section, kind, path in the service, name."""
    for network in service.get("networks") or ():
        yield "networks", "network", ("networks", network), network
    for model in service.get("models") or ():
        yield "models", "model", ("models", model), model
    for index, volume in enumerate(service.get("volumes") or ()):
        if volume.get("type") == "volume" and volume.get("source"):
            yield "volumes", "volume", ("volumes", index), volume["source"]
    for kind in ("config", "secret"):
        for index, grant in enumerate(service.get(f"{kind}s") or ()):
            yield f"{kind}s", kind, (f"{kind}s", index), grant.get("source", "")
    for index, grant in enumerate((service.get("build") or {}).get("secrets") or ()):
        yield "secrets", "secret", ("build", "secrets", index), grant.get("source", "")


def check_container_names(active: Map, tree: Map, problems: Problems) -> None:
    """Report two services that ask for the same container name."""
    owners: dict[str, str] = {}
    for name in sorted(active):
        wanted = active[name].get("container_name")
        if not wanted:
            continue
        if wanted in owners:
            path = ("services", name, "container_name")
            problems.add(
                "contradiction",
                f"services.{name}: the container name `{wanted}` is already that of services.{owners[wanted]}",
                at=(tree, path),
                hint="give them different names, or leave container_name out",
            )
        owners.setdefault(wanted, name)


def check_resources(tree: Map, problems: Problems) -> None:
    """Report resources and device requests that contradict themselves, in one file set's canonical tree."""
    _check_file_objects(tree, "configs", ("file", "environment", "content"), problems)
    _check_file_objects(tree, "secrets", ("file", "environment"), problems)
    for name, volume in _maps(tree.get("volumes")):
        if volume.get("external") is True:
            for key in volume:
                if key not in ("name", "external") and not key.startswith("x-"):
                    problems.add(
                        "contradiction",
                        f"volumes.{name} is external, so `{key}` has no effect",
                        at=(tree, ("volumes", name, key)),
                        hint=f"leave out `{key}`, or `external`",
                        key=True,
                    )
    for name, service in _maps(tree.get("services")):
        _check_service_values(tree, name, service, problems)


def _check_file_objects(tree: Map, section: str, sources: tuple[str, ...], problems: Problems) -> None:
    for name, entry in _maps(tree.get(section)):
        given = [key for key in sources if key in entry]
        choices = ", ".join(f"`{key}`" for key in sources)
        if len(given) > 1:
            problems.add(
                "contradiction",
                f"{section}.{name} may have only one of {choices}",
                at=(tree, (section, name, given[1])),
                path=(section, name),
                key=True,
            )
        if not given and "driver" not in entry and "external" not in entry:
            problems.add(
                "no-source",
                f"{section}.{name} does not say where its content comes from",
                at=(tree, (section, name)),
                hint=f"add one of {choices}, or `external: true`",
                key=True,
            )


def _check_service_values(tree: Map, name: str, service: Map, problems: Problems) -> None:
    requests = ("deploy", "resources", "reservations", "devices")
    for path, entries in (((*requests,), _below(service, requests)), (("gpus",), service.get("gpus"))):
        for index, request in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(request, Map) and "count" in request and "device_ids" in request:
                where: Path = ("services", name, *path, index)
                problems.add(
                    "contradiction",
                    f"{path_text(where)}: `count` and `device_ids` exclude each other",
                    at=(tree, where),
                )
    ports = service.get("ports")
    for index, port in enumerate(ports if isinstance(ports, list) else ()):
        address = port.get("host_ip") if isinstance(port, Map) else None
        if address is not None and not _is_address(address):
            where = ("services", name, "ports", index, "host_ip")
            problems.add(
                "bad-port", f"{path_text(where)}: `{address}` is not an IP address", at=(tree, where)
            )
    for index, volume in enumerate(service.get("volumes") or ()):
        if isinstance(volume, Map) and volume.get("type") == "bind" and volume.get("source") is None:
            where = ("services", name, "volumes", index)
            problems.add(
                "bad-volume",
                f"{path_text(where)}: a bind mount needs a source, the path on the host",
                at=(tree, where),
            )
    for index, rule in enumerate(_below(service, ("develop", "watch")) or ()):
        if isinstance(rule, Map) and rule.get("path") == "":
            where = ("services", name, "develop", "watch", index, "path")
            problems.add("wrong-type", f"{path_text(where)} is empty", at=(tree, where))


def _below(node: Any, keys: Iterable[str]) -> Any:
    for key in keys:
        node = node.get(key) if isinstance(node, Map) else None
    return node


@lru_cache
def _is_address(text: Any) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _maps(value: Any) -> Iterator[tuple[str, Map]]:
    if isinstance(value, Map):
        for name, item in value.items():
            if isinstance(item, Map):
                yield name, item
