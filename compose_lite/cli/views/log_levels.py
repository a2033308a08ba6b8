"""Recognises how grave a log line is, from the forms that programs commonly write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What `--level` takes, from harmless to grave.
LEVELS = ("trace", "debug", "info", "notice", "warn", "error", "fatal")

_RANKS = {name: rank for rank, name in enumerate(LEVELS)}
_WORDS = {
    "trace": "trace trce verbose",
    "debug": "debug dbug dbg",
    "info": "info information informational inf log",
    "notice": "notice",
    "warn": "warn warning wrn",
    "error": "error err eror severe exception",
    "fatal": "fatal critical crit alert emergency emerg panic ftl",
}
_BY_WORD = {word: _RANKS[level] for level, words in _WORDS.items() for word in words.split()}

# The names under which structured logs have their level, at the top or in an object (`log.level`).
_FIELDS = ("level", "severity", "lvl", "loglevel", "log_level", "levelname", "log.level", "severity_text")
# Where numbers are written (bunyan, pino): from 10, each ten one level up, without a notice.
_BY_NUMBER = ("trace", "debug", "info", "warn", "error", "fatal")

# A level stands near the start of a line, or further back is a word like any other.
_HEAD = 160
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_KEY_VALUE = re.compile(r"\b(?:level|lvl|severity|loglevel)=\"?(?P<word>[A-Za-z]+)", re.IGNORECASE)
_ANY = "|".join(sorted(_BY_WORD, key=len, reverse=True))
_UPPER = _ANY.upper()
_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"[\[<(|]\s*(?P<word>(?i:{_ANY}))\s*[\]>)|:]",  # [error], <warn>, (INFO)
        rf"^(?:\S+\s+)?(?P<word>(?i:{_ANY}))\s*:\s",  # error: …, program: warning: …
        rf"(?<![\w.=-])(?P<word>{_UPPER})(?![\w-])",  # 2026-01-01 10:00:00 ERROR …
        rf"\blevel\W{{1,4}}(?P<word>(?i:{_ANY}))\b",
    )
)
_GLOG = re.compile(r"^(?P<word>[IWEF])\d{4} \d\d:\d\d:\d\d")
_REDIS = re.compile(r"^\d+:[A-Z] \d.*?\d\d:\d\d:\d\d\.\d+ (?P<word>[.*#-]) ")
_LETTERS = {"I": "info", "W": "warn", "E": "error", "F": "fatal"}
_MARKS = {".": "debug", "-": "info", "*": "notice", "#": "warn"}
# What a program says as it breaks, without naming a level.
_BROKEN = re.compile(
    r"^(?:Traceback \(most recent call last\):|[\w.]*(?:Error|Exception)\b(?::|$)|Caused by: )"
)
_PANIC = re.compile(r"^(?:panic: |fatal error: )")


@cache
def rank(word: str) -> int | None:
    """How grave a level is by any of its usual names, in any case; `None` for a word that is none."""
    return _BY_WORD.get(word.lower())


def level_of(line: str) -> int | None:
    """The rank (place in `LEVELS`) of a log line; `None` if it doesn't tell."""
    text = _ESCAPES.sub("", line) if "\x1b" in line else line
    start = text.lstrip()
    if start.startswith("{"):
        return _of_json(start)
    head = text[:_HEAD]
    if pair := _KEY_VALUE.search(text):
        return rank(pair["word"])
    for form, names in ((_GLOG, _LETTERS), (_REDIS, _MARKS)):
        if found := form.match(head):
            return _RANKS[names[found["word"]]]
    if _PANIC.match(head):
        return _RANKS["fatal"]
    if _BROKEN.match(head):
        return _RANKS["error"]
    matches = [found for form in _FORMS if (found := form.search(head))]
    return rank(min(matches, key=lambda found: found.start("word"))["word"]) if matches else None


def is_continuation(line: str) -> bool:
    """Whether a line without a level belongs to the one before it: an empty or an indented one (a stack trace)."""
    return not line or line[0] in " \t"


def _of_json(text: str) -> int | None:
    try:
        entry = json.loads(text)
    except ValueError:
        return None
    return _of_fields(entry) if isinstance(entry, Mapping) else None


def _of_fields(entry: Mapping[str, Any]) -> int | None:
    by_name = {str(name).lower(): value for name, value in entry.items()}
    nested = by_name.get("log")
    if isinstance(nested, Mapping):
        by_name.setdefault("log.level", nested.get("level"))
    values = (_of_value(by_name[name]) for name in _FIELDS if name in by_name)
    return next((found for found in values if found is not None), None)


def _of_value(value: Any) -> int | None:
    if isinstance(value, str) and not value.isdigit():
        return rank(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    steps = int(value) // 10 - 1
    return _RANKS[_BY_NUMBER[min(steps, len(_BY_NUMBER) - 1)]] if steps >= 0 else None
