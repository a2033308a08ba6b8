"""compose-lite: a Compose-style orchestrator that says why before it acts.

As a library: `compose_lite.load(...)` returns a `Project`, typed and frozen, with the verbs `plan`, `up`, `down` …;
every failure is a `compose_lite.ComposeLiteError` whose `problems` tell what is wrong, where, and how to mend it.
docs/library.md tells more.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for True; `typing` itself would cost milliseconds
if TYPE_CHECKING:
    from typing import Any

    from compose_lite.errors import ComposeLiteError as ComposeLiteError
    from compose_lite.pipeline.captured import CommandResult as CommandResult
    from compose_lite.pipeline.changes import Changes as Changes
    from compose_lite.pipeline.loading import load as load
    from compose_lite.pipeline.project import Project as Project
    from compose_lite.planner.observed import ObservedContainer as Container
    from compose_lite.runner.connect import connect_daemon as connect

__version__ = "0.1.0"
__all__ = ["Changes", "CommandResult", "ComposeLiteError", "Container", "Project", "connect", "load"]

# Where the public names live: they are imported when first used, so that the command line starts fast.
_HOMES = {
    "Changes": ("compose_lite.pipeline.changes", "Changes"),
    "CommandResult": ("compose_lite.pipeline.captured", "CommandResult"),
    "ComposeLiteError": ("compose_lite.errors", "ComposeLiteError"),
    "Container": ("compose_lite.planner.observed", "ObservedContainer"),
    "Project": ("compose_lite.pipeline.project", "Project"),
    "connect": ("compose_lite.runner.connect", "connect_daemon"),
    "load": ("compose_lite.pipeline.loading", "load"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
