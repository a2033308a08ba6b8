"""A name that is mistyped is answered with the nearest one: of commands, options, services, and values."""

from pathlib import Path

import pytest

from compose_lite.cli import commands
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.main import main
from compose_lite.cli.options import parameters

STACK = "services:\n  frontend: {image: a}\n  backend: {image: b}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project, and no daemon: what is mistyped is told without one."""
    (tmp_path / "compose.yaml").write_text(STACK)
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("PWD", str(tmp_path)),
        ("DOCKER_HOST", "unix:///nowhere.sock"),
        ("HOME", str(tmp_path)),
    ):
        monkeypatch.setenv(name, value)


def refusal(line: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of a command line that is refused."""
    assert main(line) != 0
    return capsys.readouterr().err


def without_a_letter(name: str) -> str:
    """The name without its last letter but one: `logs` → `los`."""
    return name[:-2] + name[-1]


# `stat` is as near to `stats` as to `start`.
@pytest.mark.parametrize("name", [name for name in commands.TABLE if len(name) > 3 and name != "start"])
def test_the_nearest_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f'did you mean "{name}"?' in refusal([without_a_letter(name)], capsys)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("lsit", "ls"), ("log", "logs"), ("strat", "start"), ("UP", "up"), ("netwrok", "networks")],
)
def test_other_slips(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f'"{meant}"' in refusal([typed], capsys)


def arguments(command: str) -> list[str]:
    """As many arguments as the command needs."""
    found = parameters(commands.load(command).options)
    needed = [parameter for parameter in found if parameter.positional and parameter.required]
    return ["frontend" if parameter.metavar == "SERVICE" else "80" for parameter in needed]


COMMON = [parameter.long for parameter in parameters(CommonOptions)]
OPTIONS = [
    (command, parameter.long)
    for command in commands.TABLE
    for parameter in parameters(commands.load(command).options)
    if len(parameter.long) > 7 and not parameter.hidden
]


@pytest.mark.parametrize("command", commands.TABLE)
def test_the_nearest_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in dict.fromkeys(long for owner, long in OPTIONS if owner == command):
        told = refusal([command, without_a_letter(name), *arguments(command)], capsys)
        assert f'did you mean "{name}"?' in told.replace("--no-TTY", "--no-tty")  # by either name


@pytest.mark.parametrize("name", [name for name in COMMON if len(name) > 7])
def test_the_nearest_option_of_the_program(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f'did you mean "{name}"?' in refusal([without_a_letter(name), "kill"], capsys)
    assert f'did you mean "{name}"?' in refusal(["kill", without_a_letter(name)], capsys)


TAKE_SERVICES = [
    command
    for command in commands.TABLE
    if any(
        parameter.positional and parameter.metavar == "SERVICE"
        for parameter in parameters(commands.load(command).options)
    )
]


@pytest.mark.parametrize("command", TAKE_SERVICES)
def test_the_nearest_service(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = refusal([command, "fronted", *arguments(command)[1:]], capsys)
    assert "no such service: fronted" in told
    assert 'did you mean "frontend"?' in told


@pytest.mark.parametrize(
    "line",
    [
        "scale fronted=2",
        "up --scale fronted=2",
        "up --attach fronted",
        "up --no-attach fronted",
        "up --exit-code-from fronted",
        "config --hash fronted",
        "cp fronted:/x .",
    ],
)
def test_the_nearest_service_in_other_places(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 'did you mean "frontend"?' in refusal(line.split(), capsys)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("up --pull alwys", "always"),
        ("--progress plan version", "plain"),
        ("logs --level warm", "warn"),
        ("completion basch", "bash"),
    ],
)
def test_the_nearest_value(line: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f'did you mean "{meant}"?' in refusal(line.split(), capsys)


def test_what_resembles_nothing_leads_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--help lists the commands" in refusal(["xyzzy"], capsys)
    assert "logs --help" in refusal(["logs", "--xyzzy"], capsys)


def test_what_is_missing_and_what_is_too_much_is_told_as_every_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert refusal(["port", "frontend"], capsys).startswith("error: missing argument 'PRIVATE_PORT'\n")
    assert refusal(["port", "frontend", "80", "81"], capsys).startswith(
        "error: got unexpected extra argument"
    )
