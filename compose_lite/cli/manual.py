"""The manual pages: what `--help` says, as pages for `man`, one for the program and one for each command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite import __version__
from compose_lite.cli.commands import TABLE, load
from compose_lite.cli.help import PROGRAM, PURPOSE, explanation, option_groups, usage
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.options import PLAIN_GROUP, parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compose_lite.cli.options import Parameter


def manual_pages() -> Iterator[tuple[str, str]]:
    """Each page: the name of its file (`compose-lite-up.1`), and its text in roff."""
    yield f"{PROGRAM}.1", _program_page()
    for name in TABLE:
        yield f"{PROGRAM}-{name}.1", _command_page(name)


def _program_page() -> str:
    groups: dict[str, list[str]] = {}
    for name, entry in TABLE.items():
        groups.setdefault(entry.group, []).append(name)
    commands = [".SH COMMANDS"]
    for title, names in groups.items():
        commands.append(f".SS {_escaped(title)}")
        for name in names:
            commands += _item(f"{_bold(f'{PROGRAM}-{name}')}(1)", f"{TABLE[name].summary}.")
    return _page(
        PROGRAM,
        PURPOSE,
        f"{_bold(PROGRAM)} [OPTIONS] COMMAND [ARGS]...",
        [*commands, *_options(parameters(CommonOptions))],
    )


def _command_page(name: str) -> str:
    command = load(name)
    example = [".SH EXAMPLE", ".EX", _escaped(f"{PROGRAM} {command.example}"), ".EE"]
    also = [".SH SEE ALSO", f"{_bold(PROGRAM)}(1), also for the options that all commands share"]
    return _page(
        f"{PROGRAM}-{name}",
        TABLE[name].summary,
        f"{_bold(PROGRAM)} {_escaped(usage(name))}",
        [*_options(parameters(command.options)), *example, *also],
    )


def _page(name: str, purpose: str, synopsis: str, rest: Iterable[str]) -> str:
    lines = [
        # Without a date: the same source gives the same page.
        f'.TH {_escaped(name.upper())} 1 "" "{_escaped(f"{PROGRAM} {__version__}")}" "{_escaped(PROGRAM)}"',
        ".SH NAME",
        f"{_escaped(name)} \\- {_escaped(purpose)}",
        ".SH SYNOPSIS",
        synopsis,
        *rest,
    ]
    return "\n".join(lines) + "\n"


def _options(found: tuple[Parameter, ...]) -> Iterator[str]:
    groups = option_groups(found)
    if groups:
        yield ".SH OPTIONS"
    for title, options in groups.items():
        if len(groups) > 1 or title != PLAIN_GROUP:
            yield f".SS {_escaped(title)}"
        for option in options:
            yield from _item(_names(option), explanation(option))


def _names(option: Parameter) -> str:
    value = f" \\fI{_escaped(option.metavar)}\\fR" if option.takes_value else ""
    return ", ".join(_bold(name) for name in (option.short, option.long) if name) + value


def _item(head: str, text: str) -> tuple[str, str, str]:
    return ".TP", head, _escaped(text)


def _bold(text: str) -> str:
    return f"\\fB{_escaped(text)}\\fR"


def _escaped(text: str) -> str:
    """Text that roff prints as it is: every dash one that can be typed again, no line a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
