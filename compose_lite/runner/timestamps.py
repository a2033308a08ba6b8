"""Reads the moments that users type (`10m`, `2024-05-01`, Unix seconds) into what the daemon expects."""

from __future__ import annotations

import re

from compose_lite.errors import UsageError

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_STEP = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNIX = re.compile(r"\d+(\.\d{1,9})?")


def as_unix(moment: str, *, now: float, option: str = "--since") -> str:
    """Return Unix seconds (with up to nine decimals) for a duration before `now`, a date or Unix seconds.

    Dates without an offset are local time. Raises UsageError that names `option`.
    """
    if _UNIX.fullmatch(moment):
        return moment
    seconds = _duration(moment)
    if seconds is not None:
        return f"{now - seconds:.9f}"
    return _date(moment, option)


def _duration(text: str) -> float | None:
    """Return the seconds of a Go duration (`1h30m`, `10s`), None if it is none."""
    text = text.removeprefix("+")
    sign = -1.0 if text.startswith("-") else 1.0
    steps = _STEP.findall(text.removeprefix("-"))
    if not steps or "".join(number + unit for number, unit in steps) != text.removeprefix("-"):
        return None
    return sign * sum(float(number) * _UNITS[unit] for number, unit in steps)


def _date(text: str, option: str) -> str:
    from datetime import datetime

    # Python reads at most six decimals of a second; the daemon's own stamps have nine.
    found = re.fullmatch(r"(.*:\d\d)\.(\d{1,9})(Z|[+-]\d\d:?\d\d)?", text)
    plain, fraction = (found[1] + (found[3] or ""), found[2]) if found else (text, "")
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError as error:
        raise UsageError(
            f"{option}: {text!r} is not a moment",
            hint="Give a duration before now (10m, 1h30m), a date (2024-05-01, 2024-05-01T10:00:00Z) "
            "or Unix seconds.",
            code="invalid-time",
        ) from error
    return f"{int(moment.timestamp())}.{fraction or '0'}"
