"""Finds docker compose, which stacks are shared with and answers are compared with, where this machine has it."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

_FETCH = Path(__file__).parents[3] / "shared" / "tools" / "peer"
_PLUGINS = tuple(
    Path(folder, "cli-plugins", "docker-buildx")
    for folder in (Path.home() / ".docker", "/usr/local/lib/docker", "/usr/libexec/docker", "/usr/lib/docker")
)


def compose() -> Path | None:
    """The docker compose program: COMPOSE_LITE_PEER, or what the fetching script gives; None if neither is."""
    return _tools().get("compose")


def buildx() -> Path | None:
    """The BuildKit client that came with it, else the machine's own."""
    return _tools().get("buildx") or next(filter(Path.exists, _PLUGINS), None)


@functools.cache
def _tools() -> dict[str, Path]:
    if given := os.environ.get("COMPOSE_LITE_PEER"):
        path = Path(given)
        return {"compose": path, "buildx": path.with_name("docker-buildx")}
    if not _FETCH.exists():
        return {}
    printed = subprocess.run([_FETCH], capture_output=True, text=True, timeout=300, check=False)
    if printed.returncode:
        return {}
    pairs = (line.partition("=") for line in printed.stdout.splitlines())
    return {name: Path(value) for name, _, value in pairs}
