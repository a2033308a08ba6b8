"""Tries out on the daemon whether containers find each other by name: makes a network and a container, removes both."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from compose_lite import labels
from compose_lite.errors import Conflict, DaemonError, NotFound
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.runner.daemon import Daemon, Json

LABEL = labels.PREFIX + "probe"
_ALIAS = "compose-lite-probe"
# Images that are bigger may take long to start; of the others a few are tried.
_BIGGEST = 500_000_000
_TRIES = 4
# What an earlier probe has left, having been killed, is this old (seconds); younger ones may be at work.
_ABANDONED = 300
_NO_TOOL = 127
# Looks the container's own alias up with whatever the image has; the first tool that is there decides.
_LOOK_UP = f"""
for tool in 'getent hosts' 'ping -c 1 -W 5' nslookup; do
  command -v ${{tool%% *}} >/dev/null && {{ $tool {_ALIAS}; exit; }}
done
exit {_NO_TOOL}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeResult:
    """How it went: `resolved` is None if it could not be tried, `problem` says why or what failed."""

    resolved: bool | None
    problem: str = ""


def probe_names(daemon: Daemon) -> ProbeResult:
    """Try whether a container on a network of its own finds itself by its alias; nothing of it stays."""
    _remove_abandoned(daemon)
    name = f"{_ALIAS}-{secrets.token_hex(4)}"
    mark = {LABEL: str(int(time.time()))}
    try:
        network = daemon.create_network({"Name": name, "Labels": mark, "CheckDuplicate": True})
    except DaemonError as error:
        return ProbeResult(resolved=False, problem=f"no network can be made: {error}")
    try:
        return _first_answer(daemon, name, mark)
    finally:
        daemon.remove_network(network)


def _first_answer(daemon: Daemon, name: str, mark: dict[str, str]) -> ProbeResult:
    """What the first image that has the tools for it says."""
    problem = "there is no image here"
    for image in _candidates(daemon):
        code, problem = _run(daemon, image, name, mark)
        if code == 0:
            return ProbeResult(resolved=True)
        if code is not None and code != _NO_TOOL:
            return ProbeResult(resolved=False, problem=f"a container does not find {_ALIAS!r}: {problem}")
    return ProbeResult(resolved=None, problem=problem)


def _candidates(daemon: Daemon) -> Iterator[str]:
    """The images that most likely have a shell and start fast."""
    found = [image for image in daemon.list_images(filters={"dangling": ["false"]}) if image.get("RepoTags")]
    small = sorted((image for image in found if int(image["Size"]) < _BIGGEST), key=_likeliness)
    return (str(image["Id"]) for image in small[:_TRIES])


def _likeliness(image: Json) -> tuple[bool, int, str]:
    usual = any(word in tag for tag in image["RepoTags"] for word in ("busybox", "alpine"))
    return not usual, int(image["Size"]), str(image["Id"])


def _run(daemon: Daemon, image: str, name: str, mark: dict[str, str]) -> tuple[int | None, str]:
    """The look-up's exit code in a container of the image, None if it can't be started; and what it said."""
    body: Json = {
        "Image": image,
        "Entrypoint": ["sh", "-c", _LOOK_UP],
        "Cmd": [],
        "Labels": mark,
        "HostConfig": {"NetworkMode": name},
        "NetworkingConfig": {"EndpointsConfig": {name: {"Aliases": [_ALIAS]}}},
    }
    container = daemon.create_container(name=name, body=body)
    try:
        daemon.start_container(container)
        code = daemon.wait_container(container)
        said = b"".join(chunk for _, chunk in daemon.logs_container(container, tail="3"))
        return code, said.decode(errors="replace").strip().replace("\n", " / ")
    except DaemonError as error:
        return None, f"no image here has a shell ({error})"
    finally:
        daemon.remove_container(container, volumes=True, force=True)


def _remove_abandoned(daemon: Daemon) -> None:
    """Remove what probes have left that were killed."""
    filters = {"label": [LABEL]}
    for container in daemon.list_containers(filters=filters):
        if _abandoned(container):
            with suppress(NotFound, Conflict):
                daemon.remove_container(str(container["Id"]), volumes=True, force=True)
    for network in daemon.list_networks(filters=filters):
        if _abandoned(network):
            with suppress(NotFound, DaemonError):
                daemon.remove_network(str(network["Id"]))


def _abandoned(found: Json) -> bool:
    since = str(found["Labels"][LABEL])
    return not since.isdigit() or int(since) < time.time() - _ABANDONED
