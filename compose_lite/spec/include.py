"""`include`: other compose files, each with its own folder and variables, become part of the model."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.files import read_env_files
from compose_lite.spec.paths import folder_of, hint_for_missing, is_pinned, join
from compose_lite.spec.problems import nearest
from compose_lite.spec.tree import Map, Seq, locate

if TYPE_CHECKING:
    from compose_lite.errors import Location
    from compose_lite.spec.model_files import FileScope, ModelLoader
    from compose_lite.spec.variables import Variables

_KEYS = frozenset(("path", "env_file", "project_directory"))
MAX_INCLUDED = 100
"""Deepest chain of files that include each other."""
_SECTIONS = ("services", "volumes", "networks", "secrets", "configs", "models")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """One entry of `include`, all paths as written."""

    paths: tuple[str, ...]
    project_directory: str | None
    env_files: tuple[str, ...]
    location: Location | None


class Includer:
    """Loads what one document includes."""

    def __init__(self, loader: ModelLoader, scope: FileScope) -> None:
        self._loader = loader
        self._problems = loader.problems
        self._scope = scope

    def include(self, root: Map, path: str) -> None:
        """Replace `include` by the resources that it stands for."""
        entries = self._entries(root)
        root.pop("include")
        for entry in entries:
            imported = self._load(entry, path)
            if imported is not None:
                self._import(imported, root, entry)

    def _entries(self, root: Map) -> list[_Entry]:
        listed = root["include"]
        if listed is None:
            return []
        if not isinstance(listed, Seq):
            self._problems.add("bad-include", "`include` must be a list of files", at=(root, ("include",)))
            return []
        entries = []
        for index, item in enumerate(listed):
            where = locate(root, ("include", index))
            entry = self._entry(item, where, index)
            if entry is not None:
                entries.append(entry)
        return entries

    def _entry(self, item: Any, where: Location | None, index: int) -> _Entry | None:
        if isinstance(item, str):
            item = Map({"path": item})
        if isinstance(item, Map) and item.get("env_file", "") is not None:
            paths, env_files = _texts(item.get("path")), _texts(item.get("env_file"))
            directory = item.get("project_directory")
            if (
                paths is not None
                and env_files is not None
                and (directory is None or isinstance(directory, str))
            ):
                self._warn_unknown(item, where, index)
                return _Entry(paths=paths, project_directory=directory, env_files=env_files, location=where)
        self._problems.add(
            "bad-include",
            f"include[{index}] is neither a file name nor a mapping with path, project_directory and env_file",
            at=where,
            path=("include", index),
        )
        return None

    def _warn_unknown(self, item: Map, where: Location | None, index: int) -> None:
        """docker compose ignores keys that it does not know here, so they must not refuse the file."""
        for key in item:
            if key not in _KEYS and not key.startswith("x-"):
                self._problems.warn(
                    "unknown-key",
                    f"include[{index}]: `{key}` is not a known key and is ignored",
                    at=where,
                    path=("include", index, key),
                    hint=nearest(key, _KEYS),
                )

    def _load(self, entry: _Entry, path: str) -> Map | None:
        scope = self._scope
        if not entry.paths:
            self._all_present([join(scope.folder, file) for file in entry.env_files], entry)
            return None
        files = [file for path in entry.paths for file in self._local(path)]
        if not self._all_present(files, entry):
            return None
        trail = (*scope.trail, path)
        if files[0] in trail:
            self._report_loop((*trail, files[0]), entry)
            return None
        if len(trail) > MAX_INCLUDED:
            self._problems.fail(
                "include-too-deep",
                f"files include each other more than {MAX_INCLUDED} levels deep",
                at=entry.location,
                path=("include",),
            )
        folder, base = self._folders(entry, files[0])
        variables = self._variables(entry, folder)
        return self._loader.load(
            files, scope.inner(folder=folder, base=base, variables=variables, trail=trail)
        )

    def _local(self, path: str) -> tuple[str, ...]:
        """The file, or those that a reference with a digest stands for."""
        fetch = self._loader.options.fetch
        return fetch(path) if fetch is not None and is_pinned(path) else (join(self._scope.folder, path),)

    def _folders(self, entry: _Entry, main: str) -> tuple[str, str]:
        """Return the included project's folder, absolute and relative to ours."""
        if not entry.project_directory:
            folder = posixpath.dirname(main)
            return folder, posixpath.relpath(folder, self._scope.folder)
        folder = join(self._scope.folder, entry.project_directory)
        if posixpath.isabs(entry.project_directory):
            return folder, folder
        return folder, folder_of(entry.project_directory, self._scope.folder, self._loader.reader.kind)

    def _variables(self, entry: _Entry, folder: str) -> Variables:
        """Return our variables and, behind them, those of the included project's env files."""
        variables = self._scope.variables.copy()
        if entry.env_files:
            files = [join(self._scope.folder, file) for file in entry.env_files]
            if not self._all_present(files, entry):
                return variables
        else:
            default = join(folder, ".env")
            files = [default] if self._loader.reader.kind(default) == "file" else []
        values, origins = read_env_files(files, variables.get, self._loader.reader, self._problems)
        variables.add_missing(values, origins)
        return variables

    def _all_present(self, files: list[str], entry: _Entry) -> bool:
        missing = [file for file in files if self._loader.reader.is_missing(file)]
        for file in missing:
            self._problems.add(
                "no-such-file",
                f"the included file {self._loader.reader.shown(file)} does not exist",
                at=entry.location,
                path=("include",),
                hint=hint_for_missing(entry.paths),
            )
        return not missing

    def _report_loop(self, trail: tuple[str, ...], entry: _Entry) -> None:
        shown = [self._loader.reader.shown(file) for file in trail[trail.index(trail[-1]) :]]
        self._problems.add(
            "include-loop",
            f"files include each other in a circle: {' → '.join(shown)}",
            at=entry.location,
            path=("include",),
        )

    def _import(self, imported: Map, root: Map, entry: _Entry) -> None:
        """Add the imported resources; the same name is allowed twice only for the same thing."""
        for section in _SECTIONS:
            resources = imported.get(section)
            if not isinstance(resources, Map):
                continue
            ours = root.get(section)
            if ours is None:
                ours = Map()
                root.put(section, ours, imported.mark(section))
            if not isinstance(ours, Map):
                continue
            for name, resource in resources.items():
                if name in ours:
                    if ours[name] != resource:
                        self._report_conflict(section, name, ours, resources, entry)
                    continue
                ours.put(name, resource, resources.mark(name))

    def _report_conflict(self, section: str, name: str, ours: Map, theirs: Map, entry: _Entry) -> None:
        first = locate(ours, (name,), key=True)
        self._problems.add(
            "include-conflict",
            f"{section}.{name} is defined here and in {first}"
            if first
            else f"{section}.{name} is defined twice",
            at=locate(theirs, (name,), key=True) or entry.location,
            path=(section, name),
            hint="an included file can't be changed by the one that includes it; use an override file for that",
        )


def _texts(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None
