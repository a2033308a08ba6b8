"""Called by the `docker` command, the program takes what stands before its name as the command's own options."""

import json

import pytest

from compose_lite.cli.plugin import metadata, translated
from compose_lite.errors import UsageError


def taken(*argv: str) -> tuple[list[str], dict[str, str]]:
    environ: dict[str, str] = {}
    return translated(argv, environ), environ


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["composelite", "ps", "-a"], ["ps", "-a"]),
        (["composelite"], []),
        (["--context", "build", "composelite", "ps"], ["--context", "build", "ps"]),
        (["--context=build", "composelite", "ps"], ["--context", "build", "ps"]),
        (["-c", "build", "composelite", "ps"], ["--context", "build", "ps"]),
        (["-H", "tcp://h:1", "composelite", "ps"], ["--host", "tcp://h:1", "ps"]),
        (["-D", "-l", "debug", "composelite", "ps"], ["ps"]),
        (["composelite", "run", "web", "composelite"], ["run", "web", "composelite"]),
        (["help", "composelite", "up"], ["up", "--help"]),
        (["help", "composelite"], ["--help"]),
        (["__complete", "composelite", "up", ""], ["__complete", "up", ""]),
        (["__complete", "--context", "b", "composelite", ""], ["__complete", "--context", "b", ""]),
        (["ps"], ["ps"]),
    ],
)
def test_the_line_as_we_take_it(argv: list[str], line: list[str]) -> None:
    assert taken(*argv) == (line, {})


def test_what_variables_say_otherwise_is_said_by_them() -> None:
    line, environ = taken("--config", "/etc/d", "--tlsverify", "--tls=false", "composelite", "ps")
    assert line == ["ps"]
    assert environ == {"DOCKER_CONFIG": "/etc/d", "DOCKER_TLS_VERIFY": "1", "DOCKER_TLS": ""}


def test_an_option_that_can_not_be_obeyed_is_refused() -> None:
    with pytest.raises(UsageError, match="--tlscacert"):
        taken("--tlscacert", "ca.pem", "composelite", "ps")


def test_the_metadata_are_what_the_docker_command_asks_for() -> None:
    found = json.loads(metadata())
    assert found["SchemaVersion"] == "0.1.0"
    assert found["Vendor"]
    assert found["ShortDescription"]
