"""What happens while a plan is carried out, as plain data for views, tests and library users."""

from __future__ import annotations

from collections.abc import Callable

from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from compose_lite.errors import FailureReport, Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStarted:
    """A plan's execution begins; `actions` is how many there are."""

    actions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionStarted:
    """An action begins.

    Attributes:
        id: the action's number in its plan.
        verb: what is done (`create`, `start`, `pull`, `wait`).
        kind: what it is done to (`container`, `network`, `volume`, `image`).
        name: the daemon's name of that thing.
        service: the service concerned, if any.
        reason: why, one line.
        becomes: the name that it will have in the end, if that is another one: a container that takes the place of
            another one has a temporary name until that has gone.
    """

    id: int
    verb: str
    kind: str
    name: str
    service: str | None = None
    reason: str = ""
    becomes: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionProgress:
    """An action goes on: what it does or waits for; `current`/`total` are bytes or steps when known.

    `output` marks a line that a build's step wrote, for views that show all of it.
    """

    id: int
    text: str
    current: int | None = None
    total: int | None = None
    output: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionSucceeded:
    """An action is done; `changed` is False where the daemon was found to be there already."""

    id: int
    seconds: float
    changed: bool = True
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionFailed:
    """An action failed; what depends on it will not be done."""

    id: int
    seconds: float
    report: FailureReport


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionSkipped:
    """An action was not begun, because of the failed or cancelled action `because`."""

    id: int
    because: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unchanged:
    """Nothing has to be done about this: it is as it should be."""

    kind: str
    name: str
    service: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanFinished:
    """No action is under way any more."""

    succeeded: int
    failed: int
    skipped: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One line (without its end) that a container wrote; `time` is the daemon's RFC 3339 stamp."""

    service: str
    container: str
    number: int
    stream: Literal["stdout", "stderr"]
    text: bytes
    time: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerExited:
    """A followed container ended; `restarting` if its restart policy starts it again."""

    service: str
    container: str
    exit_code: int
    restarting: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A warning or a hint for the user that belongs to no action."""

    problem: Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchStarted:
    """From now on changed files take effect in these services."""

    services: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchBatch:
    """Changed files have taken effect.

    Attributes:
        service: where; empty if the project's own files changed.
        actions: what was done, in this order: `sync`, `exec`, `restart`, `rebuild`, `replace`, `apply`.
        paths: the changed files, absolute; empty where a new container was brought up to date.
        sent, deleted: how many files each container got and lost.
        containers: how many containers it was done to.
        seconds: since the change was noticed.
    """

    service: str
    actions: tuple[str, ...]
    paths: tuple[str, ...] = ()
    sent: int = 0
    deleted: int = 0
    containers: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchFailed:
    """Changed files have not taken effect; what ran before still does.

    Attributes:
        service: where; empty if the project's own files changed.
        action: what was tried, as in `WatchBatch`.
        reports: what failed, as a failed command would tell it; else `problems` has it.
    """

    service: str
    action: str
    problems: tuple[Problem, ...] = ()
    reports: tuple[FailureReport, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchMended:
    """The project's files could not be used after a change, and now can."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerUnhealthy:
    """A supervised container has turned unhealthy, or could not be restarted, and is to be restarted.

    Attributes:
        attempt, attempts: which restart this will be, of how many.
        delay: seconds until then.
        probe: the last result of its health check; empty if there is none.
    """

    service: str
    container: str
    attempt: int
    attempts: int
    delay: float
    probe: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerRevived:
    """A supervised container was restarted because it was unhealthy, which took so many seconds."""

    service: str
    container: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerGivenUp:
    """A supervised container is unhealthy although it was restarted `attempts` times: it is left as it is."""

    service: str
    container: str
    attempts: int
    report: FailureReport


@dataclass(frozen=True, kw_only=True, slots=True)
class SupervisionFailed:
    """Containers could not be restarted (`containers` has their names), or (none) the daemon is out of reach.

    It is tried again. Attributes: `reports` as a failed command would tell it; else `problems` has it.
    """

    containers: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    reports: tuple[FailureReport, ...] = ()


Event = (
    PlanStarted
    | ActionStarted
    | ActionProgress
    | ActionSucceeded
    | ActionFailed
    | ActionSkipped
    | Unchanged
    | PlanFinished
    | LogLine
    | ContainerExited
    | Notice
    | WatchStarted
    | WatchBatch
    | WatchFailed
    | WatchMended
    | ContainerUnhealthy
    | ContainerRevived
    | ContainerGivenUp
    | SupervisionFailed
)

# Receives events, one at a time, from any thread; must return quickly.
EventSink = Callable[[Event], None]


def ignore(event: Event, /) -> None:
    """An `EventSink` that drops everything."""
