"""Measure what small commands spend their time on: the interpreter, modules of the standard library, ours, the rest.

usage: python -m benchmarks.startup [--rounds 15] [--json FILE]

Each stage is a process of its own that does what the one before does and one thing more; the stages are run in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import floor
from benchmarks.compare import tools
from benchmarks.workloads import WORKLOADS
from tests.e2e.images import ensure_busybox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMANDS = {
    "version": ("version",),
    "ps": ("ps",),
    "exec true": ("exec", "-T", "s1", "true"),
    "second up": ("up", "-d"),
}
STAGES = ("interpreter", "standard library", "own modules", "work")

# Prints the modules that a command has imported, in the order of their imports, to a file.
_SPY = """
import sys
before = set(sys.modules)
from compose_lite.cli.main import main
target, sys.argv = sys.argv[1], ["compose-lite", *sys.argv[2:]]
main()
with open(target, "w") as file:
    file.write("\\n".join(name for name in sys.modules if name not in before))
"""


def stages(arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> dict[str, list[str]]:
    """The command lines of the stages of one command."""
    found = folder / "modules"
    subprocess.run(
        [sys.executable, "-c", _SPY, str(found), *arguments],
        cwd=folder,
        env=env,
        check=True,
        capture_output=True,
    )
    modules = found.read_text().split("\n")
    standard = [name for name in modules if name.partition(".")[0] in sys.stdlib_module_names]
    ours = [name for name in modules if name not in standard]
    importing = "import importlib\nfor name in {!r}: importlib.import_module(name)".format
    lines = ("", importing(standard), importing(standard + ours))
    # They end as the program does: without taking the interpreter apart.
    commands = [[sys.executable, "-c", f"{line}\nimport os; os._exit(0)"] for line in lines]
    return dict(zip(STAGES, [*commands, [*tools()[0].command, *arguments]], strict=True))


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Seconds that each stage adds, by command: least beside least, since what is noise only adds."""
    workload, project = WORKLOADS["chain"], f"bench-startup-{os.getpid()}"
    env = {**os.environ, "COMPOSE_PROJECT_NAME": project}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        (folder / "compose.yaml").write_text(workload.compose_file(ensure_busybox("1-idle")))
        try:
            subprocess.run(
                [*tools()[0].command, "up", "-d"], cwd=folder, env=env, check=True, capture_output=True
            )
            return {
                title: _measure_one(stages(arguments, folder, env), rounds, folder, env)
                for title, arguments in COMMANDS.items()
            }
        finally:
            floor.remove_all(project)


def _measure_one(
    commands: Mapping[str, list[str]], rounds: int, folder: Path, env: Mapping[str, str]
) -> dict[str, float]:
    seconds: dict[str, list[float]] = {stage: [] for stage in commands}
    for _ in range(rounds):
        for stage, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
            seconds[stage].append(time.perf_counter() - begun)
    added, before = {}, 0.0
    for stage, values in seconds.items():
        least = min(values)
        added[stage] = least - before
        before = least
    return added


def table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """The figures as Markdown, in milliseconds."""
    lines = [f"| ms | {' | '.join(STAGES)} | in all |", "|---" * (len(STAGES) + 2) + "|"]
    for title, added in figures.items():
        cells = [f"{seconds * 1000:.0f}" for seconds in (*added.values(), sum(added.values()))]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as well")
    options = parser.parse_args()
    figures = measure(options.rounds)
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
