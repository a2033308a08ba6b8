"""The environment and labels of services: values from the shell, `env_file` and `label_file`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.dotenv import parse_env, parse_raw_env
from compose_lite.spec.files import parse_env_source
from compose_lite.spec.paths import join
from compose_lite.spec.tree import Map, Mark, path_text

if TYPE_CHECKING:
    from compose_lite.spec.problems import Problems
    from compose_lite.spec.reading import Reader
    from compose_lite.spec.trace import Trace
    from compose_lite.spec.variables import Variables


class EnvironmentResolver:
    """Computes `environment` and `labels` of shaped services."""

    def __init__(
        self,
        variables: Variables,
        reader: Reader,
        problems: Problems,
        *,
        root: Map,
        folder: str,
        trace: Trace | None = None,
    ) -> None:
        self._variables = variables
        self._reader = reader
        self._problems = problems
        self._root = root
        self._folder = folder
        self._trace = trace

    def resolve(self, name: str, service: Map) -> None:
        """Fill in the environment and labels of one service, and drop the file lists."""
        self._environment(name, service)
        self._labels(name, service)

    def _environment(self, name: str, service: Map) -> None:
        given: Map = service.get("environment") or Map()
        for key, value in given.items():
            if value is None:
                found = self._variables.get(key)
                if found is not None:
                    given[key] = found
        files = service.pop("env_file", None)
        if files:
            merged = Map()
            known = {key: value for key, value in given.items() if value is not None}

            def lookup(variable: str) -> str | None:
                value = self._variables.get(variable)
                return known.get(variable) if value is None else value

            for index, entry in enumerate(files):
                where = ("services", name, "env_file", index)
                self._read(
                    entry.get("path", ""),
                    entry.get("format", ""),
                    entry.get("required", True),
                    where,
                    lookup,
                    merged,
                )
            for key, value in given.items():
                merged.put(key, value, given.mark(key))
            given = merged
        if given:
            service["environment"] = given

    def _labels(self, name: str, service: Map) -> None:
        files = service.pop("label_file", None)
        if not files:
            return
        merged = Map()
        for index, path in enumerate(files):
            self._read(path, "", True, ("services", name, "label_file", index), lambda _name: None, merged)
        given: Map = service.get("labels") or Map()
        for key, value in given.items():
            merged.put(key, value, given.mark(key))
        if merged:
            service["labels"] = merged

    def _read(
        self, path: str, format_: str, required: bool, where: tuple[Any, ...], lookup: Any, into: Map
    ) -> None:
        path = join(self._folder, path) if path else ""
        if not path or self._reader.is_missing(path):
            if required:
                shown = self._reader.shown(path) if path else "``"
                self._problems.add(
                    "no-such-file",
                    f"{path_text(where)}: the file {shown} does not exist",
                    at=(self._root, where),
                    path=where,
                    hint="create it, or say `required: false`" if "env_file" in where else None,
                )
            return
        if format_ not in ("", "raw"):
            self._problems.add(
                "bad-env-format",
                f"{path_text(where)}: unknown format `{format_}`",
                at=(self._root, where),
                path=where,
                hint="the only other format is `raw`",
            )
            return
        parser = parse_raw_env if format_ == "raw" else parse_env
        parsed = parse_env_source(path, lookup, self._reader, self._problems, earlier=into.get, parser=parser)
        source = self._reader.source(path)
        for key, value in parsed.values.items():
            line = parsed.lines[key] - 1
            mark: Mark = (source, line, 0, line, 0)
            if self._trace is not None:
                self._trace.say((*where[:2], "environment", key), "env-file", value, mark)
            into.put(key, value, mark)
