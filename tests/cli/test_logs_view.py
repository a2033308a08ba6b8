"""Log lines get a prefix of their container, and nothing of them is changed."""

import io

from compose_lite.cli.terminal import Terminal
from compose_lite.cli.views.logs import LogPrinter
from compose_lite.events import ContainerExited
from compose_lite.runner.logs import LogSource

WEB = LogSource("1", "demo-web-1", "web", 1)
DB = LogSource("2", "demo-database-1", "database", 1)
NAMED = LogSource("3", "my-cache", "cache", 1)
TIME = b"2026-01-01T00:00:00.000000001Z"


def terminal() -> Terminal:
    return Terminal(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO())


def shown(of: Terminal) -> tuple[bytes, bytes]:
    assert isinstance(of.stdout, io.BytesIO)
    assert isinstance(of.stderr, io.BytesIO)
    return of.stdout.getvalue(), of.stderr.getvalue()


def test_prefixes_have_one_width_and_name_the_container() -> None:
    out = terminal()
    printer = LogPrinter(out, "demo")
    printer.expect([WEB, DB, NAMED])
    printer.show([(WEB, 1, TIME, b"hello"), (DB, 1, TIME, b""), (NAMED, 1, TIME, b"x")])
    assert shown(out)[0].decode().splitlines() == [
        "web-1       | hello",
        "database-1  | ",
        "my-cache    | x",
    ]


def test_each_line_goes_to_the_stream_it_was_written_to() -> None:
    out = terminal()
    LogPrinter(out, "demo").show([(WEB, 1, TIME, b"out"), (WEB, 2, TIME, b"err"), (WEB, 1, TIME, b"out2")])
    assert shown(out) == (b"web-1  | out\nweb-1  | out2\n", b"web-1  | err\n")


def test_lines_pass_as_they_are() -> None:
    out = terminal()
    raw = b"\x1b[31mred\x1b[0m \xff\xfe \r progress"
    LogPrinter(out, "demo", prefix=False).show([(WEB, 1, TIME, raw)])
    assert shown(out)[0] == raw + b"\n"


def test_timestamps_come_before_the_line() -> None:
    out = terminal()
    LogPrinter(out, "demo", timestamps=True).show([(WEB, 1, TIME, b"hello")])
    assert shown(out)[0] == b"web-1  | " + TIME + b" hello\n"


def test_services_have_colours_of_their_own() -> None:
    out = terminal()
    LogPrinter(out, "demo", coloured=True).show(
        [(WEB, 1, TIME, b"a"), (DB, 1, TIME, b"b"), (WEB, 1, TIME, b"c")]
    )
    first, second, third = (line.split(b"m", 1)[0] for line in shown(out)[0].splitlines())
    assert first == third != second


def test_the_end_of_a_container_is_told() -> None:
    out = terminal()
    printer = LogPrinter(out, "demo")
    printer.exited(ContainerExited(service="web", container="demo-web-1", exit_code=3))
    printer.exited(ContainerExited(service="web", container="demo-web-1", exit_code=1, restarting=True))
    assert shown(out)[0].decode().splitlines() == [
        "web-1 exited with code 3",
        "web-1 exited with code 1 (restarting)",
    ]


def test_somebody_who_draws_there_can_write_the_lines() -> None:
    out, taken = terminal(), []
    printer = LogPrinter(out, "demo", write=lambda stream, data: taken.append((stream is out.stderr, data)))
    printer.show([(WEB, 1, TIME, b"x"), (WEB, 2, TIME, b"y")])
    printer.exited(ContainerExited(service="web", container="demo-web-1", exit_code=3))
    assert taken == [
        (False, b"web-1  | x\n"),
        (True, b"web-1  | y\n"),
        (False, b"web-1 exited with code 3\n"),
    ]
    assert shown(out) == (b"", b"")


def test_a_line_that_does_not_end_its_colour_does_not_colour_the_next() -> None:
    out = terminal()
    LogPrinter(out, "demo", coloured=True, prefix=False).show([(WEB, 1, TIME, b"\x1b[31mred")])
    assert shown(out)[0] == b"\x1b[31mred\x1b[0m\n"
