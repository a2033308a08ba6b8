"""The command `plugin`: be called as `docker composelite`, too."""

from __future__ import annotations

import sys
from pathlib import Path

from compose_lite.cli.commands import Command
from compose_lite.cli.options import word
from compose_lite.cli.plugin import FILE, NAME
from compose_lite.errors import ComposeLiteError, UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation

_PROGRAM = "compose-lite"
_DEEDS = ("install", "remove")


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginOptions:
    """Options of `plugin`."""

    deed: str = word("install|remove")


def run_plugin(ctx: Invocation, options: PluginOptions) -> int:
    """Link this program into the folder in which the `docker` command looks for plugins, or take the link away."""
    from compose_lite.runner.registry import docker_config_folder

    if options.deed not in _DEEDS:
        raise UsageError(f"plugin {options.deed}: it is one of {', '.join(_DEEDS)}")
    link = docker_config_folder(ctx.environ) / "cli-plugins" / FILE
    if link.exists() and not link.is_symlink():
        raise ComposeLiteError(
            f"{link} is not a link that compose-lite has made", hint="look what it is, and move it away"
        )
    program = _program() if options.deed == "install" else None
    if ctx.common.dry_run:
        ctx.terminal.print(f"would link {link} to {program}" if program else f"would remove {link}")
        return 0
    try:
        if program is None:
            link.unlink(missing_ok=True)
            ctx.terminal.print(f"removed {link}")
        else:
            _link(link, program)
            ctx.terminal.print(f"linked {link} to {program}: `docker {NAME}` works now")
    except OSError as error:
        raise ComposeLiteError(f"can't write {link}: {error.strerror}", code="cannot-write") from error
    return 0


def _link(link: Path, program: Path) -> None:
    """Make the link, or turn it, so that there is one at every moment. Raises OSError."""
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{FILE}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(program)
    fresh.replace(link)


def _program() -> Path:
    """The installed console script: that of this Python, else the one in PATH."""
    from shutil import which

    beside = Path(sys.executable).with_name(_PROGRAM)
    found = beside if beside.exists() else which(_PROGRAM)
    if found is None:
        raise ComposeLiteError(
            f"the program {_PROGRAM} is not installed here",
            hint="install the package first, for example with pipx",
        )
    return Path(found).absolute()


COMMANDS = {"plugin": Command(options=PluginOptions, run=run_plugin, example="plugin install")}
