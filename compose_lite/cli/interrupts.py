"""What Ctrl-C does, for other signals too, and that none is lost: neither dropped nor slept over.

Python notes a signal where it arrives, and reacts to it in the main thread between two instructions or when a
system call is cut short. One that arrives after the last look and before the call sleeps is noted and slept over.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

# Seconds after which a dropped one comes again: the destructor or callback that it came in has ended by then.
_SOON = 0.02
# Sent to the main thread to cut its system call short. Whoever does not await it is not bothered by it.
_NUDGE = signal.SIGURG
# Seconds from one nudge to the next.
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0


def as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """A signal handler: do what SIGINT would. Called, not raised as a signal: a background job ignores that one."""
    react = signal.getsignal(signal.SIGINT)
    if not callable(react):
        raise KeyboardInterrupt
    react(number, frame)


def let_none_be_lost() -> None:
    """Have every interrupt obeyed, wherever it comes; for a process of our own, in its main thread."""
    signal.signal(signal.SIGALRM, as_ctrl_c)
    sys.unraisablehook = _unraisable
    _Nudging().begin()


def _unraisable(dropped: sys.UnraisableHookArgs) -> None:
    # Nothing may be imported here, and no lock be taken: this may be in the midst of an import.
    if dropped.exc_type is KeyboardInterrupt:
        if not sys.is_finalizing():
            signal.setitimer(signal.ITIMER_REAL, _SOON)
    else:
        sys.__unraisablehook__(dropped)


class _Nudging:
    """Wakes the main thread after each signal until it has reacted."""

    __slots__ = ("_main", "_noted", "_reacted")

    def __init__(self) -> None:
        self._main = _thread.get_ident()
        self._reacted = False
        # The interpreter writes the number of each signal there at once, in whichever thread it arrives.
        self._noted, written = os.pipe()
        os.set_blocking(written, False)
        signal.signal(_NUDGE, self._react)
        signal.set_wakeup_fd(written, warn_on_full_buffer=False)

    def begin(self) -> None:
        """Do so from now on."""
        _thread.start_new_thread(self._nudge, ())

    def _react(self, _number: int, _frame: FrameType | None) -> None:
        # Python reacts to all that it has noted before it goes on.
        self._reacted = True

    def _nudge(self) -> None:
        while numbers := os.read(self._noted, 512):
            self._reacted = set(numbers) == {_NUDGE}
            pause = _FIRST_PAUSE
            while not self._reacted:
                time.sleep(pause)
                signal.pthread_kill(self._main, _NUDGE)
                pause = min(2 * pause, _LONGEST_PAUSE)
