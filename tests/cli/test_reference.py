"""The command line has docker compose's commands and options, as the reference table lists them."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from compose_lite.cli import commands
from compose_lite.cli.help import command_help, option_groups, program_help
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.options import Parameter, parameters

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "cli.tsv"
KINDS = {"bool": "flag", "string": "text", "int": "number", "stringArray": "texts", "list": "texts"}

# What docker compose has and we have not yet: an option that does nothing must not be shown.
MISSING_COMMANDS: set[str] = set()
MISSING_OPTIONS: dict[str, set[str]] = {}
# Where the types differ although the option is the same.
OTHER_KINDS = {("build", "--memory"), ("ls", "--filter")}


def reference() -> dict[str, list[dict[str, str]]]:
    if not REFERENCE.exists():
        pytest.skip("the reference table is not on this machine")
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    with REFERENCE.open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            found[row["command"]].append(row)
    return found


def test_every_command_is_there() -> None:
    wanted = set(reference()) - {"(global)"}
    assert wanted - set(commands.TABLE) == MISSING_COMMANDS


def test_every_option_is_there_with_its_short_form_and_kind() -> None:
    for name, rows in reference().items():
        if name in MISSING_COMMANDS:
            continue
        options = CommonOptions if name == "(global)" else commands.load(name).options
        known = {option: parameter for parameter in parameters(options) for option in parameter.names}
        for row in rows:
            option = row["option"]
            if option and option not in MISSING_OPTIONS.get(name, ()):
                assert option in known, f"{name} {option}"
                check(name, row, known[option])


def check(name: str, row: dict[str, str], parameter: Parameter) -> None:
    assert parameter.short == row["short"], f"{name} {row['option']}"
    if (name, row["option"]) not in OTHER_KINDS:
        assert parameter.kind == KINDS[row["type"]], f"{name} {row['option']}"
    if row["type"] == "bool" and row["option"] not in (
        "--no-tty",  # told from the terminal
        "--menu",  # told from the environment
    ):
        assert parameter.default == (row["default"] == "true"), f"{name} {row['option']}"
    if row["type"] == "string" and row["default"] not in ("", "policy", "table", "auto"):
        assert parameter.default == row["default"], f"{name} {row['option']}"


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_fits_the_window(columns: int) -> None:
    """All but the example, which is there to be copied."""
    texts = [program_help(columns), *(command_help(name, columns) for name in commands.TABLE)]
    for text in texts:
        for line in text.splitlines():
            assert len(line) <= columns or line.startswith("  compose-lite "), line


def test_what_is_asked_for_most_stands_first() -> None:
    assert next(iter(option_groups(parameters(commands.load("up").options)))) == "Options"


@pytest.mark.parametrize("name", commands.TABLE)
def test_in_a_narrow_window_explanations_stand_below_the_options(name: str) -> None:
    options = command_help(name, 56).partition("Options:")[2].partition("Example:")[0]
    assert all(len(line) <= 56 for line in options.splitlines())


@pytest.mark.parametrize("name", commands.TABLE)
def test_help_is_short_and_grouped(name: str) -> None:
    """It fits two or three screens, and no list of options is long."""
    assert len(command_help(name, 80).splitlines()) <= 72
    groups = option_groups(parameters(commands.load(name).options)).values()
    assert max(map(len, groups), default=0) <= 13


@pytest.mark.parametrize("name", commands.TABLE)
def test_help_shows_every_option_and_an_example(name: str) -> None:
    text = command_help(name, 80)
    for parameter in parameters(commands.load(name).options):
        if not parameter.positional and not parameter.hidden:
            assert parameter.long in text
            assert parameter.help
    assert f"compose-lite {name}" in text.split("Example:")[1]


def test_program_help_lists_every_command() -> None:
    text = program_help(80)
    for name, entry in commands.TABLE.items():
        assert f"  {name} " in text
        assert entry.summary.split()[0] in text
