"""README.md and ARCHITECTURE.md speak of what is there: files, make targets, commands and options."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()


def compose_lite(*arguments: str) -> str:
    command = [sys.executable, "-m", "compose_lite", *arguments, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^):]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).is_file()


@pytest.mark.parametrize(
    "path",
    sorted(set(re.findall(r"`((?:compose_lite|tests|scripts|docs|\.ci)/[\w./-]+)`", README + ARCHITECTURE))),
)
def test_files_that_are_named_exist(path: str) -> None:
    # the schemas' folder is below the package in a wheel only
    assert (ROOT / path).exists() or (ROOT / path.removeprefix("compose_lite/")).exists()


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:spec|planner|runner|cli)/\w+\.py)`", ARCHITECTURE)))
)
def test_modules_that_are_named_exist(path: str) -> None:
    assert (ROOT / "compose_lite" / path).is_file()


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?:`|^\$ )make ([a-z0-9-]+)", README, re.MULTILINE)))
)
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    ("command", "options"),
    sorted(set(re.findall(r"^\$ (?:\w+=\S+ )*compose-lite ([a-z]+)((?: --[a-z-]+)*)", README, re.MULTILINE))),
)
def test_commands_and_their_options_exist(command: str, options: str) -> None:
    assert f"  {command} " in compose_lite()
    for option in options.split():
        assert option in compose_lite(command)
