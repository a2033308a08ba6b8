"""Judges a merged tree by the Compose schema: which entries break it, and what would be right instead."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from compose_lite.spec.problems import position
from compose_lite.spec.schema_compile import Compiler
from compose_lite.spec.schema_files import read_schema
from compose_lite.spec.schema_nodes import SchemaNodes

if TYPE_CHECKING:
    from compose_lite.errors import Problem
    from compose_lite.spec.schema_compile import Check
    from compose_lite.spec.tree import Map

_READABLE = 500
"""So many problems a person may still go through one by one."""


def schema_problems(tree: Map) -> list[Problem]:
    """Return everything in `tree` that the schema does not allow, in the order in which the files have it.

    Args:
        tree: a compose file's content, interpolated and merged but not yet brought to canonical form.
    """
    nodes, check = _compiled()
    violations = check(tree)
    if not violations:
        return []
    from compose_lite.spec.schema_words import Narrator

    narrator = Narrator(nodes, tree, terse=len(violations) > _READABLE)
    return sorted(map(narrator.tell, violations), key=position)


@cache
def _compiled() -> tuple[SchemaNodes, Check]:
    nodes = SchemaNodes(read_schema())
    return nodes, Compiler(nodes).check(nodes.root)
