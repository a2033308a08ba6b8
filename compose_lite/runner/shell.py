"""Finds out which shells a running container has, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.errors import NotFound
from compose_lite.lazy_dataclasses import replace
from compose_lite.runner.exec import execute_quietly

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.exec import ExecOptions

# The most comfortable first.
SHELLS = ("bash", "zsh", "fish", "ash", "dash", "sh")
# How to start a shell where none goes by its own name.
_LAST_RESORTS = (("bash",), ("busybox", "sh"), ("toybox", "sh"), ("zsh",), ("ash",))


def find_shell(daemon: Daemon, container: str, name: str, options: ExecOptions) -> tuple[str, ...]:
    """The command line of the best shell, as the user and in the folder that `options` name.

    Raises NotFound if the container has none, DaemonError if nothing can be run in it.
    """
    # Nearly every image that has a shell at all has `sh`, and this tells of all others in one go.
    search = f"for shell in {' '.join(SHELLS)}; do command -v $shell && exit; done"
    code, output = execute_quietly(daemon, container, replace(options, command=("sh", "-c", search)))
    if code == 0 and output.strip():
        return (output.decode(errors="replace").split()[0],)
    for shell in _LAST_RESORTS:
        if execute_quietly(daemon, container, replace(options, command=(*shell, "-c", "exit 0")))[0] == 0:
            return shell
    raise NotFound(
        f"there is no shell in {name}",
        hint="its image has only what its program needs; look into it from outside with `compose-lite cp` "
        "or `compose-lite export`, or from a container that shares its namespaces",
    )
