"""Decides what goes with a rebuild: what is built, who else gets new containers, which images are left over."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.actions import RemoveImage
from compose_lite.planner.draft import Draft
from compose_lite.planner.plan import Plan
from compose_lite.planner.reasons import Reason, Why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from compose_lite.spec.model import Project


def with_followers(project: Project, name: str) -> tuple[str, ...]:
    """The service, and those that can't go on as they are when it gets new containers.

    They use the image that it builds, share a namespace with it, or ask to be restarted with it.
    """
    chosen = project.services[name]
    image = chosen.image_name(project.name) if chosen.build is not None else None
    twins = (other.name for other in project.services.values() if other.image_name(project.name) == image)
    found = list(dict.fromkeys((name, *twins)))
    for leader in found:
        found += [
            service.name
            for service in project.services.values()
            if service.name not in found
            and (
                leader in service.namespace_peers()
                or any(need.service == leader and need.restart for need in service.depends_on)
            )
        ]
    return tuple(found)


def with_changed_builds(before: Project, project: Project) -> Project:
    """The project, its services set to be built anew whose `build` is another one than before."""
    return project.with_services(
        replace(service, pull_policy="build")
        for name, service in project.services.items()
        if service.build is not None
        and name in before.services
        and before.services[name].build not in (None, service.build)
    )


def built_first(project: Project, services: Collection[str] = ()) -> Project:
    """The project, its watched services set to be built at the start: nobody knows what changed before."""
    return project.with_services(
        replace(service, pull_policy="build")
        for name, service in project.services.items()
        if service.build is not None and service.watch and (not services or name in services)
    )


def plan_prune(project: str, images: Iterable[str]) -> Plan:
    """Remove images that a rebuild has left without a name, unless a container still uses them."""
    draft = Draft()
    for image in sorted(images):
        draft.add(RemoveImage(ref=image, keep_if_used=True), Reason(why=Why.REQUESTED, subject="--prune"))
    return Plan(project=project, verb="watch", actions=draft.numbered())
