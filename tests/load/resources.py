"""What a process takes of the machine, as /proc tells it."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """One moment of a process.

    Attributes:
        memory: resident MiB; `peak` is the most there ever was.
        zombies: children that have ended and were not waited for.
        seconds: processor time so far.
    """

    memory: float
    peak: float
    descriptors: int
    threads: int
    zombies: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.memory:.1f} MiB (peak {self.peak:.1f}), {self.descriptors} descriptors, {self.threads} threads,"
            f" {self.zombies} zombies, {self.seconds:.2f} s of processor time"
        )


def usage(pid: int) -> Usage:
    """What the process takes now; raises OSError or KeyError if it has ended."""
    process = Path("/proc", str(pid))
    status = dict(
        line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line
    )
    ran = (process / "stat").read_text().rpartition(")")[2].split()
    return Usage(
        memory=_mebibytes(status["VmRSS"]),
        peak=_mebibytes(status["VmHWM"]),
        descriptors=len(list((process / "fd").iterdir())),
        threads=int(status["Threads"]),
        zombies=_zombies(pid),
        seconds=(int(ran[11]) + int(ran[12])) / _TICKS,
    )


def _mebibytes(text: str) -> float:
    return int(text.split()[0]) / 1024


def _zombies(parent: int) -> int:
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, of, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            found += state == "Z" and int(of) == parent
    return found
