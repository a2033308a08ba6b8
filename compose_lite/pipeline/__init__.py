"""One short function a verb: load, observe, plan, execute; what the command line and the Python API call.

Nothing here prints or reads keys. Everything that happens goes to an `EventSink`, every failure is a
`ComposeLiteError`.
"""

from __future__ import annotations

from compose_lite.pipeline.means import Means, Stack
from compose_lite.pipeline.push import PushRequest, push, pushable
from compose_lite.pipeline.queries import config_hashes, containers, service_container
from compose_lite.pipeline.verbs import (
    build,
    create_one_off,
    down,
    kill,
    pause,
    pull,
    removable,
    restart,
    rm,
    start,
    stop,
    unpause,
    up,
)

__all__ = [
    "Means",
    "PushRequest",
    "Stack",
    "build",
    "config_hashes",
    "containers",
    "create_one_off",
    "down",
    "kill",
    "pause",
    "pull",
    "push",
    "pushable",
    "removable",
    "restart",
    "rm",
    "service_container",
    "start",
    "stop",
    "unpause",
    "up",
]
