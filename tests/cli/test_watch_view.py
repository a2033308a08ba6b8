"""What a watch prints: a line a batch, progress while containers are made, failures in full."""

import io
import json

import pytest

from compose_lite import events
from compose_lite.cli.terminal import Terminal
from compose_lite.cli.views.watch import WatchView, batch_line
from compose_lite.errors import FailureReport, Problem


def terminal() -> Terminal:
    return Terminal(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO())


def shown(*story: events.Event, mode: str = "plain") -> tuple[str, str]:
    """What is written to both streams."""
    streams = terminal()
    view = WatchView(streams, folder="/work", mode=mode)
    for event in story:
        view(event)
    view.close()
    out, err = streams.stdout, streams.stderr
    assert isinstance(out, io.BytesIO)
    assert isinstance(err, io.BytesIO)
    return out.getvalue().decode(), err.getvalue().decode()


SYNCED = events.WatchBatch(
    service="web", actions=("sync",), paths=("/work/src/a.py",), sent=1, containers=1, seconds=0.042
)
REBUILT = events.WatchBatch(
    service="web", actions=("rebuild",), paths=tuple(f"/work/{n}" for n in "abcde"), seconds=12.34
)


@pytest.mark.parametrize(
    ("batch", "line"),
    [
        (SYNCED, "web  synced 1 file  src/a.py  42ms"),
        (REBUILT, "web  rebuilt  a, b, c and 2 more  12.3s"),
        (
            events.WatchBatch(
                service="web",
                actions=("sync", "restart"),
                paths=("/elsewhere/x",),
                sent=2,
                deleted=1,
                containers=3,
                seconds=1,
            ),
            "web  synced 2 files, deleted 1, restarted in 3 containers  ../elsewhere/x  1.0s",
        ),
        (
            events.WatchBatch(service="web", actions=("sync",), sent=4, containers=1, seconds=0.1),
            "web  synced 4 files  that it lacked  100ms",
        ),
        (
            events.WatchBatch(service="", actions=("apply",), paths=("/work/.env",), seconds=2),
            "project files  applied  .env  2.0s",
        ),
    ],
)
def test_a_batch_is_a_line(batch: events.WatchBatch, line: str) -> None:
    assert batch_line(batch, folder="/work") == line


def test_names_that_would_move_the_cursor_are_made_harmless() -> None:
    batch = events.WatchBatch(service="web", actions=("sync",), paths=("/work/\x1b[2J",), sent=1, seconds=0)
    assert "\x1b" not in batch_line(batch, folder="/work")


def test_batches_go_to_standard_output_and_plans_to_the_other() -> None:
    out, err = shown(
        events.WatchStarted(services=("web", "db")),
        events.Unchanged(kind="container", name="demo-db-1"),
        events.PlanStarted(actions=1),
        events.ActionStarted(id=1, verb="build", kind="image", name="demo-web"),
        SYNCED,
        events.ActionSucceeded(id=1, seconds=1),
        events.PlanFinished(succeeded=1, failed=0, skipped=0, seconds=1),
        REBUILT,
    )
    assert out.splitlines() == [
        "Watch enabled: web, db",
        "web  synced 1 file  src/a.py  42ms",
        "web  rebuilt  a, b, c and 2 more  12.3s",
    ]
    assert err.splitlines() == [" Image demo-web  Building", " Image demo-web  Built  1.0s"]


def test_what_a_command_wrote_is_shown_with_its_container() -> None:
    line = events.LogLine(service="web", container="demo-web-2", number=2, stream="stdout", text=b"reloaded")
    assert shown(line)[0] == "web-2  | reloaded\n"


def test_a_failed_rebuild_shows_what_the_build_said_last() -> None:
    report = FailureReport(message="the image can't be built", log_tail=("step 1", "boom"))
    _, err = shown(events.WatchFailed(service="web", action="rebuild", reports=(report,)))
    assert err.splitlines()[0] == "service web is not rebuilt; what runs is left alone:"
    assert "boom" in err


def test_a_mistake_in_the_project_files_is_shown() -> None:
    problem = Problem(code="yaml-syntax", message="not valid YAML")
    _, err = shown(events.WatchFailed(service="", action="apply", problems=(problem,)))
    assert "the stack runs on as it is" in err
    assert "error: not valid YAML" in err


def test_quiet_shows_failures_only() -> None:
    problem = Problem(code="x", message="no way")
    failed = events.WatchFailed(service="web", action="sync", problems=(problem,))
    out, err = shown(events.WatchStarted(services=("web",)), SYNCED, failed, mode="quiet")
    assert out == ""
    assert "no way" in err


def test_json_has_an_object_for_every_event() -> None:
    failed = events.WatchFailed(service="web", action="sync", problems=(Problem(code="x", message="no way"),))
    story = (events.WatchStarted(services=("web",)), SYNCED, failed, events.WatchMended())
    _, err = shown(*story, mode="json")
    found = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in found] == [
        "watch-started",
        "watch-batch",
        "watch-failed",
        "watch-mended",
    ]
    assert found[1]["paths"] == ["/work/src/a.py"]
    assert found[2]["text"] == "no way"
