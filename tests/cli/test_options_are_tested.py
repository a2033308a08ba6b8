"""Each option of each command has a test of its effect on a real daemon; `make options` prints which."""

import ast
import csv

import pytest

from tests.cli import trials
from tests.cli.test_reference import REFERENCE

TABLE = trials.table()


def test_every_option_has_a_test_of_its_effect() -> None:
    assert [f"{command} {option}" for (command, option), tests in TABLE.items() if not tests] == []


def test_the_table_has_what_docker_compose_has() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference table is not on this machine")
    with REFERENCE.open() as file:
        wanted = {(row["command"], row["option"]) for row in csv.DictReader(file, delimiter="\t")}
    assert wanted - TABLE.keys() == set()


@pytest.mark.parametrize("test", sorted(set(trials.ELSEWHERE.values())))
def test_what_is_tested_elsewhere_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    found = ast.parse((trials.TESTS / path).read_text()).body
    names = [node.name for node in found if isinstance(node, ast.FunctionDef)]
    names += [
        target.id
        for node in found
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert name.partition("[")[0] in names
