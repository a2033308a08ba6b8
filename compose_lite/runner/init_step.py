"""Runs a step of `pre_start` in a container of its own, which shares mounts and networks with the service's container."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from compose_lite import __version__, labels
from compose_lite.errors import ComposeLiteError, NotFound
from compose_lite.runner.create import connect
from compose_lite.runner.files import inject
from compose_lite.runner.hooks import TAIL, lines
from compose_lite.runner.start import start_once

if TYPE_CHECKING:
    from compose_lite.planner.actions import RunStep
    from compose_lite.runner.daemon import Daemon, Json
    from compose_lite.runner.progress import Report
    from compose_lite.runner.site import Site
    from compose_lite.spec.model import Service

# What the step has as the service's container has it, in the words of the host's configuration.
_SHARED = (
    "CapAdd", "CapDrop", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd", "NetworkMode", "SecurityOpt",
)  # fmt: skip


def run(site: Site, action: RunStep, report: Report) -> None:
    """Run the step to its end and remove its container, whatever became of it.

    Raises:
        ComposeLiteError: it failed; with the last lines that it wrote.
        Interrupted: the user asked to stop; the step has been ended.
    """
    site.cancellation.check()
    daemon = site.daemon
    beside = daemon.inspect_container(site.containers.id(action.container))
    service = site.known_project.services[action.container.service]
    container = daemon.create_container(
        name=_name(action, beside),
        body=request(site.known_project.name, service, action, beside),
        platform=service.platform,
    )
    try:
        for network in _further_networks(beside):
            connect(daemon, network, container, {})
        # The root of the step's own container is never read-only, and what is mounted it shares.
        inject(daemon, container, action.files, site.contents, read_only_root=False)
        site.cancellation.on_cancel(lambda: _end_soon(daemon, container))
        code, tail = _followed(daemon, container, report)
    finally:
        with suppress(NotFound):
            daemon.remove_container(container, volumes=True, force=True)
    site.cancellation.check()
    if code:
        raise _failed(action, code, tail)


def request(project: str, service: Service, action: RunStep, beside: Json) -> Json:
    """The Engine API's request to create the step's container.

    Args:
        beside: the service's container as the daemon inspects it.
    """
    hook = action.hook
    variables = {**service.environment, **hook.environment}
    networks = list(beside["NetworkSettings"]["Networks"])
    mode = beside["HostConfig"].get("NetworkMode", "")
    given: Json = {
        "Image": action.image,
        "Cmd": list(hook.command) or None,
        "User": hook.user or service.user,
        "WorkingDir": hook.working_dir or service.working_dir,
        "Env": [name if value is None else f"{name}={value}" for name, value in variables.items()],
        "AttachStdout": True,
        "AttachStderr": True,
        "Labels": {
            labels.PROJECT: project,
            labels.SERVICE: service.name,
            labels.ONEOFF: "True",
            labels.STEP: str(action.step),
            labels.VERSION: __version__,
        },
        "HostConfig": {
            **{key: value for key in _SHARED if (value := beside["HostConfig"].get(key))},
            "Privileged": hook.privileged,
            "VolumesFrom": [beside["Id"]],
        },
        "NetworkingConfig": {"EndpointsConfig": {mode: {}}} if mode in networks else None,
    }
    return {key: value for key, value in given.items() if value is not None}


def _name(action: RunStep, beside: Json) -> str:
    """A name of its own, so that what an interrupted run has left is in nobody's way."""
    import secrets

    return f"{beside['Name'].removeprefix('/')}-pre_start-{action.step}-{secrets.token_hex(4)}"


def _further_networks(beside: Json) -> list[str]:
    mode = beside["HostConfig"].get("NetworkMode", "")
    networks = beside["NetworkSettings"]["Networks"]
    return [name for name in networks if name != mode] if mode in networks else []


def _followed(daemon: Daemon, container: str, report: Report) -> tuple[int, list[str]]:
    """Start the step and wait for its end; returns its exit code and the last lines that it wrote."""
    tail: list[str] = []
    stream = daemon.attach_container(container, stdin=False)
    try:
        start_once(daemon, container)
        for line in lines(stream):
            report(line)
            tail = [*tail[1 - TAIL :], line]
    finally:
        stream.close()
    return daemon.wait_container(container), tail


def _end_soon(daemon: Daemon, container: str) -> None:
    """Kill the step without waiting for the daemon's answer."""

    def kill() -> None:
        with suppress(ComposeLiteError):  # it has ended, or there is nobody left to tell
            daemon.kill_container(container, signal="SIGKILL")

    threading.Thread(target=kill, name="pre_start", daemon=True).start()


def _failed(action: RunStep, code: int, tail: list[str]) -> ComposeLiteError:
    told = ": " + " / ".join(tail) if tail else ""
    command = " ".join(action.hook.command)
    ran = f"its command is {command!r}" if command else f"it runs what the image {action.image} runs"
    return ComposeLiteError(
        f"the pre_start[{action.step}] hook of {action.name} exited with code {code}{told}",
        hint=f"{ran}; {action.name} has not been started",
        code="hook-failed",
    )
