"""Splits a command line given as text into words, as docker compose does (shell quoting, no expansion)."""

from __future__ import annotations


class BadCommand(ValueError):
    """The text can't be split; the error's text says why."""


def split_command(text: str) -> list[str]:
    """Split `text` at unquoted white space, and take quotes and backslashes away.

    Raises:
        BadCommand: a quote is not closed, or a backslash ends the text.
    """
    import shlex

    try:
        return shlex.split(text)
    except ValueError as error:
        raise BadCommand(
            "a command line whose quotes are closed" if "quotation" in str(error) else str(error)
        ) from error
