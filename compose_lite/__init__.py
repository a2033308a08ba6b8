"""compose-lite: a Compose-style orchestrator that says why before it acts.

As a library: `compose_lite.load(...)` returns a typed, frozen project; every failure is a
`compose_lite.ComposeLiteError` whose `problems` tell what is wrong, where, and how to mend it.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for True; `typing` itself would cost milliseconds
if TYPE_CHECKING:
    from typing import Any

    from compose_lite.errors import ComposeLiteError as ComposeLiteError
    from compose_lite.pipeline.loading import load as load
    from compose_lite.spec.model import Project as Project

__version__ = "0.1.0"
__all__ = ["ComposeLiteError", "Project", "load"]

# Where the public names live: they are imported when first used, so that the command line starts fast.
_HOMES = {
    "ComposeLiteError": "compose_lite.errors",
    "Project": "compose_lite.spec.model",
    "load": "compose_lite.pipeline.loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
