"""`docs/errors.md` and the code agree: every code is explained, with an example, and nothing else is."""

import ast
import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "errors.md"
CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def codes_in(module: ast.Module) -> Iterator[str]:
    """Yield the codes that a module gives to problems, errors and rules."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "code":
                    yield from texts(keyword.value)
            if node.args and takes_a_code(node):
                yield from texts(node.args[0])
        elif isinstance(node, ast.ClassDef):
            for statement in node.body:
                targets = statement.targets if isinstance(statement, ast.Assign) else []
                if any(isinstance(target, ast.Name) and target.id == "code" for target in targets):
                    yield from texts(statement.value)  # type: ignore[attr-defined]  # an Assign


def takes_a_code(call: ast.Call) -> bool:
    """Tell whether a call's first argument is a code: `problems.add(…)`, `Rule(…)` and the like."""
    if not isinstance(call.func, ast.Attribute):
        return ast.unparse(call.func) == "Rule"
    if call.func.attr == "_problem":
        return True
    receiver = ast.unparse(call.func.value).rpartition(".")[2].lstrip("_")
    return call.func.attr in ("add", "fail", "warn") and (
        receiver == "problems" or (receiver == "self" and len(call.args) > 1)
    )


def texts(value: ast.expr) -> Iterator[str]:
    """Yield the codes among the constants of an expression (`"a" if … else "b"`, a default of `getattr`).

    A code that is put together is told by its beginning: ``undefined-*``.
    """
    if isinstance(value, ast.Call):
        value = value.args[-1]
    if isinstance(value, ast.JoinedStr):
        start = value.values[0]
        if isinstance(start, ast.Constant) and str(start.value).endswith("-"):
            yield f"{start.value}*"
        return
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
            yield node.value


USED = {
    code
    for path in sorted((ROOT / "compose_lite").rglob("*.py"))
    for code in codes_in(ast.parse(path.read_text(), filename=str(path)))
}


def documented() -> dict[str, str]:
    """Return the text under each heading that is a code."""
    parts = re.split(r"^### `([^`]+)`\n", DOCUMENT.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_code_is_documented() -> None:
    assert len(USED) > 100
    assert [code for code in sorted(USED) if not fnmatch.filter(documented(), code)] == []


def test_every_documented_code_is_used() -> None:
    assert [code for code in documented() if not any(fnmatch.fnmatch(code, used) for used in USED)] == []


@pytest.mark.parametrize("code", sorted(documented()))
def test_a_code_has_one_paragraph_and_one_example(code: str) -> None:
    text = documented()[code].split("\n## ")[0].strip()
    paragraph, _, rest = text.partition("\n\n")
    assert not paragraph.startswith("```")
    assert len(paragraph) > 40
    assert re.fullmatch(r"```\w*\n.+?\n```", rest, flags=re.DOTALL), rest


def test_codes_are_in_alphabetical_order_within_each_section() -> None:
    for section in DOCUMENT.read_text().split("\n## ")[1:]:
        codes = re.findall(r"^### `([^`]+)`$", section, flags=re.MULTILINE)
        assert codes == sorted(codes)
