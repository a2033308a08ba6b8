"""Plans `run`: what a service needs, and one container of it beside its replicas."""

from __future__ import annotations

from compose_lite.errors import Problem
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.actions import OneOff, StartContainer
from compose_lite.planner.decisions import Scope, decide
from compose_lite.planner.emission import Emission
from compose_lite.planner.graph import closure, ordered, service_graph
from compose_lite.planner.links import raise_all
from compose_lite.planner.naming import one_off_name
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.refs import ContainerRef
from compose_lite.planner.requests import UpRequest
from compose_lite.planner.selection import unknown_services
from compose_lite.planner.steps import create_one_off
from compose_lite.planner.survey import one_off_state
from compose_lite.spec.model import EMPTY, FrozenMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.observed import Observed
    from compose_lite.planner.plan import Plan
    from compose_lite.planner.requests import Contents, RunRequest
    from compose_lite.spec.model import Project, Service


def one_off_project(project: Project, request: RunRequest) -> Project:
    """The project with the service as the command line of `run` wants it; for planning and for carrying it out.

    Raises:
        PlanError: the service is unknown, or a provider runs it, so that there is nothing to make a container from.
    """
    raise_all(unknown_services(project, [request.service]))
    raise_all(_of_provider(project.services[request.service]))
    return project.with_services([one_off_service(project.services[request.service], request)])


def _of_provider(service: Service) -> list[Problem]:
    if service.provider is None:
        return []
    return [
        Problem(
            code="provider",
            message=f"service {service.name!r} is run by the provider {service.provider.type!r}, not by containers",
            hint="run a service that has an image",
            location=service.location,
            path=f"services.{service.name}",
        )
    ]


def one_off_service(service: Service, request: RunRequest) -> Service:
    """The service with the overrides applied; it is never restarted and has one container."""
    command = service.command if request.entrypoint is None else ()
    mounts = {mount.target: mount for mount in (*service.volumes, *request.volumes)}
    deploy = replace(service.deploy, restart_policy=None) if service.deploy is not None else None
    return replace(
        service,
        command=command if request.command is None else request.command,
        entrypoint=service.entrypoint if request.entrypoint is None else request.entrypoint,
        environment=FrozenMap({**service.environment, **request.environment}),
        labels=FrozenMap({**service.labels, **request.labels}),
        user=service.user if request.user is None else request.user,
        working_dir=service.working_dir if request.working_dir is None else request.working_dir,
        cap_add=_with(service.cap_add, request.cap_add, request.cap_drop),
        cap_drop=_with(service.cap_drop, request.cap_drop, request.cap_add),
        ports=(*(service.ports if request.service_ports else ()), *request.publish),
        volumes=tuple(mounts.values()),
        tty=request.tty,
        stdin_open=request.interactive,
        container_name=request.name,
        restart=None,
        deploy=deploy,
        scale=1,
    )


def _with(given: tuple[str, ...], more: tuple[str, ...], less: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (*given, *more) if name in more or name not in less))


def plan_run(project: Project, observed: Observed, request: RunRequest, contents: Contents = EMPTY) -> Plan:
    """Bring up what the service needs and create the one-off container; start it only if nobody attaches.

    Args:
        project: from `one_off_project`.

    Raises:
        PlanError: as for `plan_up`.
    """
    raise_all(unknown_services(project, [request.service]))
    service = project.services[request.service]
    up = UpRequest(
        no_deps=request.no_deps,
        remove_orphans=request.remove_orphans,
        ignore_orphans=request.ignore_orphans,
        verb="run",
    )
    graph = service_graph(project.services)
    needed = frozenset[str]() if request.no_deps else closure(graph, [request.service]) - {request.service}
    scope = Scope(order=ordered(graph, needed), selected=needed, graph=graph)
    emission = Emission(decide(project, observed, up, contents, scope, guests=[service]))
    emission.emit()
    ref = ContainerRef(
        name=request.name or one_off_name(project.name, service, request.slug),
        service=request.service,
        number=1,
    )
    reason = Reason(why=Why.REQUESTED, subject="run")
    state = one_off_state(project, service, contents)
    kind = OneOff(slug=request.slug, remove=request.remove, use_aliases=request.use_aliases)
    there = create_one_off(emission.work, state, ref, kind, reason)
    gate = emission.waits.gate(service)
    if request.detach:
        start = StartContainer(container=ref)
        emission.work.draft.add(start, reason, needs=[*there, *gate.needs], after=gate.after)
    return emission.plan()
