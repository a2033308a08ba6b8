"""The command `version`."""

from __future__ import annotations

from compose_lite import __version__
from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionOptions:
    """Options of `version`."""

    format: str | None = text("Output format (pretty)", short="-f", choices=("pretty", "json"))
    short: bool = flag("Print the number only")


def run_version(ctx: Invocation, options: VersionOptions) -> int:
    """Print the version."""
    if options.short:
        ctx.terminal.print(__version__)
    elif options.format == "json":
        ctx.terminal.print(f'{{"version":"{__version__}"}}')
    else:
        ctx.terminal.print(f"compose-lite version {__version__}")
    return 0


COMMANDS = {"version": Command(options=VersionOptions, run=run_version, example="version --short")}
