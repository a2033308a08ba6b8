"""Tells at once which paths below some files and folders changed, by way of watchfiles.

Each folder is watched on its own, so that links are not followed and folders that don't matter cost nothing;
the price is a new notifier when a folder is made. What watchfiles may lose (the kernel's queue overflows, an
event comes in between its reading and its clearing, a name is not UTF-8) is made up for: when it gets quiet
after more than a single save, the user is asked to compare everything (`Changes.rescan`).
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from compose_lite.errors import ComposeLiteError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.watch_places import Places, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    # Makes a notifier for folders; the flag says that those which can't be watched are passed over.
    MakeNotifier = Callable[[list[str], bool], "Notifier"]

# Milliseconds between two looks for events; a change is told when one look finds nothing more to it.
_STEP = 10
# The longest step, for what is written to without end, and the longest time that a burst is gathered.
_LONGEST_STEP = 160
_LONGEST_BURST = 400
# Batches that follow each other within this time (seconds) belong to one burst.
_SOON = 0.1
# Seconds without an event after which all is compared, if something may have been lost; and the longest
# time until then if it does not get quiet.
_QUIET = 0.25
_PATIENCE = 5.0
# Seconds between two comparisons while there are folders that can't be watched.
_BLIND = 1.0
# A batch of more paths may have been more than the kernel's queue held (16,384 events by default, and
# a new file makes three or more).
_MANY = 1000
# How often folders may vanish while they are being watched one after the other.
_ATTEMPTS = 5

_MODIFIED = 2


class Notifier(Protocol):
    """What is used of watchfiles' `RustNotify`."""

    def watch(
        self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Any, /
    ) -> set[tuple[int, str]] | str: ...

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What happened since the last answer.

    Attributes:
        paths: absolute paths, below the roots as these were given, that are new, different or gone. Of a folder
            that is new (or back), everything in it has to be looked at.
        rescan: events may have been lost: all roots have to be compared with what is known of them. Usual
            when it has become quiet after something happened; mostly nothing more is found then.
    """

    paths: frozenset[str] = frozenset()
    rescan: bool = False


class FileWatch:
    """Watches files and folders (absolute paths), from its making until it is closed.

    Roots may be links, be made later, vanish and come back. `descend` says which folders below a root are worth
    watching. `next` is for one thread, `wake` and `close` for any.

    Raises:
        ComposeLiteError: the kernel's limit of watches is reached (`watch-limit`).
    """

    def __init__(
        self,
        roots: Iterable[str],
        *,
        descend: Callable[[str], bool] | None = None,
        notifier: MakeNotifier | None = None,
    ) -> None:
        self._roots = tuple(dict.fromkeys(os.path.normpath(root) for root in roots))
        self._descend = descend or _everywhere
        self._make = notifier or _rust_notifier
        self._stop = threading.Event()
        self._closed = False
        self._busy = threading.Lock()
        self._step = _STEP
        self._last_batch = self._looked_blind = 0.0
        self._pending = _Pending()
        self._places, self._notifier = self._started()

    def __enter__(self) -> FileWatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def next(self, timeout: float | None = None) -> Changes | None:
        """Wait until something changed; `None` after `timeout` seconds, `wake` or `close`.

        Raises:
            ComposeLiteError: the kernel's limit of watches is reached (`watch-limit`).
            KeyboardInterrupt: the user pressed Ctrl-C (main thread only).
        """
        deadline = None if timeout is None else monotonic() + timeout
        with self._busy:
            while not self._closed:
                if changes := self._settled() or self._gathered(deadline):
                    return changes
                if self._stop.is_set() or (deadline is not None and monotonic() >= deadline):
                    self._stop.clear()
                    return None
        return None

    def wake(self) -> None:
        """End the wait of `next`, or the next one if nobody waits."""
        self._stop.set()

    def close(self) -> None:
        """Stop watching; a thread that waits in `next` returns."""
        self._closed = True
        self._stop.set()
        with self._busy:
            self._notifier.close()

    def _gathered(self, deadline: float | None) -> Changes | None:
        """The next batch, if one comes until it is time for something else."""
        times = [time for time in (deadline, self._pending.due, self._blind_due()) if time is not None]
        # 0 would mean to wait for ever
        timeout = max(1, round((min(times) - monotonic()) * 1000)) if times else 0
        try:
            answer = self._notifier.watch(_LONGEST_BURST, self._step, timeout, self._stop)
        except RuntimeError:
            # Most likely a name that is not UTF-8; from then on this notifier only repeats the error.
            self._renew()
            return Changes(rescan=True)
        if answer == "signal":
            raise KeyboardInterrupt
        if isinstance(answer, str):
            if answer == "stop":
                # It dropped what came in at the same moment.
                self._pending.suspect = True
                self._pending.touch()
            return None
        return self._told(answer)

    def _told(self, events: set[tuple[int, str]]) -> Changes | None:
        """What a batch means, and whether other folders have to be watched from now on."""
        paths: set[str] = set()
        renew = False
        for kind, path in events:
            paths |= self._places.reported(path)
            renew = renew or self._places.outdated(path, modified=kind == _MODIFIED)
        if renew:
            for _, path in self._renew():
                paths |= self._places.reported(path)
        if not paths:
            return None
        now = monotonic()
        self._step = min(self._step * 2, _LONGEST_STEP) if now - self._last_batch < _SOON else _STEP
        self._last_batch = now
        self._pending.add(paths, suspect=renew or len(events) > 1)
        if len(events) >= _MANY:
            self._pending.overflown = True
        return Changes(paths=frozenset(paths))

    def _settled(self) -> Changes | None:
        """What is to be looked at again now that it is quiet, if it is."""
        pending = self._pending
        if pending.due is None or monotonic() < pending.due:
            return Changes(rescan=True) if self._blind_now() else None
        self._pending = _Pending()
        if not pending.suspect:
            missed = pending.missed()
            if missed:
                self._pending.add(missed)
            return Changes(paths=missed) if missed else None
        if pending.overflown or self._survey().folders != self._places.folders:
            self._renew()
        return Changes(rescan=True)

    def _renew(self) -> set[tuple[int, str]]:
        """Watch what is there now; return the events that the old notifier still had."""
        old = self._notifier
        self._places, self._notifier = self._started()
        left: set[tuple[int, str]] | str = ""
        with suppress(RuntimeError):  # broken, which may be why it is replaced
            left = old.watch(0, 1, 1, None)
        old.close()
        return left if isinstance(left, set) else set()

    def _started(self) -> tuple[Places, Notifier]:
        """A new notifier and what it watches: nothing that was made meanwhile is missing."""
        for _ in range(_ATTEMPTS):
            places = self._survey()
            try:
                notifier = self._made(places, pass_over=False)
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue  # changed while it was looked at
            if self._survey().folders.keys() <= places.folders.keys():
                return places, notifier
            notifier.close()
        # It never stands still. What is missing now is found when it gets quiet.
        places = self._survey()
        self._pending.suspect = self._pending.overflown = True
        self._pending.touch()
        return places, self._made(places, pass_over=True)

    def _made(self, places: Places, *, pass_over: bool) -> Notifier:
        folders = sorted(places.folders)
        try:
            return self._make(folders, pass_over)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            raise
        except (OSError, RuntimeError) as error:
            raise _limit_reached(len(folders), error) from error

    def _survey(self) -> Places:
        return survey(self._roots, self._descend)

    def _blind_due(self) -> float | None:
        return self._looked_blind + _BLIND if self._places.blind else None

    def _blind_now(self) -> bool:
        due = self._blind_due()
        if due is None or monotonic() < due:
            return False
        self._looked_blind = monotonic()
        return True


class _Pending:
    """What has happened since it was quiet, and when to look at it once more."""

    def __init__(self) -> None:
        self.suspect = False
        self.overflown = False
        self.due: float | None = None
        self._since: float | None = None
        self._looks: dict[str, tuple[int, ...]] = {}

    def add(self, paths: Iterable[str], *, suspect: bool = False) -> None:
        """These paths were told."""
        self.suspect = self.suspect or suspect
        if not self.suspect:
            self._looks |= {path: _signature(path) for path in paths}
            self.suspect = len(self._looks) > 1
        self.touch()

    def touch(self) -> None:
        """Something happened: wait again until it is quiet, though not for ever."""
        now = monotonic()
        self._since = self._since or now
        self.due = min(now + _QUIET, self._since + _PATIENCE)

    def missed(self) -> frozenset[str]:
        """The told paths that have changed since."""
        return frozenset(path for path, look in self._looks.items() if _signature(path) != look)


def _signature(path: str) -> tuple[int, ...]:
    try:
        found = os.lstat(path)
    except OSError:
        return ()
    return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _everywhere(path: str) -> bool:  # noqa: ARG001  # the default of `descend`
    return True


def _rust_notifier(folders: list[str], pass_over: bool) -> Notifier:
    from watchfiles._rust_notify import RustNotify

    # not for debugging, no polling, not recursive
    notifier: Notifier = RustNotify(folders, False, False, 300, False, pass_over)
    return notifier


def _limit_reached(folders: int, error: Exception) -> ComposeLiteError:
    reason = str(error).partition(" about ")[0].rstrip(".")
    limit, value = ("max_user_instances", 1024) if "open files" in reason else ("max_user_watches", 1048576)
    return ComposeLiteError(
        f"the kernel can't watch {folders} folders: {reason}",
        hint=f"raise its limit, e.g. `sudo sysctl fs.inotify.{limit}={value}`, or ignore folders that don't matter",
        code="watch-limit",
    )
