"""Measure a stack of 200 containers: `up`, `ps`, `logs` and `down`, beside docker compose and the floor, in turn.

usage: python -m benchmarks.crowd [--size 200] [--rounds 1] [--parallel 8 16 32 64] [--json FILE]

With `--parallel` compose-lite's `up` and `down` are measured once more for each number of calls at a time. Seconds are
those of whole processes (the floor: its calls alone).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import floor
from benchmarks.compare import FLOOR, OURS, Samples, add, machine, table, tools
from benchmarks.workloads import Service, Workload
from tests.e2e.images import ensure_busybox

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.compare import Tool

_SAYS_HELLO = ("sh", "-c", "echo hello; exec sleep 100000")


def crowd(size: int) -> Workload:
    """Services that need nothing of each other, each of which writes one line."""
    services = tuple(Service(name=f"s{number}", command=_SAYS_HELLO) for number in range(size))
    return Workload(title=f"{size} containers", services=services)


def measure(workload: Workload, image: str, folder: Path, samples: Samples) -> None:
    """One round of everybody's turns."""
    title = workload.title
    for tool in tools():
        project = f"crowd-{os.getpid()}-{tool.name[0]}"
        try:
            for row in (("up", "-d"), ("ps",), ("logs",), ("down",)):
                add(samples, f"{row[0]}, {title}", tool.name, tool.run(*row, folder=folder, project=project))
        finally:
            _remove(project)
        _progress(tool.name)
    project = f"crowd-{os.getpid()}-f"
    try:
        add(samples, f"up, {title}", FLOOR, _timed(lambda: floor.up(workload, project, image)))
        add(samples, f"ps, {title}", FLOOR, _timed(lambda: floor.ps(project)))
        add(samples, f"down, {title}", FLOOR, _timed(lambda: floor.down(workload, project)))
    finally:
        _remove(project)
    _progress(FLOOR)


def measure_parallel(tool: Tool, limit: int, title: str, folder: Path, samples: Samples) -> None:
    """`up` and `down` with so many calls at a time."""
    project = f"crowd-{os.getpid()}-p{limit}"
    try:
        for row in (("up", "-d"), ("down",)):
            seconds = tool.run("--parallel", str(limit), *row, folder=folder, project=project)
            add(samples, f"{row[0]}, {title}, {limit} at a time", OURS, seconds)
    finally:
        _remove(project)
    _progress(f"{limit} at a time")


def _remove(project: str) -> None:
    """Remove what is left; a network whose endpoints the engine has lost count of can't be (Engine 20.10, overloaded)."""
    try:
        floor.remove_all(project)
    except RuntimeError as error:
        print(error, file=sys.stderr)


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _progress(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--parallel", type=int, nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    image, workload = ensure_busybox("1-idle"), crowd(options.size)
    samples: Samples = {}
    with tempfile.TemporaryDirectory(prefix="crowd-") as name:
        folder = Path(name)
        (folder / "compose.yaml").write_text(workload.compose_file(image))
        for _ in range(options.rounds):
            measure(workload, image, folder, samples)
            for limit in options.parallel:
                measure_parallel(tools()[0], limit, workload.title, folder, samples)
    print(table(samples))
    print(machine())
    if options.json:
        options.json.write_text(json.dumps(samples))


if __name__ == "__main__":
    main()
