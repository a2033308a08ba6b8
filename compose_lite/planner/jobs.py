"""Which services are jobs: they run to completion."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.spec.model import Project, Service


def jobs_of(project: Project) -> frozenset[str]:
    """Services that run to completion: awaited so by another, or marked, and not restarted by the engine."""
    awaited = {
        dependency.service
        for service in project.services.values()
        for dependency in service.depends_on
        if dependency.condition == "service_completed_successfully"
    }
    return frozenset(
        name
        for name, service in project.services.items()
        if (name in awaited or marked_as_job(service)) and not _restarts(service)
    )


def marked_as_job(service: Service) -> bool:
    """Whether the files call the service a job (`x-compose-lite: {job: true}`)."""
    own = service.extensions.get("x-compose-lite")
    return isinstance(own, dict) and bool(own.get("job"))


def _restarts(service: Service) -> bool:
    policy = service.deploy.restart_policy if service.deploy is not None else None
    if policy is not None:
        return policy.condition != "none"
    return service.restart not in (None, "", "no")
