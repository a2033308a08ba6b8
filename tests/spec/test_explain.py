"""`explain`: who has a say in a value or variable, by precedence, and who wins."""

from pathlib import Path

import pytest

from compose_lite.errors import UsageError
from compose_lite.spec.explain import explain
from compose_lite.spec.explanation import Explanation, Say, explanation_data
from compose_lite.spec.options import LoadOptions

BASE = """\
services:
  web:
    image: nginx:${TAG:-1.27}
    build: .
    environment:
      PORT: "80"
      MODE: dev
      FROM_OUTSIDE:
    env_file: [first.env, second.env]
    labels: {com.example.team: a}
    ports: ["80:80"]
    command: [old]
  db: {image: "postgres:16"}
"""
OVERRIDE = """\
services:
  web:
    environment:
      - PORT=${PORT:-8080}
    ports: ["81:81"]
    image: nginx:${TAG}
    command: [new]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(BASE)
    (tmp_path / "compose.override.yaml").write_text(OVERRIDE)
    (tmp_path / "first.env").write_text("PORT=1\nONLY=first\nBOTH=first\n")
    (tmp_path / "second.env").write_text("PORT=2\nBOTH=second\n")
    (tmp_path / ".env").write_text("TAG=9\nPORT=7\n")
    return tmp_path


def asked(folder: Path, subject: str, **environ: str) -> Explanation:
    return explain(LoadOptions(working_dir=str(folder), environ=environ), subject)


def told(says: tuple[Say, ...]) -> list[str]:
    """Return one line per say: ``* compose.yaml:3 value``, its variables indented below."""
    lines = []
    for say in says:
        where = str(say.location).rsplit(":", 1)[0] if say.location and say.location.column else say.location
        lines.append(f"{'*' if say.wins else '-'} {where or say.kind} {say.value}")
        for variable in say.variables:
            lines += [f"  {variable.name} {line}" for line in told(variable.says) or ["is not set"]]
    return lines


def test_a_value_names_every_file_and_variable_in_order_of_precedence(folder: Path) -> None:
    explanation = asked(folder, "services.web.environment.PORT")
    assert explanation.value == "7"
    assert told(explanation.says) == [
        "* compose.override.yaml:4 7",
        "  PORT * .env:2 7",
        "  PORT - default 8080",
        "- compose.yaml:6 80",
        "- second.env:1 2",
        "- first.env:1 1",
    ]


def test_the_shell_goes_before_the_env_file_and_the_default(folder: Path) -> None:
    assert told(asked(folder, "web.environment.PORT", PORT="5").says)[:4] == [
        "* compose.override.yaml:4 5",
        "  PORT * shell 5",
        "  PORT - .env:2 7",
        "  PORT - default 8080",
    ]


def test_a_default_wins_over_an_empty_variable(folder: Path) -> None:
    assert told(asked(folder, "web.environment.PORT", PORT="").says)[:4] == [
        "* compose.override.yaml:4 8080",
        "  PORT - shell ",
        "  PORT - .env:2 7",
        "  PORT * default 8080",
    ]


def test_env_files_have_their_own_order(folder: Path) -> None:
    assert told(asked(folder, "web.environment.BOTH").says) == [
        "* second.env:2 second",
        "- first.env:3 first",
    ]
    assert told(asked(folder, "web.environment.ONLY").says) == ["* first.env:2 first"]


def test_an_entry_without_value_gets_it_from_outside(folder: Path) -> None:
    assert told(asked(folder, "web.environment.FROM_OUTSIDE", FROM_OUTSIDE="x").says) == [
        "* compose.yaml:8 x",
        "  FROM_OUTSIDE * shell x",
    ]


def test_an_overridden_template_shows_its_variables_too(folder: Path) -> None:
    explanation = asked(folder, "web.image")
    assert [say.template for say in explanation.says] == ["nginx:${TAG}", "nginx:${TAG:-1.27}"]
    assert told(explanation.says) == [
        "* compose.override.yaml:6 nginx:9",
        "  TAG * .env:1 9",
        "- compose.yaml:3 nginx:9",
        "  TAG * .env:1 9",
        "  TAG - default 1.27",
    ]


def test_what_the_format_implies_has_no_place(folder: Path) -> None:
    assert told(asked(folder, "web.build.dockerfile").says) == ["* implied Dockerfile"]


def test_keys_with_dots_are_found(folder: Path) -> None:
    assert told(asked(folder, "web.labels.com.example.team").says) == ["* compose.yaml:10 a"]


def test_a_service_lists_what_each_file_contributed(folder: Path) -> None:
    contributions = asked(folder, "web").contributions
    rows = {
        contribution.file: [
            f"{entry.path.removeprefix('services.web.')}{' (overridden)' if entry.overridden else ''}"
            for entry in contribution.entries
        ]
        for contribution in contributions
    }
    assert list(rows) == ["compose.yaml", "compose.override.yaml", "first.env", "second.env", None]
    assert rows["compose.yaml"] == [
        "image (overridden)",
        "build.context",
        "environment.PORT (overridden)",
        "environment.MODE",
        "environment.FROM_OUTSIDE",
        "labels.com.example.team",
        "ports[0]",
        "command[0] (overridden)",
    ]
    assert rows["compose.override.yaml"] == ["environment.PORT", "ports[1]", "image", "command[0]"]
    assert rows["first.env"] == ["environment.ONLY"]
    assert rows[None] == ["build.dockerfile", "networks"]


def test_a_variable_lists_its_sources_and_where_it_is_used(folder: Path) -> None:
    explanation = asked(folder, "${TAG}", TAG="5")
    assert (explanation.subject, explanation.value) == ("${TAG}", "5")
    assert told(explanation.says) == ["* shell 5", "- .env:1 9"]
    assert [f"{use.location}"[:-3] for use in explanation.uses] == [
        "compose.yaml:3",
        "compose.override.yaml:6",
    ]


def test_a_variable_that_nothing_sets_has_no_value(folder: Path) -> None:
    (folder / ".env").unlink()
    explanation = asked(folder, "$TAG")
    assert explanation.value is None
    assert explanation.says == ()
    assert len(explanation.uses) == 2


def test_an_included_file_has_variables_of_its_own(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub/compose.yaml").write_text("services: {api: {image: 'api:${OWN}', hostname: '${TAG}'}}\n")
    (folder / "sub/.env").write_text("OWN=3\nTAG=sub\n")
    (folder / "compose.yaml").write_text("include: [sub/compose.yaml]\n" + BASE)
    assert told(asked(folder, "api.image").says) == ["* sub/compose.yaml:1 api:3", "  OWN * sub/.env:1 3"]
    assert told(asked(folder, "api.hostname").says)[0] == "* sub/compose.yaml:1 9"
    assert told(asked(folder, "${OWN}").says) == ["* sub/.env:1 3"]


def test_an_extended_service_shows_whose_value_it_has(folder: Path) -> None:
    (folder / "base.yaml").write_text("services: {base: {image: x, environment: {A: base, B: base}}}\n")
    (folder / "compose.yaml").write_text(
        "services:\n  a:\n    extends: {file: base.yaml, service: base}\n    environment: {A: own}\n"
    )
    (folder / "compose.override.yaml").unlink()
    assert told(asked(folder, "a.environment.A").says) == ["* compose.yaml:4 own", "- base.yaml:1 base"]
    assert told(asked(folder, "a.environment.B").says) == ["* base.yaml:1 base"]
    assert [contribution.file for contribution in asked(folder, "a").contributions][:2] == [
        "compose.yaml",
        "base.yaml",
    ]


@pytest.mark.parametrize(
    ("subject", "message", "hint"),
    [
        ("web.imge", 'web.imge: services.web has no "imge"', 'did you mean "image"?'),
        ("wbe", 'wbe: the project has no "wbe"', 'did you mean "web"?'),
        ("serivces.web", 'serivces.web: the project has no "serivces"', 'did you mean "services"?'),
        ("web.ports[9]", "web.ports[9]: services.web.ports has no entry 9", None),
        ("web.build.x", 'web.build.x: services.web.build has no "x"', "there is context, dockerfile"),
        ("${TGA}", "no file uses the variable TGA, and nothing sets it", 'did you mean "TAG"?'),
        ("$", "$ is not a variable", "write '${NAME}', in single quotes for the shell"),
        ("${", "${ is not a variable", "write '${NAME}', in single quotes for the shell"),
    ],
)
def test_what_does_not_exist_is_answered_with_the_nearest(
    folder: Path, subject: str, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as refusal:
        asked(folder, subject)
    assert (str(refusal.value), refusal.value.hint) == (message, hint)


def test_the_same_as_data(folder: Path) -> None:
    data = explanation_data(asked(folder, "web.image"))
    [winner, _] = data["sources"]
    assert data["subject"] == "services.web.image"
    assert (winner["file"], winner["line"], winner["wins"]) == ("compose.override.yaml", 6, True)
    assert winner["variables"][0]["sources"][0]["value"] == "9"
