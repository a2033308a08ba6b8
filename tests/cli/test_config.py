"""Each option of `config` on the command line; what docker compose 2.40.3 prints for the same stack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "compose.yaml": """\
name: rich
services:
  web:
    build: {context: ./web}
    env_file: [a.env]
    environment: [C, "D=$D"]
    volumes: ["./d:/d", "data:/v"]
    depends_on: [db]
    profiles: [front]
  db:
    image: "pg:${V:-${W:-16}}"
    networks: [back]
    hostname: "${H:?say a name}"
  all: {image: q, models: {m: {endpoint_var: E}}}
volumes: {data: , unused: }
networks: {back: }
models: {m: {model: ai/small}}
""",
    "a.env": "Q=1\n",
    ".env": "D=5\nH=host\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "compose_lite", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["config", "--services"], "all\ndb\n"),
        (["--profile", "front", "config", "--services"], "all\ndb\nweb\n"),
        (["config", "--images"], "q\npg:16\n"),
        (["--profile", "front", "config", "--images"], "q\npg:16\nrich-web\n"),
        (["--profile", "front", "config", "--volumes"], "data\n"),
        (["config", "--networks"], "back\ndefault\n"),
        (["config", "--models"], "ai/small\n"),
        (["config", "--profiles"], "front\n"),
        (["config", "-q"], ""),
    ],
)
def test_lists(folder: Path, arguments: list[str], printed: str) -> None:
    assert run(folder, *arguments) == printed


def test_environment_is_what_interpolation_sees(folder: Path) -> None:
    """Python adds LC_CTYPE to its own environment where there is no locale; that is not the user's."""
    lines = run(folder, "config", "--environment").splitlines()
    shown = {line.partition("=")[0] for line in lines}
    assert shown == {"COMPOSE_PROJECT_NAME", "D", "H", "HOME", "PATH", "PWD"}
    assert "D=5" in lines


def test_variables_inner_ones_too(folder: Path) -> None:
    rows = [line.split() for line in run(folder, "config", "--variables").splitlines()]
    assert rows == [
        ["NAME", "REQUIRED", "DEFAULT", "VALUE", "ALTERNATE", "VALUE"],
        ["D", "false"],
        ["H", "true"],
        ["V", "false", "${W:-16}"],
        ["W", "false", "16"],
    ]
    assert (
        json.loads(run(folder, "config", "--variables", "--format", "json"))["V"]["DefaultValue"]
        == "${W:-16}"
    )


def test_hashes_follow_the_configuration(folder: Path) -> None:
    before = dict(line.split() for line in run(folder, "config", "--hash", "*").splitlines())
    assert before.keys() == {"all", "db"}
    (folder / ".env").write_text("D=5\nH=other\n")
    after = dict(line.split() for line in run(folder, "config", "--hash", "all,db").splitlines())
    assert after["all"] == before["all"]
    assert after["db"] != before["db"]
    assert 'did you mean "db"?' in run(folder, "config", "--hash", "dbb", code=1)


def model(folder: Path, *options: str) -> dict[str, dict[str, dict[str, object]]]:
    found: dict[str, dict[str, dict[str, object]]] = json.loads(
        run(folder, "--profile", "front", "config", "--format", "json", *options)
    )
    return found


def test_stages_that_are_left_out(folder: Path) -> None:
    whole = model(folder)
    assert whole["services"]["db"]["image"] == "pg:16"
    assert model(folder, "--no-interpolate")["services"]["db"]["image"] == "pg:${V:-${W:-16}}"
    assert whole["networks"]["back"]["name"] == "rich_back"
    assert "name" not in (model(folder, "--no-normalize")["networks"]["back"] or {})
    [bind] = [v for v in _volumes(whole) if v["type"] == "bind"]
    assert bind["source"] == str(folder / "d")
    [bind] = [v for v in _volumes(model(folder, "--no-path-resolution")) if v["type"] == "bind"]
    assert bind["source"] == "./d"
    (folder / "compose.override.yaml").write_text("services: {db: {depends_on: [gone]}}\n")
    assert "gone" in run(folder, "config", code=1)
    assert "gone" in json.dumps(model(folder, "--no-consistency")["services"]["db"]["depends_on"])


def test_compatibility(folder: Path) -> None:
    """`--compatibility` leaves out what is implied, as docker compose's does, and names images with underscores."""
    assert model(folder)["networks"]["back"]["name"] == "rich_back"
    found = json.loads(run(folder, "--compatibility", "config", "--format", "json"))
    assert "name" not in (found["networks"]["back"] or {})
    assert "rich_web" in run(folder, "--compatibility", "--profile", "front", "config", "--images")


def _volumes(found: dict[str, dict[str, dict[str, object]]]) -> list[dict[str, object]]:
    volumes = found["services"]["web"]["volumes"]
    assert isinstance(volumes, list)
    return volumes


def test_output_goes_to_a_file(folder: Path) -> None:
    assert run(folder, "config", "-o", "out.yaml") == ""
    assert (folder / "out.yaml").read_text() == run(folder, "config")
    assert "can't write" in run(folder, "config", "-o", "nowhere/out.yaml", code=1)


def test_services_that_are_named_come_with_what_they_need(folder: Path) -> None:
    found = json.loads(run(folder, "config", "--format", "json", "web"))
    assert set(found["services"]) == {"web", "db"}
