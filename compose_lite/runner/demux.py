"""Turns the bytes that the daemon sends for a container's output into messages and into lines.

Without a terminal both streams share a connection, in frames: stream (1 or 2), three zero bytes, length
(four bytes, most significant first), content. With a terminal the bytes come as they were written.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Tag: TypeAlias = Any  # tells the lines of one log from those of another

STDOUT = 1
STDERR = 2

# A longer line is handed out in pieces: memory stays bounded when a program never ends its line.
MAX_LINE = 1 << 20

# The daemon's log copier cuts messages at this size (daemon/logger/copier.go, seen on Engine 20.10).
_MESSAGE_SIZE = 16 * 1024
_HEADER = 8
_NEWLINE = 0x0A
_UTC_STAMP = 30  # 2006-01-02T15:04:05.000000000Z
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)(?= )")


class FrameDecoder:
    """Takes frames apart; give it the bytes in any pieces."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the messages that are complete now, as pairs of stream and content."""
        buffer = self._rest + data if self._rest else data
        messages: list[tuple[int, bytes]] = []
        at, size = 0, len(buffer)
        while at + _HEADER <= size:
            end = at + _HEADER + int.from_bytes(buffer[at + 4 : at + _HEADER], "big")
            if end > size:
                break
            messages.append((buffer[at], buffer[at + _HEADER : end]))
            at = end
        self._rest = buffer[at:]
        return messages


class LineSplitter:
    """Cuts one stream into lines without their ends; `crlf` for a terminal's line ends."""

    __slots__ = ("_crlf", "_rest")

    def __init__(self, *, crlf: bool = False) -> None:
        self._crlf = crlf
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are complete now (and pieces of a line beyond `MAX_LINE`)."""
        *lines, rest = (self._rest + data if self._rest else data).split(b"\n")
        if self._crlf:
            lines = [line.removesuffix(b"\r") for line in lines]
        while len(rest) > MAX_LINE:
            lines.append(rest[:MAX_LINE])
            rest = rest[MAX_LINE:]
        self._rest = rest
        return lines

    def close(self) -> list[bytes]:
        """Return the last line if its end is missing."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


class LogDecoder:
    """Turns a log that was asked for with time stamps into lines `(tag, stream, time, text)`.

    Whether the container has a terminal shows in the first byte: a frame's stream number, or a digit of
    the first time stamp. `time` is RFC 3339 in UTC with nanoseconds, so that times compare as bytes; it is
    empty for what the daemon itself reports in the middle of a log.
    """

    __slots__ = ("_partial", "_rest", "_tag", "_tty")

    def __init__(self, tag: Tag) -> None:
        self._tag = tag
        self._rest = b""
        self._tty: bool | None = None
        self._partial: dict[int, tuple[bytes, bytes]] = {}

    def feed(self, data: bytes) -> list[tuple[Tag, int, bytes, bytes]]:
        """Return the lines that are complete now."""
        buffer = self._rest + data if self._rest else data
        if self._tty is None and buffer:
            self._tty = buffer[0] > STDERR
        return self._feed_terminal(buffer) if self._tty else self._feed_frames(buffer)

    def close(self) -> list[tuple[Tag, int, bytes, bytes]]:
        """Return what is left when the log ends in the middle of a line."""
        lines = [(self._tag, stream, *part) for stream, part in sorted(self._partial.items())]
        if self._tty and self._rest:
            lines.append(self._terminal_line(self._rest))
        self._partial, self._rest = {}, b""
        return lines

    def _feed_frames(self, buffer: bytes) -> list[tuple[Tag, int, bytes, bytes]]:
        """Each frame is one message: a stamp, a space and a line, or a part of one without its end."""
        lines: list[tuple[Tag, int, bytes, bytes]] = []
        add, tag, partial = lines.append, self._tag, self._partial
        at, size = 0, len(buffer)
        while at + _HEADER <= size:
            start = at + _HEADER
            end = start + int.from_bytes(buffer[at + 4 : start], "big")
            if end > size:
                break
            stream = buffer[at]
            text_at = start + _UTC_STAMP + 1
            if (
                buffer[text_at - 2 : text_at] == b"Z "
                and text_at < end
                and buffer[end - 1] == _NEWLINE
                and not partial
            ):
                add((tag, stream, buffer[start : text_at - 1], buffer[text_at : end - 1]))
            else:
                self._assemble(stream, buffer[start:end], add)
            at = end
        self._rest = buffer[at:]
        return lines

    def _assemble(
        self, stream: int, message: bytes, add: Callable[[tuple[Tag, int, bytes, bytes]], None]
    ) -> None:
        """Join the parts of a long line; each part carries the stamp of the first."""
        time, text = _split_stamp(message)
        if stream in self._partial:
            time, begun = self._partial.pop(stream)
            text = begun + text
        if text.endswith(b"\n"):
            add((self._tag, stream, time, text[:-1]))
        elif len(text) >= MAX_LINE:
            add((self._tag, stream, time, text))
        else:
            self._partial[stream] = (time, text)

    def _feed_terminal(self, buffer: bytes) -> list[tuple[Tag, int, bytes, bytes]]:
        *complete, self._rest = buffer.split(b"\n")
        lines = [self._terminal_line(line) for line in complete]
        if len(self._rest) > MAX_LINE:
            lines.append(self._terminal_line(self._rest))
            self._rest = b""
        return lines

    def _terminal_line(self, line: bytes) -> tuple[Tag, int, bytes, bytes]:
        time, text = _split_stamp(line.removesuffix(b"\r"))
        if len(text) > _MESSAGE_SIZE:
            text = _without_inner_stamps(text)
        return (self._tag, STDOUT, time, text)


class OutputDecoder:
    """Turns what an attached container writes into lines like `LogDecoder`'s, without times."""

    __slots__ = ("_frames", "_splitters", "_tag")

    def __init__(self, tag: Tag, *, tty: bool) -> None:
        self._tag = tag
        self._frames = None if tty else FrameDecoder()
        self._splitters = {stream: LineSplitter(crlf=tty) for stream in (STDOUT, STDERR)}

    def feed(self, data: bytes) -> list[tuple[Tag, int, bytes, bytes]]:
        """Return the lines that are complete now."""
        pieces = [(STDOUT, data)] if self._frames is None else self._frames.feed(data)
        return [
            (self._tag, stream, b"", text)
            for stream, piece in pieces
            for text in self._splitters[stream].feed(piece)
        ]

    def close(self) -> list[tuple[Tag, int, bytes, bytes]]:
        """Return the lines whose end is missing."""
        splitters = self._splitters.items()
        return [(self._tag, stream, b"", text) for stream, splitter in splitters for text in splitter.close()]


def _split_stamp(message: bytes) -> tuple[bytes, bytes]:
    """Return the leading time stamp, in UTC, and the text behind it."""
    found = _STAMP.match(message)
    if found is None:
        return b"", message
    return _in_utc(found.group()), message[found.end() + 1 :]


def _in_utc(stamp: bytes) -> bytes:
    """Rewrite a stamp with another offset (some log drivers) so that all stamps compare."""
    if stamp.endswith(b"Z"):
        return stamp
    from datetime import UTC, datetime

    seconds, _, fraction = stamp[:-6].partition(b".")
    moment = datetime.fromisoformat((seconds + stamp[-6:]).decode()).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S").encode() + b"." + fraction.ljust(9, b"0") + b"Z"


def _without_inner_stamps(text: bytes) -> bytes:
    """Drop the stamps that the daemon puts before each part of a terminal's line longer than a message."""
    parts = []
    while found := _STAMP.match(text, _MESSAGE_SIZE):
        parts.append(text[:_MESSAGE_SIZE])
        text = text[found.end() + 1 :]
    return b"".join((*parts, text))
