"""Measure compose-lite beside docker compose and the floor, in turn, and print a table in Markdown.

usage: python -m benchmarks.compare [--rounds 5] [--only WORD …] [--json FILE]

Whole processes are timed (the floor: its calls alone). The peer is taken from COMPOSE_LITE_PEER, or fetched as the
e2e tests do; without one its columns stay empty. Everything that was made is removed again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import floor
from benchmarks.workloads import WORKLOADS, Workload, large_file
from tests.e2e import peer
from tests.e2e.images import ensure_busybox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

OURS, PEER, FLOOR = "compose-lite", "docker compose", "floor"
LINES = 300_000

# Seconds by what was done and by whom, in the order of the rounds: the pairs of one round belong together.
Samples = dict[str, dict[str, list[float]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """A program under measurement."""

    name: str
    command: tuple[str, ...]

    def run(self, *arguments: str, folder: Path, project: str = "") -> float:
        """Run to the end; seconds. Raises RuntimeError with its words if it fails."""
        env = {**os.environ, **({"COMPOSE_PROJECT_NAME": project} if project else {})}
        begun = time.perf_counter()
        done = subprocess.run(
            [*self.command, *arguments], cwd=folder, env=env, capture_output=True, timeout=300, check=False
        )
        seconds = time.perf_counter() - begun
        if done.returncode:
            raise RuntimeError(
                f"{self.name} {' '.join(arguments)}: {done.returncode}\n{done.stderr.decode()}"
            )
        return seconds


def tools() -> tuple[Tool, ...]:
    """compose-lite as installed beside this Python, and docker compose where it is to be had."""
    ours = Tool(name=OURS, command=(str(Path(sys.executable).with_name("compose-lite")),))
    found = peer.compose()
    return (ours, Tool(name=PEER, command=(str(found),))) if found else (ours,)


def measure(rounds: int, wanted: Callable[[str], bool], samples: Samples) -> None:
    """Fill `samples` with every wanted row, round by round."""
    _compile()
    image = ensure_busybox("1-idle")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        for key, workload in WORKLOADS.items():
            if wanted(workload.title):
                _measure_stack(key, workload, image, folder / key, rounds, samples)
        for size in (100, 1000, 4000):
            if wanted(f"config -q, {size} services"):
                _measure_config(size, folder / str(size), rounds, samples)
        if wanted("version"):
            for _ in range(rounds):
                for tool in tools():
                    add(samples, "version", tool.name, tool.run("version", folder=folder))
                add(samples, "version", FLOOR, _bare_interpreter(folder))
        if wanted("logs"):
            _measure_logs(image, folder / "logs", rounds, samples)


def _measure_stack(
    key: str, workload: Workload, image: str, folder: Path, rounds: int, samples: Samples
) -> None:
    folder.mkdir()
    (folder / "compose.yaml").write_text(workload.compose_file(image))
    title, projects = workload.title, []
    try:
        for number in range(rounds):
            for tool in tools():
                projects.append(project := f"bench-{key}-{os.getpid()}-{tool.name[0]}{number}")
                for row, arguments in _verbs(workload):
                    seconds = tool.run(*arguments, folder=folder, project=project)
                    add(samples, f"{row}, {title}", tool.name, seconds)
            projects.append(project := f"bench-{key}-{os.getpid()}-f{number}")
            for row, act in _floor_verbs(workload, project, image):
                add(samples, f"{row}, {title}", FLOOR, _timed(act))
            _progress(title, number + 1, rounds)
    finally:
        for project in projects:
            floor.remove_all(project)


def _verbs(workload: Workload) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "up", ("up", "-d")
    yield "second up", ("up", "-d")
    yield "ps", ("ps",)
    yield "exec true", ("exec", "-T", workload.first, "true")
    yield "down", ("down",)


def _floor_verbs(workload: Workload, project: str, image: str) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "up", lambda: floor.up(workload, project, image)
    yield "second up", lambda: floor.second_up(project)
    yield "ps", lambda: floor.ps(project)
    yield "exec true", lambda: floor.exec_true(project, workload.first)
    yield "down", lambda: floor.down(workload, project)


def _measure_config(size: int, folder: Path, rounds: int, samples: Samples) -> None:
    folder.mkdir()
    file = folder / "compose.yaml"
    for number in range(rounds):
        for tool in tools():
            # An edited file, then the same again: only the second can be remembered.
            file.write_text(f"{large_file(size)}# {tool.name} {number}\n")
            for row in ("changed", "unchanged"):
                seconds = tool.run("config", "-q", folder=folder)
                add(samples, f"config -q, {size} services, {row}", tool.name, seconds)
        _progress(f"config -q, {size}", number + 1, rounds)


def _measure_logs(image: str, folder: Path, rounds: int, samples: Samples) -> None:
    folder.mkdir()
    project = f"bench-logs-{os.getpid()}"
    program = f'BEGIN {{ for (i = 1; i <= {LINES}; i++) print "line", i, "of a log that goes on and on" }}'
    (folder / "compose.yaml").write_text(
        f"services:\n  talker: {{image: '{image}', command: [awk, '{program}']}}\n"
    )
    container, row = f"{project}-talker-1", f"logs, {LINES:,} lines"
    try:
        tools()[0].run("up", "-d", folder=folder, project=project)
        floor.call("POST", f"/containers/{container}/wait")
        for number in range(rounds):
            for tool in tools():
                add(samples, row, tool.name, tool.run("logs", folder=folder, project=project))
            add(samples, row, FLOOR, _timed(lambda: floor.logs(container)))
            _progress(row, number + 1, rounds)
    finally:
        floor.remove_all(project)


def _compile() -> None:
    """Have the bytecode ready as an installed package has it, also where PYTHONDONTWRITEBYTECODE is set."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", "compose_lite"], check=True)


def _bare_interpreter(folder: Path) -> float:
    return _timed(lambda: subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], cwd=folder, check=True))


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def add(samples: Samples, row: str, who: str, seconds: float) -> None:
    samples.setdefault(row, defaultdict(list))[who].append(seconds)


def _progress(what: str, number: int, of: int) -> None:
    print(f"{what}: {number}/{of}", file=sys.stderr)


def table(samples: Samples) -> str:
    """The samples as Markdown: medians in seconds with their range, and medians of the ratios within each round."""
    lines = [
        f"| seconds | {OURS} | {PEER} | {FLOOR} | ÷ {PEER} | ÷ {FLOOR} |",
        "|---|---|---|---|---|---|",
    ]
    for row, by in samples.items():
        cells = [_cell(by.get(who, ())) for who in (OURS, PEER, FLOOR)]
        ratios = [_ratio(by.get(OURS, ()), by.get(who, ())) for who in (PEER, FLOOR)]
        lines.append(f"| {row} | {' | '.join((*cells, *ratios))} |")
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    if not values:
        return ""
    digits = 2 if statistics.median(values) >= 1 else 3
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    pairs = [a / b for a, b in zip(ours, theirs, strict=False)]
    return f"{statistics.median(pairs):.2f}" if pairs else ""


def machine() -> str:
    """One line on what it was measured on."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    engine = floor.call("GET", "/version")["Version"]
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} x {model}, Linux {platform.release()}, Docker Engine {engine}, "
        f"Python {platform.python_version()} ({os.path.realpath(sys.executable)}); load average at the end {load}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def main() -> None:
    """Measure what is asked for and print the table, also when interrupted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="WORD", help="rows whose title contains a word"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single figure as well")
    options = parser.parse_args()
    samples: Samples = {}
    try:
        measure(
            options.rounds,
            lambda title: not options.only or any(word in title for word in options.only),
            samples,
        )
    finally:
        print(table(samples))
        print(f"\nMedians (range) of {options.rounds} rounds, in turn. {machine()}.")
        if options.json:
            figures = {"machine": machine(), "rounds": options.rounds, "samples": samples}
            options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
