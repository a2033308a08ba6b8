"""Looks, before anything is changed, for who holds the ports which a plan is going to publish.

Containers of the snapshot that hold them are the planner's business; here it is processes, and containers that
were started since.
"""

from __future__ import annotations

from compose_lite.errors import PlanError, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.planner.observed import Observed
    from compose_lite.planner.plan import Plan
    from compose_lite.runner.daemon import Daemon
    from compose_lite.spec.model import Port, Project, Service

EVERYWHERE = ("", "0.0.0.0", "::")


def check_ports(plan: Plan, project: Project, observed: Observed, daemon: Daemon) -> None:
    """Raise `PlanError` if somebody on this machine listens on a port that new containers publish.

    Nothing can be said, and nothing is, where the daemon is on another machine.
    """
    wanted = list(_new_ports(plan, project, observed))
    if not wanted:
        return
    from compose_lite.runner.conflicts import port_holder
    from compose_lite.runner.sockets import Listeners, sees_host_sockets

    if not sees_host_sockets(daemon.address):
        return
    problems = []
    listeners = Listeners()
    for service, port in wanted:
        address = "" if port.host_ip in EVERYWHERE else port.host_ip or ""
        number = int(port.published or 0)
        if listeners.inodes(number, port.protocol, host_ip=address):
            holder = port_holder(daemon, number, port.protocol, host_ip=address)
            problems.append(_taken(service, port, holder or "a process that has ended since"))
    if problems:
        raise PlanError(problems=problems)


def _new_ports(plan: Plan, project: Project, observed: Observed) -> Iterator[tuple[Service, Port]]:
    """The fixed ports of containers that will be created, save those that the project's own hold now."""
    if plan.empty:
        return
    from compose_lite.planner.actions import CreateContainer

    names = {s.action.container.service for s in plan.actions if isinstance(s.action, CreateContainer)}
    held = {
        (port.published, port.protocol)
        for container in observed.containers
        if container.running
        for port in container.ports
    }
    for name in sorted(names & project.services.keys()):
        service = project.services[name]
        for port in service.ports:
            fixed = port.published is not None and port.published.isdigit() and port.published != "0"
            if (
                fixed
                and port.protocol in ("tcp", "udp")
                and (int(port.published or 0), port.protocol) not in held
            ):
                yield service, port


def _taken(service: Service, port: Port, holder: str) -> Problem:
    return Problem(
        code="port-in-use",
        message=f"port {port.published}, which service {service.name!r} publishes, is in use by {holder}",
        hint="stop that, or publish another port",
        location=service.location,
        path=f"services.{service.name}.ports",
    )
