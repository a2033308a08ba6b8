"""Reads a daemon's feed of byte blocks as a tar, member by member, without holding it in memory."""

from __future__ import annotations

import tarfile
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Feed


def open_tar(feed: Feed) -> tarfile.TarFile:
    """The tar that the feed is, to be read forwards."""
    return tarfile.open(fileobj=cast("IO[bytes]", FeedFile(feed)), mode="r|")


class FeedFile:
    """The part of a file that `tarfile` needs for a stream."""

    def __init__(self, feed: Feed) -> None:
        self._blocks = iter(feed)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        pieces: list[bytes] = []
        while size > 0:
            if not self._rest:
                self._rest = next(self._blocks, b"")
                if not self._rest:
                    break
            pieces.append(self._rest[:size])
            self._rest = self._rest[len(pieces[-1]) :]
            size -= len(pieces[-1])
        return b"".join(pieces)
