"""A plan as people read it on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli.views.text import safe
from compose_lite.planner.render import text_lines

if TYPE_CHECKING:
    from compose_lite.planner.plan import Plan


def plan_text(plan: Plan) -> str:
    """The plan's lines, each of them harmless whatever the daemon's names have in them."""
    return "\n".join(map(safe, text_lines(plan)))
