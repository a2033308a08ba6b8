"""The help texts: plain, grouped, an example per command; made from the command table and the options."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from compose_lite.cli.commands import TABLE, load
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.options import PLAIN_GROUP, parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compose_lite.cli.options import Parameter

PROGRAM = "compose-lite"
PURPOSE = "Run stacks of containers from Compose files"
_WIDEST_NAME = 28
_NARROWEST_TEXT = 24


def program_help(columns: int) -> str:
    """The help of the program: its commands by group, then the options that all of them share."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, entry in TABLE.items():
        groups.setdefault(entry.group, []).append((name, entry.summary))
    head = [
        *_usage(f"{PROGRAM} [OPTIONS] COMMAND [ARGS]...", columns),
        "",
        *_paragraph(f"{PURPOSE}.", columns),
    ]
    blocks = [_block(title, rows, columns) for title, rows in groups.items()]
    blocks += _option_blocks(parameters(CommonOptions), columns)
    foot = _paragraph(f"Help on a command: {PROGRAM} COMMAND --help", columns)
    return "\n\n".join(["\n".join(head), *blocks, "\n".join(foot)]) + "\n"


def command_help(name: str, columns: int) -> str:
    """The help of one command: usage, what it does, arguments and options by group, an example."""
    command = load(name)
    found = parameters(command.options)
    blocks = ["\n".join(_usage(f"{PROGRAM} {usage(name)}", columns))]
    blocks.append("\n".join(_paragraph(f"{TABLE[name].summary}.", columns)))
    blocks += _option_blocks(found, columns)
    blocks.append(f"Example:\n  {PROGRAM} {command.example}")
    blocks.append("\n".join(_paragraph(f"Common options ({PROGRAM} --help) work here too.", columns)))
    return "\n\n".join(blocks) + "\n"


def _paragraph(text: str, columns: int, *, indent: str = "") -> list[str]:
    """The text as lines for the window; a word that is longer stays whole."""
    return textwrap.wrap(
        text, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _usage(call: str, columns: int) -> list[str]:
    return _paragraph(f"Usage: {call}", columns, indent=" " * len("Usage: "))


def usage(name: str) -> str:
    """How a command is called: `up [OPTIONS] [SERVICE]...`."""
    found = parameters(load(name).options)
    options = " [OPTIONS]" if any(not parameter.positional for parameter in found) else ""
    return name + options + "".join(f" {_place(parameter)}" for parameter in found if parameter.positional)


def _place(parameter: Parameter) -> str:
    if parameter.kind == "rest":
        return parameter.metavar
    shown = parameter.metavar if parameter.required else f"[{parameter.metavar}]"
    return shown + ("..." if parameter.kind == "words" else "")


def option_groups(found: Sequence[Parameter]) -> dict[str, list[Parameter]]:
    """The options that are shown, by the headings under which they stand: first those of no group in particular."""
    groups: dict[str, list[Parameter]] = {PLAIN_GROUP: []}
    for parameter in found:
        if not (parameter.positional or parameter.hidden):
            groups.setdefault(parameter.group, []).append(parameter)
    return {title: options for title, options in groups.items() if options}


def explanation(parameter: Parameter) -> str:
    """What an option does, and what holds without it."""
    if parameter.kind == "flag" and parameter.default:
        return f"{parameter.help} (on; {parameter.long}=false)"
    shown = parameter.default not in (None, (), "", False)
    return f"{parameter.help} (default {parameter.default})" if shown else parameter.help


def _option_blocks(found: Sequence[Parameter], columns: int) -> list[str]:
    return [
        _block(title, [(_names(option), explanation(option)) for option in options], columns)
        for title, options in option_groups(found).items()
    ]


def _names(parameter: Parameter) -> str:
    short = f"{parameter.short}, " if parameter.short else "    "
    value = f" {parameter.metavar}" if parameter.takes_value else ""
    return f"{short}{parameter.long}{value}"


def _block(title: str, rows: Iterable[tuple[str, str]], columns: int) -> str:
    rows = list(rows)
    left = min(_WIDEST_NAME, max(len(name) for name, _ in rows)) + 2
    room = columns - left - 3
    lines = [f"{title}:"]
    if room < _NARROWEST_TEXT:  # the explanations go below the names
        for name, text in rows:
            lines.append(f"  {name}")
            lines += [f"{'':8}{line}" for line in textwrap.wrap(text, max(_NARROWEST_TEXT, columns - 9))]
        return "\n".join(lines)
    for name, text in rows:
        first, *others = textwrap.wrap(text, room) or [""]
        if len(name) > left - 2:
            lines.append(f"  {name}")
            lines.append(f"  {'':<{left}}{first}")
        else:
            lines.append(f"  {name:<{left}}{first}".rstrip())
        lines += [f"  {'':<{left}}{line}" for line in others]
    return "\n".join(lines)
