"""Very many lines: all arrive, in order, however slowly they are read, and memory does not grow with them."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, is_compose_lite, program
from tests.load.resources import Usage, usage

LINES = 200_000
FILE = """
    services:
      talker:
        image: ${IDLE}
        network_mode: none
        command: [awk, 'BEGIN { while (++i <= COUNT) print i }']
""".replace("COUNT", str(LINES))
BLOCK = 64 * 1024
# The reader does nothing for so long at first (seconds), while the lines are being written, and then between blocks.
FIRST_PAUSE, PAUSE = 3.0, 0.02
# What the process may take at most (MiB): that of one that has nothing to do, and room for a few blocks of lines.
MOST = 64

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.mark.parametrize("command", ["up --no-log-prefix", "logs --follow --no-log-prefix"])
def test_a_slow_reader_gets_every_line_and_costs_no_memory(command: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path, {"compose.yaml": FILE})
    try:
        if command.startswith("logs"):
            stack.run("up --detach")
        written, most = _read_slowly(stack, command)
        print(f"{command}: {most}")
        assert [line for line in written.splitlines() if line.isdigit()] == [
            b"%d" % n for n in range(1, LINES + 1)
        ]
        assert most.peak < MOST
    finally:
        stack.close()


def _read_slowly(stack: Stack, command: str) -> tuple[bytes, Usage]:
    """Everything that the program writes to standard output, and what it took of the machine shortly before its end."""
    process = subprocess.Popen(
        [*program(), *command.split()],
        cwd=stack.folder,
        env=stack.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    written = bytearray()
    with process:
        try:
            taken = usage(process.pid)
            time.sleep(FIRST_PAUSE)
            while block := os.read(process.stdout.fileno(), BLOCK):
                written += block
                with suppress(OSError, KeyError):  # it has just ended
                    taken = usage(process.pid)
                time.sleep(PAUSE)
            assert process.wait(60) == 0
        finally:
            process.kill()
    return bytes(written), taken
