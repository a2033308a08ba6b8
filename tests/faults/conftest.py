"""Shows the fault matrix as a table: points struck and healed, by scenario and mode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults import form

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = Path(__file__).parents[2] / ".cache" / "faults.txt"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table of the whole form and keep it in a file."""
    rows = {(case, mode): (struck, healed) for case, mode, struck, healed in _recorded(terminalreporter)}
    if not rows or not form.WHOLE:
        return
    text = "\n".join(_table(rows)) + "\n"
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text)
    terminalreporter.section("fault matrix: healed/struck")
    terminalreporter.write(text)


def _recorded(reporter: Any) -> Iterator[tuple[str, str, int, int]]:
    for reports in (reporter.stats.get(kind, ()) for kind in ("passed", "failed")):
        for report in reports:
            yield from (tuple(value) for name, value in report.user_properties if name == "faults")


def _table(rows: dict[tuple[str, str], tuple[int, int]]) -> Iterator[str]:
    cases = dict.fromkeys(case for case, _ in rows)
    width = max(map(len, cases))
    yield " ".join([f"{'':{width}}", *(f"{mode:>13}" for mode in form.MODES)])
    for case in cases:
        cells = (rows.get((case, mode)) for mode in form.MODES)
        shown = ("-" if cell is None else f"{cell[1]}/{cell[0]}" for cell in cells)
        yield " ".join([f"{case:{width}}", *(f"{text:>13}" for text in shown)])
    struck, healed = (sum(column) for column in zip(*rows.values(), strict=True))
    yield f"{healed} of {struck} points healed"
