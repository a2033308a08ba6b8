"""What completion offers at each place, with the names that the files and the daemon have."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from compose_lite.cli import commands
from compose_lite.cli.completion import FOLDERS_ONLY, NO_FILES, NO_SPACE
from compose_lite.cli.completion.answering import respond, split_line
from compose_lite.cli.completion.candidates import Answer, answer
from compose_lite.cli.completion.place import locate
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.terminal import Terminal
from compose_lite.errors import DaemonUnavailable
from tests.cli.test_imports import HEAVY

if TYPE_CHECKING:
    from pathlib import Path

    from compose_lite.runner.daemon import Daemon


class Names:
    """A project with web running, db paused, job ended, and tests switched off."""

    def services(self) -> dict[str, str]:
        return {"db": "postgres", "job": "busybox", "tests": "built here", "web": "nginx"}

    def services_in(self, *states: str) -> dict[str, str]:
        present = {"db": "paused", "job": "exited", "web": "running"}
        return {name: state for name, state in present.items() if state in states}

    def ports(self, service: str) -> dict[str, str]:
        return {"80": "0.0.0.0:8080"} if service == "web" else {}

    def profiles(self) -> list[str]:
        return ["ci", "debug"]

    def volumes(self) -> list[str]:
        return ["data"]

    def projects(self) -> list[str]:
        return ["blog", "shop"]

    def contexts(self) -> list[str]:
        return ["build", "default"]


def offered(line: str) -> Answer:
    *words, current = split_line(line)
    place = locate(
        words,
        current,
        common=CommonOptions,
        commands=commands.TABLE,
        options=lambda name: commands.load(name).options,
    )
    return answer(place, Names())  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("lo", ["logs"]),
        ("logs ", ["db", "job", "tests", "web"]),
        ("logs web ", ["db", "job", "tests"]),
        ("up w", ["web"]),
        ("run t", ["tests"]),
        ("exec ", ["db", "web"]),
        ("exec web ", []),
        ("attach ", ["db", "web"]),
        ("unpause ", ["db"]),
        ("start ", ["job"]),
        ("port web ", ["80"]),
        ("open web ", ["80"]),
        ("--profile ", ["ci", "debug"]),
        ("-p s", ["shop"]),
        ("--context b", ["build"]),
        ("up --recreate-volume ", ["data"]),
        ("up --pull=m", ["--pull=missing"]),
        ("--ansi ", ["never", "always", "auto"]),
        ("logs --level w", ["warn"]),
        ("volumes --format ", ["json", "table"]),
        ("completion i", ["install"]),
        ("completion install ", ["bash", "fish", "zsh"]),
        ("plugin ", ["install", "remove"]),
        ("run --workdir ", []),
        ("logs --tail ", []),
    ],
)
def test_names_that_fit(line: str, names: list[str]) -> None:
    found = offered(line)
    assert list(found.found) == names
    assert found.directive == NO_FILES


def test_every_command_is_offered_with_what_it_does() -> None:
    found = offered("").found
    assert found == {name: entry.summary for name, entry in commands.TABLE.items()}


def test_options_of_the_command_and_common_ones_are_offered_with_their_help() -> None:
    found = offered("logs --").found
    assert {"--tail", "--grep", "--file", "--help"} <= found.keys()
    assert found["--follow"].startswith("Go on")
    assert "--no-TTY" not in offered("exec --").found


def test_values_that_go_on_get_no_blank_behind_them() -> None:
    assert offered("scale w") == Answer(found={"web=": "nginx"}, directive=NO_FILES | NO_SPACE)
    assert offered("explain w") == Answer(found={"web.": "nginx"}, directive=NO_FILES | NO_SPACE)
    assert offered("cp w") == Answer(found={"web:": "running"}, directive=NO_FILES | NO_SPACE)


@pytest.mark.parametrize("line", ["-f ", "--env-file=", "apply ", "cp ./x", "export -o "])
def test_files_are_left_to_the_shell(line: str) -> None:
    assert offered(line) == Answer(directive=0)


def test_folders_are_left_to_the_shell() -> None:
    assert offered("--project-directory ") == Answer(directive=FOLDERS_ONLY)


# the protocol


def asked(*argv: str) -> list[str]:
    out = io.BytesIO()

    def connect(_common: CommonOptions) -> Daemon:
        raise DaemonUnavailable("there is none")

    assert respond(argv, Terminal(stdin=io.BytesIO(), stdout=out, stderr=io.BytesIO()), connect) == 0
    return out.getvalue().decode().splitlines()


def test_candidates_come_with_descriptions_and_the_directive_last() -> None:
    assert asked("__complete", "vers") == ["version\tPrint the version", ":4"]
    assert asked("__completeNoDesc", "vers") == ["version", ":4"]
    assert asked("__complete") == asked("__complete", "")


def test_a_shell_that_breaks_words_at_signs_gets_what_it_misses() -> None:
    assert asked("__completeLine", " =:", "compose-lite --ansi=ne") == ["never", ":4"]
    assert asked("__completeLine", " ", "compose-lite --ansi=ne") == ["--ansi=never", ":4"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("services:\n  web: {image: a}\n  old: {image: b, profiles: [x]}\n", ["old", "web"]),
        ("services:\n  web: {image: a\n", ["web"]),
        ("services:\n  web: {imge: a}\n", ["web"]),
        ("services:\n  web: {image: '${MISSING:?no}'}\n", ["web"]),
        ("\0\xff", []),
        ("", []),
    ],
)
def test_files_are_read_as_far_as_possible_and_nothing_is_said_of_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    text: str,
    names: list[str],
) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    assert asked("__completeNoDesc", "up", "") == [*names, ":4"]
    assert asked("__completeNoDesc", "exec", "") == [":4"]  # no daemon
    assert capfd.readouterr() == ("", "")


def test_nothing_heavy_is_imported_for_commands_and_options(tmp_path: Path) -> None:
    code = (
        "import json, sys\n"
        "from compose_lite.cli.main import main\n"
        "main(['__complete', 'logs', '--'])\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert not set(json.loads(done.stdout.splitlines()[-1])) & HEAVY
