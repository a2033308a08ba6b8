"""The console script: Ctrl-C ends it without a trace also while the program is still being loaded."""

from __future__ import annotations

import atexit
import os
import sys

TYPE_CHECKING = False  # that of `typing` takes its time to load
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; never raises.

    Without `argv` it is the process's own, whose signals are ours.
    """
    try:
        if argv is None:
            from compose_lite.cli.interrupts import let_none_be_lost

            let_none_be_lost()
        from compose_lite.cli.program import run

        return run(argv)
    except KeyboardInterrupt:
        return INTERRUPTED


def script() -> NoReturn:
    """Run the process's own command line and end the process.

    The kernel takes back at once what the interpreter would take apart piece by piece: 3 ms of 30.
    """
    code = main()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        atexit._run_exitfuncs()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except OSError:
        sys.exit(code)
    os._exit(code)
