"""What every verb works with, and the stack that it works on."""

from __future__ import annotations

from compose_lite.events import ignore
from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from compose_lite.events import EventSink
    from compose_lite.planner.plan import Plan
    from compose_lite.runner.build import BuildOptions
    from compose_lite.runner.cancellation import Cancellation
    from compose_lite.runner.daemon import Daemon
    from compose_lite.spec.model import Project

# Looks at a plan before it is carried out; a false answer leaves it undone (`--dry-run`).
Review: TypeAlias = "Callable[[Plan], bool]"


def approve(_plan: Plan) -> bool:
    """A `Review` that lets every plan pass."""
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """A project as a command knows it: by its files, or by its name alone (`-p NAME down`)."""

    name: str
    project: Project | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """What a verb works with.

    Attributes:
        emit: receives everything that happens.
        review: sees each plan first, and may keep it from being carried out.
        parallel: most actions at a time, `None` for the runner's own limit.
        lock: keep other invocations from changing the project meanwhile.
        lock_timeout: seconds to wait for another invocation on the same project; 0 gives up at once.
        command: what an invocation that we keep out is told about us; nothing that may be secret.
        environ: variables for credentials and build tools.
        build: how images are built.
        cancellation: where work may be given up from outside; for one call of a verb.
    """

    daemon: Daemon
    emit: EventSink = ignore
    review: Review = approve
    parallel: int | None = None
    lock: bool = True
    lock_timeout: float = 0
    command: str = "compose-lite"
    environ: Mapping[str, str] = field(default=EMPTY, repr=False)
    build: BuildOptions | None = None
    cancellation: Cancellation | None = None
