"""Binding of a service's `deploy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec import model as m
from compose_lite.spec.bind_common import device_requests, integer, seconds, texts

if TYPE_CHECKING:
    from collections.abc import Mapping


def deploy(entry: Mapping[str, Any]) -> m.Deploy:
    """Return the `deploy` section."""
    placement = entry.get("placement") or {}
    resources = entry.get("resources") or {}
    return m.Deploy(
        mode=entry.get("mode"),
        replicas=entry.get("replicas"),
        endpoint_mode=entry.get("endpoint_mode"),
        labels=m.FrozenMap(entry.get("labels", ())),
        limits=_limits(resources.get("limits")),
        reservations=_limits(resources.get("reservations")),
        restart_policy=_restart_policy(entry.get("restart_policy")),
        update_config=_update(entry.get("update_config")),
        rollback_config=_update(entry.get("rollback_config")),
        placement_constraints=texts(placement.get("constraints")),
        placement_preferences=tuple(item.get("spread", "") for item in placement.get("preferences", ())),
        placement_max_replicas_per_node=placement.get("max_replicas_per_node"),
    )


def _limits(entry: Mapping[str, Any] | None) -> m.ResourceLimits | None:
    if entry is None:
        return None
    specs = (item.get("discrete_resource_spec") for item in entry.get("generic_resources", ()))
    return m.ResourceLimits(
        cpus=entry.get("cpus"),
        memory=integer(entry.get("memory")),
        pids=entry.get("pids"),
        devices=device_requests(entry.get("devices", ())),
        generic_resources=tuple((spec["kind"], spec["value"]) for spec in specs if spec),
    )


def _restart_policy(entry: Mapping[str, Any] | None) -> m.RestartPolicy | None:
    if entry is None:
        return None
    return m.RestartPolicy(
        condition=entry.get("condition"),
        delay=seconds(entry.get("delay")),
        max_attempts=entry.get("max_attempts"),
        window=seconds(entry.get("window")),
    )


def _update(entry: Mapping[str, Any] | None) -> m.UpdateConfig | None:
    if entry is None:
        return None
    return m.UpdateConfig(
        parallelism=entry.get("parallelism"),
        delay=seconds(entry.get("delay")),
        failure_action=entry.get("failure_action"),
        monitor=seconds(entry.get("monitor")),
        max_failure_ratio=entry.get("max_failure_ratio"),
        order=entry.get("order"),
    )
