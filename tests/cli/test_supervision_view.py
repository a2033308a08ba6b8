"""What a person and a program see of a supervision."""

import json

from compose_lite import events
from compose_lite.cli.views.supervise import SupervisionView
from compose_lite.errors import FailureReport, Problem

UNHEALTHY = events.ContainerUnhealthy(
    service="web",
    container="shop-web-1",
    attempt=2,
    attempts=5,
    delay=2.0,
    probe="exit code 1: no \x1b[31mway\nat all",
)
REVIVED = events.ContainerRevived(service="web", container="shop-web-1", seconds=10.42)
GIVEN_UP = events.ContainerGivenUp(
    service="web",
    container="shop-web-1",
    attempts=5,
    report=FailureReport(
        message="container shop-web-1 is given up", code="given-up", probes=("exit code 1: no",)
    ),
)
FAILED = events.SupervisionFailed(containers=("shop-web-1",), problems=(Problem(code="x", message="no way"),))


def shown(*story: events.Event, mode: str = "plain") -> list[str]:
    said: list[str] = []
    view = SupervisionView(said.append, mode=mode, coloured=False)
    for event in story:
        view(event)
    return "\n".join(said).splitlines()


def test_a_line_tells_who_will_be_restarted_when_and_why() -> None:
    assert shown(UNHEALTHY, REVIVED) == [
        "shop-web-1  unhealthy, restart 2 of 5 in 2.0s  exit code 1: no \\x1b[31mway …",
        "shop-web-1  restarted  10.4s",
    ]


def test_failures_are_told_with_what_is_known_of_them() -> None:
    assert shown(GIVEN_UP, FAILED) == [
        "error: container shop-web-1 is given up",
        "  last health probes:",
        "    | exit code 1: no",
        "not restarted: shop-web-1:",
        "error: no way",
    ]


def test_quiet_shows_failures_only() -> None:
    assert shown(UNHEALTHY, REVIVED, mode="quiet") == []
    assert shown(GIVEN_UP, mode="quiet")


def test_json_has_an_object_for_every_event() -> None:
    found = [json.loads(line) for line in shown(UNHEALTHY, REVIVED, GIVEN_UP, FAILED, mode="json")]
    assert [line["event"] for line in found] == [
        "container-unhealthy",
        "container-revived",
        "container-given-up",
        "supervision-failed",
    ]
    assert found[0]["probe"].startswith("exit code 1: no")
    assert found[2]["text"] == "container shop-web-1 is given up"
    assert found[3]["containers"] == ["shop-web-1"]
