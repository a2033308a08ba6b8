"""Small builders for projects and situations, so that planner tests read as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from compose_lite.planner.converge import plan_up
from compose_lite.planner.render import terse
from compose_lite.planner.requests import UpRequest
from compose_lite.spec.model import (
    Dependency,
    FrozenMap,
    Healthcheck,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    Project,
    Service,
    Volume,
)
from tests.fakes.simulated_daemon import SimulatedDaemon, with_images

if TYPE_CHECKING:
    from compose_lite.planner.plan import Plan

HEALTHCHECK = Healthcheck(test=("CMD", "true"), interval=1.0)


def service(
    name: str,
    *,
    needs: Mapping[str, str] | Iterable[str] = (),
    networks: Iterable[str] = ("default",),
    volumes: Mapping[str, str | None] | None = None,
    port: int | None = None,
    healthy: bool = False,
    restart_with: Iterable[str] = (),
    optional: Iterable[str] = (),
    **fields: Any,
) -> Service:
    """A service; `needs` are names (or name → condition), `volumes` target → volume key (None: anonymous)."""
    conditions = dict(needs) if isinstance(needs, Mapping) else dict.fromkeys(needs, "started")
    depends_on = tuple(
        Dependency(
            service=need,
            condition=f"service_{condition}",  # type: ignore[arg-type]  # one of the three by the caller
            required=need not in set(optional),
            restart=need in set(restart_with),
        )
        for need, condition in conditions.items()
    )
    attached = () if "network_mode" in fields else networks
    return Service(
        name=name,
        image=fields.pop("image", f"{name}:1"),
        depends_on=depends_on,
        networks=tuple(NetworkAttachment(network=network) for network in attached),
        volumes=tuple(Mount(type="volume", target=t, source=s) for t, s in (volumes or {}).items()),
        ports=(Port(target=80, published=str(port)),) if port is not None else (),
        healthcheck=HEALTHCHECK if healthy else None,
        **fields,
    )


def project(*services: Service, name: str = "p", **fields: Any) -> Project:
    """A project with the networks and volumes that the services mention."""
    networks = {a.network for s in services for a in s.networks}
    volumes = {m.source for s in services for m in s.volumes if m.source is not None}
    given_networks = fields.pop("networks", {})
    given_volumes = fields.pop("volumes", {})
    return Project(
        name=name,
        working_dir="/src",
        services=FrozenMap(sorted((s.name, s) for s in services)),
        networks=FrozenMap(
            {k: given_networks.get(k, Network(key=k, name=f"{name}_{k}")) for k in sorted(networks)}
        ),
        volumes=FrozenMap(
            {k: given_volumes.get(k, Volume(key=k, name=f"{name}_{k}")) for k in sorted(volumes)}
        ),
        **fields,
    )


def daemon_for(*projects: Project) -> SimulatedDaemon:
    """An empty daemon that has the images."""
    daemon = SimulatedDaemon(projects[0].name)
    for one in projects:
        with_images(daemon, one.services.values())
    return daemon


def up(daemon: SimulatedDaemon, stack: Project, **request: Any) -> Plan:
    """Plan and carry out an `up`."""
    plan = plan_up(stack, daemon.observe(), UpRequest(**request))
    daemon.apply(plan, stack)
    return plan


def running(stack: Project) -> SimulatedDaemon:
    """A daemon on which the stack has been brought up."""
    daemon = daemon_for(stack)
    up(daemon, stack)
    return daemon


def planned(stack: Project, daemon: SimulatedDaemon, **request: Any) -> str:
    """The plan of an `up` in its terse form."""
    return terse(plan_up(stack, daemon.observe(), UpRequest(**request)))


def told(text: str) -> str:
    """A plan written down in a test: the indentation goes."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
