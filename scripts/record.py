"""Runs commands in a pseudo-terminal and writes what they showed as an SVG picture: a recording, not a drawing.

usage: scripts/record.py OUT.svg [--columns 88] [--title TEXT] COMMAND…

Each COMMAND is one shell line, run in turn in the present folder. A failing command is part of the picture.
"""

import argparse
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.text import Text

# So many that nothing scrolls away.
ROWS = 400
# The picture must not fetch anything, so it is shown in the reader's own monospaced font.
SVG_FORMAT = re.sub(r"@font-face\s*{{.*?}}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
COLOURS = {"brown": "yellow", "brightbrown": "bright_yellow"}


def main() -> None:
    """Record the commands that the arguments name."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("picture", type=Path)
    parser.add_argument("commands", nargs="+", metavar="COMMAND")
    parser.add_argument("--columns", type=int, default=88)
    parser.add_argument("--title", default="compose-lite")
    arguments = parser.parse_args()

    console = Console(record=True, width=arguments.columns, file=io.StringIO(), force_terminal=True)
    for command in arguments.commands:
        console.print(Text.assemble(("$ ", "green"), (command, "bold")))
        for line in shown(command, arguments.columns):
            console.print(line, no_wrap=True)
    svg = console.export_svg(title=arguments.title, code_format=SVG_FORMAT, unique_id="terminal")
    arguments.picture.write_text(svg, encoding="utf-8")


def shown(command: str, columns: int) -> Iterator[Text]:
    """Run a command in a terminal of its own; yield the lines that stand there when it has ended."""
    screen = pyte.Screen(columns, ROWS)
    stream = pyte.ByteStream(screen)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)}
    process = subprocess.Popen(
        command,
        shell=True,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    while block := _read(ours):
        stream.feed(block)
    process.wait()
    os.close(ours)
    last = max((row for row, line in enumerate(screen.display) if line.strip()), default=-1)
    for row in range(last + 1):
        yield _line(screen, row)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that nobody holds the other end any more
        return b""


def _line(screen: pyte.Screen, row: int) -> Text:
    """Return a row of the screen as text with its colours."""
    line = Text()
    for column in range(screen.columns):
        cell = screen.buffer[row][column]
        line.append(
            cell.data,
            Style(
                color=_colour(cell.fg),
                bgcolor=_colour(cell.bg),
                bold=cell.bold,
                italic=cell.italics,
                underline=cell.underscore,
                reverse=cell.reverse,
            ),
        )
    line.rstrip()
    return line


def _colour(name: str) -> str | None:
    if name == "default":
        return None
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    return COLOURS.get(name, name.replace("bright", "bright_"))


if __name__ == "__main__":
    main()
