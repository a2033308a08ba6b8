"""Splits a command line given as text into words, with the reading of shell syntax that docker compose has.

Quotes and backslashes work as in a shell, nothing is expanded, and an unquoted ``;``, ``&``, ``|``, ``<`` or
``>`` silently ends the command: what follows it never reaches the container.
"""

from __future__ import annotations

_SPACE = " \t\r\n"
_ENDS = ";&|<>"


class BadCommand(ValueError):
    """The text can't be split; the error's text says what it would have to be."""

    def __init__(self) -> None:
        super().__init__("a command line: a quote or parenthesis in it has no partner")


def split_command(text: str) -> list[str]:
    """Split `text` at unquoted white space, and take quotes and backslashes away.

    Raises:
        BadCommand: a quote or parenthesis has no partner, or a backslash ends the text.
    """
    return _Splitter(text).words()


class _Splitter:
    """One pass over the text; `quote` is the quote that is open, ``(`` standing for ``$(``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words: list[str] = []
        self._word: list[str] = []
        self._started = False
        self._quote = ""
        self._escaped = False

    def words(self) -> list[str]:
        for character in self._text:
            if self._escaped:
                self._escaped = False
                self._add(character)
            elif character == "\\" and self._quote != "'":
                self._escaped = True
            elif character in _SPACE and not self._quote:
                self._end_word()
            elif character in _ENDS and not self._quote:
                break
            elif not self._toggle_quote(character):
                self._add(character)
        self._end_word()
        if self._escaped or self._quote:
            raise BadCommand
        return self._words

    def _add(self, character: str) -> None:
        self._word.append(character)
        self._started = True

    def _end_word(self) -> None:
        if self._started:
            self._words.append("".join(self._word))
        self._word = []
        self._started = False

    def _toggle_quote(self, character: str) -> bool:
        """Open or close a quote; tell whether the character is to be left out of the word."""
        quote = self._quote
        if character in "\"'" and quote in ("", character):
            self._quote = "" if quote else character
            self._started = True
            return True
        if character == "`" and quote in ("", "`"):
            self._quote = "" if quote else "`"
        elif character == "(" and quote in ("", "("):
            if quote or self._word[-1:] != ["$"]:
                raise BadCommand
            self._quote = "("
        elif character == ")" and quote in ("", "("):
            self._quote = "" if quote else "("
        return False
