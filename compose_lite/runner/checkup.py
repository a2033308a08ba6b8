"""Gathers what `doctor` judges: facts about the daemon, this machine and the user's configuration."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from compose_lite.errors import ComposeLiteError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.build_buildx import find_buildx
from compose_lite.runner.lock import folders
from compose_lite.runner.probe import ProbeResult, probe_names
from compose_lite.runner.registry import docker_config_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from compose_lite.runner.daemon import Daemon, Json


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineFacts:
    """What the daemon says of itself.

    Attributes:
        clock_skew: seconds that its clock is ahead of ours; negative if it is behind.
        uncertainty: seconds that the answer may have taken on its way.
        disk: free and total bytes where it keeps its data, None if that is not on this machine.
        probe: how looking up names went, None if it was not tried.
        product: what it calls itself: Docker Engine, or Podman, which speaks the same API.
    """

    address: str
    version: str
    api_version: str
    info: Mapping[str, Any]
    clock_skew: float
    uncertainty: float
    disk: tuple[int, int] | None
    probe: ProbeResult | None
    product: str = "Docker Engine"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientFacts:
    """What is found on this machine.

    Attributes:
        buildx: path of the buildx plugin, None if there is none.
        config: path of the configuration of the `docker` command.
        config_problem: why it can't be used, empty if it can or if there is none.
        missing_helpers: programs that it names for credentials and that are not installed.
        lock_folder: where locks are kept, None if nowhere can be written to.
    """

    buildx: str | None
    config: str
    config_problem: str
    missing_helpers: tuple[str, ...]
    lock_folder: str | None


def examine_engine(daemon: Daemon, *, probe: bool) -> EngineFacts:
    """Ask the daemon; with `probe` a network and a container are made and removed. Raises DaemonError."""
    version = daemon.version()
    before = time.time()
    info = daemon.info()
    after = time.time()
    return EngineFacts(
        address=daemon.address,
        version=str(version.get("Version", "")),
        api_version=str(version.get("ApiVersion", "")),
        info=info,
        clock_skew=_unix(str(info.get("SystemTime", "")), (before + after) / 2) - (before + after) / 2,
        uncertainty=(after - before) / 2,
        disk=_disk(daemon, info),
        probe=probe_names(daemon) if probe else None,
        product=_product(version),
    )


def examine_client(environ: Mapping[str, str]) -> ClientFacts:
    """Look at this machine; fails never."""
    folder = docker_config_folder(environ)
    config, problem = _config(folder / "config.json")
    return ClientFacts(
        buildx=find_buildx(environ),
        config=str(folder / "config.json"),
        config_problem=problem,
        missing_helpers=_missing_helpers(config),
        lock_folder=_lock_folder(environ),
    )


def _product(version: Json) -> str:
    parts = {part.get("Name") for part in version.get("Components") or ()}
    return "Podman" if "Podman Engine" in parts else "Docker Engine"


def _unix(moment: str, otherwise: float) -> float:
    from compose_lite.runner.timestamps import as_unix

    try:
        return float(as_unix(moment, now=otherwise))
    except ComposeLiteError:
        return otherwise


def _disk(daemon: Daemon, info: Json) -> tuple[int, int] | None:
    if not daemon.address.startswith("unix://"):
        return None
    try:
        found = os.statvfs(str(info.get("DockerRootDir", "")))
    except OSError:
        return None
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


def _config(path: Path) -> tuple[Mapping[str, Any], str]:
    try:
        config = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, str(error.strerror)
    except ValueError as error:
        return {}, f"it is not JSON: {error}"
    return (config, "") if isinstance(config, dict) else ({}, "it is not a JSON object")


def _missing_helpers(config: Mapping[str, Any]) -> tuple[str, ...]:
    from shutil import which

    named = {config.get("credsStore"), *(config.get("credHelpers") or {}).values()}
    programs = sorted(f"docker-credential-{name}" for name in named if isinstance(name, str) and name)
    return tuple(program for program in programs if which(program) is None)


def _lock_folder(environ: Mapping[str, str]) -> str | None:
    """The first of the folders for locks that can be written to, or made."""
    from pathlib import Path

    for folder in folders(environ):
        path = Path(folder)
        there = next(place for place in (path, *path.parents) if place.exists())
        if os.access(there, os.W_OK | os.X_OK):
            return folder
    return None
