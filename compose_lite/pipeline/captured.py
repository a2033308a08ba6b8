"""Runs commands in containers for users of the library: output is collected instead of shown."""

from __future__ import annotations

from contextlib import contextmanager
from tempfile import TemporaryFile

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.console import Console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.exec import ExecOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandResult:
    """How a command in a container ended, and what it wrote."""

    exit_code: int
    stdout: bytes
    stderr: bytes


def execute(daemon: Daemon, container: str, options: ExecOptions) -> CommandResult:
    """Run a command in a running container; raises `DaemonError` if it can't be started."""
    from compose_lite.runner.exec import execute as execute_at

    with _collected() as (console, result):
        return result(execute_at(daemon, container, options, console))


def run(daemon: Daemon, container: str, *, started: Callable[[], object]) -> CommandResult:
    """Start a created container and wait for its end; raises `DaemonError` if it can't be started."""
    from compose_lite.runner.attach import AttachOptions
    from compose_lite.runner.run_session import run_attached

    nobody = AttachOptions(stdin=False, signals=False)
    with _collected() as (console, result):
        return result(run_attached(daemon, container, nobody, console, started=started))


@contextmanager
def _collected() -> Iterator[tuple[Console, Callable[[int | None], CommandResult]]]:
    """A console whose output goes to files, and what makes a result of an exit code and these files."""
    with TemporaryFile() as out, TemporaryFile() as err:

        def result(exit_code: int | None) -> CommandResult:
            out.seek(0)
            err.seek(0)
            return CommandResult(exit_code=exit_code or 0, stdout=out.read(), stderr=err.read())

        yield Console(stdout=out.fileno(), stderr=err.fileno()), result
