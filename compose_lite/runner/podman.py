"""Evens out where Podman's version of the Engine API differs from Docker Engine's (seen on Podman 4.3)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from compose_lite.runner.daemon import Feed, Filters, Json

# Seconds that a container has to stop where nothing is said: Podman would kill it at once.
_GRACE_PERIOD = 10
# Events that can be filtered by Podman's names only, though they come under Docker's, most of them.
_EVENT_NAMES = {"die": "died", "destroy": "remove"}
# Podman's own default network. A container in mode `bridge` that is on others only was made for those.
_DEFAULT_NETWORKS = frozenset({"bridge", "podman"})
# What it adds to the options of each tmpfs, and the tmpfs that it adds to each container with `read_only`.
_TMPFS_OPTIONS = frozenset({"mode=0", "nodev", "nosuid", "rprivate", "rw", "tmpcopyup"})
_SCRATCH = frozenset({"/run", "/tmp", "/var/tmp"})


def create_body(body: Json) -> Json:
    """The body of a request to create a container, so that Podman makes of it what Docker Engine would."""
    return {"StopTimeout": _GRACE_PERIOD, **body}


def listed(container: Json) -> Json:
    """An entry of a list of containers in Docker Engine's words."""
    endpoints: Mapping[str, Json] = (container.get("NetworkSettings") or {}).get("Networks") or {}
    # Where the id belongs, there is the name. A network that is in use can't have been replaced by another.
    networks = {name: {**endpoint, "NetworkID": ""} for name, endpoint in endpoints.items()}
    ports = [_on_all_addresses(port) for port in container.get("Ports") or ()]
    return {**container, "NetworkSettings": {"Networks": networks}, "Ports": ports}


def _on_all_addresses(port: Json) -> Json:
    return {**port, "IP": port.get("IP") or "0.0.0.0"} if port.get("PublicPort") else port


def inspected(container: Json) -> Json:
    """An inspected container in Docker Engine's words."""
    config: Json = container.get("Config") or {}
    host: Json = container.get("HostConfig") or {}
    networks: Mapping[str, Json] = (container.get("NetworkSettings") or {}).get("Networks") or {}
    others = [name for name in networks if name not in _DEFAULT_NETWORKS]
    if host.get("NetworkMode") == "bridge" and others:
        host = {**host, "NetworkMode": others[0]}
    return {
        **container,
        "Config": {**config, "StopSignal": _signal_name(config.get("StopSignal") or "")},
        "HostConfig": {**host, "Tmpfs": _tmpfs(host)},
    }


def _tmpfs(host: Json) -> dict[str, str]:
    """The file systems in memory that were asked for, with the options that were asked for."""
    given: Mapping[str, str] = host.get("Tmpfs") or {}
    asked = {
        target: ",".join(option for option in options.split(",") if option not in _TMPFS_OPTIONS)
        for target, options in given.items()
    }
    added = _SCRATCH if host.get("ReadonlyRootfs") else frozenset()
    return {target: options for target, options in asked.items() if options or target not in added}


def _signal_name(text: str) -> str:
    """`SIGKILL` for `9`."""
    from signal import Signals

    try:
        return Signals(int(text)).name
    except ValueError:
        return text


def event_filters(filters: Filters) -> Filters:
    """Filters of events that find with Podman what they find with Docker Engine."""
    wanted = list(filters.get("event", ()))
    if not wanted:
        return filters
    return {**filters, "event": [*wanted, *(_EVENT_NAMES[name] for name in wanted if name in _EVENT_NAMES)]}


class Events:
    """A feed of Podman's events in Docker Engine's words."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def __iter__(self) -> Iterator[Any]:
        return map(_event, self._feed)

    def close(self) -> None:
        self._feed.close()


def _event(event: Json) -> Json:
    action = event.get("Action")
    if action == "remove" and event.get("Type") == "container":
        action = "destroy"
    elif action == "health_status" and event.get("HealthStatus"):
        action = f"health_status: {event['HealthStatus']}"
    return {**event, "Action": action, "status": action}
