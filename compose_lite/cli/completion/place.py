"""Tells what is being typed: a command, an option, an option's value or an argument, from the words before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from compose_lite.cli.options import Parameter, parameters, takes_rest
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from compose_lite.cli.parse import Values


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where the cursor is.

    Attributes:
        kind: what the word under the cursor is; `nothing` if that can't be known or is another program's.
        current: the word up to the cursor, without `prefix`.
        prefix: what stands before it in the same word: `--ansi=`.
        command: the command of the line, empty if there is none yet.
        parameter: the option whose value it is, or the argument.
        words: the command's arguments before the cursor.
        offered: the options that may stand here.
        common: values of the common options so far.
    """

    kind: Literal["command", "option", "value", "argument", "nothing"]
    current: str
    prefix: str = ""
    command: str = ""
    parameter: Parameter | None = None
    words: tuple[str, ...] = ()
    offered: tuple[Parameter, ...] = ()
    common: Values


def locate(
    words: Sequence[str],
    current: str,
    *,
    common: type[object],
    commands: Container[str],
    options: Callable[[str], type[object]],
) -> Place:
    """Tell what `current` is, behind `words`; arguments as for `cli.parse.parse`."""
    line = _Line(parameters(common), commands, options)
    for word in words:
        line.take(word)
    return line.place(current)


class _Line:
    """Follows a command line word by word, forgiving what is wrong with it."""

    def __init__(
        self, common: tuple[Parameter, ...], commands: Container[str], options: Callable[[str], type[object]]
    ) -> None:
        self._commands = commands
        self._options = options
        self._common = common
        self._own: tuple[Parameter, ...] = ()
        self._known = _by_name(common)
        self._values: Values = {}
        self._awaited: Parameter | None = None
        self._only_words = False
        self._lost = False
        self._command = ""
        self._words: list[str] = []

    def take(self, word: str) -> None:
        """Go on behind a complete word."""
        if self._awaited is not None:
            self._note(self._awaited, word)
            self._awaited = None
        elif self._only_words or not word.startswith("-") or word == "-":
            self._argument(word)
        elif word == "--":
            self._only_words = True
        elif word.startswith("--"):
            self._long(word)
        else:
            self._shorts(word[1:])

    def place(self, current: str) -> Place:
        """What the word under the cursor is."""
        if self._lost:
            return self._placed("nothing", current)
        if self._awaited is not None:
            return self._placed("value", current, parameter=self._awaited)
        if current.startswith("-") and not self._only_words:
            name, equals, value = current.partition("=")
            if not equals:
                return self._placed("option", current)
            found = self._known.get(name)
            if found is None or not found.takes_value:
                return self._placed("nothing", current)
            return self._placed("value", value, parameter=found, prefix=f"{name}=")
        if not self._command:
            return self._placed("command", current)
        argument = self._next_argument()
        kind: Literal["argument", "nothing"] = "nothing" if argument is None else "argument"
        return self._placed(kind, current, parameter=argument)

    def _placed(
        self,
        kind: Literal["command", "option", "value", "argument", "nothing"],
        current: str,
        *,
        parameter: Parameter | None = None,
        prefix: str = "",
    ) -> Place:
        return Place(
            kind=kind,
            current=current,
            prefix=prefix,
            command=self._command,
            parameter=parameter,
            words=tuple(self._words),
            offered=(*self._own, *self._common),
            common=dict(self._values),
        )

    def _argument(self, word: str) -> None:
        if self._command:
            self._words.append(word)
            # From here on dashes belong to the program that is run.
            self._only_words = self._only_words or takes_rest(self._own)
        elif word in self._commands:
            self._command = word
            self._own = parameters(self._options(word))
            self._known = {**self._known, **_by_name(self._own)}
        else:
            self._lost = True

    def _long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        found = self._known.get(name)
        if found is None or not found.takes_value:
            return
        if equals:
            self._note(found, value)
        else:
            self._awaited = found

    def _shorts(self, letters: str) -> None:
        for at, letter in enumerate(letters, start=1):
            found = self._known.get(f"-{letter}")
            if found is None or not found.takes_value:
                continue
            if value := letters[at:].removeprefix("="):
                self._note(found, value)
            else:
                self._awaited = found
            return

    def _note(self, parameter: Parameter, value: str) -> None:
        """Keep a common option's value: it may say which project it is."""
        if parameter not in self._common:
            return
        if parameter.kind == "texts":
            self._values[parameter.name] = (*self._values.get(parameter.name, ()), value)
        elif parameter.kind == "text":
            self._values[parameter.name] = value

    def _next_argument(self) -> Parameter | None:
        """The argument that comes next; None behind the last one."""
        left = len(self._words)
        for parameter in self._own:
            if not parameter.positional:
                continue
            if parameter.kind != "word" or left == 0:
                return parameter
            left -= 1
        return None


def _by_name(found: Iterable[Parameter]) -> dict[str, Parameter]:
    return {name: parameter for parameter in found for name in parameter.names}
