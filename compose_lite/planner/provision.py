"""Adds the actions that make networks and volumes, removing what has their names first where it has to go."""

from __future__ import annotations

from compose_lite.planner import hashing
from compose_lite.planner.actions import CreateNetwork, CreateVolume, RemoveNetwork, RemoveVolume
from compose_lite.planner.work import Made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.draft import Draft
    from compose_lite.planner.networks import NetworkDecisions
    from compose_lite.planner.reasons import Reason
    from compose_lite.planner.volumes import VolumeDecisions


def emit_networks(draft: Draft, decisions: NetworkDecisions) -> Made:
    """Add the actions that make networks."""
    creating: dict[str, int] = {}
    removing: dict[str, int] = {}
    anew: dict[str, Reason] = {}
    for decision in decisions.made:
        name = decision.network.name
        if decision.old is not None:
            gone = RemoveNetwork(id=decision.old.id, name=name)
            anew[name] = decision.reasons[0]
            removing[name] = draft.add(gone, *decision.reasons)
        action = CreateNetwork(
            key=decision.network.key, name=name, config_hash=hashing.network_hash(decision.network)
        )
        needs = [removing[name]] if name in removing else []
        creating[name] = draft.add(action, *decision.reasons, needs=needs)
    return Made(creating=creating, removing=removing, anew=anew)


def emit_volumes(draft: Draft, decisions: VolumeDecisions) -> Made:
    """Add the actions that make volumes."""
    creating: dict[str, int] = {}
    removing: dict[str, int] = {}
    anew: dict[str, Reason] = {}
    for decision in decisions.made:
        name = decision.volume.name
        if decision.old is not None:
            anew[name] = decision.reasons[0]
            removing[name] = draft.add(RemoveVolume(name=name), *decision.reasons)
        action = CreateVolume(
            key=decision.volume.key, name=name, config_hash=hashing.volume_hash(decision.volume)
        )
        needs = [removing[name]] if name in removing else []
        creating[name] = draft.add(action, *decision.reasons, needs=needs)
    return Made(creating=creating, removing=removing, anew=anew)
