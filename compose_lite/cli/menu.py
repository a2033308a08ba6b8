"""The menu of an attached `up`, as data: what a key means, the question it may ask, and the line that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.text import BOLD, DIM, paint, safe, width
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

# By key: what it does, in one word for the line and in a sentence for the help.
KEYS = {
    "w": ("watch", "switch watching on or off: changed files go into the containers"),
    "r": ("restart", "restart a service"),
    "l": ("logs", "show the lines of one service, or those with a text in them; all again if left empty"),
    "o": ("open", "open a published port in the browser"),
    "d": ("detach", "leave, and let the containers run"),
    "?": ("help", "show this"),
}
_ENTER = ("\r", "\n")
_ERASE = ("\x7f", "\b")
_ESCAPE = "\x1b"
_CLEAR = "\x15"  # Ctrl-U
_COMPLETE = "\t"
_CURSOR = "▏"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What the user asks for: one of the words in `KEYS`, and what was answered to its question, if it has one."""

    what: str
    word: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is being asked: `what` is the wish that the answer completes.

    Attributes:
        choices: what can be answered; anything if it is `free`.
    """

    what: str
    choices: tuple[str, ...]
    free: bool = False

    def matches(self, typed: str) -> tuple[str, ...]:
        """The choices that begin with what was typed; if none does, those that have it in them."""
        begin = tuple(choice for choice in self.choices if choice.startswith(typed))
        return begin or tuple(choice for choice in self.choices if typed in choice)

    def answer(self, typed: str) -> str | None:
        """What Enter means now; `None` if that is nothing yet."""
        if self.free or typed in self.choices:
            return typed
        return next(iter(self.matches(typed)), None) if typed else None


class Menu:
    """Takes keys one by one, and knows what to show."""

    def __init__(self) -> None:
        self._question: Question | None = None
        self._typed = ""

    def ask(self, question: Question) -> None:
        """Have the next keys taken as an answer."""
        self._question, self._typed = question, ""

    def press(self, key: str) -> Wish | None:
        """Take a key; return what is wanted now, if anything."""
        if self._question is not None:
            return self._answer(self._question, key)
        return Wish(what=KEYS[key][0]) if key in KEYS else None

    def line(self, columns: int, *, watching: bool, filtered: str, coloured: bool) -> str:
        """The one line that shows the menu, or the question, in a window so wide."""
        if self._question is not None:
            return self._asking(self._question, columns - 1, coloured)
        state = {
            "w": "watch on" if watching else "watch off",
            "l": f"logs: {safe(filtered)}" if filtered else "logs",
        }
        items = [(key, state.get(key, word)) for key, (word, _) in KEYS.items()]
        if sum(width(text) + len(key) + 3 for key, text in items) > columns - 1:
            items = [(key, "") for key in KEYS]
        return "  ".join(
            paint(key, BOLD, on=coloured) + (paint(f" {text}", DIM, on=coloured) if text else "")
            for key, text in items
        )

    def _answer(self, question: Question, key: str) -> Wish | None:
        if key in _ENTER:
            answer = question.answer(self._typed)
            if answer is None and self._typed:
                return None
            self._question = None
            return None if answer is None else Wish(what=question.what, word=answer)
        if key == _ESCAPE:
            self._question = None
        elif key in _ERASE:
            self._typed = self._typed[:-1]
        elif key == _CLEAR:
            self._typed = ""
        elif key == _COMPLETE:
            self._typed = next(iter(question.matches(self._typed)), self._typed)
        elif key.isprintable():
            self._typed += key
        return None

    def _asking(self, question: Question, room: int, coloured: bool) -> str:
        head = f"{question.what}: {safe(self._typed)}{_CURSOR}"
        offered = "  ".join(map(safe, question.matches(self._typed)))
        left = room - width(head) - 2
        if left < width(offered):
            offered = offered[: max(0, left - 1)] + "…" if left > 1 else ""
        return f"{head[-room:]}  {paint(offered, DIM, on=coloured)}" if offered else head[-room:]


def keys_of(typed: str) -> Sequence[str]:
    """The single keys in what the terminal sent at once; of arrows and their kin, nothing."""
    if len(typed) > 1 and typed.startswith(_ESCAPE):
        return ()
    return typed


def help_text() -> str:
    """What each key does, a line each."""
    return (
        "\n".join(f"  {key}  {text}" for key, (_, text) in KEYS.items())
        + "\n  Ctrl-C  stop the containers and leave"
    )
