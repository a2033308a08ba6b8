"""Unpacks build contexts that are archives on this machine: no builder takes them from a path."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite.errors import BuildFailed

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Mapping

    from compose_lite.runner.image_build import ImageBuild


@contextmanager
def unpacked(builds: Mapping[str, ImageBuild]) -> Iterator[Mapping[str, ImageBuild]]:
    """Give the builds with every archive replaced by a temporary folder that has its content.

    Raises BuildFailed for a file that is no tar archive, or one that reaches out of its folder.
    """
    archives = {service: path for service, build in builds.items() if (path := _archive(build)) is not None}
    if not archives:
        yield builds
        return
    from tempfile import TemporaryDirectory

    from compose_lite.lazy_dataclasses import replace

    with ExitStack() as folders:
        found = dict(builds)
        for service, path in archives.items():
            folder = folders.enter_context(TemporaryDirectory(prefix="compose-lite-context-"))
            _unpack(path, folder)
            image = found[service]
            found[service] = replace(image, build=replace(image.build, context=folder))
        yield found


def _archive(image: ImageBuild) -> Path | None:
    path = Path(image.build.context)
    return path if path.is_absolute() and path.is_file() else None


def _unpack(archive: Path, folder: str) -> None:
    import tarfile

    try:
        with tarfile.open(archive) as tar:
            # Python 3.11.4 and later look again; those before know no filters, Debian 12's among them.
            tar.extraction_filter = getattr(tarfile, "tar_filter", None)
            tar.extractall(folder, members=_inside(tar, os.path.realpath(folder)))
    except tarfile.ReadError as error:
        raise BuildFailed(f"the build context {archive} is neither a folder nor a tar archive") from error
    except (tarfile.TarError, OSError) as error:
        raise BuildFailed(f"the build context {archive} can't be unpacked: {error}") from error


def _inside(tar: tarfile.TarFile, folder: str) -> Iterator[tarfile.TarInfo]:
    """The members as they may be written, each looked at when those before it have been.

    A symbolic link may point anywhere, as it means a place in the image and is never followed here; what would be
    written through it is refused. A hard link would be the very file that it names.

    Raises TarError for a member that would reach out of the folder.
    """
    from copy import copy
    from tarfile import TarError

    for found in tar:
        member = copy(found)
        member.name = found.name.lstrip("/")
        member.mode &= 0o755  # as Python's own filter
        places = [member.name, member.linkname] if member.islnk() else [member.name]
        for place in places:
            # An absolute link name takes the place of the folder in this path.
            if os.path.commonpath((os.path.realpath(Path(folder, place)), folder)) != folder:
                raise TarError(f"{found.name!r} would be outside of it")
        yield member
