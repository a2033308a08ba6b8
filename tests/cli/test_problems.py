"""How problems, failure reports and defects read."""

import json

import pytest

from compose_lite.cli.defect import describe
from compose_lite.cli.views.problems import error_json, render_error, render_problem
from compose_lite.cli.views.report import render_report, reports_json
from compose_lite.errors import FailureReport, Location, Problem, Severity, SpecError

AT = Location(file="compose.yaml", line=4, column=5, source_line="    imagee: busybox")


def test_a_located_problem_shows_the_line_with_a_caret() -> None:
    problem = Problem(code="unknown-key", message='"imagee" is not known', hint='"image"?', location=AT)
    assert render_problem(problem, coloured=False) == (
        'compose.yaml:4:5: error: "imagee" is not known\n'
        "    4 |     imagee: busybox\n"
        "      |     ^\n"
        '  hint: "image"?'
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  DB_PASSWORD: hunter two", "  DB_PASSWORD: **********"),
        ("  - API_KEY=abc", "  - API_KEY=***"),
        ('  {"token": "a, b", PORT: 1}', '  {"token": ******, PORT: 1}'),
        ("  {PASSWORD: abc, PORT: 1}", "  {PASSWORD: ***, PORT: 1}"),
        ("  URL: postgres://user:abc@db/x", "  URL: postgres://user:***@db/x"),
        ("  PASSWORD: ${PASSWORD:?}", "  PASSWORD: ${PASSWORD:?}"),
        ("  secrets: [token, other]", "  secrets: [token, other]"),
        ("  PASSWORD_FILE: /run/secrets/x", "  PASSWORD_FILE: /run/secrets/x"),
        ("  compass: north", "  compass: north"),
    ],
)
def test_the_line_is_shown_without_what_looks_like_a_secret(line: str, shown: str) -> None:
    place = Location(file="f", line=1, column=3, source_line=line)
    lines = render_problem(Problem(code="x", message="m", location=place), coloured=False).splitlines()
    assert lines[1] == f"    1 | {shown}"


def test_without_a_location_there_is_no_excerpt() -> None:
    problem = Problem(code="x", message="first\nsecond", severity=Severity.WARNING)
    assert render_problem(problem, coloured=False) == "warning: first\n  second"


def test_the_caret_is_below_the_column_behind_tabs_and_wide_characters() -> None:
    line = "\tä漢: x"
    place = Location(file="f", line=1, column=line.index("x") + 1, source_line=line)
    shown = render_problem(Problem(code="x", message="m", location=place), coloured=False).splitlines()
    assert shown[2] == "      | " + " " * len("    ä__: ") + "^"


def test_a_long_line_is_cut_around_the_column() -> None:
    line = "a" * 5000 + "X" + "b" * 5000
    place = Location(file="f", line=1, column=5001, source_line=line)
    shown = render_problem(Problem(code="x", message="m", location=place), coloured=False).splitlines()
    assert len(shown[1]) < 200
    assert shown[1][shown[2].index("^")] == "X"


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x1b[2J"
    place = Location(file=f"f{evil}", line=1, column=1, source_line=evil)
    problem = Problem(code="x", message=evil, hint=evil, location=place)
    assert "\x1b" not in render_problem(problem, coloured=False)
    report = FailureReport(message=evil, hint=evil, container=evil, probes=(evil,), log_tail=(evil,))
    assert "\x1b" not in render_report(report, coloured=False)


def test_all_problems_of_an_error_are_told() -> None:
    error = SpecError(problems=[Problem(code="a", message="one"), Problem(code="b", message="two")])
    assert render_error(error, coloured=False).splitlines() == ["error: one", "error: two"]


def test_an_error_as_json_has_a_line_for_each_problem() -> None:
    error = SpecError(
        problems=[Problem(code="a", message="one", location=AT), Problem(code="b", message="two")]
    )
    first, second = map(json.loads, error_json(error).splitlines())
    assert (first["code"], first["text"], first["file"], first["line"], first["column"]) == (
        "a",
        "one",
        "compose.yaml",
        4,
        5,
    )
    assert second == {"event": "error", "error": True, "severity": "error", "code": "b", "text": "two"}


REPORT = FailureReport(
    message="demo-db-1 is unhealthy",
    hint="look at its health check",
    container="demo-db-1",
    exit_code=137,
    oom_killed=True,
    probes=("exit code 1: refused",),
    log_tail=("starting", "out of memory"),
    action="wait for service db",
    reason="needed by web",
    undone=("create container demo-web-1", "start container demo-proxy-1"),
    resume="compose-lite up --wait",
)


def test_a_failure_report_has_all_that_is_needed_to_act() -> None:
    assert render_report(REPORT, coloured=False).splitlines() == [
        "error: demo-db-1 is unhealthy",
        "  to be done because: needed by web",
        "  exit code 137, killed because it ran out of memory",
        "  last health probes:",
        "    | exit code 1: refused",
        "  last log lines of demo-db-1:",
        "    | starting",
        "    | out of memory",
        "  left undone:",
        "    - create container demo-web-1",
        "    - start container demo-proxy-1",
        "  hint: look at its health check",
        "  then continue: compose-lite up --wait",
    ]


def test_a_report_does_not_repeat_a_whole_command() -> None:
    report = FailureReport(message="no", reason=f"command: {'a' * 90} → {'b' * 90}")
    assert render_report(report, coloured=False).splitlines() == [
        "error: no",
        f"  to be done because: command: {'a' * 90} → {'b' * 17}…",
    ]


def test_a_failure_report_as_json() -> None:
    shown = json.loads(reports_json([REPORT, FailureReport(message="x")]).splitlines()[0])
    assert shown["text"] == "demo-db-1 is unhealthy"
    assert shown["log_tail"] == ["starting", "out of memory"]
    assert shown["oom_killed"] is True
    assert shown["undone"] == ["create container demo-web-1", "start container demo-proxy-1"]
    assert shown["resume"] == "compose-lite up --wait"


def test_a_defect_is_told_in_a_sentence_and_saved(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told = describe(_defect(), {})
    assert "defect in compose-lite" in told
    assert "Traceback" not in told
    (report,) = tmp_path.iterdir()
    assert str(report) in told
    assert "Traceback" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_a_defect_is_shown_whole_when_debugging() -> None:
    assert "Traceback" in describe(_defect(), {"COMPOSE_LITE_DEBUG": "1"})


def _defect() -> Exception:
    try:
        {}["x"]
    except KeyError as error:
        return error
    raise AssertionError


def test_a_long_message_is_broken_between_words_and_a_hint_stays_whole() -> None:
    problem = Problem(
        code="x",
        message="port 80, which the service publishes, is in use\nby   another",
        hint="free it with: compose-lite --project-name other stop proxy",
        severity=Severity.ERROR,
    )
    assert render_problem(problem, coloured=False, columns=30).splitlines() == [
        "error: port 80, which the",
        "  service publishes, is in use",
        "  by   another",
        "  hint: free it with: compose-lite --project-name other stop proxy",
    ]
    coloured = render_problem(problem, coloured=True, columns=30).splitlines()
    assert coloured[0].endswith(" port 80, which the")


def test_the_message_of_a_report_is_broken_between_words() -> None:
    report = FailureReport(message="container shop-web-1 exited with code 3")
    assert render_report(report, coloured=False, columns=30).splitlines() == [
        "error: container shop-web-1",
        "  exited with code 3",
    ]
