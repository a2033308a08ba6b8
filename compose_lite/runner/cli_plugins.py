"""Finds plugins of the `docker` command, looked for where it looks for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite.runner.registry import docker_config_folder, read_docker_config

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)


def find_plugin(name: str, environ: Mapping[str, str]) -> str | None:
    """The path of the plugin's program (`buildx` → `…/docker-buildx`); None if there is none."""
    config = docker_config_folder(environ)
    extra = read_docker_config(config).get("cliPluginsExtraDirs") or ()
    for folder in (config / "cli-plugins", *extra, *_FOLDERS):
        path = Path(folder) / f"docker-{name}"
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return None
