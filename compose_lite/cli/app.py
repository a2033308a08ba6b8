"""The typer application: explains what the plain parser does not take (help, misspelt names, bad values).

Commands are declared as dataclasses; here they become typer commands of the same names, so that nothing is
declared twice. Only the modules of commands named on the command line are imported.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import typer
import typer.core

from compose_lite.cli import commands
from compose_lite.cli.help import PROGRAM, command_help, program_help
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.options import Parameter, parameters, takes_rest
from compose_lite.cli.parse import Parsed, merge
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import replace
from compose_lite.spec.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compose_lite.cli.terminal import Terminal

# typer does not export click's UsageError (it carries its own click since 0.26), but this subclass of it.
_Refused: type[Any] = typer.BadParameter.__mro__[1]
_COMMON = "common_"
_HELP = {"help_option_names": ["--help", "-h"]}
_TYPES: dict[str, Any] = {
    "flag": bool,
    "text": str | None,
    "number": int | None,
    "texts": list[str],
    "word": str | None,
    "words": list[str],
    "rest": list[str],
}


def explain(argv: Sequence[str], terminal: Terminal) -> Parsed | int:
    """Let typer handle a command line: it shows help (0), understands it, or raises `UsageError`."""
    argv = argv or ("--help",)
    understood: list[Parsed] = []
    app = build_app(argv, columns=terminal.size()[0], receive=understood.append)
    try:
        result = app(list(argv), prog_name=PROGRAM, standalone_mode=False)
    except _Refused as refusal:
        raise _usage_error(refusal, argv) from refusal
    if understood:
        return understood[0]
    return result if isinstance(result, int) else 0


def build_app(argv: Sequence[str], *, columns: int, receive: Callable[[Parsed], None]) -> typer.Typer:
    """Make the typer app for a command line; what it parses goes to `receive`."""
    common: dict[str, Any] = {}
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        cls=_group_class(columns),
        context_settings=_HELP,
    )
    app.callback()(_function(parameters(CommonOptions), common.update))
    for name in commands.TABLE:
        if name in argv:
            _add_command(app, name, columns=columns, common=common, receive=receive)
    return app


def _add_command(
    app: typer.Typer, name: str, *, columns: int, common: dict[str, Any], receive: Callable[[Parsed], None]
) -> None:
    options = parameters(commands.load(name).options)
    taken = {name for parameter in options for name in parameter.names}
    shared = tuple(_shared(parameter, taken) for parameter in parameters(CommonOptions))

    def call(values: dict[str, Any]) -> None:
        own = {key: value for key, value in values.items() if not key.startswith(_COMMON)}
        after = {key.removeprefix(_COMMON): value for key, value in values.items() if key not in own}
        receive(Parsed(command=name, common=merge(common, after), own=own))

    app.command(
        name,
        cls=_command_class(name, columns),
        context_settings={**_HELP, "allow_interspersed_args": not takes_rest(options)},
    )(_function((*options, *shared), call))


def _shared(parameter: Parameter, taken: set[str]) -> Parameter:
    """A common option as a command takes it: under its own names, save those that the command uses."""
    return replace(
        parameter,
        name=_COMMON + parameter.name,
        long="" if parameter.long in taken else parameter.long,
        short="" if parameter.short in taken else parameter.short,
    )


def _function(found: Sequence[Parameter], receive: Callable[[dict[str, Any]], None]) -> Callable[..., None]:
    """A function with the signature that typer needs to see for these parameters; passes on what was given."""

    def call(**values: Any) -> None:
        given = {name: value for name, value in values.items() if value not in (None, False, [], ())}
        receive({name: tuple(v) if isinstance(v, list) else v for name, v in given.items()})

    signature = [_typer_parameter(parameter) for parameter in found if _named(parameter)]
    call.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]  # read by typer
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in signature}
    return call


def _named(parameter: Parameter) -> bool:
    return parameter.positional or bool(parameter.names)


def _typer_parameter(parameter: Parameter) -> inspect.Parameter:
    """The parameter in typer's words. Defaults stay with the dataclass: typer only tells what was given."""
    kind = _TYPES[parameter.kind]
    default: Any
    if parameter.positional:
        default = typer.Argument(... if parameter.required else None, metavar=parameter.metavar)
    else:
        empty = {"flag": False, "texts": []}.get(parameter.kind)
        default = typer.Option(empty, *parameter.names, callback=_chooser(parameter))
    return inspect.Parameter(parameter.name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)


def _chooser(parameter: Parameter) -> Callable[[str | None], str | None] | None:
    """A check that the value is one of the parameter's choices."""
    if not parameter.choices:
        return None

    def check(value: str | None) -> str | None:
        if value is not None and value not in parameter.choices:
            raise UsageError(
                f"{parameter.long} can't be {value!r}: it is one of {', '.join(parameter.choices)}",
                hint=did_you_mean(value, parameter.choices),
            )
        return value

    return check


def _group_class(columns: int) -> type[typer.core.TyperGroup]:
    """A typer group that prints our help and knows the whole command table."""

    class Group(typer.core.TyperGroup):
        def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # typer's signature
            formatter.write(program_help(columns))

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            if args[0] not in commands.TABLE:
                hint = did_you_mean(args[0], commands.TABLE) or f"{PROGRAM} --help lists the commands"
                raise UsageError(f"there is no command {args[0]!r}", hint=hint)
            return super().resolve_command(ctx, args)

    return Group


def _command_class(name: str, columns: int) -> type[typer.core.TyperCommand]:
    """A typer command that prints our help."""

    class Command(typer.core.TyperCommand):
        def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # typer's signature
            formatter.write(command_help(name, columns))

    return Command


def _usage_error(refusal: Any, argv: Sequence[str]) -> UsageError:
    """typer's refusal in our words, with the nearest option where one was misspelt."""
    context = getattr(refusal, "ctx", None)
    command = next((item for item in argv if item in commands.TABLE), "")
    path = context.command_path if context is not None else f"{PROGRAM} {command}".rstrip()
    wrong = getattr(refusal, "option_name", None)
    hint = None
    if wrong and context is not None and refusal.message.startswith("No such option"):
        known = [name for parameter in context.command.get_params(context) for name in parameter.opts]
        known += ["--version"] if context.parent is None else []
        hint = did_you_mean(wrong, [name for name in known if name.startswith("--")])
        return UsageError(f"there is no option {wrong} of {path}", hint=hint or f"see {path} --help")
    message = refusal.format_message().rstrip(".")
    return UsageError(message[:1].lower() + message[1:], hint=f"see {path} --help")
