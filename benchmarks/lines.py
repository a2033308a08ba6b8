"""Measure what it takes to follow a stack that writes 10,000 lines a second, compose-lite and docker compose in turn.

usage: python -m benchmarks.lines [--seconds 60] [--rounds 2]

Each round starts the stack, follows it with `up` (attached) and with `logs --follow` into a pipe that is read at
once, and prints lines received per second, processor time per wall second, and memory at the end and at its peak.
At last an attached `up` of containers that write nothing shows what idling takes.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import floor
from benchmarks.compare import machine, tools
from tests.e2e.images import ensure_busybox
from tests.load.resources import usage

if TYPE_CHECKING:
    from benchmarks.compare import Tool

WRITERS, LINES = 4, 250
# A writer writes `LINES`, sleeps for a tenth of a second, and begins again.
_BUSY = f"while :; do seq {LINES}; usleep 97000; done"
_WARM_UP = 5.0


def compose_file(image: str, command: str) -> str:
    """Writers that stop at once."""
    services = (
        f"  w{number}: {{image: '{image}', network_mode: none, command: [sh, -c, '{command}']}}"
        for number in range(WRITERS)
    )
    return "services:\n" + "\n".join(services) + "\n"


def follow(tool: Tool, verb: tuple[str, ...], folder: Path, project: str, seconds: float) -> str:
    """One line on what following took, after a few seconds in which it got going."""
    env = {**os.environ, "COMPOSE_PROJECT_NAME": project}
    with subprocess.Popen(
        [*tool.command, *verb], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        count = _Count(process)
        time.sleep(_WARM_UP)
        begun, lines, before = time.monotonic(), count.lines, usage(process.pid)
        time.sleep(seconds)
        after, received, passed = usage(process.pid), count.lines - lines, time.monotonic() - begun
        process.send_signal(signal.SIGINT)
        process.wait(120)
    share = (after.seconds - before.seconds) / passed
    return (
        f"{tool.name:15} {' '.join(verb):14} {received / passed:8,.0f} lines/s  {share:7.2%} of a processor"
        f"  {before.memory:5.1f} to {after.memory:5.1f} MiB (peak {after.peak:5.1f})"
        f"  {after.descriptors} descriptors, {after.threads} threads"
    )


class _Count:
    """Reads all that a process writes and counts its lines."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self.lines = 0
        self._descriptor = process.stdout.fileno()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while block := os.read(self._descriptor, 1 << 16):
            self.lines += block.count(b"\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    image = ensure_busybox("1-idle")
    project = f"lines-{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="lines-") as name:
        folder = Path(name)
        try:
            for command in (_BUSY, "sleep 100000"):
                (folder / "compose.yaml").write_text(compose_file(image, command))
                for _ in range(options.rounds):
                    for tool in tools():
                        print(follow(tool, ("up",), folder, project, options.seconds), flush=True)
                        tool.run("up", "-d", folder=folder, project=project)
                        verb = ("logs", "-f", "-n1")
                        print(follow(tool, verb, folder, project, options.seconds), flush=True)
        finally:
            floor.remove_all(project)
    print(machine())


if __name__ == "__main__":
    main()
