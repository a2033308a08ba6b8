"""The manual pages say what `--help` says, and `man` shows them as they are meant."""

import shutil
import subprocess

import pytest

from compose_lite.cli import commands
from compose_lite.cli.help import explanation, option_groups, usage
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.manual import manual_pages
from compose_lite.cli.options import parameters

PAGES = dict(manual_pages())
REQUESTS = {".TH", ".SH", ".SS", ".TP", ".EX", ".EE"}


def shown(page: str) -> str:
    """What `man` would show on a screen, as one line of words."""
    if shutil.which("groff") is None:
        pytest.skip("there is no groff here (scripts/setup-test-tools installs it)")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", "-rLL=200n", "-P-cbou"],
        input=page, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return " ".join(done.stdout.split())


def test_there_is_a_page_for_the_program_and_each_command() -> None:
    assert set(PAGES) == {"compose-lite.1", *(f"compose-lite-{name}.1" for name in commands.TABLE)}


@pytest.mark.parametrize("name", PAGES)
def test_no_text_is_taken_for_a_request(name: str) -> None:
    for line in PAGES[name].splitlines():
        assert not line.startswith("'")
        assert not line.startswith(".") or line.split()[0] in REQUESTS, line


@pytest.mark.parametrize("name", commands.TABLE)
def test_the_page_of_a_command_has_all_that_its_help_has(name: str) -> None:
    command, text = commands.load(name), shown(PAGES[f"compose-lite-{name}.1"])
    assert f"compose-lite-{name} - {commands.TABLE[name].summary}" in text
    assert f"compose-lite {usage(name)}" in text
    assert f"compose-lite {command.example}" in text
    for title, options in option_groups(parameters(command.options)).items():
        assert title.lower() in text.lower()
        for option in options:
            assert option.long in text
            assert explanation(option) in text


def test_the_page_of_the_program_has_the_commands_and_common_options() -> None:
    text = shown(PAGES["compose-lite.1"])
    for name, entry in commands.TABLE.items():
        assert f"compose-lite-{name}(1) {entry.summary}." in text
    for option in parameters(CommonOptions):
        assert explanation(option) in text
