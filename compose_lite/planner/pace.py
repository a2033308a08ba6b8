"""How long a service's containers may take to stop, and to show that they are well: what is known beforehand."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.model import EMPTY, FrozenMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.spec.model import Healthcheck, Project, Service

# The engine's own values where neither file nor image says anything, in seconds.
DEFAULT_GRACE = 10.0
_DEFAULT_INTERVAL = 30.0

# From this API version on the engine knows start_interval.
_START_INTERVAL_FROM = (1, 44)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Times of a service in seconds.

    Attributes:
        grace: the longest time from the stop signal to the kill.
        first_probe: from a start to the first result of the health check of the files; `None` if they have none.
        probed_by: the field that says when the first probe is.
    """

    grace: float = DEFAULT_GRACE
    first_probe: float | None = None
    probed_by: str = ""


def paces(project: Project | None, observed: Observed) -> Mapping[str, Pace]:
    """The pace of each service that files or inspected containers tell of.

    A container that runs has the grace period that it was made with; where that is not known it is the files'.
    """
    made: dict[str, list[float]] = {}
    for container in observed.containers:
        grace = _grace_of(container)
        if grace is not None:
            made.setdefault(container.service, []).append(grace)
    api = tuple(int(part) for part in observed.api_version.split("."))
    services = EMPTY if project is None else project.services
    names = sorted(services.keys() | made.keys())
    return FrozenMap((name, _pace(services.get(name), made.get(name, []), api)) for name in names)


def _grace_of(container: ObservedContainer) -> float | None:
    if container.effective is None:
        return None
    return float(container.effective.get("stop_grace_period", DEFAULT_GRACE))


def _pace(service: Service | None, made: list[float], api: tuple[int, ...]) -> Pace:
    if service is None:
        return Pace(grace=max(made))
    wanted = DEFAULT_GRACE if service.stop_grace_period is None else service.stop_grace_period
    first, by = _first_probe(service.healthcheck, api)
    return Pace(grace=max(made, default=wanted), first_probe=first, probed_by=by)


def _first_probe(check: Healthcheck | None, api: tuple[int, ...]) -> tuple[float | None, str]:
    if check is None or check.disable or not check.test or check.test[0] == "NONE":
        return None, ""
    if check.start_interval and check.start_period and api >= _START_INTERVAL_FROM:
        return check.start_interval, "healthcheck.start_interval"
    return check.interval or _DEFAULT_INTERVAL, "healthcheck.interval"
