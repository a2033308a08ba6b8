"""Loads a project for users of the library: from files, a text or plain data."""

from __future__ import annotations

import json
import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from compose_lite.pipeline.project import Project


def load(
    *files: str | os.PathLike[str],
    text: str | None = None,
    data: Mapping[str, Any] | None = None,
    project_name: str | None = None,
    instance: str | None = None,
    project_directory: str | os.PathLike[str] | None = None,
    working_dir: str | os.PathLike[str] | None = None,
    env_files: tuple[str | os.PathLike[str], ...] = (),
    profiles: tuple[str, ...] = (),
    services: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
) -> Project:
    """Load a project and return it, typed and frozen.

    Without `files`, `text` and `data` the files are looked for as on the command line.

    Args:
        files: compose files in merge order.
        text: a compose file's text; merged behind `files`.
        data: a compose file as plain data (what `json` takes); merged behind `files` and `text`.
        project_name: as `-p`.
        instance: as `--instance`; an empty text asks for none, whatever COMPOSE_LITE_INSTANCE says.
        project_directory: folder that relative paths start from, as `--project-directory`.
        working_dir: folder that `files` and the search start from; the current one by default.
        env_files: env files instead of `.env`.
        profiles: profiles to enable.
        services: reduce the project to these and what they depend on.
        environ: variables for interpolation; the process's own by default.

    Raises:
        SpecError: with every problem found, each with its place.
        ValueError: both `text` and `data` are given.
    """
    from compose_lite.pipeline.project import Project
    from compose_lite.spec.load import load as load_spec
    from compose_lite.spec.options import LoadOptions

    if text is not None and data is not None:
        raise ValueError("give text or data, not both")
    variables = os.environ if environ is None else environ
    given = json.dumps(data) if data is not None else text
    options = LoadOptions(
        working_dir=str(Path(working_dir or ".").absolute()),
        environ=dict(variables),
        stdin=(lambda: given.encode()) if given is not None else None,
        files=(*(os.fspath(file) for file in files), *(("-",) if given is not None else ())),
        project_name=project_name,
        instance=instance,
        project_directory=None if project_directory is None else os.fspath(project_directory),
        env_files=tuple(os.fspath(file) for file in env_files),
        profiles=profiles,
        services=services,
        home=variables.get("HOME"),
    )
    return Project.of(load_spec(options).project)
