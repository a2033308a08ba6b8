"""Plain YAML scalars as docker compose reads them (YAML 1.2 core schema with Go's number syntax).

PyYAML's own resolver follows YAML 1.1, where ``22:22`` is a number and ``yes`` a boolean; here they stay text.
"""

from __future__ import annotations

import re
from typing import TypeAlias


class Timestamp(str):
    """A date that YAML recognised; its text is what JSON output shows. Only extensions may hold one."""

    __slots__ = ()


Scalar: TypeAlias = str | int | float | bool | None

RESOLVABLE = frozenset("+-0123456789tTfFnN~.<")
"""First characters of plain scalars that may mean something else than their text."""

_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": float("nan"),
    ".NaN": float("nan"),
    ".NAN": float("nan"),
    ".inf": float("inf"),
    ".Inf": float("inf"),
    ".INF": float("inf"),
    "+.inf": float("inf"),
    "+.Inf": float("inf"),
    "+.INF": float("inf"),
    "-.inf": float("-inf"),
    "-.Inf": float("-inf"),
    "-.INF": float("-inf"),
}

_INT = re.compile(r"([-+]?)(?:0([xX][0-9a-fA-F]+|[oO]?[0-7]+|[bB][01]+)|(0|[1-9][0-9]*))\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_DOT_FLOAT = re.compile(r"\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?\Z")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:([Tt ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(\.[0-9]{1,9})?(Z|[-+][0-9]{2}:[0-9]{2})?)?\Z"
)
_TOO_BIG = 2**64


def resolve_plain(text: str) -> Scalar:
    """Return what the plain (unquoted, untagged) scalar `text` means."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == ".":
        return float(text) if _DOT_FLOAT.match(text) else text
    if first not in "+-0123456789":
        return text
    if _DATE.match(text):
        timestamp = _timestamp(text)
        if timestamp is not None:
            return timestamp
    digits = text.replace("_", "") if "_" in text else text
    number = parse_int(digits)
    if number is not None:
        return number
    if _FLOAT.match(digits):
        value = float(digits)
        if value not in (float("inf"), float("-inf")):
            return value
    return text


def parse_int(text: str) -> int | None:
    """Read an integer with Go's base prefixes (``0x``, ``0o``, ``0b``, leading ``0`` for octal)."""
    match = _INT.match(text)
    if match is None:
        return None
    sign, prefixed, decimal = match.groups()
    if prefixed is None:
        value = int(decimal) if len(decimal) <= 20 else _TOO_BIG
    else:
        kind = prefixed[0].lower()
        base = {"x": 16, "b": 2}.get(kind, 8)
        value = int(prefixed[1:] if kind in "xob" else prefixed, base)
    if sign == "-":
        return -value if value <= 2**63 else None
    return value if value < _TOO_BIG else None


def resolve_tagged(tag: str, text: str) -> Scalar:
    """Return the value of a scalar with a standard tag (``!!int "5"``).

    Raises:
        ValueError: the text is not what the tag says.
    """
    kind = tag.removeprefix("tag:yaml.org,2002:")
    if kind == "str":
        return text
    if kind == "binary":
        return _binary(text)
    value = resolve_plain(text)
    found = _kind(value)
    if kind == found:
        return value
    if kind == "float" and found == "int" and isinstance(value, int):
        return float(value)
    if kind in ("bool", "int", "float", "null", "timestamp"):
        raise ValueError(f"cannot read `{text}` as a {kind}")
    return text


def _kind(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, Timestamp):
        return "timestamp"
    return {bool: "bool", int: "int", float: "float"}.get(type(value), "str")


def _binary(text: str) -> str:
    import base64
    import binascii

    try:
        return base64.b64decode(text, validate=False).decode("utf-8", "replace")
    except binascii.Error as error:
        raise ValueError("!!binary value contains invalid base64 data") from error


def _timestamp(text: str) -> Timestamp | None:
    import datetime

    match = _DATE.match(text)
    if match is None:
        return None
    year, month, day, separator, hour, minute, second, fraction, zone = match.groups()
    if separator and (zone is None) != (separator == " "):
        return None  # Go's library takes a zone after T only, and then insists on it
    try:
        datetime.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    fraction = (fraction or "").rstrip("0").rstrip(".")
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{int(second or 0):02}{fraction}"
    return Timestamp(f"{year}-{int(month):02}-{int(day):02}T{clock}{zone or 'Z'}")
