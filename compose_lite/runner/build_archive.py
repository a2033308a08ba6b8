"""Unpacks build contexts that are archives on this machine: no builder takes them from a path."""

from __future__ import annotations

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

    if not hasattr(tarfile, "tar_filter"):
        raise BuildFailed(
            f"this Python can't unpack the build context {archive} safely",
            hint="use Python 3.11.4 or later, or unpack the archive and name the folder",
        )
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter=_inside)
    except tarfile.ReadError as error:
        raise BuildFailed(f"the build context {archive} is neither a folder nor a tar archive") from error
    except (tarfile.TarError, OSError) as error:
        raise BuildFailed(f"the build context {archive} can't be unpacked: {error}") from error


def _inside(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """A member as it may be written; raises TarError for one that would reach out of the folder.

    A symbolic link may point anywhere, as it means a place in the image and is never followed here; what would be
    written through it is refused. A hard link would be the very file that it names.
    """
    import tarfile

    return tarfile.data_filter(member, folder) if member.islnk() else tarfile.tar_filter(member, folder)
