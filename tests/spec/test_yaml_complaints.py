"""What broken YAML looks like to the user: the likely cause, where it is, and how to mend it."""

import pytest

from compose_lite.errors import SpecError
from compose_lite.spec.problems import Problems
from compose_lite.spec.source import parse
from compose_lite.spec.tree import Source


def told(text: str) -> str:
    with pytest.raises(SpecError) as refusal:
        parse(Source(name="compose.yaml", text=text), Problems())
    [problem] = refusal.value.problems
    where = problem.location
    assert where is not None
    assert problem.code == "yaml-syntax"
    message = problem.message.removeprefix("not valid YAML: ")
    return f"{where.line}:{where.column} {message}" + (f" ({problem.hint})" if problem.hint else "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("services:\n  web\n    image: x\n", "2:3 a key without its colon (write web:)"),
        ("a: b\nc", "2:1 a key without its colon (write KEY: VALUE)"),
        ("a: b: c\n", '1:5 a second key on the same line (if it is text, put it in quotes: KEY: "TEXT")'),
        (
            "a:\n  b: c\n   d: e\n",
            "3:5 this key is indented as if it belonged to the line above, which has a value of its own "
            "(indent it like its neighbours)",
        ),
        (
            "a:\n  b: c\n d: e\n",
            "3:2 the indentation fits none of the lines above (keys of one mapping start in the same column)",
        ),
        (
            "a:\n  b: c\n  - d\n",
            "3:3 a list item among the keys of a mapping (indent it below the key that it belongs to)",
        ),
        (
            "a:\n  - b\n  c: d\n",
            '3:3 a key among the items of a list (start the line with "- ", or indent it like the key that the list '
            "belongs to)",
        ),
        (
            "a: {b: c\nd: e\n",
            "2:2 the `{` of line 1 is not closed, or a comma is missing "
            "(close it with `}`, and put commas between its entries)",
        ),
        (
            "a: [b c: d e: f]\n",
            "1:13 the `[` of line 1 is not closed, or a comma is missing "
            "(close it with `]`, and put commas between its entries)",
        ),
        ("a:\n\tb: c\n", "2:1 a tab in the indentation (indent with spaces: YAML does not allow tabs)"),
        (
            "a:\n  b: c\n\td: e\n",
            "3:1 a tab in the indentation (indent with spaces: YAML does not allow tabs)",
        ),
        ("a: @x\n", "1:4 a value can't start with '@' (if it is text, put it in quotes)"),
        ('a: "b\nc: d\n', "1:4 this quote is never closed"),
        ("a: 'b", "1:4 this quote is never closed"),
        (
            'a: "C:\\path"\n',
            "1:7 an unknown escape: in double quotes a backslash has a meaning "
            "(double the backslash, or use single quotes)",
        ),
        (
            'a: "b" c\n',
            "1:8 something follows a value that is complete already (put the whole value in quotes)",
        ),
        ("a: *.js\n", "1:4 `*` starts an alias and needs a name behind it (if it is text, put it in quotes)"),
        ("a: & b\n", "1:4 `&` starts an anchor and needs a name behind it (if it is text, put it in quotes)"),
        ("a: !x!y z\n", "1:4 `!` starts a tag, and this one is not known (if it is text, put it in quotes)"),
        ("{a: b,, c: d}\n", "1:7 a value is missing before this `,`"),
        (
            "a: |x\n b\n",
            "1:5 nothing but a comment may follow on this line (start the text on the next line)",
        ),
        ("%YAML 9.9\n---\na: b\n", "1:1 found incompatible YAML document"),
    ],
)
def test_broken_yaml(text: str, expected: str) -> None:
    assert told(text) == expected


def test_the_place_is_never_behind_the_last_line() -> None:
    assert told("a: [b\n").startswith("2:1 ")
    assert told("a: [b").startswith("1:6 ")
