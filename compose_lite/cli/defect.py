"""What a user is told when compose-lite itself is at fault: a sentence and a report, not a traceback."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

DEBUG = "COMPOSE_LITE_DEBUG"


def describe(error: BaseException, environ: Mapping[str, str]) -> str:
    """The message for an exception that should not have happened; saves its traceback in a private file."""
    trace = "".join(traceback.format_exception(error))
    if environ.get(DEBUG):
        return f"{trace}{_summary(error)}"
    saved = _save(trace)
    where = f"A report is in {saved}; please" if saved else f"Run it again with {DEBUG}=1 to see where, and"
    return f"{_summary(error)}\n  {where} attach it to a bug report. It may quote your files: look before you share."


def _summary(error: BaseException) -> str:
    return f"error: this is a defect in compose-lite, not in your files ({type(error).__name__})"


def _save(trace: str) -> Path | None:
    """Write the report to a new file that only this user can read; `None` if that is impossible."""
    header = f"compose-lite {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="compose-lite-", suffix=".report", delete=False, encoding="utf-8", errors="replace"
        ) as report:
            report.write(f"{header}command: {' '.join(sys.argv[1:2])}\n\n{trace}")
    except OSError:
        return None
    return Path(report.name)
