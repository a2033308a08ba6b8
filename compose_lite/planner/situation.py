"""What becomes of each service's containers, as data: the language between the decisions and the steps."""

from __future__ import annotations

from collections import defaultdict

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.planner.files import NONE, ServiceFiles
from compose_lite.planner.jobs import jobs_of
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.reasons import Reason
    from compose_lite.planner.requests import Contents, Recreate, UpRequest
    from compose_lite.spec.model import Project, Service, UpdateConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One replica that a service should have.

    Attributes:
        name: the name that its container should have.
        current: the container that has its number now.
        successor: a container that an interrupted run created to replace `current`, still as it should be.
        replace: why `current` can't stay; empty if it can.
        restart: why `current`, which stays, has to be stopped and started again.
        create: why there has to be a container, where there is none.
    """

    number: int
    name: str
    current: ObservedContainer | None = None
    successor: ObservedContainer | None = None
    replace: tuple[Reason, ...] = ()
    restart: tuple[Reason, ...] = ()
    create: tuple[Reason, ...] = ()

    @property
    def kept(self) -> ObservedContainer | None:
        """The container that stays, if one does."""
        return None if self.replace else self.current


@dataclass(frozen=True, kw_only=True, slots=True)
class Surplus:
    """A container that has to go, and why."""

    container: ObservedContainer
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceState:
    """What becomes of a service's containers.

    Attributes:
        digest: its configuration hash.
        job: it runs to completion; a completed run stays valid until something about it changes.
        peers: service → id of the existing container to share with; services whose container is made
            anew by the same plan are missing.
    """

    service: Service
    digest: str
    files: ServiceFiles = NONE
    slots: tuple[Slot, ...] = ()
    surplus: tuple[Surplus, ...] = ()
    job: bool = False
    peers: Mapping[str, str] = field(default_factory=dict)

    def completed(self, slot: Slot) -> bool:
        """Whether the replica has done its job."""
        kept = slot.kept
        return self.job and kept is not None and kept.state == "exited" and kept.exit_code == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Everything that a survey looks at.

    Attributes:
        selected: services that were named (or all), in contrast to their mere dependencies.
        containers: service → its containers without one-offs, by number.
        unusable: names of networks that will be made anew.
        destroyed: names of volumes that will be, with the reason.
        jobs: services that run to completion.
    """

    project: Project
    observed: Observed
    request: UpRequest
    contents: Contents
    selected: frozenset[str]
    containers: Mapping[str, tuple[ObservedContainer, ...]]
    unusable: frozenset[str] = frozenset()
    destroyed: Mapping[str, Reason] = EMPTY
    jobs: frozenset[str] = frozenset()

    def recreate(self, service: str) -> Recreate:
        """What was asked for this service."""
        return self.request.recreate if service in self.selected else self.request.recreate_dependencies


def by_service(containers: Iterable[ObservedContainer]) -> dict[str, tuple[ObservedContainer, ...]]:
    """The containers of each service without one-offs, by number."""
    found: defaultdict[str, list[ObservedContainer]] = defaultdict(list)
    for container in containers:
        if not container.oneoff:
            found[container.service].append(container)
    return {
        service: tuple(sorted(group, key=lambda c: (c.number, c.created, c.name)))
        for service, group in found.items()
    }


def keeping_previous(project: Project) -> frozenset[str]:
    """Services whose replaced containers are kept for a rollback (`x-compose-lite: {keep_previous: true}`)."""
    jobs = jobs_of(project)
    return frozenset(
        name for name, service in project.services.items() if name not in jobs and _keeps(project, service)
    )


def _keeps(project: Project, service: Service) -> bool:
    """What the service says; if it says nothing, what the project does."""
    for extensions in (service.extensions, project.extensions):
        own = extensions.get("x-compose-lite")
        if isinstance(own, dict) and "keep_previous" in own:
            return own["keep_previous"] is True
    return False


def wants_rollback(service: Service) -> bool:
    """Whether a failed update of the service is to be undone."""
    config = update_config(service)
    return config is not None and config.failure_action == "rollback"


def update_config(service: Service) -> UpdateConfig | None:
    """How the service's containers are to be replaced, if the files say so."""
    return service.deploy.update_config if service.deploy is not None else None
