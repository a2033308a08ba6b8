"""Shows the fault matrix as tables at the end of the whole form, and keeps them in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import form
from tests.faults.table import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.matrix import Found
    from tests.faults.table import Noted, Rows

TABLE = Path(__file__).parents[2] / ".cache" / "faults.md"


@pytest.fixture
def noted(record_property: Callable[[str, object], None]) -> Noted:
    def note(case: str, mode: str, found: Found, /) -> None:
        record_property("faults", [case, mode, found.struck, found.healed])

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the tables and keep them in a file."""
    rows: Rows = {
        (case, mode): (struck, healed) for case, mode, struck, healed in _recorded(terminalreporter)
    }
    if not rows or not form.WHOLE:
        return
    text = "\n".join(report(rows)) + "\n"
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text)
    terminalreporter.section("fault matrix")
    terminalreporter.write(text)


def _recorded(reporter: Any) -> Iterator[tuple[str, str, int, int]]:
    for reports in (reporter.stats.get(kind, ()) for kind in ("passed", "failed")):
        for one in reports:
            yield from (tuple(value) for name, value in one.user_properties if name == "faults")
