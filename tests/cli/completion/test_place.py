"""What is under the cursor is known from the words before it, right or wrong as they may be."""

import pytest

from compose_lite.cli import commands
from compose_lite.cli.completion.answering import split_line
from compose_lite.cli.completion.live import scan_services
from compose_lite.cli.completion.place import Place, locate
from compose_lite.cli.invocation import CommonOptions


def place(line: str) -> Place:
    *words, current = split_line(line)
    return locate(
        words,
        current,
        common=CommonOptions,
        commands=commands.TABLE,
        options=lambda name: commands.load(name).options,
    )


@pytest.mark.parametrize(
    ("line", "kind", "what"),
    [
        ("", "command", ""),
        ("lo", "command", ""),
        ("-f compose.yaml lo", "command", ""),
        ("-", "option", ""),
        ("logs --ta", "option", ""),
        ("--ansi ", "value", "--ansi"),
        ("--ansi=", "value", "--ansi"),
        ("-p", "option", ""),
        ("-p ", "value", "--project-name"),
        ("logs -fn ", "value", "--tail"),
        ("logs -n5 ", "argument", "SERVICE"),
        ("logs --tail=5 ", "argument", "SERVICE"),
        ("logs -f ", "argument", "SERVICE"),
        ("logs web ", "argument", "SERVICE"),
        ("logs -- -", "argument", "SERVICE"),
        ("exec ", "argument", "SERVICE"),
        ("exec -e A=1 ", "argument", "SERVICE"),
        ("exec web ls -", "argument", "COMMAND [ARGS...]"),
        ("cp web:/x ", "argument", "TARGET"),
        ("cp web:/x . ", "nothing", ""),
        ("version ", "nothing", ""),
        ("nosuch ", "nothing", ""),
        ("logs --nosuch ", "argument", "SERVICE"),
        ("logs --follow=", "nothing", ""),
    ],
)
def test_the_word_under_the_cursor(line: str, kind: str, what: str) -> None:
    found = place(line)
    assert found.kind == kind
    shown = "" if found.parameter is None else found.parameter.long or found.parameter.metavar
    assert shown == what


def test_what_stands_before_a_value_in_the_same_word_is_kept_apart() -> None:
    found = place("--ansi=ne")
    assert (found.prefix, found.current) == ("--ansi=", "ne")


def test_common_options_are_known_before_and_behind_the_command() -> None:
    found = place("-f a.yaml logs --file=b.yaml --profile ci -p shop ")
    assert found.common == {"file": ("a.yaml", "b.yaml"), "profile": ("ci",), "project_name": "shop"}
    assert place("logs -f a ").common == {}  # there -f is the command's own


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", [""]),
        ("a  b", ["a", "b"]),
        ("a b ", ["a", "b", ""]),
        ("-f 'my file.yaml' up ", ["-f", "my file.yaml", "up", ""]),
        ('-f "my file', ["-f", "my file"]),
        ("my\\ file", ["my file"]),
        ("'' ", ["", ""]),
        ("a\\", ["a"]),
    ],
)
def test_a_line_is_split_as_shells_do(line: str, words: list[str]) -> None:
    assert split_line(line) == words


def test_services_are_seen_in_a_file_that_is_wrong() -> None:
    text = """
x-common: &common
  services: {}
services:
  # the first
  web:
    image: [
  "db":
      environment:
        A: 1
  last
volumes:
  data:
"""
    assert scan_services(text) == ["web", "db"]
