"""How a command declares its options: as fields of a dataclass that the parser, the help and typer read."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import MISSING, Field, dataclass, field, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Kind = Literal["flag", "text", "number", "texts", "word", "words", "rest"]

POSITIONAL: tuple[Kind, ...] = ("word", "words", "rest")
PLAIN_GROUP = "Options"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One option or positional argument of a command.

    Attributes:
        name: the dataclass field that receives the value.
        kind: `flag` (bool), `text` (str | None), `number` (int | None), `texts` (repeatable, tuple of str),
            or a positional: `word` (one), `words` (any number), `rest` (everything from here on, options
            of other programs included).
        long: `--no-deps`; empty for positionals.
        short: `-d`, or empty.
        metavar: what the help shows for the value.
        choices: the values that are allowed, empty for any.
        group: heading of the help under which the option stands.
        hidden: understood for the sake of habit, but not shown in the help.
        aliases: other spellings of `long`.
    """

    name: str
    kind: Kind
    help: str
    long: str = ""
    short: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    group: str = PLAIN_GROUP
    hidden: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that the option may be called on a command line."""
        return tuple(name for name in (self.long, self.short, *self.aliases) if name)

    @property
    def positional(self) -> bool:
        """Whether it is told by its place instead of a name."""
        return self.kind in POSITIONAL

    @property
    def takes_value(self) -> bool:
        """Whether an argument follows the option's name."""
        return self.kind in ("text", "number", "texts")


def flag(
    text: str,
    *,
    short: str = "",
    default: bool | None = False,
    group: str = PLAIN_GROUP,
    long: str = "",
    hidden: bool = False,
    aliases: tuple[str, ...] = (),
) -> Any:
    """Declare an option without a value (`--detach`, and as for every Go program `--detach=false`)."""
    return _declare(
        "flag",
        text,
        default=default,
        short=short,
        group=group,
        long=long,
        hidden=hidden,
        aliases=aliases,
    )


def text(
    text: str,
    *,
    short: str = "",
    default: str | None = None,
    metavar: str = "",
    choices: tuple[str, ...] = (),
    group: str = PLAIN_GROUP,
    long: str = "",
) -> Any:
    """Declare an option with one value; the last one given wins.

    Without a `metavar` the help lists the choices.
    """
    shown = metavar or "|".join(choices) or "TEXT"
    return _declare(
        "text", text, default=default, short=short, metavar=shown, choices=choices, group=group, long=long
    )


def number(
    text: str,
    *,
    short: str = "",
    default: int | None = None,
    metavar: str = "N",
    group: str = PLAIN_GROUP,
    long: str = "",
) -> Any:
    """Declare an option whose value is an integer."""
    return _declare("number", text, default=default, short=short, metavar=metavar, group=group, long=long)


def texts(
    text: str, *, short: str = "", metavar: str = "TEXT", group: str = PLAIN_GROUP, long: str = ""
) -> Any:
    """Declare an option that may be given several times."""
    return _declare("texts", text, default=(), short=short, metavar=metavar, group=group, long=long)


def word(metavar: str, *, required: bool = True) -> Any:
    """Declare one positional argument."""
    return _declare("word", "", default=None, metavar=metavar, required=required)


def words(metavar: str, *, required: bool = False) -> Any:
    """Declare any number of positional arguments (at least one if `required`)."""
    return _declare("words", "", default=(), metavar=metavar, required=required)


def rest(metavar: str, *, required: bool = False) -> Any:
    """Declare that all that follows the earlier positionals is taken as it is, dashes and all."""
    return _declare("rest", "", default=(), metavar=metavar, required=required)


def _declare(kind: Kind, text: str, *, default: Any, **details: Any) -> Any:
    return field(default=default, metadata={"kind": kind, "help": text, **details})


def parameters(options: type[Any]) -> tuple[Parameter, ...]:
    """The parameters that an options dataclass declares, in the order of its fields."""
    return tuple(_parameter(item) for item in fields(options) if "kind" in item.metadata)


def _parameter(item: Field[Any]) -> Parameter:
    details = dict(item.metadata)
    kind: Kind = details.pop("kind")
    long = details.pop("long", "")
    if kind not in POSITIONAL and not long:
        long = "--" + item.name.replace("_", "-")
    default = None if item.default is MISSING else item.default
    return Parameter(name=item.name, kind=kind, long=long, default=default, **details)


def takes_rest(found: tuple[Parameter, ...]) -> bool:
    """Whether options end at the first positional, because the rest belongs to another program."""
    return any(parameter.kind == "rest" for parameter in found)
