"""Write docs/performance.md with its pictures, and the README's table, from what the other benchmarks have measured.

usage: python -m benchmarks.report COMPARE.json SWEEP.json WATCH.json STARTUP.json CROWD.json
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

from benchmarks import startup
from benchmarks.compare import FLOOR, OURS, PEER, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
COLOURS = {OURS: "#1f77b4", PEER: "#ff7f0e", FLOOR: "#7f7f7f"}

# What the README quotes, between these marks.
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
QUOTED = (
    "up, chain of 5",
    "up, 20 independent",
    "up, 4 health-checked in a chain",
    "up, db → job → web → proxy",
    "second up, chain of 5",
    "second up, 4 health-checked in a chain",
    "ps, chain of 5",
    "exec true, chain of 5",
    "down, chain of 5",
    "down, 20 independent",
    "config -q, 100 services, changed",
    "config -q, 100 services, unchanged",
    "config -q, 4000 services, changed",
    "config -q, 4000 services, unchanged",
    "version",
    "logs, 300,000 lines",
    "watch, save to container",
)

PAGE = """# Performance

Whole processes, docker compose beside compose-lite in turn, and beside them a client that sends only the necessary
calls in the best order (the floor). `make benchmark` measures it all again and writes this page; nothing here is
asserted in a test, since times depend on the machine.

{table}

Medians (range) in seconds, ratios are medians of the ratios within each round. {machine}.

`config -q` of an unchanged file finds the project remembered from the run before; "changed" means that the file was
edited before each run, so that it is read, validated and bound anew.

![compare](performance.svg)

## What is left

Where the small commands spend their time: what each stage adds in a process of its own, least beside least:

{startup}

The interpreter and the modules of the standard library that a client of a JSON API on a socket cannot do without
(`socket`, `json`, `re`, `enum`, `threading`) come first; a compiled program has neither. Our own modules are loaded
as each command needs them (a test holds which), their dataclasses are compiled at first use, and the project is
remembered, so that neither YAML nor JSON Schema nor the graph library is imported when nothing has changed. The work
itself includes the calls to the daemon, which are most of it where a command is run in a container.

Which Python runs it is felt: that of the distribution, with which this is measured, is optimised with a profile. One
compiled without, as version managers do by default, takes about a quarter longer for the first three columns.

Of `up` and `down` nearly all is the daemon's: the calls are those of the floor, in the same order and side by side,
after the start-up above.

## 200 containers

One round each; the last rows with so many calls to the daemon at a time instead of 16.

{crowd}

## Growth

Left: `up`, `ps` and `down` of real containers. Right: the stages alone, planned against a simulated daemon, each size
in a process of its own.

![growth](growth.svg)

| services | load | first plan | second plan | memory |
|---|---|---|---|---|
{growth}
"""


def compare_picture(samples: dict[str, Any], path: Path) -> None:
    """Bars of the medians, a group for each row, on a logarithmic scale."""
    from matplotlib import pyplot

    rows = list(samples)
    figure, axes = pyplot.subplots(figsize=(9, 0.42 * len(rows) + 1))
    for place, who in enumerate((OURS, PEER, FLOOR)):
        middles = [statistics.median(samples[row].get(who) or [0]) for row in rows]
        axes.barh(
            [position + (place - 1) * 0.27 for position in range(len(rows))],
            middles,
            height=0.25,
            color=COLOURS[who],
            label=who,
        )
    axes.set_yticks(range(len(rows)), rows)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("seconds (median, logarithmic)")
    axes.legend(loc="lower right")
    _save(figure, path)


def growth_picture(figures: dict[str, Any], path: Path) -> None:
    """Time by size: of real stacks, and of loading and planning alone with the memory that it takes."""
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    for verb, style in (("up", "-"), ("down", "--"), ("ps", ":")):
        for who in (OURS, PEER):
            points = _points(figures["containers"], verb, who)
            left.plot(
                *zip(*points, strict=True), style, color=COLOURS[who], marker=".", label=f"{verb}, {who}"
            )
    _labelled(left, "containers", "seconds")
    sizes = sorted(map(int, figures["plans"]))
    for stage in ("load", "first plan", "second plan"):
        right.plot(sizes, [figures["plans"][str(size)][stage] for size in sizes], marker=".", label=stage)
    _labelled(right, "services", "seconds")
    memory = right.twinx()
    memory.plot(sizes, [figures["plans"][str(size)]["MiB"] for size in sizes], color="#2ca02c", linestyle=":")
    memory.set_ylabel("MiB (dotted)")
    memory.set_ylim(bottom=0)
    _save(figure, path)


def _points(samples: dict[str, Any], verb: str, who: str) -> list[tuple[int, float]]:
    found = []
    for row, by in samples.items():
        name, _, size = row.partition(", ")
        if name == verb and who in by:
            found.append((int(size), statistics.median(by[who])))
    return sorted(found)


def _labelled(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small")


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.patch.set_facecolor("white")
    figure.savefig(path, metadata={"Date": None})


def quoted(readme: str, samples: dict[str, Any], machine: str) -> str:
    """The README with the figures of today between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = table({row: samples[row] for row in QUOTED})
    return f"{before}{BEGIN}\n{rows}\n\n{machine}.\n\n{END}{after}"


def growth_rows(plans: dict[str, dict[str, float]]) -> str:
    """The growth of load and plan as rows in Markdown."""
    return "\n".join(
        f"| {size:,} | {found['load']:.2f} s | {found['first plan']:.2f} s | {found['second plan']:.2f} s "
        f"| {found['MiB']:.0f} MiB |"
        for size, found in sorted((int(size), found) for size, found in plans.items())
    )


def main() -> None:
    """Write the page and its pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("compare", type=Path)
    parser.add_argument("sweep", type=Path)
    parser.add_argument("watch", type=Path)
    parser.add_argument("startup", type=Path)
    parser.add_argument("crowd", type=Path)
    options = parser.parse_args()
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "compose-lite"  # the same figures give the same file
    compared = json.loads(options.compare.read_text())
    swept = json.loads(options.sweep.read_text())
    samples = compared["samples"] | json.loads(options.watch.read_text())
    compare_picture(samples, DOCS / "performance.svg")
    growth_picture(swept, DOCS / "growth.svg")
    page = PAGE.format(
        table=table(samples),
        machine=compared["machine"],
        startup=startup.table(json.loads(options.startup.read_text())),
        crowd=table(json.loads(options.crowd.read_text())),
        growth=growth_rows(swept["plans"]),
    )
    (DOCS / "performance.md").write_text(page)
    readme = ROOT / "README.md"
    readme.write_text(quoted(readme.read_text(), samples, compared["machine"]))


if __name__ == "__main__":
    main()
