"""Plain data as YAML text, quoted and laid out as docker compose's YAML library does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from compose_lite.spec.scalars import Timestamp, resolve_plain
from compose_lite.spec.units import go_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLD_WORDS = frozenset(
    ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"]
)
"""Booleans of YAML 1.1: quoted, so that older readers take them for text, too."""
_SEPARATORS = frozenset((0x2028, 0x2029, 0xFEFF))
# Marks of direction, which can make a text read as another one. Go's library writes them as they are.
_DIRECTIONS = frozenset((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_FIRST_INDICATORS = frozenset("#,[]{}&*!|>'\"%@`")
_ESCAPES = {
    "\0": "\\0",
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
    "\x85": "\\N",
    "\u2028": "\\L",
    "\u2029": "\\P",
    "\ufeff": "\\uFEFF",
}


def to_yaml_text(value: Any) -> str:
    """Return `value` (mappings, lists, scalars) as a YAML document; mappings keep their order."""
    if not isinstance(value, (dict, list)) or not value:
        return _inline(value, "") + "\n"
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _entry(f"{indent}{_scalar(key)}:", item, indent, indent + "  ")
    else:
        for item in value:
            yield from _item(item, indent)


def _entry(head: str, item: Any, indent: str, inner: str) -> Iterator[str]:
    if isinstance(item, (dict, list)) and item:
        yield head
        yield from _lines(item, inner)
    else:
        yield f"{head} {_inline(item, indent)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    """Write a list item; a collection starts on the line of its dash."""
    inner = indent + "  "
    if isinstance(item, (dict, list)) and item:
        lines = iter(_lines(item, inner))
        yield f"{indent}- {next(lines)[len(inner) :]}"
        yield from lines
    else:
        yield f"{indent}- {_inline(item, indent)}"


def _inline(value: Any, indent: str) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    if value is None:
        return "null"
    if isinstance(value, Timestamp):
        return str(value)
    if isinstance(value, str):
        return _block(value, indent) if "\n" in value else _scalar(value)
    return go_text(value)


def _scalar(text: str) -> str:
    """Write text on one line: plain if nothing would take it for something else, else quoted."""
    if "\n" in text or type(resolve_plain(text)) is not str or text in _OLD_WORDS or _BASE_60.match(text):
        return _double_quoted(text)
    if any(not _is_printable(character) for character in text):
        return _double_quoted(text)
    if text[0] == " " or text[-1] == " " or _has_indicator(text):
        return "'" + text.replace("'", "''") + "'"
    return text


def _is_printable(character: str) -> bool:
    """Whether a character is written as it is: as Go's library has it, which escapes those beyond 16 bits."""
    code = ord(character)
    return 0x20 <= code <= 0x7E or (
        0xA0 <= code <= 0xFFFD
        and not 0xD800 <= code < 0xE000
        and code not in _SEPARATORS
        and code not in _DIRECTIONS
    )


def _has_indicator(text: str) -> bool:
    if text.startswith(("---", "...")) or text[0] in _FIRST_INDICATORS:
        return True
    for place, character in enumerate(text):
        spaced = place + 1 == len(text) or text[place + 1] == " "
        if character == ":" and spaced:
            return True
        if place == 0 and character in "?-" and spaced:
            return True
        if character == "#" and place and text[place - 1] == " ":
            return True
    return False


def _double_quoted(text: str) -> str:
    return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if _is_printable(character):
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _block(text: str, indent: str) -> str:
    """Write text of several lines as a literal block."""
    lines = text.split("\n")
    special = any(not _is_printable(character) and character not in "\n\t" for character in text)
    if special or text.endswith(" ") or any(line.endswith(" ") for line in lines[:-1]):
        return _double_quoted(text)
    chomping = "-" if lines[-1] else "+" if (len(lines) > 2 and not lines[-2]) or text == "\n" else ""
    hint = "2" if text[0] in " \n" else ""
    body = lines if lines[-1] else lines[:-1]
    inner = indent + "  "
    return "\n".join([f"|{hint}{chomping}", *(inner + line if line else "" for line in body)])
