"""Reads what secrets and configs contain, for the planner (as digests) and for the runner (as bytes)."""

from __future__ import annotations

import os
from contextlib import suppress

from compose_lite.errors import Problem, SpecError
from compose_lite.hashes import sha256
from compose_lite.planner.files import tracked_mounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compose_lite.spec.model import FileObject, Project


def read_contents(project: Project) -> dict[str, bytes]:
    """The content of every secret and config that an active service uses, by `secrets.NAME` or `configs.NAME`.

    External ones have none here and are left out. Mounted files that a service wants tracked are there as
    `mounts.PATH`.

    Raises:
        SpecError: with every file that can't be read and every variable that is not set.
    """
    problems: list[Problem] = []
    contents: dict[str, bytes] = {}
    for place, origin in _used(project):
        try:
            content = _content(origin, project.environment)
        except IsADirectoryError:
            continue  # mounted as a folder: it has no content that could be compared
        except OSError as error:
            problems.append(_unreadable(place, origin, error))
            continue
        if content is None:
            problems.append(_unset(place, origin))
        else:
            contents[place] = content
    if problems:
        raise SpecError(problems=problems)
    contents.update(_mounted(project))
    return contents


def _mounted(project: Project) -> Iterator[tuple[str, bytes]]:
    """Content of the mounted files that count as configuration; folders and what is not there are left out."""
    paths = {path for service in project.services.values() for path in tracked_mounts(service)}
    for path in sorted(paths):
        with suppress(OSError):
            if os.path.isfile(path):  # noqa: PTH113  # pathlib takes longer to load than most files to read
                with open(path, "rb") as file:
                    yield f"mounts.{path}", file.read()


def digests(contents: Mapping[str, bytes]) -> dict[str, str]:
    """The sha256 of each content, in hex: what the planner compares."""
    return {place: sha256(content).hexdigest() for place, content in contents.items()}


def _used(project: Project) -> Iterator[tuple[str, FileObject]]:
    secrets = {grant.source for service in project.services.values() for grant in service.secrets}
    configs = {grant.source for service in project.services.values() for grant in service.configs}
    for section, known, names in (
        ("configs", project.configs, configs),
        ("secrets", project.secrets, secrets),
    ):
        for name in sorted(names):
            if not known[name].external:
                yield f"{section}.{name}", known[name]


def _content(origin: FileObject, environ: Mapping[str, str]) -> bytes | None:
    """The content, or `None` if it comes from a variable that is not set."""
    if origin.content is not None:
        return origin.content.encode()
    if origin.environment is not None:
        value = environ.get(origin.environment)
        return None if value is None else value.encode("utf-8", "surrogateescape")
    if origin.file is None:
        return b""
    with open(origin.file, "rb") as file:
        return file.read()


def _unreadable(place: str, origin: FileObject, error: OSError) -> Problem:
    return Problem(
        code="unreadable-file",
        message=f"{place}: can't read {origin.file}: {error.strerror}",
        hint="create the file, or correct the path",
        location=origin.location,
        path=place,
    )


def _unset(place: str, origin: FileObject) -> Problem:
    return Problem(
        code="unset-variable",
        message=f"{place}: the environment variable {origin.environment} is not set",
        hint="set it in the shell or in .env",
        location=origin.location,
        path=place,
    )
