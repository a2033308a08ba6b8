"""Plans pulls and builds: done first, so that nothing has been stopped yet when one of them fails."""

from __future__ import annotations

import re

from compose_lite.errors import Problem
from compose_lite.lazy_dataclasses import dataclass, field, replace
from compose_lite.planner.draft import Draft
from compose_lite.planner.graph import closure, service_graph
from compose_lite.planner.links import raise_all
from compose_lite.planner.plan import Plan
from compose_lite.planner.platforms import is_for
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.selection import select, unknown_services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.observed import Observed
    from compose_lite.planner.requests import BuildRequest, ImagesRequest, PullRequest
    from compose_lite.spec.model import Project, Service

_SERVICE_CONTEXT = "service:"
_DAY = 86_400
_UNITS = {"w": 7 * _DAY, "d": _DAY, "h": 3600, "m": 60, "s": 1}
_NEVER_TOO_OLD = float("inf")


def plan_images(project: Project, observed: Observed, request: ImagesRequest) -> Plan:
    """The pulls and builds that the containers of the services wait for.

    Raises:
        PlanError: an image is missing and may be neither pulled nor built.
    """
    planner = _Images(project=project, observed=observed)
    for name in select(project, request.services, with_dependencies=not request.no_deps):
        planner.provide(project.services[name], request)
    return planner.plan(request.verb)


def plan_pull(project: Project, observed: Observed, request: PullRequest) -> Plan:
    """`pull`: the images of the services, whether or not they are there already, unless their policy forbids."""
    planner = _Images(project=project, observed=observed)
    for name in select(project, request.services, with_dependencies=request.include_deps):
        service = project.services[name]
        planner.pull_steps(service, request)
        if service.image is None or (request.ignore_buildable and service.build is not None):
            continue
        policy = request.policy or service.pull_policy
        there = planner.has(service.image, service.platform)
        if policy in ("never", "build") or (there and policy in ("missing", "if_not_present")):
            continue
        optional = request.ignore_failures or service.build is not None
        reason = Reason(why=Why.REQUESTED, subject="pull")
        planner.pull(service.image, service, reason, optional=optional)
    return planner.plan("pull")


def plan_build(project: Project, observed: Observed, request: BuildRequest) -> Plan:
    """`build`: the services that have a `build` section, and what their build contexts need."""
    raise_all(unknown_services(project, request.services))
    names: Iterable[str] = request.services or project.services
    if request.with_dependencies:
        names = closure(service_graph(project.services), names)
    planner = _Images(project=project, observed=observed)
    reason = Reason(why=Why.REQUESTED, subject="build")
    for name in sorted(names):
        if project.services[name].build is not None:
            planner.build(project.services[name], reason)
    return planner.plan("build")


@dataclass(kw_only=True, slots=True)
class _Images:
    """Collects pulls and builds, one for each reference."""

    project: Project
    observed: Observed
    draft: Draft = field(default_factory=Draft)
    builds: dict[tuple[str, str], int] = field(default_factory=dict)
    pulls: dict[tuple[str, str | None], tuple[list[str], Reason, bool]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def plan(self, verb: str) -> Plan:
        raise_all(self.problems)
        if not self.pulls and not self.builds:
            return Plan(project=self.project.name, verb=verb)
        from compose_lite.planner.actions import BuildImage, PullImage

        draft = Draft()
        pulling: dict[str, int] = {}
        for (ref, platform), (services, reason, optional) in self.pulls.items():
            action = PullImage(ref=ref, services=tuple(services), platform=platform, optional=optional)
            pulling[ref] = draft.add(action, reason)
        offset = len(draft)
        for planned in self.draft.numbered():
            built = planned.action
            after = [pulling[built.ref]] if isinstance(built, BuildImage) and built.ref in pulling else []
            needs = [offset + other - 1 for other in planned.needs]
            draft.add(built, *planned.reasons, needs=needs, after=after)
        return Plan(project=self.project.name, verb=verb, actions=draft.numbered())

    def provide(self, service: Service, request: ImagesRequest) -> None:
        """Plan what the service's image (and those that it mounts) need."""
        if service.provider is not None:
            return  # it has none; that it can't be brought up is told with the containers
        for mount in service.volumes:
            if mount.type == "image" and mount.source and mount.source not in self.observed.images:
                self.pull(mount.source, service, Reason(why=Why.IMAGE_MISSING, subject=mount.source))
        for hook in service.pre_start:
            if hook.image is not None:
                self._provide_step(hook.image, service, request)
        ref = service.image_name(self.project.name)
        policy = _policy(service, request)
        present = self.has(ref, service.platform)
        if service.build is not None:
            self._provide_built(service, ref, policy, present, request)
        elif self._pull_due(ref, policy, present, request.now):
            builder = None if present else self._builder(ref)
            if builder is not None and request.build != "never":
                self.build(builder, _missing(ref, service.platform))
            else:
                self.pull(ref, service, _pull_reason(service, ref, policy, present))
        elif not present:
            self.problems.append(_not_here(service, ref))

    def pull_steps(self, service: Service, request: PullRequest) -> None:
        """Plan the pulls of the images that steps of `pre_start` name."""
        policy = request.policy or service.pull_policy
        for ref in (hook.image for hook in service.pre_start if hook.image is not None):
            skipped = policy == "never" or (
                policy in ("missing", "if_not_present") and self.has(ref, service.platform)
            )
            if not skipped:
                reason = Reason(why=Why.REQUESTED, subject="pull")
                self.pull(ref, service, reason, optional=request.ignore_failures)

    def _provide_step(self, ref: str, service: Service, request: ImagesRequest) -> None:
        """The image of a step of `pre_start`, by the service's pull policy, or by its builder if there is one."""
        present = self.has(ref, service.platform)
        policy = _policy(service, request)
        policy = "missing" if policy == "build" else policy
        builder = None if present else self._builder(ref)
        if builder is not None and request.build != "never":
            self.build(builder, _missing(ref, service.platform))
        elif self._pull_due(ref, policy, present, request.now):
            self.pull(ref, service, _pull_reason(service, ref, policy, present))
        elif not present:
            self.problems.append(_not_here(replace(service, image=ref), ref))

    def has(self, ref: str, platform: str | None) -> bool:
        """Whether the image is there, and is one for the platform that is asked for."""
        image = self.observed.images.get(ref)
        return image is not None and (platform is None or is_for(platform, image.platform))

    def _provide_built(
        self, service: Service, ref: str, policy: str, present: bool, request: ImagesRequest
    ) -> None:
        """An image that can be built: if it also has a name of its own, a pull is tried first."""
        if request.build == "always" or (policy == "build" and request.build != "never"):
            asked = "--build" if request.build == "always" else "pull_policy: build"
            self.build(service, Reason(why=Why.REQUESTED, subject=asked))
            return
        named = service.image is not None and policy not in ("build", "never")
        due = named and self._pull_due(ref, policy, present, request.now)
        if due:
            reason = _pull_reason(service, ref, policy, present)
            self.pull(ref, service, reason, optional=request.build != "never")
        if present:
            return
        if request.build != "never":
            # One for another platform, which is there already, says nothing about whether the pull succeeded.
            if_missing = due and ref not in self.observed.images
            self.build(service, _missing(ref, service.platform), if_missing=if_missing)
        elif not due:
            self.problems.append(_not_built(service, ref))

    def _pull_due(self, ref: str, policy: str, present: bool, now: int) -> bool:
        if policy == "never":
            return False
        if not present:
            return True
        longest = _longest_age(policy)
        if abs(longest) == _NEVER_TOO_OLD:
            return longest < 0
        image = self.observed.images[ref]
        return now - _seconds(image.tagged or image.created) > longest

    def _builder(self, ref: str) -> Service | None:
        """The service, if any, whose build makes the image that another one uses."""
        for service in self.project.services.values():
            if service.build is not None and service.image_name(self.project.name) == ref:
                return service
        return None

    def pull(self, ref: str, service: Service, reason: Reason, *, optional: bool = False) -> None:
        """Plan one pull for all services with the reference."""
        services, first, all_optional = self.pulls.get((ref, service.platform), ([], reason, True))
        if service.name not in services:
            services.append(service.name)
        self.pulls[ref, service.platform] = (services, first, all_optional and optional)

    def build(self, service: Service, reason: Reason, *, if_missing: bool = False) -> int:
        """Plan the service's build behind those that its contexts come from."""
        from compose_lite.planner.actions import BuildImage

        ref = service.image_name(self.project.name)
        key = (ref, service.name)
        if key in self.builds:
            return self.builds[key]
        contexts = service.build.additional_contexts.values() if service.build is not None else ()
        bases = [
            value.removeprefix(_SERVICE_CONTEXT) for value in contexts if value.startswith(_SERVICE_CONTEXT)
        ]
        base_reason = Reason(why=Why.DEPENDENCY, subject=service.name)
        needs = [
            self.build(self.project.services[base], base_reason)
            for base in bases
            if base in self.project.services and self.project.services[base].build is not None
        ]
        action = BuildImage(ref=ref, service=service.name, if_missing=if_missing)
        self.builds[key] = self.draft.add(action, reason, needs=needs)
        return self.builds[key]


def _policy(service: Service, request: ImagesRequest) -> str:
    policy = request.pull or service.pull_policy or "missing"
    return "missing" if policy == "if_not_present" else policy


def _longest_age(policy: str) -> float:
    """Seconds after which a present image is pulled again; policies: always, missing, daily, every_1d12h …"""
    if policy == "always":
        return -_NEVER_TOO_OLD
    named = {"daily": _DAY, "weekly": 7 * _DAY}
    if policy in named:
        return named[policy]
    if policy.startswith("every_"):
        parts = re.findall(r"([0-9]+)([wdhms])", policy)
        return sum(int(count) * _UNITS[unit] for count, unit in parts)
    return _NEVER_TOO_OLD


def _seconds(moment: str) -> float:
    """Seconds since the epoch of an RFC 3339 moment; 0 for none."""
    if not moment:
        return 0
    from datetime import datetime

    # Nanoseconds are more than datetime reads.
    return datetime.fromisoformat(re.sub(r"\.\d+", "", moment)).timestamp()


def _pull_reason(service: Service, ref: str, policy: str, present: bool) -> Reason:
    return Reason(why=Why.POLICY, subject=policy) if present else _missing(ref, service.platform)


def _missing(ref: str, platform: str | None) -> Reason:
    return Reason(why=Why.IMAGE_MISSING, subject=_for_platform(ref, platform))


def _for_platform(ref: str, platform: str | None) -> str:
    return f"{ref} for {platform}" if platform else ref


def _not_here(service: Service, ref: str) -> Problem:
    wanted = f"image {ref!r}" + (f" for {service.platform}" if service.platform else "")
    return Problem(
        code="image-missing",
        message=f"{wanted} of service {service.name!r} is not here, and the pull policy is 'never'",
        hint=f"pull it (docker pull {ref}), or change pull_policy",
        location=service.location,
        path=f"services.{service.name}.image",
    )


def _not_built(service: Service, ref: str) -> Problem:
    return Problem(
        code="image-not-built",
        message=f"image {ref!r} of service {service.name!r} is not built, and --no-build was given",
        hint="leave out --no-build, or build it first: compose-lite build",
        location=service.location,
        path=f"services.{service.name}.build",
    )
