"""Measure how fast a save takes effect in a container with `watch`, ours and docker compose's in turn.

usage: python -m benchmarks.watch [--saves 50] [--files 5000] [--json FILE]
       python -m benchmarks.watch --soak [--minutes 10] [--files 1000] [--seed N]

The soak edits a tree at random under our `watch`, which is killed and started again in the middle, and ends with
the comparison of both sides by checksums. Run as root: a container's files are seen below /proc/PID/root, which
costs nothing. docker compose is taken from COMPOSE_LITE_PEER or fetched as the e2e tests do; without it, its
column stays empty. Everything that was made is removed again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import floor
from benchmarks.compare import Tool, machine, tools
from tests.e2e.images import ensure_busybox
from tests.runner.host_tree import edit_at_random, fill, picture_of_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Seconds after which a change that did not arrive counts as lost.
LOST = 120.0
ROW = "watch, save to container"

_COMPOSE_FILE = """\
services:
  web:
    image: {image}
    command: [sleep, "1000000"]
    init: true
    develop:
      watch:
        - {{action: sync, path: ./src, target: /app}}
"""


class Watched:
    """A stack of one container under one tool's `watch`, and both sides of its files."""

    def __init__(self, tool: Tool, folder: Path) -> None:
        self.tool = tool
        self.project = f"bench-watch-{tool.name.replace(' ', '-')}-{os.getpid()}"
        self.source = folder / "src"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.source.mkdir(parents=True)
        (folder / "compose.yaml").write_text(_COMPOSE_FILE.format(image=ensure_busybox("1-idle")))

    def up(self) -> None:
        """Start the container, with the files that are there."""
        self.tool.run("up", "-d", folder=self._folder, project=self.project)
        pid = floor.call("GET", f"/containers/{self.project}-web-1/json")["State"]["Pid"]
        self.target = Path(f"/proc/{pid}/root/app")
        self.target.mkdir(exist_ok=True)

    def watch(self) -> None:
        """Start to watch; return once a first save has arrived."""
        self._process = subprocess.Popen(
            [*self.tool.command, "-p", self.project, "watch", "--no-up"],
            cwd=self._folder,
            stdout=(self._folder / "watch.log").open("ab"),
            stderr=subprocess.STDOUT,
        )
        ends = time.monotonic() + LOST
        while not self.arrived("ready", str(ends).encode()):
            if time.monotonic() > ends or self._process.poll() is not None:
                raise RuntimeError((self._folder / "watch.log").read_text())
            (self.source / "ready").write_bytes(str(ends).encode())
            time.sleep(1)

    def kill(self) -> None:
        """End the watch as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def peak_memory(self) -> str:
        """The most memory that the watching process has had (of a Python process: of it alone)."""
        assert self._process is not None
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("VmHWM"))

    def busy(self) -> float:
        """Seconds of processor time that the watching process has had."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def arrived(self, name: str, content: bytes) -> bool:
        """Whether the container has this content under the name."""
        try:
            return (self.target / name).read_bytes() == content
        except OSError:
            return False

    def equal(self) -> bool:
        """Whether both sides are the same, by kinds, modes, links and checksums."""
        try:
            return picture_of_host(self.source) == picture_of_host(self.target)
        except OSError:
            return False  # in the middle of a change

    def remove(self) -> None:
        """Leave nothing behind."""
        self.kill()
        floor.remove_all(self.project)


@contextlib.contextmanager
def watched(chosen: tuple[Tool, ...]) -> Iterator[list[Watched]]:
    """A stack under each tool's watch, at the same time."""
    with tempfile.TemporaryDirectory(prefix="benchmark-watch-") as name:
        stacks = [Watched(tool, Path(name) / tool.name.replace(" ", "-")) for tool in chosen]
        try:
            for stack in stacks:
                stack.up()
                stack.watch()
            yield stacks
        finally:
            for stack in stacks:
                stack.remove()


def seconds_until(reached: Callable[[], bool], *, step: float) -> float:
    """How long it takes. Raises RuntimeError if it never comes."""
    begun = time.perf_counter()
    while not reached():
        if time.perf_counter() - begun > LOST:
            raise RuntimeError("a change did not arrive")
        time.sleep(step)
    return time.perf_counter() - begun


def measure_saves(stacks: list[Watched], saves: int) -> dict[str, list[float]]:
    """Seconds from the save of a file to its content in the container, tool by tool in turn."""
    found: dict[str, list[float]] = {stack.tool.name: [] for stack in stacks}
    for number in range(saves):
        for stack in stacks:
            content = f"save {number}\n".encode() * 100
            time.sleep(1)  # for the other to come to rest
            (stack.source / "page.html").write_bytes(content)
            seconds = seconds_until(lambda: stack.arrived("page.html", content), step=0.001)  # noqa: B023
            found[stack.tool.name].append(seconds)
        print(f"save {number + 1}/{saves}", file=sys.stderr)
    return found


def measure_checkout(stack: Watched, files: int) -> tuple[float, float]:
    """Seconds until so many new files are in the container, then until as many changes of them are."""
    durations = []
    for generation in range(2):
        for number in range(files):
            folder = stack.source / "checkout" / str(number % 100)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.txt").write_text(f"generation {generation} of {number}\n")
        durations.append(seconds_until(stack.equal, step=0.2))
    return durations[0], durations[1]


def soak(minutes: float, files: int, seed: int) -> None:
    """Edit at random, kill the watch in the middle, start it again, and prove equality at the end."""
    chance = random.Random(seed)
    ours = tools()[0]
    with tempfile.TemporaryDirectory(prefix="benchmark-soak-") as name:
        stack = Watched(ours, Path(name) / "stack")
        try:
            stack.up()
            stack.watch()
            fill(stack.source, files, chance)
            edits = 0
            for half in ("before", "after"):
                ends = time.monotonic() + minutes * 30
                while time.monotonic() < ends:
                    edit_at_random(stack.source, chance)
                    edits += 1
                    time.sleep(chance.choice([0, 0, 0, 0.01, 0.05, 0.3]))
                settled = seconds_until(stack.equal, step=0.5)
                print(
                    f"{half} the kill: {edits} edits (seed {seed}), {len(picture_of_host(stack.source))} paths, "
                    f"equal after {settled:.1f} s; peak memory {stack.peak_memory()}"
                )
                if half == "before":
                    stack.kill()
                    for _ in range(100):
                        edit_at_random(stack.source, chance)
                    shutil.rmtree(next(path for path in stack.source.iterdir() if path.is_dir()))
                    stack.watch()
                    print(f"what changed meanwhile: equal after {seconds_until(stack.equal, step=0.2):.1f} s")
        finally:
            stack.remove()


def row(name: str, values: list[float]) -> str:
    """Median and worst, in milliseconds."""
    return f"| {name} | {statistics.median(values) * 1000:.0f} | {max(values) * 1000:.0f} |"


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--saves", type=int, default=50)
    parser.add_argument("--files", type=int)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the seconds of every save as well")
    parser.add_argument("--soak", action="store_true")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    if options.soak:
        soak(options.minutes, options.files or 1000, options.seed)
    else:
        with watched(tools()) as stacks:
            found = measure_saves(stacks, options.saves)
            print("| save to effect, ms | median | worst |\n|---|---|---|")
            for name, values in found.items():
                print(row(name, values))
            if options.json:
                options.json.write_text(json.dumps({ROW: found}, indent=1) + "\n")
            for stack in stacks:
                before = stack.busy()
                time.sleep(10)
                idle = (stack.busy() - before) / 10
                print(f"{stack.tool.name}: idle, {idle:.1%} of a processor", flush=True)
            for stack in stacks:
                made, changed = measure_checkout(stack, options.files or 5000)
                print(
                    f"{stack.tool.name}: {options.files or 5000} files made, equal after {made:.1f} s; "
                    f"all of them changed, equal after {changed:.1f} s; peak memory {stack.peak_memory()}",
                    flush=True,
                )
    print(f"\n{machine()}.")


if __name__ == "__main__":
    main()
