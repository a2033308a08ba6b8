"""The schema itself: valid, complete, explained, shipped."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compose_lite.spec.schema_files import read_schema, schema_path
from compose_lite.spec.schema_nodes import SchemaNodes, own_types
from compose_lite.spec.tree import Map
from compose_lite.spec.validate import find_violations, is_valid, schema_problems

ROOT = Path(__file__).parents[2]
SPECIFICATION = ROOT.parent / "shared/reference/compose-spec.schema.json"
KEYS = Path(__file__).with_name("specification_keys.txt")

SCHEMA = read_schema()
NODES = SchemaNodes(SCHEMA)


def keys(nodes: SchemaNodes, node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every key that a schema names, as ``services.*.build.args``, with its node."""
    for form in nodes.forms(node):
        for name, child in form.get("properties", {}).items():
            yield f"{path}{name}", child
            yield from keys(nodes, child, f"{path}{name}.")
        for pattern, child in form.get("patternProperties", {}).items():
            if pattern != "^x-":
                yield from keys(nodes, child, f"{path}*.")
        if "items" in form:
            yield from keys(nodes, form["items"], f"{path}[].")


OUR_KEYS = dict(keys(NODES, SCHEMA))


def test_it_is_a_valid_draft_7_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_checkout_ships_the_file_that_packages_include() -> None:
    assert schema_path() == str(ROOT / "schemas" / "compose-lite.schema.json")


def test_an_incomplete_installation_says_what_is_missing() -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.json is missing"):
        schema_path("nothing.json")


def test_every_key_of_the_specification_is_known() -> None:
    specified = set(KEYS.read_text().split())
    assert len(specified) > 250
    assert specified <= OUR_KEYS.keys()


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the specification's own schema is not at hand")
def test_the_list_of_specified_keys_is_up_to_date() -> None:
    specification = json.loads(SPECIFICATION.read_text())
    specified = {path for path, _ in keys(SchemaNodes(specification), specification)}
    assert set(KEYS.read_text().split()) == specified


def test_what_we_add_is_our_extension_and_what_came_into_the_format_later() -> None:
    added = OUR_KEYS.keys() - set(KEYS.read_text().split())
    assert {key for key in added if not key.startswith("services.*.pre_start")} == {
        "x-compose-lite",
        "x-compose-lite.check",
        "x-compose-lite.check.ignore",
        "x-compose-lite.keep_previous",
        "services.*.x-compose-lite",
        "services.*.x-compose-lite.job",
        "services.*.x-compose-lite.keep_previous",
        "services.*.x-compose-lite.supervise",
        "services.*.x-compose-lite.supervise.delay",
        "services.*.x-compose-lite.supervise.max_attempts",
        "services.*.x-compose-lite.supervise.max_delay",
        "services.*.x-compose-lite.supervise.window",
        "services.*.x-compose-lite.track_mounted_files",
        "volumes.*.x-compose-lite",
        "volumes.*.x-compose-lite.protected",
    }


@pytest.mark.parametrize("path", sorted(OUR_KEYS))
def test_every_key_is_explained_to_an_editor(path: str) -> None:
    node = OUR_KEYS[path]
    assert node["title"]
    assert node["description"].endswith(".")
    assert node["examples"]
    for example in node["examples"]:
        assert not list(find_violations(NODES, node, example))


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the specification's own schema is not at hand")
def test_the_explanations_are_our_own() -> None:
    theirs = {node["description"] for node in dicts(json.loads(SPECIFICATION.read_text())) if described(node)}
    ours = {node["description"] for node in dicts(SCHEMA) if described(node)}
    assert len(theirs) > 100
    assert not ours & theirs


def described(node: dict[str, Any]) -> bool:
    return isinstance(node.get("description"), str)


def dicts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from dicts(child)


def test_a_values_type_picks_at_most_one_alternative() -> None:
    """What lets an explanation blame one alternative of a `oneOf` instead of listing all."""
    for node in dicts(SCHEMA):
        if "oneOf" in node:
            kinds = [
                frozenset().union(*(own_types(form) for form in NODES.forms(branch)))
                for branch in node["oneOf"]
            ]
            assert sum(map(len, kinds)) == len(frozenset().union(*kinds)), node


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2000, 2000),
    st.sampled_from([0.5, 1.0, -3.0, 1e9]),
    st.sampled_from(["", "a", "a b", "x-y", "always", "1"]),
    st.lists(st.sampled_from([1, 1.0, True, "1", "1", None, {}, []]), max_size=3),
    st.dictionaries(st.sampled_from(["", "x-y", "a", "a b", "name", "a\n"]), st.integers(), max_size=2),
)


@st.composite
def documents(draw: st.DrawFn, node: dict[str, Any], depth: int = 0) -> Any:
    """Something that the schema mostly allows, with a wrong turn here and there."""
    if depth > 7 or draw(st.integers(0, 19)) == 0:
        return draw(JUNK)
    if "examples" in node and draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(node["examples"]))
    form = draw(st.sampled_from(list(NODES.forms(node))))
    if form.keys() & {"properties", "patternProperties"}:
        return draw(entries(form, depth))
    if "items" in form:
        return draw(st.lists(documents(form["items"], depth + 1), max_size=3))
    if "enum" in form:
        return draw(st.sampled_from([*form["enum"], "other"]))
    return draw(JUNK)


@st.composite
def entries(draw: st.DrawFn, form: dict[str, Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    properties = form.get("properties", {})
    if properties:
        chosen = draw(st.lists(st.sampled_from(sorted(properties)), max_size=4, unique=True))
        for name in chosen + [name for name in form.get("required", []) if draw(st.integers(0, 9))]:
            found[name] = draw(documents(properties[name], depth + 1))
    for shape in form.get("patternProperties", {}).values():
        if draw(st.booleans()):
            name = draw(st.sampled_from(["web", "a", "x-z", "a b", "", "web\n"]))
            found[name] = draw(documents(shape, depth + 1))
    return found


@settings(max_examples=400, deadline=None)
@given(documents(SCHEMA))
def test_what_is_refused_is_explained_and_nothing_else(document: Any) -> None:
    assert is_valid(document) == (not list(find_violations(NODES, SCHEMA, document)))


@settings(max_examples=300, deadline=None)
@given(st.lists(JUNK, max_size=5))
def test_repeated_items_are_those_that_json_calls_equal(items: list[Any]) -> None:
    schema = {"type": "array", "uniqueItems": True, "definitions": {}}
    repeated = list(find_violations(SchemaNodes(schema), schema, items))
    assert (not repeated) == jsonschema_rs.Draft7Validator(schema).is_valid(items)


@pytest.mark.parametrize("value", [10**30, -(10**30), math.inf, math.nan])
def test_numbers_beyond_json_are_numbers(value: float) -> None:
    extended = Map({"x-number": value, "services": Map({"web": Map({"image": "x", "cpus": value})})})
    assert not schema_problems(extended)
