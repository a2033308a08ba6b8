"""Check rules for how the parts fit together: ports, dependencies, images, and what nobody uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.check_exposure import EVERY_ADDRESS
from compose_lite.spec.check_facts import Remark
from compose_lite.spec.tree import path_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compose_lite.spec.check_facts import Facts
    from compose_lite.spec.model import Port, Service
    from compose_lite.spec.tree import Path

_RESTARTS_ALWAYS = frozenset({"always", "unless-stopped"})


def port_conflicts(facts: Facts) -> Iterator[Remark]:
    """Find host ports that two services, or several replicas of one, want at the same time."""
    taken: dict[tuple[str, str], list[tuple[Service, Port]]] = {}
    for name, service in facts.project.services.items():
        if service.network_mode == "host":
            continue
        for index, port in enumerate(service.ports):
            if not port.published or "-" in port.published or port.published == "0":
                continue
            path: Path = ("services", name, "ports", index)
            if service.replicas > 1:
                yield Remark(
                    path=path,
                    message=f"{path_text(path)}: {service.replicas} replicas of {name} can't all have host port "
                    f"{port.published}",
                    hint=f'publish a range of ports, or let the engine choose: "{port.target}"',
                )
            holders = taken.setdefault((port.published, port.protocol), [])
            rival = next((other for other, theirs in holders if _collide(service, port, other, theirs)), None)
            if rival is not None:
                yield Remark(
                    path=path,
                    message=f"{path_text(path)}: host port {port.published} is published by {rival.name} too; "
                    "whichever starts last fails",
                    hint="give one of them another host port",
                )
            holders.append((service, port))


def _collide(one: Service, port: Port, other: Service, theirs: Port) -> bool:
    if one.name == other.name:
        return False
    if one.profiles and other.profiles and not set(one.profiles) & set(other.profiles):
        return False  # alternatives, rarely switched on together
    same = port.host_ip == theirs.host_ip
    return same or port.host_ip in EVERY_ADDRESS or theirs.host_ip in EVERY_ADDRESS


def waits_without_health_check(facts: Facts) -> Iterator[Remark]:
    """Find services that wait for the health of one that has no health check."""
    services = facts.project.services
    for name, service in services.items():
        for dependency in service.depends_on:
            awaited = services.get(dependency.service)
            if dependency.condition != "service_healthy" or awaited is None:
                continue
            path: Path = ("services", name, "depends_on", dependency.service)
            check = awaited.healthcheck
            if check is None:
                ending = "has none in the files; unless its image brings one along, `up` fails"
            elif check.disable or check.test[:1] == ("NONE",):
                ending = "has its switched off, so `up` fails"
            else:
                continue
            yield Remark(
                path=path,
                message=f"{path_text(path)}: waits for a health check, and {awaited.name} {ending}",
                hint=f"add a healthcheck to {awaited.name}, or wait for service_started",
            )


def waits_for_the_endless(facts: Facts) -> Iterator[Remark]:
    """Find services that wait for the end of one that is always started again."""
    services = facts.project.services
    for name, service in services.items():
        for dependency in service.depends_on:
            awaited = services.get(dependency.service)
            if dependency.condition != "service_completed_successfully" or awaited is None:
                continue
            if _never_ends(awaited):
                path: Path = ("services", name, "depends_on", dependency.service)
                yield Remark(
                    path=path,
                    message=f"{path_text(path)}: waits until {awaited.name} has ended, "
                    "but its restart policy starts it again each time",
                    hint=f'set `restart: "no"` or `on-failure` on {awaited.name}',
                )


def _never_ends(service: Service) -> bool:
    policy = service.deploy.restart_policy if service.deploy is not None else None
    if policy is not None:
        return policy.condition in (None, "any")
    return service.restart in _RESTARTS_ALWAYS


def floating_tags(facts: Facts) -> Iterator[Remark]:
    """Find images whose tag means something else tomorrow."""
    for name, service in facts.project.services.items():
        image = service.image
        if not image or service.build is not None or "@" in image:
            continue
        repository, _, tag = image.rpartition("/")[2].partition(":")
        if tag in ("", "latest"):
            path: Path = ("services", name, "image")
            yield Remark(
                path=path,
                message=f"{path_text(path)}: "
                + ("no tag means `latest`, " if not tag else "`latest` is ")
                + "whatever was pushed last: two hosts, or today and tomorrow, run different versions",
                hint=f"name a version: {repository}:1.2.3",
            )


def unused_resources(kind: str) -> Any:
    """Return a rule that finds top-level entries of `kind` (`volumes`, `networks`, …) that no service uses."""

    def find(facts: Facts) -> Iterator[Remark]:
        declared: Mapping[str, object] = getattr(facts.project, kind)
        used = {name for service in facts.project.services.values() for name in _used(kind, service)}
        for key in declared:
            if key not in used and not (kind == "networks" and key == "default"):
                path: Path = (kind, key)
                yield Remark(
                    path=path,
                    message=f"{path_text(path)}: no service uses this {kind.removesuffix('s')}",
                    hint="remove it, or name it in the service that was meant to use it",
                )

    return find


def _used(kind: str, service: Service) -> Iterator[str]:
    if kind == "networks":
        yield from (attachment.network for attachment in service.networks)
    elif kind == "volumes":
        yield from (mount.source for mount in service.volumes if mount.type == "volume" and mount.source)
    elif kind == "configs":
        yield from (grant.source for grant in service.configs)
    else:
        yield from (grant.source for grant in service.secrets)
        if service.build is not None:
            yield from (grant.source for grant in service.build.secrets)
