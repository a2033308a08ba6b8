"""A run of the program: parses, runs one command, and turns every failure into a message and an exit code."""

from __future__ import annotations

import errno
import os
import sys

from compose_lite.cli.terminal import of_process
from compose_lite.errors import ComposeLiteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.cli.parse import Parsed
    from compose_lite.cli.terminal import Terminal

BROKEN_PIPE = 141
DEFECT = 70

# What the system says when a disk is full or broken, wherever we write at that moment.
_CAN_NOT_WRITE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; raises nothing but KeyboardInterrupt."""
    _forget_coerced_locale()
    terminal = of_process().with_ansi(None, os.environ)
    line = list(sys.argv[1:] if argv is None else argv)
    try:
        if argv is None and sys.argv[0].endswith("/docker-composelite"):
            from compose_lite.cli.plugin import METADATA, end_with_caller, metadata, translated

            if line == [METADATA]:
                terminal.print(metadata())
                return 0
            line = translated(line, os.environ)
            end_with_caller(os.environ)
        code = _run(line, terminal)
        terminal.flush()
    except ComposeLiteError as error:
        _last_words(terminal, _told(error, terminal.with_ansi(_wish(line, "--ansi"), os.environ), line))
        return error.exit_code
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  # the boundary: a user must never meet a traceback
        if isinstance(error, OSError) and error.errno in _CAN_NOT_WRITE:
            _last_words(terminal, _told(_cannot_write(error), terminal, line))
            _drop_output()
            return 1
        from compose_lite.cli.defect import describe

        _last_words(terminal, describe(error, os.environ))
        return DEFECT
    return code


def _cannot_write(error: OSError) -> ComposeLiteError:
    what = str(error.filename) if error.filename else "the output"
    return ComposeLiteError(f"can't write {what}: {error.strerror}", code="cannot-write")


def _forget_coerced_locale() -> None:
    """Take back the LC_CTYPE that Python sets for itself where there is no locale (PEP 538): no user has set it."""
    if os.environ.get("LC_CTYPE") not in ("C.UTF-8", "C.utf8", "UTF-8"):
        return
    try:
        with open("/proc/self/environ", "rb") as file:
            given = file.read().split(b"\0")
    except OSError:
        return
    if not any(entry.startswith(b"LC_CTYPE=") for entry in given):
        del os.environ["LC_CTYPE"]


def _run(argv: list[str], terminal: Terminal) -> int:
    from compose_lite.cli import commands
    from compose_lite.cli.invocation import CommonOptions
    from compose_lite.cli.parse import parse

    if argv and argv[0].startswith("__complete"):
        from compose_lite.cli.completion.answering import respond

        return respond(argv, terminal)
    parsed = parse(
        ["version"] if argv in (["--version"], ["-v"]) else argv,
        common=CommonOptions,
        commands=commands.TABLE,
        options=lambda name: commands.load(name).options,
    )
    if parsed is None:
        from compose_lite.cli.app import explain

        outcome = explain(argv, terminal)
        if isinstance(outcome, int):
            return outcome
        parsed = outcome
    return dispatch(parsed, terminal, argv=argv)


def dispatch(parsed: Parsed, terminal: Terminal, *, argv: Sequence[str] = ()) -> int:
    """Carry out a parsed command line with the process's environment and daemon."""
    from compose_lite.cli import commands
    from compose_lite.cli.invocation import CommonOptions, Invocation, connect

    command = commands.load(parsed.command)
    common = CommonOptions(**parsed.common)
    invocation = Invocation(
        common=common,
        terminal=terminal.with_ansi(common.ansi, os.environ),
        environ=os.environ,
        connect=lambda: connect(common),
        command=parsed.command,
        argv=tuple(argv),
    )
    return command.run(invocation, command.options(**parsed.own))


def _told(error: ComposeLiteError, terminal: Terminal, argv: Sequence[str]) -> str:
    """The error for people, or as JSON where progress or output is asked for as JSON."""
    if _wish(argv, "--progress", os.environ.get("COMPOSE_PROGRESS")) == "json":
        from compose_lite.cli.views.problems import error_json

        return error_json(error)
    if _wish(argv, "--format") == "json":
        from compose_lite.cli.views.text import json_text
        from compose_lite.spec.check_report import problem_data

        return json_text([problem_data(problem) for problem in error.problems])
    from compose_lite.cli.views.problems import render_error

    return render_error(error, coloured=terminal.err_colour, columns=terminal.columns(error=True))


def _wish(argv: Sequence[str], option: str, otherwise: str | None = None) -> str | None:
    """What the command line gives as `option`, even if it is wrong elsewhere."""
    for item, following in zip(argv, (*argv[1:], ""), strict=False):
        if item == option:
            return following
        if item.startswith(f"{option}="):
            return item.partition("=")[2]
    return otherwise


def _last_words(terminal: Terminal, text: str) -> None:
    """Write a closing message, unless nobody listens any more."""
    try:
        terminal.note(text)
    except (BrokenPipeError, ValueError):
        _drop_output()


def _drop_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's own flush at exit stays silent."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
