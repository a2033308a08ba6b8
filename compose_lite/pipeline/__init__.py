"""One short function a verb: load, observe, plan, execute; what the command line and the Python API call.

Nothing here prints or reads keys. Everything that happens goes to an `EventSink`, every failure is a
`ComposeLiteError`. The names below are imported from their modules when they are first used, so that a
command pays only for what it needs.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from compose_lite.pipeline.means import Means as Means
    from compose_lite.pipeline.means import Stack as Stack
    from compose_lite.pipeline.pushing import PushRequest as PushRequest
    from compose_lite.pipeline.pushing import push as push
    from compose_lite.pipeline.pushing import pushable as pushable
    from compose_lite.pipeline.queries import config_hashes as config_hashes
    from compose_lite.pipeline.queries import containers as containers
    from compose_lite.pipeline.queries import replaced_containers as replaced_containers
    from compose_lite.pipeline.queries import service_container as service_container
    from compose_lite.pipeline.verbs import build as build
    from compose_lite.pipeline.verbs import create_one_off as create_one_off
    from compose_lite.pipeline.verbs import down as down
    from compose_lite.pipeline.verbs import kill as kill
    from compose_lite.pipeline.verbs import pause as pause
    from compose_lite.pipeline.verbs import pull as pull
    from compose_lite.pipeline.verbs import removable as removable
    from compose_lite.pipeline.verbs import restart as restart
    from compose_lite.pipeline.verbs import rm as rm
    from compose_lite.pipeline.verbs import rollback as rollback
    from compose_lite.pipeline.verbs import start as start
    from compose_lite.pipeline.verbs import stop as stop
    from compose_lite.pipeline.verbs import unpause as unpause
    from compose_lite.pipeline.verbs import up as up

_NAMES = {
    "means": ("Means", "Stack"),
    "pushing": ("PushRequest", "push", "pushable"),
    "queries": ("config_hashes", "containers", "replaced_containers", "service_container"),
    "verbs": (
        "build", "create_one_off", "down", "kill", "pause", "pull", "removable", "restart", "rm", "rollback", "start",
        "stop", "unpause", "up",
    ),
}  # fmt: skip
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = f"{__name__}.{_HOMES[name]}"
    __import__(module)  # as in cli.commands.load
    found = getattr(sys.modules[module], name)
    globals()[name] = found
    return found
