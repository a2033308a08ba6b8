"""What Ctrl-C does, for other signals too, and that none is lost which arrives where Python drops exceptions."""

from __future__ import annotations

import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

# Seconds after which a dropped one comes again: the destructor or callback that it came in has ended by then.
_SOON = 0.02


def as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """A signal handler: do what SIGINT would. Called, not raised as a signal: a background job ignores that one."""
    react = signal.getsignal(signal.SIGINT)
    if not callable(react):
        raise KeyboardInterrupt
    react(number, frame)


def let_none_be_dropped() -> None:
    """Have an interrupt come again that Python has dropped, with a trace; for a process of our own, in its main thread."""
    signal.signal(signal.SIGALRM, as_ctrl_c)
    sys.unraisablehook = _unraisable


def _unraisable(dropped: sys.UnraisableHookArgs) -> None:
    # Nothing may be imported here, and no lock be taken: this may be in the midst of an import.
    if dropped.exc_type is KeyboardInterrupt:
        if not sys.is_finalizing():
            signal.setitimer(signal.ITIMER_REAL, _SOON)
    else:
        sys.__unraisablehook__(dropped)
