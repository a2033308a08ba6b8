"""`logs --grep` and `--level` choose lines by what they say, `--json` shows them as data."""

import io
import json

import pytest

from compose_lite.cli.terminal import Terminal
from compose_lite.cli.views.log_levels import LEVELS, level_of
from compose_lite.cli.views.log_sieve import sieve
from compose_lite.cli.views.logs_json import JsonLogPrinter
from compose_lite.errors import UsageError
from compose_lite.runner.logs import Line, LogSource

WEB = LogSource("1", "demo-web-1", "web", 1)
DB = LogSource("2", "demo-db-1", "db", 1)
TIME = b"2026-01-01T00:00:00.000000001Z"


def lines(*texts: str, source: LogSource = WEB, stream: int = 1) -> list[Line]:
    return [(source, stream, TIME, text.encode()) for text in texts]


def texts(batch: object) -> list[str]:
    assert isinstance(batch, list)
    return [line[3].decode() for line in batch]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-01-01 10:00:00,123 ERROR django.request: Internal Server Error", "error"),
        ("2026/01/01 10:00:00 [warn] 7#7: *1 upstream timed out", "warn"),
        ("[2026-01-01 10:00:00 +0000] [7] [INFO] Listening at: http://0.0.0.0:8000", "info"),
        ("INFO:     Uvicorn running on http://0.0.0.0:8000", "info"),
        ("2026-01-01 10:00:00.000 UTC [42] LOG:  database system is ready to accept connections", "info"),
        ("2026-01-01 10:00:00.000 UTC [42] FATAL:  role does not exist", "fatal"),
        ("warning: unused variable", "warn"),
        ("npm error: missing script", "error"),
        ("E0101 10:00:00.000000       1 server.go:42] refused", "error"),
        ("1:M 01 Jan 2026 10:00:00.000 # Warning: overcommit", "warn"),
        ("1:M 01 Jan 2026 10:00:00.000 * Ready to accept connections", "notice"),
        ('time="2026-01-01T10:00:00Z" level=debug msg="an error in words only"', "debug"),
        ("\x1b[31mCRITICAL\x1b[0m disk full", "fatal"),
        ('{"level":"Warning","msg":"error"}', "warn"),
        ('{"severity":"ERROR","message":"x"}', "error"),
        ('{"level":30,"msg":"hello"}', "info"),
        ('{"level":60,"msg":"bye"}', "fatal"),
        ('{"log":{"level":"error"},"message":"x"}', "error"),
        ('{"log.level":"debug"}', "debug"),
        ("Traceback (most recent call last):", "error"),
        ("ValueError: no such thing", "error"),
        ('java.lang.IllegalStateException: "no"', "error"),
        ("panic: runtime error: index out of range", "fatal"),
    ],
)
def test_common_forms_of_levels_are_recognised(line: str, level: str) -> None:
    found = level_of(line)
    assert found is not None
    assert LEVELS[found] == level


@pytest.mark.parametrize(
    "line",
    [
        "",
        '127.0.0.1 - - [01/Jan/2026] "GET /error/info.html HTTP/1.1" 200',
        "no error has been found, for your information",
        '{"msg":"no level"}',
        '{"level":true}',
        "{not json ERROR",
        "[1, 2]",
    ],
)
def test_other_lines_have_no_level(line: str) -> None:
    assert level_of(line) is None


def test_level_keeps_what_is_as_grave_or_graver_with_the_lines_that_continue_it() -> None:
    choose = sieve(None, "warning")
    log = lines(
        "INFO started", "  of no interest", "ERROR broke", "  at frame 1", "", "GET / 200", "  x", "WARN low"
    )
    assert texts(choose(log)) == ["ERROR broke", "  at frame 1", "", "WARN low"]


def test_a_continuation_belongs_to_its_own_writer_whatever_batch_it_comes_in() -> None:
    choose = sieve(None, "error")
    assert texts(choose([*lines("ERROR broke"), *lines("INFO fine", source=DB)])) == ["ERROR broke"]
    assert texts(choose([*lines("  of db", source=DB), *lines("  of web"), *lines("  err", stream=2)])) == [
        "  of web"
    ]


def test_grep_is_a_regular_expression_and_goes_with_a_level() -> None:
    log = lines("ERROR disk 1", "INFO disk 2", "ERROR net", "  disk of net")
    assert texts(sieve("disk [0-9]", None)(log)) == ["ERROR disk 1", "INFO disk 2"]
    assert texts(sieve("(?i)DISK", "error")(log)) == ["ERROR disk 1", "  disk of net"]


def test_nothing_asked_leaves_the_batch_alone() -> None:
    log = lines("a", "b")
    assert sieve(None, None)(log) is log


@pytest.mark.parametrize(
    ("pattern", "level", "says"),
    [("(", None, "--grep: .* regular expression"), (None, "eror level", "--level: there is no level")],
)
def test_what_can_not_be_understood_is_told(pattern: str | None, level: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        sieve(pattern, level)


def test_json_has_an_object_a_line() -> None:
    out = io.BytesIO()
    printer = JsonLogPrinter(Terminal(stdin=io.BytesIO(), stdout=out, stderr=io.BytesIO()))
    printer.show([(WEB, 1, TIME, 'say "hé"'.encode()), (DB, 2, TIME, b"\xff")])
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {
            "service": "web",
            "container": "demo-web-1",
            "stream": "stdout",
            "time": TIME.decode(),
            "message": 'say "hé"',
        },
        {
            "service": "db",
            "container": "demo-db-1",
            "stream": "stderr",
            "time": TIME.decode(),
            "message": "\ufffd",
        },
    ]
