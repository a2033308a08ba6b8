"""What `check` finds in valid files: each rule fires where it should and keeps quiet where it should."""

import json
import textwrap
from pathlib import Path

import pytest

from compose_lite.errors import Problem, Severity, UsageError
from compose_lite.spec.check import RULES, known_codes
from compose_lite.spec.check_report import problem_data, sarif
from compose_lite.spec.check_stack import check
from compose_lite.spec.options import LoadOptions


def checked(folder: Path, text: str, *, ignore: tuple[str, ...] = (), **environ: str) -> list[Problem]:
    (folder / "compose.yaml").write_text(textwrap.dedent(text))
    return check(LoadOptions(working_dir=str(folder), environ=environ), ignore=ignore)


def found(folder: Path, text: str, **environ: str) -> list[tuple[int, str]]:
    problems = checked(folder, text, **environ)
    assert all(problem.severity is Severity.WARNING for problem in problems)
    return [(problem.location.line or 0 if problem.location else 0, problem.code) for problem in problems]


def service(text: str) -> str:
    return f"services:\n  web:\n    image: nginx:1.27\n{textwrap.indent(textwrap.dedent(text).strip(), '    ')}\n"


def test_a_careful_stack_has_no_findings(tmp_path: Path) -> None:
    (tmp_path / "html").mkdir()
    (tmp_path / "nginx.conf").touch()
    (tmp_path / "password.txt").touch()
    (tmp_path / ".env").write_text("PORT=8080\nEMPTY=\n")
    stack = """
        services:
          web:
            image: nginx:1.27
            ports: ["${PORT}:80", "127.0.0.1:9000-9010:9000"]
            command: ["sh", "-c", "echo $$HOME ${EMPTY} ${OTHER:-x}"]
            volumes: [./html:/usr/share/nginx/html, ./nginx.conf:/etc/nginx/nginx.conf:ro, data:/data]
            depends_on:
              db: {condition: service_healthy}
              job: {condition: service_completed_successfully}
            networks: [front]
            environment:
              DB_PASSWORD: ${DB_PASSWORD:?}
              API_TOKEN:
              DB_PASSWORD_FILE: /run/secrets/password
              ALLOW_EMPTY_PASSWORD: "yes"
            env_file: web.env
          db:
            image: postgres@sha256:0000000000000000000000000000000000000000000000000000000000000000
            ports: ["127.0.0.1:5432:5432"]
            healthcheck: {test: pg_isready}
            secrets: [password]
            networks: [front]
          job: {build: ., restart: on-failure, networks: [front]}
        networks: {front: }
        volumes: {data: }
        secrets: {password: {file: password.txt}}
        """
    (tmp_path / "web.env").write_text("SECRET_KEY=from-an-env-file\n")
    assert found(tmp_path, stack, DB_PASSWORD="s", API_TOKEN="t") == []


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ('ports: ["5432:5432"]', 4, "public-database"),
        ('ports: ["27017"]', 4, "public-database"),
        ('ports:\n  - "80:80"\n  - "0.0.0.0:6379:6379"', 6, "public-database"),
        ("volumes: [/var/run/docker.sock:/var/run/docker.sock:ro]", 4, "docker-socket"),
        ("use_api_socket: true", 4, "docker-socket"),
        ("privileged: true", 4, "privileged"),
        ("environment: {DB_PASSWORD: hunter2}", 4, "written-secret"),
        ("environment:\n  - A=b\n  - STRIPE_API_KEY=sk_live", 6, "written-secret"),
        ("environment: {URL: 'postgres://user:pass@db/app'}", 4, "written-secret"),
        ("build: {args: {NPM_TOKEN: abc}}", 4, "written-secret"),
        ("healthcheck: {test: 'test $HOSTNAME = web'}", 4, "eaten-dollar"),
        ("labels: {rule: 'Host(`a`) && $foo'}", 4, "eaten-dollar"),
        ("hostname: ${NOWHERE}", 4, "unset-variable"),
        ("hostname: $NOWHERE", 4, "unset-variable"),
        ("ports: ['8080:80']\nscale: 2", 4, "port-conflict"),
        ("volumes: [./gone:/srv/gone]", 4, "bind-source"),
        ("volumes: [./gone.conf:/etc/gone.conf]", 4, "bind-source"),
        ("volumes: [{type: bind, source: ./gone, target: /gone}]", 4, "bind-source"),
        ("volumes: [./folder:/etc/app.conf]", 4, "bind-source"),
        ("volumes: [./file.txt:/usr/share/nginx/html]", 4, "bind-source"),
    ],
)
def test_a_service_that_will_hurt(tmp_path: Path, text: str, line: int, code: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").touch()
    lines = found(tmp_path, service(text), HOSTNAME="host")
    assert lines == [(line, code)]


@pytest.mark.parametrize(
    "text",
    [
        'ports: ["127.0.0.1:5432:5432"]',
        'ports: ["5432:5432/udp"]',
        'environment: {DB_PASSWORD: ""}',
        "environment: {DB_PASSWORD_FILE: /run/secrets/x, TOKEN_TTL: 3600, PASSWORD_MIN_LENGTH: 8}",
        "environment: {DB_PASSWORD: '${SECRET}'}",
        "hostname: ${NOWHERE:-here}",
        "hostname: ${SECRET}",
        "command: echo $$SECRET",
        "command: echo $SECRET",
        "ports: ['8080-8090:80']\nscale: 2",
        "ports: ['80']\nscale: 2",
        "volumes: [/etc/hostname:/etc/hostname]",
    ],
)
def test_a_service_that_will_not(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, service(text), SECRET="s3cret") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("services: {a: {image: nginx}}", [(1, "latest-tag")]),
        ("services: {a: {image: 'r.example:5000/a/nginx:latest'}}", [(1, "latest-tag")]),
        ("services: {a: {image: 'r.example:5000/a/nginx:1'}}", []),
        ("services: {a: {image: mine, build: .}}", []),
        (
            """\
            services:
              a: {image: "x:1", ports: ["8080:80"]}
              b: {image: "x:1", ports: ["127.0.0.1:8080:80"]}
              c: {image: "x:1", ports: ["8080:80/udp"]}
            """,
            [(3, "port-conflict")],
        ),
        (
            """\
            services:
              a: {image: "x:1", ports: ["8080:80"], profiles: [one]}
              b: {image: "x:1", ports: ["8080:80"], profiles: [two]}
            """,
            [],
        ),
        (
            """\
            services:
              a: {image: "x:1", depends_on: {b: {condition: service_healthy}, c: {condition: service_healthy}}}
              b: {image: "x:1"}
              c: {image: "x:1", healthcheck: {disable: true}}
            """,
            [(2, "no-healthcheck"), (2, "no-healthcheck")],
        ),
        (
            """\
            services:
              a:
                image: "x:1"
                depends_on:
                  b: {condition: service_completed_successfully}
                  c: {condition: service_completed_successfully}
                  d: {condition: service_completed_successfully}
              b: {image: "x:1", restart: unless-stopped}
              c: {image: "x:1", deploy: {restart_policy: {condition: any}}}
              d: {image: "x:1", restart: "no"}
            """,
            [(5, "never-completes"), (6, "never-completes")],
        ),
        (
            """\
            services: {a: {image: "x:1"}}
            volumes:
              v:
            networks:
              n:
              default: {driver: bridge}
            configs:
              c: {content: text}
            secrets:
              s: {environment: HOME}
            """,
            [(3, "unused-volume"), (5, "unused-network"), (8, "unused-config"), (10, "unused-secret")],
        ),
        (
            """\
            services: {a: {image: "x:1", secrets: [s], configs: [c]}}
            secrets:
              s: {file: gone.txt}
            configs:
              c: {file: .}
            """,
            [(3, "content-file"), (5, "content-file")],
        ),
        (
            """\
            version: "3"
            services: {a: {image: "x:1"}}
            """,
            [(1, "obsolete-version")],
        ),
        ("services: {a: {image: 'x:1', deploy: {endpoint_mode: vip}}}", [(1, "no-effect-here")]),
        (
            """\
            services: {a: {image: "x:1", privileged: true}}
            x-compose-lite: {check: {ignore: [privileged, latest-tags]}}
            """,
            [(2, "unknown-ignore")],
        ),
    ],
)
def test_a_stack_that_will_hurt(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    assert found(tmp_path, text, HOME="/root") == expected


def test_services_that_a_profile_switches_off_are_checked_too(tmp_path: Path) -> None:
    text = "services: {a: {image: 'x:1'}, debug: {image: 'x:1', privileged: true, profiles: [debug]}}"
    assert found(tmp_path, text) == [(1, "privileged")]


def test_a_secret_is_found_but_never_shown(tmp_path: Path) -> None:
    [problem] = checked(tmp_path, service("environment:\n  DB_PASSWORD: hunter2"))
    data = json.dumps([problem_data(problem), sarif([problem], RULES)])
    assert "hunter2" not in data


def test_findings_are_left_out_by_the_file_and_by_the_caller(tmp_path: Path) -> None:
    text = "x-compose-lite: {check: {ignore: [privileged]}}\n" + service(
        "privileged: true\nuse_api_socket: true"
    )
    assert [problem.code for problem in checked(tmp_path, text)] == ["docker-socket"]
    assert checked(tmp_path, text, ignore=("docker-socket",)) == []


def test_a_misspelt_code_of_the_caller_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        checked(tmp_path, service("privileged: true"), ignore=("priviledged",))
    assert refusal.value.hint == 'did you mean "privileged"?'


def test_every_code_belongs_to_one_rule() -> None:
    assert len(known_codes()) == len(RULES) + 4


def test_the_message_says_what_and_what_to_do(tmp_path: Path) -> None:
    [problem] = checked(tmp_path, service('ports: ["5432:5432"]'))
    assert problem.path == "services.web.ports[0]"
    assert problem.message == (
        "services.web.ports[0]: PostgreSQL's port 5432 is published on every address of this host, "
        "so that anybody who reaches the host reaches it"
    )
    assert problem.hint is not None
    assert '"127.0.0.1:5432:5432"' in problem.hint


def test_sarif_names_rule_place_and_level(tmp_path: Path) -> None:
    problems = checked(tmp_path, service("privileged: true"))
    log = sarif(problems, RULES)
    [run] = log["runs"]
    [result] = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert log["version"] == "2.1.0"
    assert rule == {
        "id": "privileged",
        "shortDescription": {"text": "a container has all rights on the host"},
    }
    assert (result["ruleId"], result["level"]) == ("privileged", "warning")
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "compose.yaml"},
                "region": {"startLine": 4, "startColumn": 17},
            },
            "logicalLocations": [{"fullyQualifiedName": "services.web.privileged"}],
        }
    ]


def test_sarif_without_findings_still_lists_the_rules() -> None:
    [run] = sarif([], RULES)["runs"]
    assert run["results"] == []
    assert len(run["tool"]["driver"]["rules"]) == len(RULES)


def test_a_finding_as_json(tmp_path: Path) -> None:
    [problem] = checked(tmp_path, service("privileged: true"))
    data = problem_data(problem)
    assert {key: data[key] for key in ("code", "severity", "file", "line", "column", "path")} == {
        "code": "privileged",
        "severity": "warning",
        "file": "compose.yaml",
        "line": 4,
        "column": 17,
        "path": "services.web.privileged",
    }
