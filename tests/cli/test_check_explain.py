"""`check` and `explain` on the command line: what is printed where, and the exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

STACK = """\
services:
  web:
    image: nginx:1.27
    privileged: true
    environment: {PORT: "${PORT:-80}"}
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compose_lite", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(STACK)
    return tmp_path


def test_check_prints_findings_with_their_codes_and_fails(folder: Path) -> None:
    done = run(folder, "check")
    assert done.returncode == 1
    assert "compose.yaml:4:17: warning: services.web.privileged" in done.stdout
    assert "code: privileged" in done.stdout
    assert done.stderr == "1 finding\n"


def test_check_succeeds_when_there_is_nothing_left_to_find(folder: Path) -> None:
    done = run(folder, "check", "--ignore", "privileged")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "nothing found\n")


def test_check_as_json_and_sarif(folder: Path) -> None:
    [finding] = json.loads(run(folder, "check", "--format", "json").stdout)
    assert (finding["code"], finding["line"]) == ("privileged", 4)
    log = json.loads(run(folder, "check", "--format", "sarif").stdout)
    assert log["runs"][0]["results"][0]["ruleId"] == "privileged"


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_check_gives_errors_in_the_form_asked_for(folder: Path, form: str) -> None:
    (folder / "compose.yaml").write_text("services: {web: {prots: []}}")
    done = run(folder, "check", "--format", form)
    data = json.loads(done.stdout)
    problem = data[0]["code"] if form == "json" else data["runs"][0]["results"][0]["ruleId"]
    assert (done.returncode, problem, done.stderr) == (1, "unknown-key", "")


def test_check_shows_errors_as_every_command_does(folder: Path) -> None:
    (folder / "compose.yaml").write_text("services: {web: {prots: []}}")
    done = run(folder, "check")
    assert (done.returncode, done.stdout) == (1, "")
    assert "compose.yaml:1:18: error: services.web" in done.stderr


def test_explain_shows_the_winner_and_the_variable(folder: Path) -> None:
    done = run(folder, "explain", "web.environment.PORT")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        'services.web.environment.PORT = "80"',
        '  ✓ compose.yaml:5  "80"  from "${PORT:-80}"',
        "      PORT",
        '      ✓ default in the text  "80"',
    ]


def test_explain_of_a_service_lists_its_files(folder: Path) -> None:
    assert run(folder, "explain", "web").stdout.splitlines()[:5] == [
        "services.web",
        "  compose.yaml",
        "    3  image: nginx:1.27",
        "    4  privileged: true",
        '    5  environment.PORT: "80"  from "${PORT:-80}"',
    ]


def test_explain_of_a_variable_says_where_it_is_used(folder: Path) -> None:
    assert run(folder, "explain", "${PORT}").stdout.splitlines() == [
        "${PORT} is not set",
        "used by",
        '  compose.yaml:5  services.web.environment.PORT: "${PORT:-80}"',
    ]


def test_explain_as_json(folder: Path) -> None:
    data = json.loads(run(folder, "explain", "--format", "json", "web.privileged").stdout)
    assert (data["subject"], data["value"]) == ("services.web.privileged", True)


def test_explain_of_nothing_known_fails_with_the_nearest(folder: Path) -> None:
    done = run(folder, "explain", "web.privilegd")
    assert (done.returncode, done.stdout) == (1, "")
    assert 'did you mean "privileged"?' in done.stderr


@pytest.mark.parametrize("command", [("config", "--format", "json"), ("explain", "--format=json", "web")])
def test_errors_come_as_data_where_the_output_does(folder: Path, command: tuple[str, ...]) -> None:
    (folder / "compose.yaml").write_text("services: {web: {prots: []}}")
    done = run(folder, *command)
    [problem] = json.loads(done.stderr)
    assert (done.returncode, done.stdout) == (1, "")
    assert (problem["code"], problem["file"], problem["line"]) == ("unknown-key", "compose.yaml", 1)
