"""Rows of data through a `--format` template, with headers where it begins with `table `."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.cli.views.table import table
from compose_lite.cli.views.template import compile_template, fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def formatted(rows: Iterable[Mapping[str, Any]], wish: str, titles: Mapping[str, str]) -> Iterable[str]:
    """The lines that a template gives, laid out below headers where it begins with `table `."""
    as_table = wish.startswith("table ")
    source = wish.removeprefix("table ").replace("\\t", "\t").replace("\\n", "\n")
    render = compile_template(source)
    lines = [render(_with_methods(row)) for row in rows]
    if not as_table:
        return lines
    names = {name: titles.get(name, name.upper()) for name in fields_of(source)}
    header = compile_template(source)(_Titles(names)) if names else ""
    cells = [line.split("\t") for line in (header, *lines)]
    most = max(len(row) for row in cells)
    padded = [row + [""] * (most - len(row)) for row in cells]
    return [table(padded[0], padded[1:])]


class _Titles(dict[str, Any]):
    """Answers `.Label "x"` and every other field with a column's title."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Any:
        return _last_word if name == "Label" else name.upper()


def _last_word(label: str) -> str:
    return label.rpartition(".")[2]


def _with_methods(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "Label": _label_of(row.get("Labels", ""))}


def _label_of(joined: str) -> Callable[[str], str]:
    def label(name: str) -> str:
        pairs = (item.partition("=") for item in joined.split(","))
        return next((value for key, _, value in pairs if key == name), "")

    return label
