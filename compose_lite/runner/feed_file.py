"""Reads a daemon's feed of byte blocks as a tar, member by member, without holding it in memory."""

from __future__ import annotations

import tarfile
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Feed

_BLOCK = 64 * 1024


def open_tar(feed: Feed) -> tarfile.TarFile:
    """The tar that the feed is, to be read forwards."""
    return tarfile.open(fileobj=cast("IO[bytes]", FeedFile(feed)), mode="r|", bufsize=_BLOCK)


class FeedFile:
    """The part of a file that `tarfile` needs for a stream."""

    def __init__(self, feed: Feed) -> None:
        self._blocks = iter(feed)
        self._block = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        pieces: list[bytes] = []
        while size > 0:
            if self._at == len(self._block):
                self._block, self._at = next(self._blocks, b""), 0
                if not self._block:
                    break
            pieces.append(self._block[self._at : self._at + size])
            self._at += len(pieces[-1])
            size -= len(pieces[-1])
        return b"".join(pieces)
