"""Judges a merged tree by the Compose schema: jsonschema-rs decides, jsonschema explains what it refused."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from compose_lite.errors import Problem
from compose_lite.spec.problems import position
from compose_lite.spec.schema_files import read_schema
from compose_lite.spec.schema_nodes import SchemaNodes, own_types
from compose_lite.spec.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import Draft7Validator, ValidationError

    from compose_lite.spec.schema_nodes import Schema
    from compose_lite.spec.tree import Map, Path

_READABLE = 500
"""So many services, networks … with mistakes a person may still go through one by one."""
_SECTIONS = frozenset({"configs", "models", "networks", "secrets", "services", "volumes"})


def schema_problems(tree: Map) -> list[Problem]:
    """Return what in `tree` the schema does not allow, in the order in which the files have it.

    Args:
        tree: a compose file's content, interpolated and merged but not yet brought to canonical form.
    """
    return [problem for problem, _ in examine(tree)]


def examine(tree: Map) -> list[tuple[Problem, Path]]:
    """Return what `schema_problems` does, each problem with the place that would have to go."""
    if is_valid(tree):
        return []
    from compose_lite.spec.schema_words import Narrator

    nodes = SchemaNodes(read_schema())
    refused, left_out = _refused_part(tree)
    violations = list(find_violations(nodes, nodes.root, refused))
    narrator = Narrator(nodes, tree, terse=len(violations) > _READABLE)
    told = [(narrator.tell(violation), violation.path) for violation in violations]
    told.sort(key=lambda problem_and_place: position(problem_and_place[0]))
    if left_out:
        more = Problem(
            code="more-problems",
            message=f"{left_out} more services, networks, volumes … have mistakes",
            hint="mend these first, then look again",
        )
        told.append((more, ()))
    return told


def is_valid(tree: Any) -> bool:
    """Tell whether the Compose schema allows `tree`, as far as jsonschema-rs can judge it.

    1,000 services take about a millisecond. It also refuses what is no JSON (infinity, a date in an
    extension); whether that is a mistake is what jsonschema finds.
    """
    try:
        return bool(_judge().is_valid(tree))
    except ValueError:
        return False


def _refused_part(tree: Map) -> tuple[Map, int]:
    """Leave out the services, networks … that jsonschema-rs has nothing against: jsonschema is slow.

    Returns:
        The part with at most `_READABLE` of those that it refuses, and how many more there are.
    """
    try:
        places = [tuple(map(str, error.instance_path[:2])) for error in _judge().iter_errors(tree)]
    except ValueError:  # something that is no JSON hides where the mistakes are
        return tree, 0
    refused = list(dict.fromkeys(place for place in places if len(place) == 2 and place[0] in _SECTIONS))
    explained = set(refused[:_READABLE])
    part = tree.shallow()
    for section in _SECTIONS & tree.keys() - {place[0] for place in places if len(place) == 1}:
        part[section] = {name: item for name, item in tree[section].items() if (section, name) in explained}
    return part, len(refused) - len(explained)


@cache
def _judge() -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft7Validator(read_schema())


def find_violations(nodes: SchemaNodes, schema: Schema, value: Any) -> Iterator[Violation]:
    """Yield each place where `value` breaks `schema`, a node of `nodes`.

    Of the alternatives of a `oneOf`, the one that the value's type picks is to blame.
    """
    from jsonschema import Draft7Validator

    python = _for_python(nodes.root)
    whole = python if schema is nodes.root else {**_for_python(schema), "definitions": python["definitions"]}
    validator = Draft7Validator(whole)
    told: set[tuple[object, ...]] = set()
    for error in validator.iter_errors(value):
        for violation in _boiled_down(nodes, validator, error):
            # The library reports a mapping once for each key that it misses, each time naming all.
            fact = (violation.path, violation.keyword, str(violation.detail))
            if fact not in told:
                told.add(fact)
                yield violation


def _boiled_down(
    nodes: SchemaNodes, validator: Draft7Validator, error: ValidationError
) -> Iterator[Violation]:
    schema, path = error.schema, tuple(error.absolute_path)
    value: Any = error.instance
    assert isinstance(schema, dict)  # no node of ours is a bare true or false
    match error.validator:
        case "oneOf":
            yield from _blamed(nodes, validator, error)
        case "additionalProperties":
            for key in value:
                if nodes.child(schema, key) is None:
                    yield Violation(
                        keyword="additionalProperties",
                        schema=schema,
                        value=value,
                        path=(*path, key),
                        detail=key,
                    )
        case "required":
            for key in schema["required"]:
                if key not in value:
                    yield Violation(keyword="required", schema=schema, value=value, path=path, detail=key)
        case "uniqueItems":
            for index, first in _repeated(value):
                yield Violation(
                    keyword="uniqueItems",
                    schema=schema,
                    value=value[index],
                    path=(*path, index),
                    detail=first,
                )
        case "minimum" | "maximum":
            yield Violation(keyword="range", schema=schema, value=value, path=path)
        case keyword:
            yield Violation(keyword=str(keyword), schema=schema, value=value, path=path)


def _blamed(nodes: SchemaNodes, validator: Draft7Validator, error: ValidationError) -> Iterator[Violation]:
    """Yield what is wrong with the alternative that the value's type picks, or that its type fits none."""
    schema, value = error.schema, error.instance
    assert isinstance(schema, dict)
    for index, branch in enumerate(schema["oneOf"]):
        if any(validator.is_type(value, kind) for form in nodes.forms(branch) for kind in own_types(form)):
            for inner in error.context or ():
                if inner.relative_schema_path[0] == index:
                    yield from _boiled_down(nodes, validator, inner)
            return
    yield Violation(keyword="type", schema=schema, value=value, path=tuple(error.absolute_path))


def _for_python(schema: Any) -> Any:
    r"""Copy a schema, its ECMA patterns as Python's: there ``$`` also matches before a final line break."""
    if isinstance(schema, dict):
        return {_python_pattern(key): _for_python(_pattern_value(key, item)) for key, item in schema.items()}
    return [_for_python(item) for item in schema] if isinstance(schema, list) else schema


def _pattern_value(key: str, item: Any) -> Any:
    return _python_pattern(item) if key == "pattern" and isinstance(item, str) else item


def _python_pattern(text: str) -> str:
    return text[:-1] + r"\Z" if text.startswith("^") and text.endswith("$") else text


def _repeated(items: list[Any]) -> Iterator[tuple[int, int]]:
    """Yield the index of each item that stands in the list already, with the index of the first such."""
    first: dict[Any, int] = {}
    for index, item in enumerate(items):
        earlier = first.setdefault(_comparable(item), index)
        if earlier != index:
            yield index, earlier


def _comparable(value: Any) -> Any:
    """Return something hashable that is equal for values that JSON calls equal (1 and 1.0, not 1 and true)."""
    if isinstance(value, dict):
        return ("object", frozenset((key, _comparable(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(_comparable(item) for item in value))
    return (isinstance(value, bool), value)
