"""Decides which networks to create or to make anew, and what that means for the containers on them."""

from __future__ import annotations

from compose_lite import labels
from compose_lite.errors import Problem, Severity
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.planner import effective, hashing
from compose_lite.planner.differences import differences
from compose_lite.planner.reasons import Reason, Why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.observed import Observed, ObservedNetwork
    from compose_lite.spec.model import Network, Project, Service


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkDecision:
    """A network that has to be created; `old` is the one of its name that has to go first."""

    network: Network
    reasons: tuple[Reason, ...]
    old: ObservedNetwork | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkDecisions:
    """What becomes of the networks, and what is wrong with them."""

    made: tuple[NetworkDecision, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def networks_used(project: Project, services: Iterable[Service]) -> tuple[Network, ...]:
    """The project's networks that the services join, by key."""
    keys = {attachment.network for service in services for attachment in service.networks}
    return tuple(project.networks[key] for key in sorted(keys) if key in project.networks)


def decide_networks(project: Project, observed: Observed, networks: Iterable[Network]) -> NetworkDecisions:
    """Compare the networks with what is there."""
    made, problems, warnings = [], [], []
    for network in networks:
        found = observed.networks.get(network.name)
        if network.external:
            if found is None:
                problems.append(_no_external(network))
        elif found is None:
            reason = Reason(why=Why.NOT_FOUND, subject="network")
            made.append(NetworkDecision(network=network, reasons=(reason,)))
        elif found.labels.get(labels.NETWORK) != network.key:
            problems.append(_not_ours(network))
        elif found.labels.get(labels.PROJECT) != project.name:
            warnings.append(_of_other_project(network, found))
        else:
            changed = _changed(network, found)
            if changed is not None:
                made.append(NetworkDecision(network=network, reasons=(changed,), old=found))
    return NetworkDecisions(made=tuple(made), problems=tuple(problems), warnings=tuple(warnings))


def _changed(network: Network, found: ObservedNetwork) -> Reason | None:
    """The reason to make the network anew; the hash alone tells of what an inspection does not show."""
    marked = found.labels.get(labels.HASH, "")
    if marked == hashing.label(hashing.network_hash(network)):
        return None
    changes = differences(effective.network(network), found.effective)
    if changes or marked.startswith(hashing.label("")):
        return Reason(why=Why.NETWORK_CHANGED, subject=network.key, changes=changes)
    return None


def _no_external(network: Network) -> Problem:
    return Problem(
        code="external-network-missing",
        message=f"network {network.name!r} is declared as external, but the daemon does not have it",
        hint=f"create it: docker network create {network.name}",
        location=network.location,
        path=f"networks.{network.key}",
    )


def _not_ours(network: Network) -> Problem:
    return Problem(
        code="network-not-ours",
        message=f"a network {network.name!r} exists, but was not made for {network.key!r} of this project",
        hint=f"declare it `external: true` to use it, or remove it: docker network rm {network.name}",
        location=network.location,
        path=f"networks.{network.key}",
    )


def _of_other_project(network: Network, found: ObservedNetwork) -> Problem:
    owner = found.labels.get(labels.PROJECT, "")
    return Problem(
        code="network-of-other-project",
        message=f"network {network.name!r} was made for the project {owner!r}; it is used as it is",
        hint="declare it `external: true` if that is meant",
        location=network.location,
        path=f"networks.{network.key}",
        severity=Severity.WARNING,
    )
