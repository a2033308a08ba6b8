"""Checks across attributes and services, after everything is canonical."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose_lite.spec.problems import Problems
    from compose_lite.spec.select import Selection
    from compose_lite.spec.tree import Map


def check_consistency(selection: Selection, tree: Map, problems: Problems) -> None:
    """Report references to nothing, contradictions and dependency cycles."""
