"""Durations, byte sizes and numbers, read and written as docker compose does (that is, as Go does)."""

from __future__ import annotations

import re
import struct
from decimal import Decimal

_UNIT_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3_600 * 1_000_000_000,
    "d": 86_400 * 1_000_000_000,
    "w": 604_800 * 1_000_000_000,
}
_DURATION_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([a-zµμ]+)")
_SIZE = re.compile(
    r"((?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?) ?(b|([kmgtp])(i?b)?)?\Z", re.IGNORECASE
)
_SIZE_POWER = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
MAX_INT64 = 2**63 - 1


def parse_duration(text: str) -> int:
    """Read a duration (`1m30s`, `1.5h`, `2d`) as nanoseconds.

    Raises:
        ValueError: `text` is no duration.
    """
    rest = text
    sign = 1
    if rest[:1] in ("-", "+"):
        sign = -1 if rest[0] == "-" else 1
        rest = rest[1:]
    if rest == "0":
        return 0
    total = 0
    position = 0
    while position < len(rest):
        match = _DURATION_PART.match(rest, position)
        unit = _UNIT_NANOSECONDS.get(match.group(2)) if match else None
        if match is None or unit is None:
            raise ValueError("a duration such as `10s` or `1m30s`")
        total += int(Decimal(match.group(1)) * unit)
        position = match.end()
    if not rest or total > MAX_INT64:
        raise ValueError("a duration such as `10s` or `1m30s`")
    return sign * total


def format_duration(nanoseconds: int) -> str:
    """Write a duration as Go does: `1m30s`, `2h0m0s`, `10µs`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign = "-" if nanoseconds < 0 else ""
    value = abs(nanoseconds)
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if value < size * 1_000:
            return sign + _decimal(value, size) + unit
    minutes, rest = divmod(value, 60 * 1_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = _decimal(rest, 1_000_000_000) + "s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    if hours:
        text = f"{hours}h{text}"
    return sign + text


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    digits = len(str(unit)) - 1
    return f"{whole}.{str(rest).rjust(digits, '0').rstrip('0')}"


def parse_bytes(text: str) -> int:
    """Read a size (`512m`, `1.5gb`, `64 KiB`) as bytes; units are powers of 1,024.

    Raises:
        ValueError: `text` is no size.
    """
    match = _SIZE.match(text)
    if match is None:
        raise ValueError("a size such as `512m` or `1gb`")
    number, _, prefix, _ = match.groups()
    factor = 1024 ** _SIZE_POWER[prefix.lower()] if prefix else 1
    value = float(number) * factor
    if value >= 2**63:
        raise ValueError("a size below 8 EiB")
    return int(value)


def to_float32(value: float) -> float:
    """Return the shortest decimal number that a 32-bit float can't tell from `value`."""
    try:
        packed = struct.pack("f", value)
    except OverflowError:
        return value
    (value,) = struct.unpack("f", packed)
    for digits in range(1, 10):
        shortest = float(f"{value:.{digits}g}")
        if struct.pack("f", shortest) == packed:
            return shortest
    return value


def go_text(value: object) -> str:
    """Write a scalar as Go prints it: `true`, `1000` for 1e3, `1e+21`."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        return _go_float(value)
    return str(value)


def _go_float(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    exponent = int(f"{value:e}".split("e")[1])
    if -4 <= exponent < 21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    mantissa, power = repr(value).split("e") if "e" in repr(value) else f"{value:e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{'-' if power.startswith('-') else '+'}{power.lstrip('+-').zfill(2)}"
