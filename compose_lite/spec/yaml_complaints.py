"""Puts the YAML parser's complaints into words that name the likely cause, and points where it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.spec.tree import Source

_SECOND_COLON = re.compile(r"\s*(?:- +)*[^\s:][^:]*:\s+\S.*?:(?:\s|$)")
_QUOTE_IT = "if it is text, put it in quotes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A position as YAML counts it, from 0."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """What is wrong, where, and how to mend it."""

    message: str
    at: Place
    hint: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What the parser says.

    Attributes:
        source: the text.
        problem: the parser's words.
        at: where it gave up.
        began: where what it was reading begins, or the same place.
    """

    source: Source
    problem: str
    at: Place
    began: Place

    @property
    def line(self) -> str:
        """The line where the parser gave up."""
        return self.source.line(self.at.line + 1) or ""

    @property
    def character(self) -> str:
        """The character at which it gave up, or an empty string at the end."""
        return self.line[self.at.column : self.at.column + 1]

    @property
    def starts_line(self) -> bool:
        """Whether nothing but blanks stands before that character."""
        return not self.line[: self.at.column].strip()


def complain(failure: Failure) -> Complaint:
    """Explain a failure; where no explanation fits, in the parser's own words."""
    for words, explain in _EXPLANATIONS:
        if words in failure.problem:
            return explain(failure)
    return Complaint(message=failure.problem or "it can't be read", at=failure.at)


def _colon(failure: Failure) -> Complaint:
    line = failure.line
    if _SECOND_COLON.match(line):
        return Complaint(
            message="a second key on the same line",
            at=failure.at,
            hint='if it is text, put it in quotes: KEY: "TEXT"',
        )
    above = failure.source.line(failure.at.line) or ""
    if above.strip() and ":" not in above and not above.lstrip().startswith(("#", "-")):
        place = Place(line=failure.at.line - 1, column=len(above) - len(above.lstrip()))
        return Complaint(message="a key without its colon", at=place, hint=f"write {above.strip()}:")
    return Complaint(
        message="this key is indented as if it belonged to the line above, which has a value of its own",
        at=failure.at,
        hint="indent it like its neighbours",
    )


def _key(failure: Failure) -> Complaint:
    if not failure.starts_line:
        return Complaint(
            message="something follows a value that is complete already",
            at=failure.at,
            hint="put the whole value in quotes",
        )
    if failure.character == "-":
        return Complaint(
            message="a list item among the keys of a mapping",
            at=failure.at,
            hint="indent it below the key that it belongs to",
        )
    return Complaint(
        message="the indentation fits none of the lines above",
        at=failure.at,
        hint="keys of one mapping start in the same column",
    )


def _dash(failure: Failure) -> Complaint:
    return Complaint(
        message="a key among the items of a list",
        at=failure.at,
        hint='start the line with "- ", or indent it like the key that the list belongs to',
    )


def _bracket(failure: Failure) -> Complaint:
    text = failure.source.line(failure.began.line + 1) or ""
    opening = text[failure.began.column : failure.began.column + 1] or "["
    closing = {"{": "}", "[": "]"}.get(opening, "]")
    return Complaint(
        message=f"the `{opening}` of line {failure.began.line + 1} is not closed, or a comma is missing",
        at=failure.at,
        hint=f"close it with `{closing}`, and put commas between its entries",
    )


def _quote(failure: Failure) -> Complaint:
    return Complaint(message="this quote is never closed", at=failure.began)


def _character(failure: Failure) -> Complaint:
    if failure.character == "\t":
        return _tab(failure)
    return Complaint(message=f"a value can't start with '{failure.character}'", at=failure.at, hint=_QUOTE_IT)


def _tab(failure: Failure) -> Complaint:
    return Complaint(
        message="a tab in the indentation", at=failure.at, hint="indent with spaces: YAML does not allow tabs"
    )


def _escape(failure: Failure) -> Complaint:
    return Complaint(
        message="an unknown escape: in double quotes a backslash has a meaning",
        at=failure.at,
        hint="double the backslash, or use single quotes",
    )


def _missing_colon(failure: Failure) -> Complaint:
    return Complaint(message="a key without its colon", at=failure.began, hint="write KEY: VALUE")


def _name(failure: Failure) -> Complaint:
    text = failure.source.line(failure.began.line + 1) or ""
    sign = text[failure.began.column : failure.began.column + 1]
    meaning = {"*": "an alias", "&": "an anchor", "!": "a tag"}.get(sign, "a name")
    return Complaint(
        message=f"`{sign}` starts {meaning} and needs a name behind it", at=failure.began, hint=_QUOTE_IT
    )


def _tag(failure: Failure) -> Complaint:
    return Complaint(message="`!` starts a tag, and this one is not known", at=failure.at, hint=_QUOTE_IT)


def _nothing(failure: Failure) -> Complaint:
    return Complaint(message=f"a value is missing before this `{failure.character}`", at=failure.at)


def _block(failure: Failure) -> Complaint:
    return Complaint(
        message="nothing but a comment may follow on this line",
        at=failure.at,
        hint="start the text on the next line",
    )


_EXPLANATIONS: tuple[tuple[str, Callable[[Failure], Complaint]], ...] = (
    ("mapping values are not allowed", _colon),
    ("did not find expected key", _key),
    ("did not find expected '-' indicator", _dash),
    ("did not find expected ','", _bracket),
    ("found unexpected end of stream", _quote),
    ("found character that cannot start any token", _character),
    ("found a tab character", _tab),
    ("found unknown escape character", _escape),
    ("could not find expected ':'", _missing_colon),
    ("did not find expected alphabetic or numeric character", _name),
    ("found undefined tag handle", _tag),
    ("did not find expected tag URI", _tag),
    ("did not find expected node content", _nothing),
    ("did not find expected comment or line break", _block),
)
"""The parser's words, or their beginning, and what explains them."""
