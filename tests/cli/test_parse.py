"""The plain parser reads what docker compose's reads, agrees with typer, and leaves the rest to it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose_lite.cli import commands
from compose_lite.cli.app import explain
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.options import flag, number, parameters, rest, text, texts, word, words
from compose_lite.cli.parse import Parsed, parse
from compose_lite.cli.terminal import Terminal
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """Options of a command that takes some services."""

    services: tuple[str, ...] = words("SERVICE")
    follow: bool = flag("", short="-f")
    timestamps: bool = flag("", short="-t")
    orphans: bool = flag("", default=True)
    tail: str | None = text("", short="-n")
    kind: str | None = text("", choices=("a", "b"))
    index: int | None = number("")
    env: tuple[str, ...] = texts("", short="-e")


@dataclass(frozen=True, kw_only=True, slots=True)
class Into:
    """Options of a command that hands a command line over."""

    service: str = word("SERVICE")
    command: tuple[str, ...] = rest("COMMAND", required=True)
    detach: bool = flag("", short="-d", aliases=("--background",))


KNOWN = {"shop": Shop, "into": Into}


def read(line: str) -> Parsed | None:
    return parse(line.split(), common=CommonOptions, commands=KNOWN, options=KNOWN.__getitem__)


UNDERSTOOD = [
    ("shop", {}, {}),
    ("shop web db", {}, {"services": ("web", "db")}),
    ("shop web --follow db", {}, {"services": ("web", "db"), "follow": True}),
    ("shop -ft", {}, {"follow": True, "timestamps": True}),
    ("shop -ftn5", {}, {"follow": True, "timestamps": True, "tail": "5"}),
    ("shop -n=5 -n 6", {}, {"tail": "6"}),
    ("shop --tail=5", {}, {"tail": "5"}),
    ("shop --tail --follow", {}, {"tail": "--follow"}),
    ("shop --index -3", {}, {"index": -3}),
    ("shop -e A=1 -eB=2 --env C", {}, {"env": ("A=1", "B=2", "C")}),
    ("shop --orphans=false --follow=true", {}, {"orphans": False, "follow": True}),
    ("shop -f=false", {}, {"follow": False}),
    ("shop --kind a", {}, {"kind": "a"}),
    ("shop -- --follow", {}, {"services": ("--follow",)}),
    ("shop -", {}, {"services": ("-",)}),
    ("-f a.yaml -fb.yaml -p x shop", {"file": ("a.yaml", "b.yaml"), "project_name": "x"}, {}),
    ("-f a.yaml shop --file b.yaml -p y", {"file": ("a.yaml", "b.yaml"), "project_name": "y"}, {}),
    ("shop -f", {}, {"follow": True}),
    ("--dry-run shop", {"dry_run": True}, {}),
    ("shop --dry-run", {"dry_run": True}, {}),
    ("--parallel 3 shop", {"parallel": 3}, {}),
    ("into web ls -la --detach", {}, {"service": "web", "command": ("ls", "-la", "--detach")}),
    ("into -d web ls", {}, {"service": "web", "command": ("ls",), "detach": True}),
    ("into --background web ls", {}, {"service": "web", "command": ("ls",), "detach": True}),
]


@pytest.mark.parametrize(("line", "common", "own"), UNDERSTOOD, ids=[line for line, _, _ in UNDERSTOOD])
def test_understood(line: str, common: dict[str, object], own: dict[str, object]) -> None:
    assert read(line) == Parsed(command=line_command(line), common=common, own=own)


def line_command(line: str) -> str:
    return next(item for item in line.split() if item in KNOWN)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "shopp",
        "shop --folow",
        "shop -x",
        "shop --tail",
        "shop --index x",
        "shop --kind c",
        "shop --follow=maybe",
        "shop --help",
        "--bogus shop",
        "into",
        "into web",
        "--file",
    ],
)
def test_left_to_typer(line: str) -> None:
    assert read(line) is None


def test_every_parameter_has_a_name_of_its_own() -> None:
    for name in commands.TABLE:
        seen: set[str] = set()
        for parameter in parameters(commands.load(name).options):
            for option in parameter.names:
                assert option not in seen, f"{name} {option}"
                seen.add(option)


def terminal() -> Terminal:
    return Terminal(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO())


LINES = [
    "up -d --scale web=2 --scale db=1 -t 5 --no-deps web db",
    "--profile a logs -f --tail 5 web",
    "exec -T -e A=1 web sh -c id",
    "run --rm --entrypoint x web -a -b",
    "down -v --rmi local --remove-orphans",
    "ps -a --format json --status running --status exited",
    "config --services -o out web",
    "kill -s HUP web --project-name p",
]


@pytest.mark.parametrize("line", LINES)
def test_typer_reads_the_same(line: str) -> None:
    plain = parse(
        line.split(),
        common=CommonOptions,
        commands=commands.TABLE,
        options=lambda name: commands.load(name).options,
    )
    assert plain is not None
    assert explain(line.split(), terminal()) == plain


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("upp", "no command 'upp'", 'did you mean "up"?'),
        ("--hlep", "no option --hlep", 'did you mean "--help"?'),
        ("up --hlep", "no option --hlep", 'did you mean "--help"?'),
        ("--verison", "no option --verison", 'did you mean "--version"?'),
        ("up --detatch", "no option --detatch", 'did you mean "--detach"?'),
        ("up --projct-name x", "no option --projct-name", 'did you mean "--project-name"?'),
        ("ps --status", "--status", "ps --help"),
        ("stop -t x", "int", "stop --help"),
        ("--progress loud up", "one of auto, tty, plain, json, quiet", None),
        ("exec web", "COMMAND", "exec --help"),
    ],
)
def test_refusals_say_what_would_do(line: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        explain(line.split(), terminal())
    assert message in str(caught.value)
    assert hint is None or hint in (caught.value.hint or "")


@given(
    st.lists(st.sampled_from(["-f", "--tail", "x", "-n", "--", "-", "shop", "into", "-ft", "--env=1", "-z"]))
)
def test_any_line_is_understood_or_left(line: list[str]) -> None:
    parsed = parse(line, common=CommonOptions, commands=KNOWN, options=KNOWN.__getitem__)
    if parsed is not None:
        KNOWN[parsed.command](**parsed.own)
