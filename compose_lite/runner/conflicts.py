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
_PROXY = "docker-proxy"  # the daemon's process that listens in a container's stead


def explained(daemon: Daemon, container: str, error: DaemonError) -> DaemonError:
    """The daemon's refusal to start a container, with the holder of the port if one is taken."""
    found = _TAKEN.search(str(error))
    if found is None:
        return error
    port = int(found["allocated"] or found["bound"] or found["late"])
    protocol = found["protocol"] or found["late_protocol"] or "tcp"
    holder = port_holder(daemon, port, protocol, but=container)
    who = f"by {holder}" if holder else "by something outside of Docker"
    return DaemonError(
        f"port {port} is already in use {who}",
        hint="stop that, or publish another port",
        status=error.status,
    )


def port_holder(daemon: Daemon, port: int, protocol: str, *, but: str = "", host_ip: str = "") -> str | None:
    """Who has a port of the daemon's machine, for a sentence: a container by name, else a process; `None` if unknown.

    Args:
        but: id of a container that is not meant.
        host_ip: the address that the port is wanted on; empty for all.
    """
    publishers = [
        listed
        for listed in daemon.list_containers(filters={"publish": [f"{port}/{protocol}"]})
        if listed["Id"] != but
    ]
    holders = [listed for listed in publishers if _publishes(listed, port, protocol, host_ip)]
    if holders:
        return _container(holders[0])
    from compose_lite.runner.sockets import listening_process

    process = listening_process(port, protocol, host_ip=host_ip)
    if process is None or not process.endswith(f"({_PROXY})"):
        return process
    # The proxy of a container that is just being started: the daemon lists its ports only once it runs.
    starting = [listed for listed in publishers if listed.get("State") in ("created", "restarting")]
    return _container(starting[0]) if len(starting) == 1 else "another container"


def _publishes(listed: Json, port: int, protocol: str, host_ip: str) -> bool:
    """Whether a container has the port right now, on the address or on all."""
    everywhere = ("", "0.0.0.0", "::")
    return any(
        one.get("PublicPort") == port
        and one.get("Type", "tcp") == protocol
        and (host_ip in everywhere or one.get("IP", "") in (*everywhere, host_ip))
        for one in listed.get("Ports") or ()
    )


def _container(listed: Json) -> str:
    name = str(min(listed["Names"], key=len)).removeprefix("/")
    project = (listed.get("Labels") or {}).get(labels.PROJECT)
    return f"container {name!r}" + (f" of project {project!r}" if project else "")
