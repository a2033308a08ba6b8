"""Answers a shell that asks for completions: in time, in one piece, and without a word about what is wrong."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

from compose_lite.cli import commands
from compose_lite.cli.completion import ASKED, ASKED_BY_LINE, NO_FILES
from compose_lite.cli.completion.candidates import Answer, answer
from compose_lite.cli.completion.place import locate
from compose_lite.cli.invocation import CommonOptions, Invocation, connect
from compose_lite.cli.views.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from compose_lite.cli.terminal import Terminal
    from compose_lite.runner.daemon import Daemon

# Seconds after which a person has given up: a daemon that is far away or hangs must not hold the shell.
_PATIENCE = 3.0


# What no shell gives a meaning to. Whoever names things on the daemon must not get a command into somebody's line.
_PLAIN_WORD = re.compile(r"[\w.,:/@%+=-]*")


class _TooLate(BaseException):
    """Time is up. Not an `Exception`, so that nobody on the way takes it for something to recover from."""


def respond(
    argv: Sequence[str], terminal: Terminal, connect: Callable[[CommonOptions], Daemon] = connect
) -> int:
    """Print the answer to `__complete WORDS...` or `__completeLine BREAKS LINE`; the exit code is always 0."""
    how, *words = argv
    breaks = ""
    if how == ASKED_BY_LINE:
        breaks, line = (*words, "", "")[:2]
        words = split_line(line)[1:]
    *before, current = words or [""]
    found = _in_time(lambda: _answer(before, current, terminal, connect))
    described = how == ASKED
    cut = _cut(current, breaks)
    for name, text in found.found.items():
        if not _PLAIN_WORD.fullmatch(name):
            continue
        shown = name[cut:]
        terminal.print(f"{shown}\t{safe(text)}" if described and text else shown)
    terminal.print(f":{found.directive}")
    return 0


def _answer(
    before: Sequence[str], current: str, terminal: Terminal, connect: Callable[[CommonOptions], Daemon]
) -> Answer:
    from compose_lite.cli.completion.live import Live

    place = locate(
        before,
        current,
        common=CommonOptions,
        commands=commands.TABLE,
        options=lambda name: commands.load(name).options,
    )
    common = CommonOptions(**place.common)
    invocation = Invocation(
        common=common, terminal=terminal, environ=os.environ, connect=lambda: connect(common)
    )
    return answer(place, Live(invocation))


def _in_time(work: Callable[[], Answer]) -> Answer:
    """The answer, or none if it takes too long."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise _TooLate

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    try:
        return work()
    except _TooLate:
        return Answer(directive=NO_FILES)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def split_line(line: str) -> list[str]:
    """The words of a command line up to the cursor; the last one, maybe empty, is being typed."""
    words, word, quote, begun = [], "", "", False
    letters = iter(line)
    for letter in letters:
        if letter == "\\" and quote != "'":
            word, begun = word + next(letters, ""), True
        elif quote:
            quote, word = ("", word) if letter == quote else (quote, word + letter)
        elif letter in "'\"":
            quote, begun = letter, True
        elif letter.isspace():
            if begun:
                words.append(word)
            word, begun = "", False
        else:
            word, begun = word + letter, True
    return [*words, word]


def _cut(current: str, breaks: str) -> int:
    """How much of the word the shell keeps by itself: up to the last character that breaks words for it."""
    return max((current.rfind(mark) + 1 for mark in "=:" if mark in breaks), default=0)
