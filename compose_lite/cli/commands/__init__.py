"""The commands: a table of names, and a module for each family that is imported only when it is called."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.cli.invocation import Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command: the dataclass that its options become, and the function that carries it out.

    Attributes:
        run: takes the invocation and an instance of `options`; returns the exit code.
        example: a command line, without the program's name, that shows the usual use.
    """

    options: type[Any]
    run: Callable[[Invocation, Any], int]
    example: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the command table: where the command lives, and how the help lists it."""

    module: str
    group: str
    summary: str


RUN = "Run a stack"
INSPECT = "See what runs"
CONTROL = "Control containers"
IMAGES = "Images"
FILES = "Files"

TABLE: dict[str, Entry] = {
    "check": Entry("check", FILES, "Find what is valid in the files but will hurt"),
    "explain": Entry("explain", FILES, "Show where a value or a variable comes from"),
    "version": Entry("version", FILES, "Print the version of compose-lite"),
}


def load(name: str) -> Command:
    """Import the module of a command of the table."""
    module = import_module(f"{__name__}.{TABLE[name].module}")
    commands: dict[str, Command] = module.COMMANDS
    return commands[name]
