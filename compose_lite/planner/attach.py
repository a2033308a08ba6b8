"""Puts containers that stay back on the networks that they should be on."""

from __future__ import annotations

from compose_lite import labels
from compose_lite.planner.actions import ConnectNetwork, DisconnectNetwork
from compose_lite.planner.naming import SHORT_ID
from compose_lite.planner.reasons import Reason, Why
from compose_lite.planner.refs import ref_of
from compose_lite.spec.model import NetworkAttachment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.observed import ObservedContainer, ObservedEndpoint
    from compose_lite.planner.refs import ContainerRef
    from compose_lite.planner.work import Work
    from compose_lite.spec.model import Service


def reattach(work: Work, service: Service, container: ObservedContainer, there: list[int]) -> list[int]:
    """Connect the container to its service's networks where it is not; returns the nodes to wait for."""
    if service.network_mode is not None:
        return there
    endpoints = {endpoint.network: endpoint for endpoint in container.endpoints}
    nodes = list(there)
    for attachment in service.networks:
        network = work.project.networks.get(attachment.network)
        if network is None:
            continue
        endpoint = endpoints.pop(network.name, None)
        reason = _why(work, container, network.key, network.name, endpoint)
        if reason is not None:
            nodes = [*there, *_connect(work, container, network.name, attachment, endpoint, reason, nodes)]
        elif network.name in work.networks.creating:
            nodes.append(work.networks.creating[network.name])
    for endpoint in endpoints.values():
        if endpoint.network in work.networks.removing:
            nodes = [*there, *_move(work, container, endpoint, nodes)]
    return nodes


def take_names(
    work: Work, service: Service, container: ContainerRef, there: list[int], reason: Reason
) -> list[int]:
    """Connect a container anew under its service's names; returns the nodes to wait for."""
    nodes = there
    for attachment in service.networks:
        network = work.project.networks.get(attachment.network)
        if network is not None:
            off = DisconnectNetwork(container=container, network=network.name)
            on = ConnectNetwork(container=container, network=network.name, attachment=attachment)
            nodes = [work.draft.add(off, reason, needs=nodes)]
            nodes = [work.draft.add(on, reason, needs=nodes)]
    return nodes


def move_stranger(work: Work, container: ObservedContainer) -> None:
    """Take a container that the plan does not touch otherwise along to networks that are made anew."""
    nodes: list[int] = []
    for endpoint in container.endpoints:
        if endpoint.network in work.networks.removing:
            nodes = _move(work, container, endpoint, nodes)


def _move(
    work: Work, container: ObservedContainer, endpoint: ObservedEndpoint, needs: list[int]
) -> list[int]:
    own = {container.name, container.id[:SHORT_ID]}
    attachment = NetworkAttachment(
        network=_key(work, endpoint.network),
        aliases=tuple(alias for alias in endpoint.aliases if alias not in own),
    )
    reason = work.networks.anew[endpoint.network]
    return _connect(work, container, endpoint.network, attachment, endpoint, reason, needs)


def _key(work: Work, name: str) -> str:
    found = work.observed.networks.get(name)
    return found.labels.get(labels.NETWORK, name) if found is not None else name


def _why(
    work: Work, container: ObservedContainer, key: str, name: str, endpoint: ObservedEndpoint | None
) -> Reason | None:
    """Why the container has to be connected to a network of its service, if it has to."""
    if endpoint is None:
        return Reason(why=Why.CHANGED_OUTSIDE, subject=f"network {key} disconnected")
    if name in work.networks.removing:
        return work.networks.anew[name]
    if container.state == "created" and not endpoint.network_id:
        return None  # not resolved before its first start (seen on Engine 20.10)
    there = work.observed.networks.get(name)
    if there is None or (endpoint.network_id and endpoint.network_id != there.id):
        return Reason(why=Why.CHANGED_OUTSIDE, subject=f"network {key} was removed")
    return None


def _connect(
    work: Work,
    container: ObservedContainer,
    name: str,
    attachment: NetworkAttachment,
    endpoint: ObservedEndpoint | None,
    reason: Reason,
    needs: list[int],
) -> list[int]:
    ref, before = ref_of(container), list(needs)
    if endpoint is not None:
        off = DisconnectNetwork(container=ref, network=name, force=not container.running)
        before = [work.draft.add(off, reason, needs=before)]
        work.release_networks(container, before[0])
    if name in work.networks.creating:
        before.append(work.networks.creating[name])
    on = ConnectNetwork(container=ref, network=name, attachment=attachment, named=not container.oneoff)
    return [work.draft.add(on, reason, needs=before)]
