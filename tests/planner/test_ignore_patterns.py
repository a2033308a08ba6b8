"""Patterns match as Docker's do: the last one that matches decides, a folder stands for all that is in it."""

import pytest

from compose_lite.planner.ignore_patterns import matches, parse_patterns

CASES = [
    ("*.log", "a.log", True),
    ("*.log", "logs/a.log", False),
    ("**/*.log", "a.log", True),
    ("**/*.log", "logs/deep/a.log", True),
    ("node_modules", "node_modules", True),
    ("node_modules", "node_modules/left-pad/index.js", True),
    ("node_modules", "web/node_modules", False),
    ("node_modules/", "node_modules/x", True),
    ("/build", "build/x", True),
    ("./build", "build", True),
    ("a/**", "a/b/c", True),
    ("a/**", "b", False),
    ("a/**/c", "a/c", True),
    ("a/**/c", "a/x/y/c", True),
    ("?.txt", "a.txt", True),
    ("?.txt", "ab.txt", False),
    ("[ab].txt", "b.txt", True),
    ("[^ab].txt", "b.txt", False),
    ("[^ab].txt", "c.txt", True),
    ("a+(b).txt", "a+(b).txt", True),
    (r"\*.txt", "*.txt", True),
    (r"\*.txt", "a.txt", False),
    ("*", ".env", True),
    (".", "anything/at/all", True),
    ("[", "[", True),
    ("größe *", "größe 1", True),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), CASES)
def test_a_pattern(pattern: str, path: str, expected: bool) -> None:
    assert matches((pattern,), path) is expected


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = ("*", "!src", "src/*.pyc")
    assert matches(patterns, "README")
    assert not matches(patterns, "src/app.py")
    assert matches(patterns, "src/app.pyc")


def test_an_ignore_file_has_comments_and_blank_lines() -> None:
    assert parse_patterns("\ufeff# tools\n\n  *.log  \r\n!keep.log\n") == ("*.log", "!keep.log")
