"""The command `completion`: print or install what a shell needs to complete command lines."""

from __future__ import annotations

from pathlib import Path

from compose_lite.cli.commands import Command
from compose_lite.cli.completion.shells import SHELLS, installation, script
from compose_lite.cli.options import word
from compose_lite.errors import ComposeLiteError, UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.completion.shells import Installation
    from compose_lite.cli.invocation import Invocation

_INSTALL = "install"


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletionOptions:
    """Options of `completion`."""

    what: str = word("bash|fish|zsh|install")
    shell: str | None = word("SHELL", required=False)


def run_completion(ctx: Invocation, options: CompletionOptions) -> int:
    """Print the script for a shell, or put it where the shell finds it."""
    if options.what == _INSTALL:
        return _install(ctx, options.shell or _shell_of(ctx))
    if options.shell is not None:
        raise UsageError(f"completion {options.what} takes no further argument")
    ctx.terminal.print(script(_known(options.what)), end="")
    return 0


def _known(shell: str) -> str:
    if shell not in SHELLS:
        from compose_lite.spec.suggest import did_you_mean

        hint = did_you_mean(shell, (*SHELLS, _INSTALL)) or f"there are: {', '.join(SHELLS)}"
        raise UsageError(f"there is no completion for {shell!r}", hint=hint)
    return shell


def _shell_of(ctx: Invocation) -> str:
    """The user's shell; raises `UsageError` if that is none that we know."""
    shell = Path(ctx.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise UsageError(
            f"no completion for the shell {shell or '(SHELL is not set)'!r}",
            hint=f"name one: compose-lite completion install {SHELLS[0]}",
        )
    return shell


def _install(ctx: Invocation, shell: str) -> int:
    wanted = installation(_known(shell), ctx.environ)
    if ctx.common.dry_run:
        ctx.terminal.print(f"would write {wanted.script}")
        if wanted.startup is not None:
            ctx.terminal.print(f"would add to {wanted.startup}: {wanted.line}")
        return 0
    try:
        changed = _carry_out(wanted, script(shell))
    except OSError as error:
        raise ComposeLiteError(
            f"can't write {error.filename}: {error.strerror}",
            code="cannot-write",
            hint=f"`compose-lite completion {shell}` prints the script",
        ) from error
    for path in changed:
        ctx.terminal.print(f"wrote {path}")
    ctx.terminal.print(f"Completion works in each {shell} that is started from now on.")
    return 0


def _carry_out(wanted: Installation, text: str) -> list[Path]:
    """Write the script, and the line once; returns the files that were changed. Raises OSError."""
    wanted.script.parent.mkdir(parents=True, exist_ok=True)
    wanted.script.write_text(text)
    changed = [wanted.script]
    if wanted.startup is not None:
        present = wanted.startup.read_text() if wanted.startup.exists() else ""
        if wanted.line not in present.splitlines():
            ended = "" if not present or present.endswith("\n") else "\n"
            with wanted.startup.open("a") as file:
                file.write(f"{ended}{wanted.line}\n")
            changed.append(wanted.startup)
    return changed


COMMANDS = {
    "completion": Command(options=CompletionOptions, run=run_completion, example="completion install bash")
}
