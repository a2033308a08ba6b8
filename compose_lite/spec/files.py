"""Finds the files of a project: compose files, overrides, env files, and the variables that they set."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from compose_lite.errors import Location
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.dotenv import EnvFile, EnvFileError, parse_env
from compose_lite.spec.variables import BUILT_IN, Origin, Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compose_lite.spec.options import LoadOptions
    from compose_lite.spec.problems import Problems
    from compose_lite.spec.reading import Reader

    Lookup = Callable[[str], str | None]

FILE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_TRUE = ("1", "t", "T", "true", "True", "TRUE")
_FALSE = ("0", "f", "F", "false", "False", "FALSE")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSet:
    """What there is to load.

    Attributes:
        files: absolute paths in merge order (``-``: standard input).
        working_dir: absolute project directory.
        variables: shell and env files, the shell first.
        env_files: absolute paths of the env files read.
        profiles: the profiles switched on.
    """

    files: tuple[str, ...]
    working_dir: str
    variables: Variables
    env_files: tuple[str, ...]
    profiles: tuple[str, ...]


def find_files(options: LoadOptions, reader: Reader, problems: Problems) -> FileSet:
    """Find what to load, as docker compose does.

    Raises:
        SpecError: there is no file, or an env file can't be read.
    """
    return _Finder(options, reader, problems).find()


class _Finder:
    def __init__(self, options: LoadOptions, reader: Reader, problems: Problems) -> None:
        self.options = options
        self.reader = reader
        self.problems = problems
        self.variables = Variables(values=dict(options.environ))
        self.variables.values["PWD"] = options.working_dir
        self.files = [self._absolute(file) for file in options.files]
        self.env_files: list[str] = []

    def find(self) -> FileSet:
        explicit = self._explicit_env_files()
        self._read_env_files(explicit)
        if not self.files:
            self.files = self._files_from_variable()
        if not self.files:
            self.files = self._discover()
        if not explicit:
            self._read_env_files([])
        return FileSet(
            files=tuple(self.files),
            working_dir=self._project_dir(),
            variables=self.variables,
            env_files=tuple(self.env_files),
            profiles=self._profiles(),
        )

    def _absolute(self, path: str) -> str:
        if path == "-":
            return path
        return posixpath.normpath(posixpath.join(self.options.working_dir, path))  # text, no I/O

    def _project_dir(self) -> str:
        if self.options.project_directory:
            return self._absolute(self.options.project_directory)
        for file in self.files:
            if file != "-":
                return posixpath.dirname(file)
        return self.options.working_dir

    def _explicit_env_files(self) -> list[str]:
        named: Iterable[str] = self.options.env_files
        if not named:
            variable = self._shell("COMPOSE_ENV_FILES", "")
            named = variable.split(",") if variable else ()
        return [self._absolute(file) for file in named]

    def _shell(self, name: str, default: str) -> str:
        """What the shell alone says: these variables decide which env files there are."""
        self.variables.asked.add(name)
        return self.options.environ.get(name, default)

    def _read_env_files(self, explicit: list[str]) -> None:
        paths = explicit or self._default_env_file()
        values, origins = read_env_files(paths, self.variables.get, self.reader, self.problems)
        self.variables.add_missing(values, origins)
        self.env_files.extend(path for path in paths if path not in self.env_files)

    def _default_env_file(self) -> list[str]:
        disabled = self._shell("COMPOSE_DISABLE_ENV_FILE", "false")
        if disabled in _TRUE:
            return []
        if disabled not in _FALSE:
            self.problems.fail(
                "bad-variable-value",
                f"COMPOSE_DISABLE_ENV_FILE is `{disabled}`, which is neither true nor false",
            )
        path = posixpath.join(self._project_dir(), ".env")
        return [path] if self.reader.kind(path) == "file" else []

    def _files_from_variable(self) -> list[str]:
        value = self.variables.get("COMPOSE_FILE")
        if value is None:
            return []
        separator = self.variables.get("COMPOSE_PATH_SEPARATOR") or posixpath.pathsep
        return [self._absolute(file) for file in value.split(separator)]

    def _discover(self) -> list[str]:
        start = folder = self._project_dir()
        while True:
            found = self._present(folder, FILE_NAMES)
            if found:
                overrides = self._present(folder, OVERRIDE_NAMES)
                for several in (found, overrides):
                    if len(several) > 1:
                        self._warn_several(several)
                return found[:1] + overrides[:1]
            parent = posixpath.dirname(folder)
            if parent == folder:
                self.problems.fail(
                    "no-file",
                    f"no compose file in {start} or any folder above it",
                    hint=f"looked for {', '.join(FILE_NAMES)}; name a file with -f, or go to the project's folder",
                )
            folder = parent

    def _present(self, folder: str, names: Iterable[str]) -> list[str]:
        paths = (posixpath.join(folder, name) for name in names)
        return [path for path in paths if self.reader.kind(path) != "missing"]

    def _warn_several(self, found: list[str]) -> None:
        names = ", ".join(posixpath.basename(path) for path in found)
        self.problems.warn(
            "several-files",
            f"found several compose files ({names}); using {posixpath.basename(found[0])}",
            at=Location(file=self.reader.shown(found[0])),
        )

    def _profiles(self) -> tuple[str, ...]:
        if self.options.profiles:
            return self.options.profiles
        value = self.variables.get("COMPOSE_PROFILES") or ""
        return tuple(name.strip() for name in value.split(","))


def read_env_files(
    paths: Iterable[str], lookup: Callable[[str], str | None], reader: Reader, problems: Problems
) -> tuple[dict[str, str], dict[str, Origin]]:
    """Read env files in order; a later file wins over an earlier one.

    Args:
        paths: absolute paths.
        lookup: variables that win inside the files.
        reader: reads the files.
        problems: is told what is wrong and which variables nobody sets.

    Returns:
        Values and their origins by name.

    Raises:
        SpecError: a file is missing or can't be read.
    """
    values: dict[str, str] = {}
    origins: dict[str, Origin] = {}
    for path in paths:
        parsed = parse_env_source(path, lookup, reader, problems, earlier=values.get)
        values.update(parsed.values)
        origins.update(
            (name, Origin(kind="env-file", file=path, line=line)) for name, line in parsed.lines.items()
        )
    return values, origins


def parse_env_source(
    path: str,
    lookup: Callable[[str], str | None],
    reader: Reader,
    problems: Problems,
    *,
    earlier: Lookup | None = None,
    parser: Callable[[str, Lookup, Lookup | None], EnvFile] = parse_env,
) -> EnvFile:
    """Read and parse one env file; a syntax error is reported and yields nothing."""
    source = reader.source(path)
    try:
        parsed = parser(source.text, lookup, earlier)
    except EnvFileError as error:
        problems.add("env-file-syntax", str(error), at=source.location(error.line, 1))
        return EnvFile()
    if "" in parsed.values:
        problems.warn(
            "no-line-break",
            f"the last line is `{parsed.values['']}` without a line break: it sets no variable",
            at=source.location(parsed.lines[""]),
            hint="end the line with a line break to take the variable from the shell, or give it a value",
        )
    for name, line in parsed.unset:
        problems.warn(
            "unset-variable",
            f'The "{name}" variable is not set. Defaulting to a blank string.',
            at=source.location(line),
            hint=f"set it, or give a default: ${{{name}:-value}}",
        )
    return parsed


def set_built_in(variables: Variables, name: str, value: str) -> None:
    """Make a value that we decide, such as the project's name, visible to interpolation."""
    variables.values[name] = value
    variables.origins[name] = BUILT_IN
