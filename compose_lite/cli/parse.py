"""Reads plain command lines without the help of typer, which costs more than most commands do.

It follows the rules of docker compose's parser (long and joined short options, `--flag=false`, `--`). Whatever
it does not know (a misspelt option, a missing value, `--help`) it leaves alone, for `cli.app` to explain.
"""

from __future__ import annotations

from compose_lite.cli.options import Parameter, parameters, takes_rest
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Values = dict[str, Any]

_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """A command line that was understood: values by field name, given ones only."""

    command: str
    common: Values
    own: Values


class NotPlain(Exception):
    """The command line needs more explanation than this parser can give."""


def parse(
    argv: Sequence[str], *, common: type[Any], commands: Iterable[str], options: Callable[[str], type[Any]]
) -> Parsed | None:
    """Split a command line into common options, command and the command's own; `None` if it is not plain.

    Args:
        common: options dataclass of what may stand before the command (and after it, unless taken there).
        commands: the known commands.
        options: gives a command's options dataclass.
    """
    try:
        before = _Reader(parameters(common))
        remaining = before.read(argv, interspersed=False)
        if not remaining or remaining[0] not in commands:
            return None
        own = parameters(options(remaining[0]))
        after = _Reader(own, fallback=parameters(common))
        positionals = after.read(remaining[1:], interspersed=not takes_rest(own))
        assign(own, positionals, after.values)
    except NotPlain:
        return None
    return Parsed(command=remaining[0], common=merge(before.values, after.common), own=after.values)


def merge(first: Values, second: Values) -> Values:
    """Put together what was given before and after the command: lists are joined, else the later wins."""
    merged = dict(first)
    for name, value in second.items():
        merged[name] = merged[name] + value if isinstance(value, tuple) and name in merged else value
    return merged


def assign(own: Sequence[Parameter], words: Sequence[str], values: Values) -> None:
    """Give positional arguments to the parameters that take them; raises `NotPlain` if they do not fit."""
    left = list(words)
    for parameter in own:
        if parameter.kind == "word" and left:
            values[parameter.name] = left.pop(0)
        elif parameter.kind in ("words", "rest") and left:
            values[parameter.name] = tuple(left)
            left = []
        elif parameter.positional and parameter.required:
            raise NotPlain
    if left:
        raise NotPlain


class _Reader:
    """Collects the values of known options, the command's own before the common ones."""

    def __init__(self, own: Sequence[Parameter], fallback: Sequence[Parameter] = ()) -> None:
        self.values: Values = {}
        self.common: Values = {}
        self._known = {
            name: (parameter, store)
            for found, store in ((fallback, self.common), (own, self.values))
            for parameter in found
            for name in parameter.names
        }

    def read(self, argv: Sequence[str], *, interspersed: bool) -> list[str]:
        """Take options off a command line and return what is left."""
        queue = list(argv)
        words: list[str] = []
        while queue:
            item = queue.pop(0)
            if item == "--":
                return words + queue
            if item.startswith("--"):
                self._long(item, queue)
            elif item.startswith("-") and item != "-":
                self._shorts(item, queue)
            else:
                words.append(item)
                if not interspersed:
                    return words + queue
        return words

    def _long(self, item: str, queue: list[str]) -> None:
        name, equals, given = item.partition("=")
        self._set(name, given if equals else None, queue)

    def _shorts(self, item: str, queue: list[str]) -> None:
        letters = item[1:]
        while letters:
            name, letters = "-" + letters[0], letters[1:]
            if letters.startswith("="):
                return self._set(name, letters[1:], queue)
            if letters and self._find(name)[0].takes_value:
                return self._set(name, letters, queue)
            self._set(name, None, queue)
        return None

    def _find(self, name: str) -> tuple[Parameter, Values]:
        if name not in self._known:
            raise NotPlain
        return self._known[name]

    def _set(self, name: str, given: str | None, queue: list[str]) -> None:
        parameter, store = self._find(name)
        if parameter.kind == "flag":
            store[parameter.name] = _boolean(given)
            return
        if given is None:
            if not queue:
                raise NotPlain
            given = queue.pop(0)
        if parameter.choices and given not in parameter.choices:
            raise NotPlain
        if parameter.kind == "texts":
            store[parameter.name] = (*store.get(parameter.name, ()), given)
        else:
            store[parameter.name] = _integer(given) if parameter.kind == "number" else given


def _boolean(given: str | None) -> bool:
    if given is None or given in _TRUE:
        return True
    if given in _FALSE:
        return False
    raise NotPlain


def _integer(given: str) -> int:
    try:
        return int(given)
    except ValueError:
        raise NotPlain from None
