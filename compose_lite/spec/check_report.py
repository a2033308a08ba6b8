"""Problems and findings as data: for programs (JSON) and for code scanning services (SARIF 2.1.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite import __version__
from compose_lite.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compose_lite.errors import Location, Problem
    from compose_lite.spec.check_facts import Rule

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def problem_data(problem: Problem) -> dict[str, Any]:
    """Return one problem as JSON data; what is not known is ``None``."""
    where = problem.location
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
        "file": where.file if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "path": problem.path,
    }


def sarif(problems: Sequence[Problem], rules: Iterable[Rule]) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log of one run.

    Args:
        problems: what the run found: findings, or what made the files unreadable.
        rules: the rules that were there to find something.
    """
    summaries = {problem.code: problem.code.replace("-", " ") for problem in problems}
    summaries.update({rule.code: rule.summary for rule in rules})
    indices = {code: index for index, code in enumerate(summaries)}
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "compose-lite",
                        "version": __version__,
                        "rules": [
                            {"id": code, "shortDescription": {"text": summary}}
                            for code, summary in summaries.items()
                        ],
                    }
                },
                "results": [_result(problem, indices[problem.code]) for problem in problems],
            }
        ],
    }


def _result(problem: Problem, index: int) -> dict[str, Any]:
    text = problem.message if problem.hint is None else f"{problem.message}. Hint: {problem.hint}"
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": "error" if problem.severity is Severity.ERROR else "warning",
        "message": {"text": text},
    }
    place: dict[str, Any] = {}
    if problem.location is not None:
        place["physicalLocation"] = _physical(problem.location)
    if problem.path:
        place["logicalLocations"] = [{"fullyQualifiedName": problem.path}]
    if place:
        result["locations"] = [place]
    return result


def _physical(location: Location) -> dict[str, Any]:
    from urllib.parse import quote

    path = location.file
    uri = ("file://" if path.startswith("/") else "") + quote(path)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if location.line is not None:
        region = {"startLine": location.line}
        if location.column is not None:
            region["startColumn"] = location.column
        physical["region"] = region
    return physical
