"""Real shells complete command lines of the program, once `completion install` has been run."""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.processes import Terminal
from tests.e2e.stack import Stack, is_compose_lite
from tests.e2e.steps import plain

FILES = {
    "compose.yaml": """
        services:
          frontend: {image: "${IDLE}"}
          backend: {image: "${IDLE}", profiles: [extra]}
          bench: {image: "${IDLE}", profiles: [extra]}
        """,
    "some-file.yaml": "",
}
COMMANDS = {"bash": ["bash", "-i"], "zsh": ["zsh", "-i"], "fish": ["fish", "-i"]}
# What each start-up file is before: a prompt that is easily found, and nothing else.
PROMPTS = {
    "bash": (".bashrc", "PS1='ready> '\nbind 'set bell-style none'\n"),
    "zsh": (".zshrc", "PROMPT='ready> '\nautoload -Uz compinit && compinit -u\n"),
    "fish": (
        ".config/fish/config.fish",
        "function fish_prompt; echo -n 'ready> '; end\nset -g fish_greeting\n",
    ),
}

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of which one service runs."""
    found = Stack(tmp_path_factory.mktemp("completion"), FILES)
    # The shells start the program by its name.
    found.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{found.env['PATH']}"
    try:
        found.run("up -d")
        yield found
    finally:
        found.close()


class Shell:
    """An interactive shell in a pseudo-terminal, with the stack's folder and environment."""

    def __init__(self, name: str, folder: Path, env: Mapping[str, str]) -> None:
        self.terminal = Terminal(COMMANDS[name], folder=folder, env=env, columns=120)
        self.terminal.await_text("ready>", timeout=60)

    def completes(self, typed: str, expected: str) -> None:
        """Type, press the tabulator, and wait for the line to become what is expected; then forget the line.

        An X is typed behind it: what a shell merely suggests in grey goes away with that.
        """
        self.terminal.send(f"{typed}\tX")
        deadline = time.monotonic() + 30
        while not any(line.endswith(f"> {expected}X") for line in self.terminal.screen):
            assert time.monotonic() < deadline, "\n".join([expected, *self.terminal.screen])
            time.sleep(0.05)
        self.terminal.send("\x15")  # the line is taken away

    def close(self) -> None:
        self.terminal.close()


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Shell]:
    """Each shell, started after completion was installed for it."""
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"no {name} here (scripts/setup-test-tools installs it)")
    path, text = PROMPTS[name]
    startup = Path(stack.env["HOME"], path)
    startup.parent.mkdir(parents=True, exist_ok=True)
    startup.write_text(text)
    for _ in range(2):  # twice is as good as once
        stack.run(f"completion install {name}")
    found = Shell(name, stack.folder, {**stack.env, "SHELL": name, "TERM": "xterm"})
    try:
        yield found
    finally:
        found.close()


def test_names_are_completed(shell: Shell) -> None:
    shell.completes("compose-lite versi", "compose-lite version ")
    shell.completes("compose-lite up --force-r", "compose-lite up --force-recreate ")
    shell.completes("compose-lite up back", "compose-lite up backend ")
    shell.completes("compose-lite exec ", "compose-lite exec frontend ")
    shell.completes("compose-lite --profile ", "compose-lite --profile extra ")
    shell.completes("compose-lite --ansi=nev", "compose-lite --ansi=never ")
    shell.completes("compose-lite scale front", "compose-lite scale frontend=")
    shell.completes("compose-lite -f some-", "compose-lite -f some-file.yaml ")


def test_the_line_of_the_start_up_file_is_written_once(stack: Stack) -> None:
    startup = Path(stack.env["HOME"], ".bashrc")
    startup.write_text("alias ll='ls -l'")
    stack.run("completion install", env={"SHELL": "/bin/bash"})
    stack.run("completion install bash")
    lines = startup.read_text().splitlines()
    assert lines[0] == "alias ll='ls -l'"
    assert len(lines) == 2
    assert "completion.bash" in lines[1]


def test_a_shell_that_is_not_known_is_refused(stack: Stack) -> None:
    stack.run("completion install tcsh", code=1)
    stack.run("completion install", code=1, env={"SHELL": "/bin/tcsh"})
    assert stack.last is not None
    assert "completion install bash" in plain(stack.last.text)
