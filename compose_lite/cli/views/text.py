"""Small text tools of the views: safe display of foreign text, width, padding, times and sizes."""

from __future__ import annotations

import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RESET = "\x1b[0m"
BOLD, DIM = "1", "2"


def _fixed(number: int) -> str:
    """The code of one of the 256 colours that are the same everywhere, of which those from 16 on are told by number."""
    return f"38;5;{number}"


# Of the eight basic colours, which every terminal shows as it likes, half can't be read on a light ground, or not on
# a dark one. These are of a middling lightness, which stands out from both (contrast of 3 at least, see the tests).
RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN = map(_fixed, (196, 28, 136, 33, 133, 30))
# To tell things apart: neighbours differ most. Without red, which is left for errors.
VARIOUS = tuple(map(_fixed, (30, 136, 133, 64, 33, 166, 99, 28, 169, 31)))

# Bidirectional overrides, which can make a name read as another one.
_TRICKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe(text: str) -> str:
    """The text with everything that could steer a terminal shown as an escape (`\\x1b`)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    return character if _is_harmless(character) else character.encode("unicode_escape").decode("ascii")


def _is_harmless(character: str) -> bool:
    return character.isprintable() and character not in _TRICKS


def json_text(value: Any, *, indent: int | None = None, compact: bool = False) -> str:
    """The value as JSON, exactly, with the characters that could steer a terminal as JSON's own escapes.

    Args:
        compact: leave no blanks between the parts, as docker compose does.
    """
    import json

    separators = (",", ":") if compact else None
    return harmless_json(json.dumps(value, ensure_ascii=False, indent=indent, separators=separators))


def harmless_json(text: str) -> str:
    """A JSON text that means the same, without a character that could steer a terminal."""
    if text.isascii() and text.isprintable():
        return text
    import json

    kept = (one if one == "\n" or _is_harmless(one) else json.dumps(one)[1:-1] for one in text)
    return "".join(kept)


def paint(text: str, *codes: str, on: bool) -> str:
    """The text in a colour or style, if colours are on."""
    return f"\x1b[{';'.join(codes)}m{text}{RESET}" if on and codes and text else text


def width(text: str) -> int:
    """How many columns a terminal needs for plain text (no escapes)."""
    return len(text) if text.isascii() else sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def clip(text: str, columns: int) -> str:
    """The text cut to a number of columns, with `…` where something is missing."""
    if width(text) <= columns:
        return text
    if columns <= 0:
        return ""
    kept, used = [], 1
    for character in text:
        used += _columns(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept) + "…"


def shorten(text: str, columns: int) -> str:
    """The text cut in its middle to a number of columns: names differ most at their ends."""
    if width(text) <= columns:
        return text
    head = clip(text, max(0, columns) // 3)
    tail = ""
    for character in reversed(text):
        if width(head) + width(character + tail) > columns:
            break
        tail = character + tail
    return head + tail


def wrapped(text: str, columns: int | None) -> list[str]:
    """The text as lines of at most so many columns (`None`: one line), broken between words; a longer word stays whole."""
    if columns is None:
        return [text]
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if not lines[-1] or width(longer) <= columns:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def pad(text: str, columns: int) -> str:
    """The text followed by as many blanks as it takes to fill the columns."""
    return text + " " * (columns - width(text))


def seconds(value: float) -> str:
    """A short time for people: `0.4s`, `12.0s`, `3m05s`."""
    if value < 60:
        return f"{value:.1f}s"
    minutes, rest = divmod(int(value), 60)
    return f"{minutes}m{rest:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"


def size(value: float) -> str:
    """A number of bytes in decimal units with three digits, as docker prints it (`1.98MB`)."""
    units = ("B", "kB", "MB", "GB", "TB", "PB")
    index = 0
    while value >= 1000 and index < len(units) - 1:
        value /= 1000
        index += 1
    return f"{value:.3g}{units[index]}"


def binary_size(value: float) -> str:
    """A number of bytes in binary units with four digits, as docker prints memory (`23.54GiB`)."""
    units = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
    index = 0
    while value >= 1024 and index < len(units) - 1:
        value /= 1024
        index += 1
    return f"{value:.4g}{units[index]}"


def ago(elapsed: float) -> str:
    """A duration in docker's words: `About a minute`, `3 hours`, `2 weeks`."""
    minutes, hours = int(elapsed / 60), int(elapsed / 3600 + 0.5)
    if elapsed < 60:
        return _counted(int(elapsed), "second") if elapsed >= 1 else "Less than a second"
    if minutes < 60:
        return _counted(minutes, "minute") if minutes > 1 else "About a minute"
    if hours < 48:
        return _counted(hours, "hour") if hours > 1 else "About an hour"
    days = hours // 24
    for limit, length, unit in ((14, 1, "day"), (60, 7, "week"), (730, 30, "month")):
        if days < limit:
            return _counted(days // length, unit)
    return _counted(days // 365, "year")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
