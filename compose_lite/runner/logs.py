"""Reads what containers wrote so far, merged in time order, as fast as the daemon sends it.

Lines are plain tuples and come in batches: at 300,000 lines an object or a call for each is what costs.
Only the log that holds the merge back is read, so memory is bounded by a block per container, and a
slow reader slows the daemon down instead of filling memory.
"""

from __future__ import annotations

import select
from bisect import bisect_right
from itertools import accumulate
from operator import itemgetter
from time import sleep

from compose_lite import labels
from compose_lite.errors import DaemonError
from compose_lite.events import LogLine
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.demux import STDERR, LogDecoder, OutputDecoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon, Json, Stream

BLOCK = 256 * 1024

# Status with which the daemon says that a container's log driver keeps nothing to read (`none`).
_NOT_KEPT = 501

# The daemon writes each message by itself. Once a log proves long, its reader pauses before each read,
# so that many are taken at once: a third of the processor time, for both sides (300,000 lines, Engine 20.10).
_SHORT_LOG_READS = 8
_PAUSE = 0.0005


@dataclass(frozen=True, slots=True, eq=False)
class LogSource:
    """A container whose lines are read; compared by identity, so that it is a cheap key."""

    id: str
    name: str
    service: str
    number: int

    @classmethod
    def of(cls, container: ObservedContainer) -> LogSource:
        """The source for an observed container."""
        return cls(container.id, container.name, container.service, container.number)

    @classmethod
    def of_labels(cls, container: str, name: str, attributes: Json) -> LogSource:
        """The source for a container known by its labels (an event's attributes have them too)."""
        number = str(attributes.get(labels.NUMBER, ""))
        service = str(attributes.get(labels.SERVICE, name))
        return cls(container, name, service, int(number) if number.isdigit() else 0)


# Who wrote it, stream (1 stdout, 2 stderr), RFC 3339 time in UTC (may be empty), text without its end.
Line = tuple[LogSource, int, bytes, bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class LogOptions:
    """What to read: the last `tail` lines of each container, from `since` until `until` (Unix seconds)."""

    tail: str = "all"
    since: str | None = None
    until: str | None = None


def as_event(line: Line) -> LogLine:
    """Return the line as the event that views and library users get."""
    source, stream, time, text = line
    return LogLine(
        service=source.service,
        container=source.name,
        number=source.number,
        stream="stderr" if stream == STDERR else "stdout",
        text=text,
        time=time.decode("ascii", "replace"),
    )


def read_history(
    daemon: Daemon,
    sources: Sequence[LogSource],
    options: LogOptions | None = None,
    *,
    unreadable: Callable[[LogSource, DaemonError], None] | None = None,
) -> Iterator[list[Line]]:
    """Yield the lines written so far in time order across `sources`, and in written order within each.

    `unreadable` is told of containers whose log driver keeps nothing to read; without it they are an
    error. Raises DaemonError when a log can't be read.
    """

    def leave_out(source: LogSource, error: DaemonError) -> None:
        if unreadable is None:
            raise error
        unreadable(source, error)

    logs = open_logs(daemon, sources, options or LogOptions(), follow=False, otherwise=leave_out)
    try:
        merger = TimeMerger(logs)
        while (log := merger.limiting()) is not None:
            merger.push(log, log.read())
            if batch := merger.take():
                yield batch
    finally:
        for log in logs:
            log.close()


class OpenLog:
    """One container's log being read; `after` is a time whose lines, and older ones, are known already."""

    __slots__ = ("_after", "_decoder", "_reads", "ended", "source", "stream")

    def __init__(
        self,
        source: LogSource,
        stream: Stream,
        decoder: LogDecoder | OutputDecoder,
        *,
        after: bytes = b"",
    ) -> None:
        self.source = source
        self.stream = stream
        self.ended = False
        self._decoder = decoder
        self._after = after
        self._reads = 0

    def read(self) -> list[Line]:
        """Wait for more and return the lines that it completes."""
        self._reads += 1
        if self._reads > _SHORT_LOG_READS:
            sleep(_PAUSE)
        return self._decoded(self.stream.read(BLOCK))

    def receive(self, size: int = BLOCK) -> list[Line]:
        """Return the lines that what has arrived (at most `size` bytes of it) completes, without waiting."""
        data = self.stream.receive(size)
        return [] if data is None else self._decoded(data)

    def readable(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds for something to read; tell whether there is."""
        poll = select.poll()
        poll.register(self.stream, select.POLLIN)
        return bool(poll.poll(timeout * 1000))

    def close(self) -> None:
        """Give the connection up."""
        self.stream.close()

    def _decoded(self, data: bytes) -> list[Line]:
        if data:
            lines = self._decoder.feed(data)
        else:
            self.ended = True
            lines = self._decoder.close()
        return [line for line in lines if line[2] > self._after] if self._after else lines


class TimeMerger:
    """Merges logs in time order: hands out what no log that is still open can precede.

    Stamps within a container need not ascend (its two streams are stamped apart): there the written
    order wins, so a line counts as no older than the one before it.
    """

    def __init__(self, logs: Iterable[OpenLog]) -> None:
        self._keys: dict[OpenLog, list[bytes]] = {}
        self._lines: dict[OpenLog, list[Line]] = {}
        self._last: dict[OpenLog, bytes] = {}
        self._open: dict[OpenLog, None] = {}
        for log in logs:
            self.add(log)

    def add(self, log: OpenLog) -> None:
        """Take part in the merge from now on; nothing newer than its lines is handed out before them."""
        self._keys[log], self._lines[log], self._last[log] = [], [], b""
        self._open[log] = None

    def limiting(self) -> OpenLog | None:
        """Return the open log that has to be read next; None when none is open."""
        return min(self._open, key=self._last.__getitem__, default=None)

    def push(self, log: OpenLog, lines: list[Line]) -> None:
        """Add what was read from `log`; a log that has ended limits no more."""
        if lines:
            keys = list(accumulate(map(_time, lines), max, initial=self._last[log]))[1:]
            self._keys[log] += keys
            self._lines[log] += lines
            self._last[log] = keys[-1]
        if log.ended:
            self.release(log)

    def release(self, log: OpenLog) -> None:
        """Stop waiting for `log`; its lines still come in order among those that are due."""
        self._open.pop(log, None)

    def last(self, log: OpenLog) -> bytes:
        """Return the newest time read from `log`."""
        return self._last[log]

    def take(self) -> list[Line]:
        """Return the lines that are due, in order."""
        limit = min(map(self._last.__getitem__, self._open), default=None)
        due: list[tuple[bytes, Line]] = []
        writers = 0
        for log, keys in list(self._keys.items()):
            if not keys:
                if log.ended:
                    del self._keys[log], self._lines[log], self._last[log]
                continue
            count = len(keys) if limit is None else bisect_right(keys, limit)
            if not count:
                continue
            writers += 1
            lines = self._lines[log]
            due += zip(keys[:count], lines[:count], strict=True)
            del keys[:count], lines[:count]
        if writers > 1:
            due.sort(key=itemgetter(0))
        return [line for _, line in due]


def open_log(
    daemon: Daemon, source: LogSource, options: LogOptions, *, follow: bool, after: bytes = b""
) -> OpenLog:
    """Open one log. Raises NotFound, or DaemonError if the container's log driver keeps nothing to read."""
    stream = daemon.open_logs(
        source.id, follow=follow, since=options.since, until=options.until, tail=options.tail
    )
    return OpenLog(source, stream, LogDecoder(source), after=after)


def newest_line(daemon: Daemon, source: LogSource) -> bytes:
    """Return when the container wrote its last line; nothing if it wrote none or its log is not kept."""
    try:
        log = open_log(daemon, source, LogOptions(tail="1"), follow=False)
    except DaemonError:
        return b""
    newest = b""
    while not log.ended:
        newest = max([newest, *(time for _, _, time, _ in log.read())])
    log.close()
    return newest


def open_attached(daemon: Daemon, source: LogSource) -> OpenLog:
    """Read what a container writes from now on, for log drivers that keep nothing to read."""
    tty = bool(daemon.inspect_container(source.id)["Config"]["Tty"])
    stream = daemon.attach_container(source.id, stdin=False)
    return OpenLog(source, stream, OutputDecoder(source, tty=tty))


def open_logs(
    daemon: Daemon,
    sources: Sequence[LogSource],
    options: LogOptions,
    *,
    follow: bool,
    otherwise: Callable[[LogSource, DaemonError], OpenLog | None],
) -> list[OpenLog]:
    """Open the logs of all sources, side by side: the daemon looks for each one's start meanwhile.

    `otherwise` says what stands in for a log that the container's log driver does not keep, if anything.
    """

    def open_one(source: LogSource) -> OpenLog | None:
        try:
            return open_log(daemon, source, options, follow=follow)
        except DaemonError as error:
            if error.status != _NOT_KEPT:
                raise
            return otherwise(source, error)

    if len(sources) < 2:
        return [log for log in map(open_one, sources) if log is not None]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=min(8, len(sources))) as pool:
        opening = [pool.submit(open_one, source) for source in sources]
    failures = [error for future in opening if (error := future.exception()) is not None]
    opened = [
        log for future in opening if future.exception() is None and (log := future.result()) is not None
    ]
    if failures:
        for log in opened:
            log.close()
        raise failures[0]
    return opened


_time = itemgetter(2)
