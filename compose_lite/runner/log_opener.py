"""Opens the log of a followed container behind what has been read of it, at each start and after each end."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from compose_lite.errors import DaemonError, NotFound
from compose_lite.runner.logs import LogOptions, newest_line, open_attached, open_log
from compose_lite.runner.timestamps import as_unix

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.followed import Followed
    from compose_lite.runner.logs import OpenLog
    from compose_lite.runner.open_logs import OpenLogs


class LogOpener:
    """Puts logs among those that are being read, and takes them out again.

    Args:
        logs: those that are being read.
    """

    def __init__(self, daemon: Daemon, logs: OpenLogs) -> None:
        self._daemon = daemon
        self._logs = logs

    def look_back(self, followed: Followed) -> None:
        """Note where the log of a container ends that does not run: what it writes next is of another run.

        Asked before it is started: after that its runs can't be told apart. Nor can they by the moment when it
        ended: on a busy machine its last lines are stamped later than that (Engine 20.10).
        """
        followed.last = newest_line(self._daemon, followed.source)
        followed.died_at = _moment(followed.last)
        followed.new = not followed.last

    def open(self, followed: Followed) -> None:
        """Read the log of a container that has just started, from this start on."""
        try:
            log = self._opened(followed)
        except NotFound:
            return  # gone already
        self._add(followed, log)

    def open_rest(self, followed: Followed) -> bool:
        """Read on behind the last line of a log that has ended; tells whether that is possible.

        The daemon ends a followed log with its container, whether or not all of it has been sent: what was written
        while it still sent older lines is missing (Engine 20.10).
        """
        if not followed.last:
            return False
        # Not what it writes once it has been started again.
        options = LogOptions(since=_moment(followed.last), until=str(time()))
        try:
            log = open_log(self._daemon, followed.source, options, follow=False, after=followed.last)
        except DaemonError:
            return False  # the container is gone, or its log driver keeps nothing
        followed.rest = True
        self._add(followed, log)
        return True

    def drop(self, followed: Followed) -> None:
        """Read its log no further."""
        log, followed.log = followed.log, None
        if log is not None:
            self._logs.remove(log)

    def _add(self, followed: Followed, log: OpenLog) -> None:
        followed.log = log
        self._logs.add(log)

    def _opened(self, followed: Followed) -> OpenLog:
        since = _moment(followed.last) or followed.died_at
        if since is None and not followed.new:
            since = self._end_of_earlier_run(followed.source.id)
        try:
            options = LogOptions(since=since)
            return open_log(self._daemon, followed.source, options, follow=True, after=followed.last)
        except NotFound:
            raise
        except DaemonError:
            # Its log driver keeps nothing to read (`none`): what it writes from now on can be had.
            return open_attached(self._daemon, followed.source)

    def _end_of_earlier_run(self, container: str) -> str | None:
        ended = str(self._daemon.inspect_container(container)["State"].get("FinishedAt", ""))
        return None if not ended or ended.startswith("0001-") else as_unix(ended, now=0.0)


def _moment(stamp: bytes) -> str | None:
    """Return a line's time stamp as Unix seconds, None without one."""
    return as_unix(stamp.decode(), now=0.0) if stamp else None
