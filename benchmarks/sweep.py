"""Measure how time and memory grow with a stack's size, and draw it.

usage: python -m benchmarks.sweep [--containers 1 10 50 100 200] [--planned 10 100 1000 3000 10000] [--json FILE]

Containers are real ones: `up`, `ps` and `down` as whole processes, compose-lite and docker compose in turn. Plans are
made in a process of their own, against a simulated daemon: `first` on an empty one, `second` when nothing is to do.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import floor
from benchmarks.compare import Samples, add, tools
from benchmarks.workloads import Service, Workload, large_file
from tests.e2e.images import ensure_busybox

WIDTH = 10
"""Chains that a stack consists of: as many services wait for one before them as not."""


def measure_containers(sizes: list[int], samples: Samples) -> None:
    """Seconds of `up`, `ps` and `down` by size, for each tool."""
    image = ensure_busybox("1-idle")
    with tempfile.TemporaryDirectory(prefix="sweep-") as name:
        for size in sizes:
            folder = Path(name, str(size))
            folder.mkdir()
            (folder / "compose.yaml").write_text(_stack(size).compose_file(image))
            for tool in tools():
                project = f"sweep-{os.getpid()}-{tool.name[0]}{size}"
                try:
                    for row, arguments in (("up", ("up", "-d")), ("ps", ("ps",)), ("down", ("down",))):
                        add(
                            samples,
                            f"{row}, {size}",
                            tool.name,
                            tool.run(*arguments, folder=folder, project=project),
                        )
                finally:
                    floor.remove_all(project)
            print(f"{size} containers", file=sys.stderr)


def _stack(size: int) -> Workload:
    services = tuple(
        Service(
            name=f"s{number}", depends_on={f"s{number - WIDTH}": "service_started"} if number >= WIDTH else {}
        )
        for number in range(size)
    )
    return Workload(title=f"{size} services", services=services)


def measure_plans(sizes: list[int]) -> dict[int, dict[str, float]]:
    """Seconds and MiB by size, each measured in a new process."""
    found = {}
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.sweep", "--plan-one", str(size)],
            stdout=subprocess.PIPE,
            check=True,
        )
        found[size] = json.loads(done.stdout)
        print(f"{size} planned: {found[size]}", file=sys.stderr)
    return found


def plan_one(size: int) -> dict[str, float]:
    """Load and plan a stack of this size; the memory is the process's largest."""
    from compose_lite.planner.converge import plan_up
    from compose_lite.planner.requests import UpRequest
    from compose_lite.spec.load import load
    from compose_lite.spec.options import LoadOptions
    from tests.planner.stacks import daemon_for

    text = large_file(size).encode()
    begun = time.perf_counter()
    options = LoadOptions(working_dir="/", files=("-",), stdin=lambda: text, project_name="sweep")
    project = load(options).project
    loaded = time.perf_counter()
    daemon = daemon_for(project)
    observed = daemon.observe()
    before = time.perf_counter()
    plan = plan_up(project, observed, UpRequest())
    first = time.perf_counter()
    daemon.apply(plan, project)
    observed = daemon.observe(inspected=False)
    again = time.perf_counter()
    plan_up(project, observed, UpRequest())
    done = time.perf_counter()
    return {
        "load": loaded - begun,
        "first plan": first - before,
        "second plan": done - again,
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Measure and write the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--containers", type=int, nargs="*", default=[1, 10, 50, 100, 200])
    parser.add_argument("--planned", type=int, nargs="*", default=[10, 100, 1000, 3000, 10000])
    parser.add_argument("--plan-one", type=int, help=argparse.SUPPRESS)
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="where to write the figures (standard output)"
    )
    options = parser.parse_args()
    if options.plan_one is not None:
        print(json.dumps(plan_one(options.plan_one)))
        return
    samples: Samples = {}
    figures: dict[str, Any] = {"plans": measure_plans(options.planned), "containers": samples}
    try:
        measure_containers(options.containers, samples)
    finally:
        text = json.dumps(figures, indent=1) + "\n"
        options.json.write_text(text) if options.json else print(text)


if __name__ == "__main__":
    main()
