"""Runs one conformance case (a folder with files, arguments and the expected outcome) through the loader."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from compose_lite.spec.load import load
from compose_lite.spec.options import LoadOptions, Stages
from compose_lite.spec.render import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CONTROL = {"args.json", "config_args.json", "env.json", "expected.json", "expected_error.txt"}
_STAGE_FLAGS = {
    "--no-interpolate": "interpolate",
    "--no-normalize": "normalize",
    "--no-path-resolution": "resolve_paths",
    "--no-consistency": "consistency",
}
_VALUES = {
    "-f": "files",
    "--file": "files",
    "--profile": "profiles",
    "--env-file": "env_files",
}


def read_json(path: Path, default: Any) -> Any:
    """Return a JSON file's content, or `default` if there is none."""
    return json.loads(path.read_text()) if path.exists() else default


def prepare(case: Path, folder: Path) -> Path:
    """Copy a case to an empty folder under its own name, without what says how to run it."""
    target = folder / case.name
    shutil.copytree(case, target, ignore=lambda _dir, names: _CONTROL & set(names), symlinks=True)
    return target


def case_options(case: Path, folder: Path, home: Path) -> LoadOptions:
    """Translate a case's arguments as the command line does."""
    environ = read_json(case / "env.json", {})
    stages: dict[str, bool] = {}
    values: dict[str, Any] = {"files": [], "profiles": [], "env_files": [], "services": []}
    arguments: Iterator[str] = iter(read_json(case / "args.json", []))
    for argument in arguments:
        if argument in _VALUES:
            values[_VALUES[argument]].append(next(arguments))
        elif argument == "-p":
            values["project_name"] = next(arguments)
        elif argument == "--project-directory":
            values["project_directory"] = next(arguments)
        elif argument == "--all-resources":
            values["all_resources"] = True
        elif argument == "--ansi":
            next(arguments)
        elif argument == "--compatibility":
            stages["normalize"] = False  # what docker compose's `config` makes of it
        else:
            raise AssertionError(f"unknown argument {argument}")
    for argument in read_json(case / "config_args.json", []):
        if argument == "--no-env-resolution":
            continue  # docker compose resolves the environment all the same
        if argument in _STAGE_FLAGS:
            stages[_STAGE_FLAGS[argument]] = False
        else:
            values["services"].append(argument)
    tuples = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return LoadOptions(
        working_dir=str(folder),
        environ={"HOME": str(home), **environ},
        home=str(home),
        stages=Stages(**stages),
        **tuples,
    )


def canonical(value: Any, folder: Path, home: Path) -> Any:
    """Sort keys and replace the paths that differ from run to run."""
    if isinstance(value, dict):
        return {key: canonical(value[key], folder, home) for key in sorted(value)}
    if isinstance(value, list):
        return [canonical(item, folder, home) for item in value]
    if isinstance(value, str):
        for path, name in ((folder, "$DIR"), (folder.parent, "$DIR/.."), (home, "$HOME")):
            value = _replace_path(value, str(path), name)
    return value


def _replace_path(text: str, path: str, name: str) -> str:
    parts = text.split(path)
    result = parts[0]
    for part in parts[1:]:
        whole = not part or not (part[0].isalnum() or part[0] in "._-")
        result += (name if whole else path) + part
    return result


def run_case(case: Path, folder: Path, home: Path) -> Any:
    """Load a prepared case; return the canonicalised model that `config` prints.

    Raises:
        SpecError: the files are refused.
    """
    result = load(case_options(case, folder, home))
    if result.interpolated:
        _ = result.project
    return canonical(json.loads(to_json(result)), folder, home)
