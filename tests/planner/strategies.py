"""Draws stacks, and daemons in any state that users, other tools and interrupted runs can leave behind."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from compose_lite import labels
from compose_lite.errors import PlanError
from compose_lite.planner.converge import plan_up
from compose_lite.planner.requests import UpRequest
from compose_lite.spec.model import Deploy, FrozenMap, Network, Project, UpdateConfig, Volume
from tests.fakes.simulated_daemon import SimContainer, SimulatedDaemon, with_images
from tests.planner.stacks import project, service

NAMES = ("a", "b", "c", "d")
PORTS = (8001, 8002)


UPDATES = st.builds(
    UpdateConfig,
    order=st.sampled_from(["start-first", "stop-first"]),
    parallelism=st.sampled_from([None, 0, 2]),
    delay=st.sampled_from([None, 1.0]),
    failure_action=st.sampled_from(["pause", "continue", "rollback"]),
).map(lambda config: Deploy(update_config=config))


KEEPING = FrozenMap({"x-compose-lite": {"keep_previous": True}})


@st.composite
def stacks(draw: st.DrawFn) -> Project:
    """Up to four services that need each other in all the ways there are, without a circle."""
    count = draw(st.integers(1, len(NAMES)))
    services = []
    jobs: set[str] = set()
    ports = list(PORTS)
    for name in NAMES[:count]:
        earlier = [s for s in services if s.replicas]
        needs = {}
        for other in draw(st.lists(st.sampled_from(earlier), unique_by=lambda s: s.name)) if earlier else []:
            conditions = ["started"]
            if other.healthcheck is not None and other.name not in jobs:
                conditions.append("healthy")
            if other.healthcheck is None and other.network_mode is None:
                conditions.append("completed_successfully")
            needs[other.name] = draw(st.sampled_from(conditions))
            if needs[other.name] == "completed_successfully":
                jobs.add(other.name)
        fields = {}
        lenders = [s.name for s in earlier if s.name not in jobs]
        if lenders and draw(st.integers(0, 3)) == 0:
            lender = draw(st.sampled_from(lenders))
            fields["network_mode"] = f"service:{lender}"
            needs.setdefault(lender, "started")
        port = draw(st.sampled_from([None, *ports]))
        if port is not None:
            ports.remove(port)
        single = port is not None
        if draw(st.integers(0, 5)) == 0:
            fields["container_name"] = draw(st.sampled_from(["solo", f"{name}-x", "p-a-1", "p-b-1"]))
            single = True
        services.append(
            service(
                name,
                needs=needs,
                networks=draw(st.sampled_from([("default",), ("back",), ("back", "default"), ()])),
                volumes=draw(st.sampled_from([{}, {"/data": "data"}, {"/anon": None}])),
                port=port,
                healthy=draw(st.booleans()),
                restart_with=draw(st.lists(st.sampled_from(sorted(needs)))) if needs else [],
                optional=draw(st.lists(st.sampled_from(sorted(needs)))) if needs else [],
                scale=1 if single else draw(st.sampled_from([1, 1, 2, 3, 0])),
                environment=FrozenMap({"V": draw(st.sampled_from("12"))}),
                deploy=draw(st.none() | UPDATES),
                extensions=draw(st.sampled_from([FrozenMap(), KEEPING])),
                **fields,
            )
        )
    # What others share or wait for has to be able to do it, whatever was drawn first.
    lent = {peer for s in services for peer in s.namespace_peers()}
    services = [
        replace(s, healthcheck=None) if s.name in jobs else s for s in services if s.name not in lent & jobs
    ]
    for _ in NAMES:  # a lender that went takes its borrowers along
        kept = {s.name for s in services}
        services = [s for s in services if set(s.namespace_peers()) <= kept]
    names = [s.container_name for s in services if s.container_name]
    if len(set(names)) != len(names) or any(taken in names for taken in _default_names(services)):
        services = [replace(s, container_name=None) for s in services]
    kept = {s.name for s in services}
    services = [replace(s, depends_on=tuple(d for d in s.depends_on if d.service in kept)) for s in services]
    tag = draw(st.sampled_from(["1", "2"]))
    back = Network(key="back", name="p_back", labels=FrozenMap({"tag": tag}))
    options = FrozenMap({"o": draw(st.sampled_from(["1", "1", "2"]))})
    data = Volume(key="data", name="p_data", driver_opts=options)
    return project(*services, networks={"back": back}, volumes={"data": data})


def _default_names(services: list) -> set[str]:
    return {
        f"p-{s.name}-{number}"
        for s in services
        if not s.container_name
        for number in range(1, s.replicas + 4)
    }


@st.composite
def histories(draw: st.DrawFn, target: Project) -> SimulatedDaemon:
    """A daemon with a past: an earlier version of the stack, an interrupted run, and what people did by hand."""
    past = draw(stacks())
    daemon = with_images(SimulatedDaemon("p"), (*past.services.values(), *target.services.values()))
    _try_up(daemon, past, draw(st.none() | st.integers(0, 12)), UpRequest())
    if draw(st.booleans()):
        request = UpRequest(
            recreate=draw(st.sampled_from(["diverged", "force"])), remove_orphans=draw(st.booleans())
        )
        _try_up(daemon, target, draw(st.integers(0, 15)), request)
    for act in draw(st.lists(st.sampled_from(ACTS), max_size=4)):
        if daemon.containers:
            chosen = draw(st.sampled_from(sorted(daemon.containers)))
            act(daemon, daemon.containers[chosen])
    return daemon


def _try_up(daemon: SimulatedDaemon, stack: Project, stop_after: int | None, request: UpRequest) -> None:
    """Bring the stack up, perhaps not to the end; not at all where a name is taken."""
    try:
        plan = plan_up(stack, daemon.observe(), request)
    except PlanError:
        return
    daemon.apply(plan, stack, stop_after=stop_after)


def _stop(daemon: SimulatedDaemon, c: SimContainer) -> None:
    if c.running:
        c.state, c.exit_code = "exited", 137


def _pause(daemon: SimulatedDaemon, c: SimContainer) -> None:
    if c.state == "running":
        c.state = "paused"


def _die(daemon: SimulatedDaemon, c: SimContainer) -> None:
    c.state = "dead"


def _start_removing(daemon: SimulatedDaemon, c: SimContainer) -> None:
    c.state = "removing"


def _rename(daemon: SimulatedDaemon, c: SimContainer) -> None:
    if all(other.name != "renamed" for other in daemon.containers.values()):
        c.name = "renamed"


def _swap_names(daemon: SimulatedDaemon, c: SimContainer) -> None:
    other = max(daemon.containers.values(), key=lambda o: o.id)
    c.name, other.name = other.name, c.name


def _remove(daemon: SimulatedDaemon, c: SimContainer) -> None:
    del daemon.containers[c.id]


def _disconnect(daemon: SimulatedDaemon, c: SimContainer) -> None:
    for network in list(c.endpoints)[:1]:
        del c.endpoints[network]
        c.effective.pop(f"networks.{network}", None)


def _remove_networks(daemon: SimulatedDaemon, c: SimContainer) -> None:
    used = {name for o in daemon.containers.values() if o.running for name in o.endpoints}
    for name in set(daemon.networks) - used:
        del daemon.networks[name]


def _duplicate(daemon: SimulatedDaemon, c: SimContainer) -> None:
    daemon.clock += 1
    twin = replace(
        c,
        id=f"{daemon.clock:064x}",
        name=f"twin-{daemon.clock}",
        created=daemon.clock,
        labels=dict(c.labels),
        effective=dict(c.effective),
        endpoints=dict(c.endpoints),
        mounts=list(c.mounts),
        ports=(),
    )
    daemon.containers[twin.id] = twin


def _lose_number(daemon: SimulatedDaemon, c: SimContainer) -> None:
    c.number = 0


def _make_foreign(daemon: SimulatedDaemon, c: SimContainer) -> None:
    """As if docker compose had made it: another hash, the same configuration."""
    c.labels.pop(labels.HASH, None)
    c.labels[labels.CONFIG_HASH] = "other"


def _make_orphan(daemon: SimulatedDaemon, c: SimContainer) -> None:
    if all(o.name != "orphan" for o in daemon.containers.values()):
        c.service, c.name, c.ports = "ghost", "orphan", ()


def _make_oneoff(daemon: SimulatedDaemon, c: SimContainer) -> None:
    if all(o.name != "oneoff" for o in daemon.containers.values()):
        c.oneoff, c.name, c.ports = True, "oneoff", ()


def _rebuild_image(daemon: SimulatedDaemon, c: SimContainer) -> None:
    daemon.clock += 1
    daemon.add_image(c.image, generation=1000 + daemon.clock)


ACTS = (
    _stop,
    _pause,
    _die,
    _start_removing,
    _rename,
    _swap_names,
    _remove,
    _disconnect,
    _remove_networks,
    _duplicate,
    _lose_number,
    _make_foreign,
    _make_orphan,
    _make_oneoff,
    _rebuild_image,
)
