"""Env files: the `.env` dialect with quotes, escapes and variables, and the `raw` one without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.spec.template import TemplateError, substitute

if TYPE_CHECKING:
    from collections.abc import Callable

    Lookup = Callable[[str], str | None]

_SPACE = "\t\v\f\r \x85\xa0"
_EXPORT = re.compile(r"export\s+")
_ESCAPE = re.compile(r"\\(?:[abcfnrtv$\"\\]|0[0-9]{0,3})")
_SIMPLE_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "$": "$$",
}


class EnvFileError(Exception):
    """An env file breaks the syntax.

    Attributes:
        line: 1-based line.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(kw_only=True, slots=True)
class EnvFile:
    """What one env file sets.

    Attributes:
        values: values by name, in the order of the file.
        lines: the 1-based line that set each name.
        unset: variables that the file uses and nobody sets, with the line of each use.
    """

    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    unset: list[tuple[str, int]] = field(default_factory=list)


def parse_env(text: str, lookup: Lookup, earlier: Lookup | None = None) -> EnvFile:
    """Read the `.env` dialect.

    Args:
        text: the file's content.
        lookup: variables that win over those set in the file, for `$NAME` and for bare names.
        earlier: variables that those set in the file win over (from earlier files).

    Raises:
        EnvFileError: a line can't be read.
    """
    return _Parser(text, lookup, earlier).run()


def parse_raw_env(text: str, lookup: Lookup, _earlier: Lookup | None = None) -> EnvFile:
    """Read the `raw` dialect: `NAME=value` lines, everything after the `=` as it stands.

    Raises:
        EnvFileError: a line has no usable name.
    """
    result = EnvFile()
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = line.removesuffix("\r").lstrip(" \t\v\f\r")
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not name:
            raise EnvFileError(number, "no variable name on this line")
        if any(character.isspace() for character in name):
            raise EnvFileError(number, f"the variable name `{name}` contains white space")
        if separator:
            result.values[name] = value
        else:
            inherited = lookup(name)
            if inherited is None:
                continue
            result.values[name] = inherited
        result.lines[name] = number
    return result


class _Parser:
    """One pass over the text with a position; lines are counted from positions when needed."""

    def __init__(self, text: str, lookup: Lookup, earlier: Lookup | None = None) -> None:
        self.text = text.replace("\r\n", "\n").removeprefix("\ufeff")
        self.lookup = lookup
        self.earlier = earlier
        self.position = 0
        self.result = EnvFile()
        self._counted = (0, 1)

    def run(self) -> EnvFile:
        """Read statements until the end."""
        while self._next_statement():
            line = self._line(self.position)
            name, has_value = self._name()
            if (
                self.position < 0
            ):  # docker compose takes a bare name that ends the file for a value without a name
                self.result.values[""], self.result.lines[""] = name, line
                break
            value = self._value() if has_value else self.lookup(name)
            if value is not None:
                self.result.values[name] = value
                self.result.lines[name] = line
        return self.result

    def _next_statement(self) -> bool:
        """Skip blank lines and comments; tell whether anything follows."""
        text = self.text
        while self.position < len(text):
            character = text[self.position]
            if character == "#":
                end = text.find("\n", self.position)
                if end < 0:
                    return False
                self.position = end
            elif character == "\n" or character.isspace():
                self.position += 1
            else:
                return True
        return False

    def _name(self) -> tuple[str, bool]:
        """Read up to `=`, `:` or the line's end; tell whether a value follows."""
        text = self.text
        export = _EXPORT.match(text, self.position)
        if export:
            self.position += len("export")
            while self.position < len(text) and text[self.position] in _SPACE:
                self.position += 1
        start = position = self.position
        has_value = False
        found = False
        while position < len(text):
            character = text[position]
            if character in "=:\n":
                has_value = character != "\n"
                found = True
                break
            if not (
                character in _SPACE or character in "_.-[]" or character.isalpha() or character.isnumeric()
            ):
                line = text[start:].split("\n", 1)[0]
                raise EnvFileError(
                    self._line(start), f"unexpected character `{character}` in the variable name of `{line}`"
                )
            position += 1
        name = text[start:position].rstrip()
        if " " in name:
            raise EnvFileError(self._line(start), f"the variable name `{name}` contains a space")
        if not found:
            self.position = -1
            return name, False
        position += 1
        while position < len(text) and text[position] in _SPACE:
            position += 1
        self.position = position
        return name, has_value

    def _value(self) -> str:
        text = self.text
        quote = text[self.position : self.position + 1]
        if quote not in ("'", '"') or not quote:
            end = text.find("\n", self.position)
            end = len(text) if end < 0 else end
            start, self.position = self.position, end + 1
            value = text[start:end].split(" #", 1)[0].rstrip()
            return self._expand(value, start)
        return self._quoted(quote)

    def _quoted(self, quote: str) -> str:
        text = self.text
        start = self.position
        characters: list[str] = []
        escaped = False
        for position in range(start + 1, len(text)):
            character = text[position]
            if character == quote and not escaped:
                self.position = position + 1
                value = "".join(characters)
                if quote == '"':
                    return self._expand(_ESCAPE.sub(_unescape, value), start)
                return value
            if character == "\\" and not escaped:
                escaped = True
                continue
            if escaped and character != quote:
                characters.append("\\")
            escaped = False
            characters.append(character)
        line = text[start:].split("\n", 1)[0]
        raise EnvFileError(self._line(start), f"the quote of `{line}` is never closed")

    def _expand(self, value: str, start: int) -> str:
        if "$" not in value:
            return value
        line = self._line(start)
        try:
            return substitute(
                value, self._variable, unset=lambda name: self.result.unset.append((name, line))
            )
        except TemplateError as error:
            raise EnvFileError(line, str(error)) from error

    def _variable(self, name: str) -> str | None:
        value = self.lookup(name)
        if value is None:
            value = self.result.values.get(name)
        if value is None and self.earlier is not None:
            value = self.earlier(name)
        return value

    def _line(self, position: int) -> int:
        """Return the 1-based line of `position`, counting on from the last one asked for."""
        counted, line = self._counted
        if position < counted:
            counted, line = 0, 1
        line += self.text.count("\n", counted, position)
        self._counted = (position, line)
        return line


def _unescape(match: re.Match[str]) -> str:
    text = match.group()
    if text[1] == "0":
        digits = text[2:]
        if len(digits) == 3 and digits[0] in "0123" and not set(digits) & {"8", "9"}:
            return chr(int(digits, 8))
        return "\\" + digits  # docker compose drops the zero of what it can't read
    return _SIMPLE_ESCAPES.get(text[1], text)
