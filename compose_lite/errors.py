"""The error tree: every failure that a user can meet, with where, what and how to mend it.

ComposeLiteError
├── SpecError            the files say something wrong; carries every problem found
├── UsageError           the command line asks for something impossible
├── DaemonError          the daemon refused, failed or could not be reached
│   ├── DaemonUnavailable    nothing answers at the daemon's address
│   ├── AnswerLost           the connection broke: whether the daemon obeyed is unknown
│   ├── DiskFull             the daemon has no room for what was asked
│   ├── NotFound             the daemon knows no such object
│   └── Conflict             the daemon's state forbids the request
├── PlanError            the state that the daemon is in forbids what was asked
├── BuildFailed          an image could not be built; carries the failing step's output
├── CannotSync           files can't be copied into a container that is watched for
│   └── CannotDelete         nothing in the container can delete files
├── ExecutionError       at least one action of a plan failed
├── LockHeld             another invocation works on the same project
└── Interrupted          the user asked to stop
"""

from __future__ import annotations

from enum import Enum

from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(Enum):
    """How bad a problem is: an error refuses the file set, a warning does not."""

    ERROR = "error"
    WARNING = "warning"

    # Some Pythons (3.11.2) would pickle a call of `getattr`, which the reader of kept projects rightly refuses.
    def __reduce_ex__(self, _protocol: object) -> tuple[type[Severity], tuple[str]]:
        return Severity, (self.value,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A place in a file that the user wrote.

    Attributes:
        file: path as shown to the user (``-`` for standard input).
        line: 1-based line, or ``None`` if the problem concerns the whole file.
        column: 1-based column, or ``None``.
        source_line: the text of that line, for the excerpt with the caret.
    """

    file: str
    line: int | None = None
    column: int | None = None
    source_line: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong (or worth a warning), as data.

    Attributes:
        code: stable identifier, documented in ``docs/errors.md`` (``unknown-key``).
        message: what is wrong, in the user's words, without the location.
        hint: how to mend it, or ``None`` where the message already says so.
        location: where, or ``None`` if no file is concerned.
        path: position in the model (``services.web.ports[0]``), or an empty string.
        severity: error or warning.
    """

    code: str
    message: str
    hint: str | None = None
    location: Location | None = None
    path: str = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureReport:
    """Everything that is needed to act on a failed action.

    Attributes:
        action: what failed: `start container shop-web-1`.
        reason: why that was being done, one line.
        probes: the last results of the health check.
        log_tail: the last lines that the container (or the build) wrote.
        undone: what was not done because of the failure: `create container shop-proxy-1`.
        resume: the command line that goes on from here, once the cause is mended.
    """

    message: str
    hint: str | None = None
    code: str = "failed"
    container: str | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    probes: tuple[str, ...] = ()
    log_tail: tuple[str, ...] = ()
    action: str = ""
    reason: str = ""
    undone: tuple[str, ...] = ()
    resume: str = ""


class ComposeLiteError(Exception):
    """Base of every error that compose-lite raises on purpose.

    Attributes:
        problems: one entry for each thing that is wrong; never empty.
        exit_code: what the command line exits with.
    """

    exit_code = 1
    code = "error"

    def __init__(
        self,
        message: str = "",
        *,
        hint: str | None = None,
        code: str | None = None,
        problems: Iterable[Problem] = (),
    ) -> None:
        found = tuple(problems)
        if not found:
            found = (Problem(code=code or type(self).code, message=message, hint=hint),)
        self.problems: tuple[Problem, ...] = found
        super().__init__(message or "; ".join(problem.message for problem in found))

    @property
    def hint(self) -> str | None:
        """The remedy of the first problem."""
        return self.problems[0].hint


class SpecError(ComposeLiteError):
    """The compose files, env files or variables are wrong; `problems` has all of them."""

    code = "invalid-file"


class UsageError(ComposeLiteError):
    """The command line asks for something that does not exist or does not fit together."""

    code = "usage"


class DaemonError(ComposeLiteError):
    """The daemon answered with an error.

    Attributes:
        status: HTTP status of the answer, or ``None`` if there was none.
    """

    code = "daemon"

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class DaemonUnavailable(DaemonError):
    """Nothing answers at the daemon's address, or access to it is denied."""

    code = "no-daemon"


class EngineTooOld(DaemonError):
    """The daemon speaks none of the API versions that are known here."""

    code = "engine-too-old"


class AnswerLost(DaemonError):
    """The connection broke after a request was sent: whether the daemon obeyed is unknown."""

    code = "answer-lost"


class DiskFull(DaemonError):
    """The disk where the daemon keeps its data is full; `REMEDY` is the hint."""

    code = "disk-full"
    REMEDY = "make room there (`docker system df` shows what takes it up), then run the command again"


class NotFound(DaemonError):
    """The daemon knows no such container, image, network or volume (HTTP 404)."""

    code = "not-found"


class Conflict(DaemonError):
    """The daemon's present state forbids the request (HTTP 409)."""

    code = "conflict"


class PlanError(ComposeLiteError):
    """What was asked can't be planned from the state that the daemon is in."""

    code = "plan"


class BuildFailed(ComposeLiteError):
    """An image could not be built.

    Attributes:
        service: the service whose image failed, None if the build tool did not say.
        output: what the failing step wrote last, line by line.
    """

    code = "build-failed"

    def __init__(
        self,
        message: str,
        *,
        service: str | None = None,
        output: tuple[str, ...] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.service = service
        self.output = output


class CannotSync(ComposeLiteError):
    """A container can't be given the files of the host, for a reason that another attempt would meet again."""

    code = "cannot-sync"


class CannotDelete(CannotSync):
    """Nothing in the container can delete files; those to be sent have been sent."""

    code = "cannot-delete"


class ExecutionError(ComposeLiteError):
    """At least one action failed.

    Attributes:
        reports: for each failed action what is needed to act on it, as `problems` but with more detail.
    """

    code = "failed"

    def __init__(
        self,
        message: str = "",
        *,
        hint: str | None = None,
        problems: Iterable[Problem] = (),
        reports: Iterable[FailureReport] = (),
    ) -> None:
        super().__init__(message, hint=hint, problems=problems)
        self.reports = tuple(reports)


class LockHeld(ComposeLiteError):
    """Another invocation is changing the same project on the same daemon."""

    code = "locked"


class Interrupted(ComposeLiteError):
    """The user asked to stop (Ctrl-C or a signal)."""

    exit_code = 130
    code = "interrupted"
