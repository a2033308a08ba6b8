"""What each progress view makes of the same events."""

import io
import json

import pytest

from compose_lite import events
from compose_lite.cli.terminal import Terminal
from compose_lite.cli.views.progress import chosen_mode, showing
from compose_lite.errors import FailureReport, Problem, Severity, UsageError


def terminal(*, live: bool = False, colour: bool = False) -> Terminal:
    return Terminal(
        stdin=io.BytesIO(),
        stdout=io.BytesIO(),
        stderr=io.BytesIO(),
        err_colour=colour,
        live=live,
        err_tty=live,
    )


def written(of: Terminal) -> str:
    assert isinstance(of.stderr, io.BytesIO)
    return of.stderr.getvalue().decode()


def started(number: int, verb: str, name: str, kind: str = "container", reason: str = "") -> events.Event:
    return events.ActionStarted(id=number, verb=verb, kind=kind, name=name, service="web", reason=reason)


STORY: list[events.Event] = [
    events.PlanStarted(actions=3),
    events.Unchanged(kind="container", name="demo-db-1", service="db"),
    started(1, "create", "demo-web-1", reason="no container yet"),
    events.ActionSucceeded(id=1, seconds=0.25),
    started(2, "wait for", "db", kind="service"),
    events.ActionProgress(id=2, text="demo-db-1 is starting"),
    events.ActionProgress(id=2, text="demo-db-1 is starting"),
    events.ActionProgress(id=2, text="layers", current=1, total=4),
    events.ActionFailed(id=2, seconds=1, report=FailureReport(message="demo-db-1 is unhealthy\nmore")),
    events.ActionSkipped(id=3, because=2),
    events.Notice(problem=Problem(code="orphan", message="an orphan", severity=Severity.WARNING)),
    events.PlanFinished(succeeded=1, failed=1, skipped=1, seconds=1.5),
]


def show(mode: str) -> str:
    out = terminal()
    with showing(mode, out, title="up") as view:
        for event in STORY:
            view(event)
    return written(out)


def test_plain_reasons_are_short() -> None:
    out = terminal()
    with showing("plain", out, title="up") as view:
        view(started(1, "create", "demo-web-1", reason=f"command: {'a' * 120} → {'b' * 120}"))
    assert written(out) == f" Container demo-web-1  Creating  (command: {'a' * 90}…)\n"


def test_plain() -> None:
    assert show("plain").splitlines() == [
        " Container demo-db-1  Unchanged",
        " Container demo-web-1  Creating  (no container yet)",
        " Container demo-web-1  Created  0.2s",
        " Service db  Waiting",
        " Service db  demo-db-1 is starting",
        " Service db  Error  demo-db-1 is unhealthy",
        "warning: an orphan",
    ]


def test_plain_shows_a_replacement_under_its_final_name() -> None:
    new = "0123456789ab_demo-web-1"
    out = terminal()
    with showing("plain", out, title="up") as view:
        for number, verb in ((1, "create"), (2, "rename"), (3, "start")):
            name = "demo-web-1" if verb == "start" else new
            becomes = None if verb == "start" else "demo-web-1"
            view(events.ActionStarted(id=number, verb=verb, kind="container", name=name, becomes=becomes))
            view(events.ActionSucceeded(id=number, seconds=0.1))
    assert written(out).splitlines() == [
        " Container demo-web-1  Creating",
        " Container demo-web-1  Created  0.1s",
        " Container demo-web-1  Replacing",
        " Container demo-web-1  Replaced  0.1s",
        " Container demo-web-1  Starting",
        " Container demo-web-1  Started  0.1s",
    ]


def test_json_tells_the_name_to_come() -> None:
    out = terminal()
    with showing("json", out, title="up") as view:
        view(events.ActionStarted(id=1, verb="create", kind="container", name="new_web", becomes="web"))
    told = json.loads(written(out))
    assert (told["name"], told["becomes"]) == ("new_web", "web")


def test_plain_names_each_step_of_a_build_but_counts_no_bytes_of_a_pull() -> None:
    out = terminal()
    with showing("plain", out, title="build") as view:
        view(started(1, "build", "shop-web", kind="image"))
        view(events.ActionProgress(id=1, text="RUN make", current=2, total=3))
        view(events.ActionProgress(id=1, text="cc\tweb.c", output=True))
        view(events.ActionProgress(id=1, text="RUN make (1.5 s)", current=2, total=3))
        view(started(2, "pull", "db", kind="image"))
        view(events.ActionProgress(id=2, text="Downloading", current=2, total=3))
    assert written(out).splitlines() == [
        " Image shop-web  Building",
        " Image shop-web  RUN make",
        " Image shop-web  cc      web.c",
        " Image shop-web  RUN make (1.5 s)",
        " Image db  Pulling",
    ]


def test_json_has_a_line_for_each_event_with_docker_composes_fields() -> None:
    lines = [json.loads(line) for line in show("json").splitlines()]
    assert [line["event"] for line in lines] == [
        "plan-started",
        "unchanged",
        "action-started",
        "action-succeeded",
        "action-started",
        "action-progress",
        "action-progress",
        "action-progress",
        "action-failed",
        "action-skipped",
        "notice",
        "plan-finished",
    ]
    assert {
        "id": "Container demo-web-1",
        "status": "Created",
        "seconds": 0.25,
        "changed": True,
    }.items() <= lines[3].items()
    assert lines[8]["error"] is True
    assert lines[7]["total"] == 4


def test_quiet_shows_warnings_only() -> None:
    assert show("quiet") == "warning: an orphan\n"


@pytest.mark.parametrize(
    ("wish", "environ", "live", "mode"),
    [
        (None, {}, True, "tty"),
        (None, {}, False, "plain"),
        ("auto", {}, True, "tty"),
        (None, {"COMPOSE_PROGRESS": "json"}, True, "json"),
        ("plain", {"COMPOSE_PROGRESS": "json"}, True, "plain"),
        ("tty", {}, False, "tty"),
    ],
)
def test_chosen_mode(wish: str | None, environ: dict[str, str], live: bool, mode: str) -> None:
    assert chosen_mode(wish, terminal(live=live), environ) == mode


def test_an_unknown_mode_in_the_environment_is_refused() -> None:
    with pytest.raises(UsageError, match="COMPOSE_PROGRESS can't be 'loud'"):
        chosen_mode(None, terminal(), {"COMPOSE_PROGRESS": "loud"})


def test_names_cannot_steer_the_terminal() -> None:
    evil = "web\x1b[2J"
    out = terminal()
    with showing("plain", out, title="up") as view:
        view(started(1, "create", evil, reason=evil))
    assert "\x1b" not in written(out)
