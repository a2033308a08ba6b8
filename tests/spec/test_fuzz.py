"""Mutated compose files: whatever is in them, the loader answers with a project or with located problems.

`COMPOSE_LITE_FUZZ_EXAMPLES=100000` runs the long form.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compose_lite.cli.views.problems import render_problem
from compose_lite.errors import Problem, SpecError
from compose_lite.spec.check_stack import check
from compose_lite.spec.load import load
from compose_lite.spec.options import LoadOptions, Stages
from compose_lite.spec.render import to_json

CORPUS = sorted(Path(__file__).with_name("corpus").iterdir())
EXAMPLES = int(os.environ.get("COMPOSE_LITE_FUZZ_EXAMPLES", "0"))
CODES = set(
    re.findall(r"^### `(.+)`$", (Path(__file__).parents[2] / "docs/errors.md").read_text(), re.MULTILINE)
)

SNIPPETS = [
    "", "{", "}", "[", "]", ",", ": ", ":", "- ", "? ", "&a ", "*a", "*labels", "<<: ", "!reset ", "!override ", "!!int ", "!!binary ",
    "!x ", "|\n", ">-\n", "'", '"', "\\", "\t", "\n", "\r", "\u2028", "\ufeff", "\x00", "\x01", "\x7f", "é", "🙂", "#", "%YAML 1.2\n", "---\n",
    "...\n", "$", "$$", "${", "${A}", "${A:-", "${A:?no}", "${A:+b}", "}", "~", "null", "true", "no", "0", "-1", "1e3", "0x1F", "0o17", ".nan",
    ".inf", "1.5", "9" * 30, "1" * 400, "2024-05-01", "12:30", "services: ", "image: ", "x-a: ", "ports: ", "environment: ", "extends: a\n",
    "include: [nowhere.yaml]\n", "profiles: [p]\n", "build: .\n", "name: x\n", "version: '3'\n", "a.b", "service:a", "1-65535:1-65535", "10g", "-5s",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A file of the corpus with a few random changes."""
    text = draw(st.sampled_from(CORPUS)).read_text()
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from(MUTATIONS))(draw, text)
    return text


def insert(draw: st.DrawFn, text: str) -> str:
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.sampled_from(SNIPPETS) | st.text(max_size=5)) + text[place:]


def delete(draw: st.DrawFn, text: str) -> str:
    place = draw(st.integers(0, len(text)))
    return text[:place] + text[place + draw(st.integers(1, 12)) :]


def replace_token(draw: st.DrawFn, text: str) -> str:
    tokens = list(re.finditer(r"[\w.$-]+", text))
    if not tokens:
        return text
    token = draw(st.sampled_from(tokens))
    others = st.sampled_from(tokens).map(lambda match: match.group())
    return text[: token.start()] + draw(st.sampled_from(SNIPPETS) | others) + text[token.end() :]


def move_line(draw: st.DrawFn, text: str) -> str:
    lines = text.splitlines(keepends=True)
    if len(lines) < 2:
        return text
    line = lines[draw(st.integers(0, len(lines) - 1))]
    indent = " " * draw(st.integers(0, 6))
    lines.insert(draw(st.integers(0, len(lines))), indent + line.lstrip())
    return "".join(lines)


def reindent(draw: st.DrawFn, text: str) -> str:
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    place = draw(st.integers(0, len(lines) - 1))
    lines[place] = " " * draw(st.integers(0, 6)) + lines[place].lstrip(" ")
    return "".join(lines)


def splice(draw: st.DrawFn, text: str) -> str:
    other = draw(st.sampled_from(CORPUS)).read_text()
    here, there = draw(st.integers(0, len(text))), draw(st.integers(0, len(other)))
    return text[:here] + other[there:]


Mutation = Callable[[st.DrawFn, str], str]
MUTATIONS: list[Mutation] = [insert, delete, replace_token, replace_token, move_line, reindent, splice]


def options(text: str, folder: Path, stages: Stages | None = None) -> LoadOptions:
    return LoadOptions(
        working_dir=str(folder),
        files=("-",),
        stdin=lambda: text.encode("utf-8", "surrogatepass"),
        environ={"A": "a", "B": "", "DB_PASSWORD": "s3cret"},
        home="/root",
        stages=stages or Stages(),
    )


def judge(problems: tuple[Problem, ...], text: str) -> None:
    """Every problem has a documented code, something to say, and a place that exists."""
    assert problems
    for problem in problems:
        assert problem.code in CODES
        assert problem.message
        assert "Traceback" not in problem.message
        assert len(render_problem(problem, coloured=False)) < 20_000
        where = problem.location
        if where is not None and where.file == "-" and where.line is not None:
            assert 1 <= where.line <= len(re.findall("\r\n|[\r\n\x85\u2028\u2029]", text)) + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.timeout(24 * 3600 if EXAMPLES else 120)
@settings(
    max_examples=EXAMPLES or 300,
    deadline=None,
    database=None,
    derandomize=not EXAMPLES,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(text=mutated())
def test_a_mutated_file_is_a_project_or_a_list_of_problems(text: str, folder: Path) -> None:
    try:
        result = load(options(text, folder))
        project = result.project
        printed = json.loads(to_json(result))
        findings = check(options(text, folder))
    except SpecError as error:
        judge(error.problems, text)
        return
    assert printed["name"] == project.name
    assert all(problem.code in CODES for problem in findings)


@settings(max_examples=EXAMPLES // 10 or 100, deadline=None, database=None, derandomize=not EXAMPLES)
@given(text=mutated())
@pytest.mark.timeout(24 * 3600 if EXAMPLES else 120)
def test_a_mutated_file_without_its_variables_filled_in(text: str, folder: Path) -> None:
    try:
        to_json(load(options(text, folder, Stages(interpolate=False))))
    except SpecError as error:
        judge(error.problems, text)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus_itself_is_valid(path: Path, folder: Path) -> None:
    assert load(options(path.read_text().replace("${B?need b}", ""), folder)).project.services
