"""Env files in both dialects mean what docker compose 2.40.3 reads in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose_lite.spec.dotenv import EnvFileError, parse_env, parse_raw_env

CASES = json.loads(Path(__file__).with_name("dotenv_cases.json").read_text())
SHELL = {"A": "shell", "B": "other"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['dialect']}-{case['text']!r}")
def test_the_values_equal_docker_composes(case: dict[str, Any]) -> None:
    parse = parse_env if case["dialect"] == "env" else parse_raw_env
    assert dict(parse(case["text"], SHELL.get).values) == case["values"]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('A="open', 1, "never closed"),
        ("A=1\nB='open\n", 2, "never closed"),
        ("A=1\n\nB C=2\n", 3, "contains a space"),
        ("A=1\nB!=2\n", 2, "unexpected character"),
        ("A=${B\n", 1, ""),
        ("X=1\nA=${NONE:?must be set}\n", 2, "must be set"),
    ],
)
def test_what_can_not_be_read_is_told_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(EnvFileError) as caught:
        parse_env(text, {}.get)
    assert caught.value.line == line
    assert why in str(caught.value)


@given(
    st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]*", fullmatch=True), st.text(st.characters(codec="utf-8")))
)
def test_what_is_quoted_comes_back(values: dict[str, str]) -> None:
    """Single quotes keep everything but themselves, backslashes before them, and the two kinds of line ends."""
    kept = {name: value.translate({39: None, 92: None, 13: None, 0: None}) for name, value in values.items()}
    text = "".join(f"{name}='{value}'\n" for name, value in kept.items())
    assert dict(parse_env(text, {}.get).values) == kept


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_env, parse_raw_env):
        line, names, placed = 1, set(), set()
        try:
            found = parse(text, {}.get)
            names, placed = set(found.values), set(found.lines)
        except EnvFileError as error:
            line = error.line
        assert 1 <= line <= text.count("\n") + 1
        assert names == placed
