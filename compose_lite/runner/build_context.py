"""Streams a build context as a tar, without the files that `.dockerignore` names."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from compose_lite.errors import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_BLOCK = 64 * 1024
_IGNORE_FILE = ".dockerignore"
# Where a Dockerfile goes that is no file of the context. Always the same name: another one each time would
# change the context, and with it the builder's cache.
_EXTRA_DOCKERFILE = ".compose-lite.dockerfile"


def context_stream(
    folder: Path,
    *,
    dockerfile: str | None,
    inline: str | None,
    select: Callable[[str, list[str], str], Iterable[str]],
) -> tuple[str, Iterator[bytes]]:
    """Return the Dockerfile's name inside the context, and the context's tar in blocks.

    A Dockerfile that is given `inline`, or lies outside of `folder`, is added, and hidden from `COPY`.
    Raises BuildFailed if the folder or the Dockerfile is not there.
    """
    if not folder.is_dir():
        raise BuildFailed(f"the build context {folder} is not a folder")
    patterns = _patterns(folder)
    name, text = _dockerfile(folder, dockerfile, inline)
    extra: dict[str, bytes] = {}
    if text is not None:
        hidden = [*(patterns or [_IGNORE_FILE]), name]
        extra = {_IGNORE_FILE: "\n".join(hidden).encode(), name: text}
    names = sorted(set(select(str(folder), list(patterns), name)) - extra.keys())
    return name, _in_blocks(_members(folder, names, extra))


def _patterns(folder: Path) -> list[str]:
    try:
        text = (folder / _IGNORE_FILE).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _dockerfile(folder: Path, given: str | None, inline: str | None) -> tuple[str, bytes | None]:
    """Return its name in the context, and its text if it has to be added."""
    if inline is not None:
        return _EXTRA_DOCKERFILE, inline.encode()
    path = folder / (given or "Dockerfile")
    if not path.is_file():
        raise BuildFailed(f"the Dockerfile {path} does not exist")
    resolved, root = path.resolve(), folder.resolve()
    if resolved.is_relative_to(root):
        return PurePosixPath(resolved.relative_to(root)).as_posix(), None
    return _EXTRA_DOCKERFILE, path.read_bytes()


def _members(folder: Path, names: list[str], extra: dict[str, bytes]) -> Iterator[bytes]:
    # Only its knowledge of file types is used, nothing is written to it.
    describer = tarfile.TarFile(fileobj=io.BytesIO(), mode="w", format=tarfile.PAX_FORMAT)
    for name in names:
        path = folder / name
        try:
            if not path.is_socket():  # which no archive can hold
                yield from _member(describer.gettarinfo(path, arcname=name), path)
        except OSError as error:
            raise BuildFailed(f"the build context can't be read: {path}: {error.strerror}") from error
    for name, content in extra.items():
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o644
        yield member.tobuf(tarfile.PAX_FORMAT)
        yield _padded(content, len(content))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _member(member: tarfile.TarInfo, path: Path) -> Iterator[bytes]:
    # As the docker command does: who owns the files here means nothing in the image.
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = int(member.mtime)
    if not member.isreg():
        yield member.tobuf(tarfile.PAX_FORMAT)
        return
    with path.open("rb") as file:
        yield member.tobuf(tarfile.PAX_FORMAT)
        left = member.size
        while left and (block := file.read(min(left, _BLOCK))):
            left -= len(block)
            yield block
    yield bytes(left + -member.size % tarfile.BLOCKSIZE)  # it may have shrunk meanwhile


def _padded(content: bytes, size: int) -> bytes:
    return content + bytes(-size % tarfile.BLOCKSIZE)


def _in_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join small pieces: each block becomes a chunk of the request."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= _BLOCK:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
