"""The process's streams as the runner's sessions want them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.cli.terminal import Terminal
    from compose_lite.runner.console import Console


def console_of(terminal: Terminal) -> Console:
    """The console of a terminal; what is buffered is written first, to keep the order."""
    from compose_lite.runner.console import Console

    terminal.flush()
    return Console(
        stdin=terminal.stdin.fileno(), stdout=terminal.stdout.fileno(), stderr=terminal.stderr.fileno()
    )


def variables(given: Iterable[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """`NAME=value` items; a bare name takes its value from the environment, or is dropped if unset there."""
    found: list[str] = []
    for item in given:
        if "=" in item:
            found.append(item)
        elif item in environ:
            found.append(f"{item}={environ[item]}")
    return tuple(found)
