"""Names who is in the way when a container can't be started: the holder of a port that is taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compose_lite import labels
from compose_lite.errors import DaemonError

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Daemon, Json

# "Bind for 0.0.0.0:8080 failed: port is already allocated", "listen tcp4 0.0.0.0:8080: bind: address already in use"
_TAKEN = re.compile(
    r"Bind for \S*?:(?P<allocated>\d+) failed: port is already allocated"
    r"|listen (?P<protocol>tcp|udp)\d? \S*?:(?P<bound>\d+): bind: address already in use"
    r"|failed to bind host port (?:for )?\S*?:(?P<late>\d+)(?::\S+)?(?:/(?P<late_protocol>tcp|udp))?: address already in use"
)


def explained(daemon: Daemon, container: str, error: DaemonError) -> DaemonError:
    """The daemon's refusal to start a container, with the holder of the port if one is taken."""
    found = _TAKEN.search(str(error))
    if found is None:
        return error
    port = int(found["allocated"] or found["bound"] or found["late"])
    protocol = found["protocol"] or found["late_protocol"] or "tcp"
    holder = _container_with(daemon, port, container) or _process_with(port, protocol)
    who = f"by {holder}" if holder else "by something outside of Docker"
    return DaemonError(
        f"port {port} is already in use {who}",
        hint="stop that, or publish another port",
        status=error.status,
    )


def _container_with(daemon: Daemon, port: int, but: str) -> str | None:
    for listed in daemon.list_containers(filters={"publish": [str(port)]}, include_stopped=False):
        if listed["Id"] != but and any(one.get("PublicPort") == port for one in listed.get("Ports") or ()):
            return _container(listed)
    return None


def _container(listed: Json) -> str:
    name = str(min(listed["Names"], key=len)).removeprefix("/")
    project = (listed.get("Labels") or {}).get(labels.PROJECT)
    return f"container {name!r}" + (f" of project {project!r}" if project else "")


def _process_with(port: int, protocol: str) -> str | None:
    from compose_lite.runner.sockets import listening_process

    return listening_process(port, protocol)
