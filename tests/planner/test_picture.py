"""What a picture has of a stack: boxes, what leans on what, and in one word how each service is."""

import pytest

from compose_lite.planner.picture import Need, ResourceBox, ServiceBox, Use
from tests.cli.graph.drawing import SHOP, drawn, running


def box(text: str, name: str) -> ServiceBox:
    return next(service for service in drawn(text).services if service.name == name)


def test_a_service_stands_before_those_that_it_needs() -> None:
    assert [service.name for service in drawn(SHOP).services] == [
        "backup", "proxy", "web", "cache", "migrate", "db",
    ]  # fmt: skip


def test_a_service_has_what_the_files_say() -> None:
    assert box(SHOP, "proxy") == ServiceBox(
        name="proxy", image="haproxy", ports=("80 → 80", "127.0.0.1:8404 → 8404"), networks=("front",)
    )
    assert box(SHOP, "web") == ServiceBox(name="web", build="./web", replicas=3, networks=("back", "front"))
    assert box(SHOP, "migrate").job
    assert box(SHOP, "backup") == ServiceBox(
        name="backup", image="dumper", mode="none", profiles=("ops",), enabled=False
    )


@pytest.mark.parametrize(
    ("port", "shown"),
    [
        ("80", "any → 80"),
        ("53:53/udp", "53 → 53/udp"),
        ("[::1]:8080:80", "[::1]:8080 → 80"),
        ("8000-8010:80", "8000-8010 → 80"),
    ],
)
def test_a_port_is_told_as_it_is_published(port: str, shown: str) -> None:
    assert box(f"services: {{web: {{image: x, ports: ['{port}']}}}}", "web").ports == (shown,)


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        (".", "."),
        ("./web", "./web"),
        ("../shared/web", "../shared/web"),
        ("/opt/web", "/opt/web"),
        ("https://git.example.com/web.git#main", "https://git.example.com/web.git#main"),
        ("https://me:secret@git.example.com/web.git", "https://git.example.com/web.git"),
        ("git@git.example.com:web.git", "git@git.example.com:web.git"),
    ],
)
def test_a_build_context_is_told_as_it_is_written_but_for_credentials(context: str, shown: str) -> None:
    assert box(f"services: {{web: {{build: '{context}'}}}}", "web").build == shown


def test_needs_say_what_is_waited_for() -> None:
    assert set(drawn(SHOP).needs) == {
        Need(service="proxy", needed="web", words=("started",)),
        Need(service="web", needed="db", words=("healthy", "restart")),
        Need(service="web", needed="migrate", words=("completed",)),
        Need(service="web", needed="cache", words=("started", "optional")),
        Need(service="migrate", needed="db", words=("healthy",)),
    }


def test_volumes_say_where_they_are_mounted() -> None:
    assert drawn(SHOP).uses == (
        Use(service="backup", volume="data", target="/source", read_only=True),
        Use(service="backup", volume="dumps", target="/dumps"),
        Use(service="db", volume="data", target="/var/lib/postgresql/data"),
    )


def test_networks_and_volumes_say_what_is_special_about_them() -> None:
    found = drawn(SHOP)
    assert found.networks == (ResourceBox(name="back", notes=("internal",)), ResourceBox(name="front"))
    assert found.volumes == (ResourceBox(name="data"), ResourceBox(name="dumps", notes=("external",)))


def test_what_is_off_or_unused_is_there_on_request() -> None:
    assert "backup" not in {service.name for service in drawn(SHOP, disabled=False).services}
    assert [volume.name for volume in drawn(SHOP, disabled=False).volumes] == ["data"]
    assert [volume.name for volume in drawn(SHOP, unused=True).volumes] == ["data", "dumps", "unused"]


@pytest.mark.parametrize(
    ("states", "told", "tone"),
    [
        ("healthy, healthy, healthy", "healthy 3/3", "good"),
        ("healthy, healthy", "healthy 2/3", "busy"),
        ("running, starting, healthy", "starting 3/3", "busy"),
        ("healthy, unhealthy, healthy", "unhealthy 2/3", "bad"),
        ("running, exited 137, running", "exited (137) 2/3", "bad"),
        ("running, restarting, running", "restarting 2/3", "bad"),
        ("paused, running, running", "paused 2/3", "busy"),
        ("created, created, created", "created 0/3", "busy"),
    ],
)
def test_the_container_that_is_worst_off_speaks_for_its_service(states: str, told: str, tone: str) -> None:
    [standing] = [box.standing for box in drawn(SHOP, running(web=states)).services if box.name == "web"]
    assert standing is not None
    assert (str(standing), standing.tone) == (told, tone)


@pytest.mark.parametrize(
    ("service", "states", "told", "tone"),
    [
        ("db", "running", "running", "good"),
        ("db", "exited 0", "exited (0)", "bad"),
        ("migrate", "exited 0", "completed", "done"),
        ("migrate", "exited 3", "exited (3)", "bad"),
        ("db", "", "missing", "none"),
        ("backup", "", "off", "none"),
        ("backup", "running", "running", "good"),
    ],
)
def test_a_single_container_is_told_in_one_word(service: str, states: str, told: str, tone: str) -> None:
    observed = running(**({service: states} if states else {}))
    [standing] = [box.standing for box in drawn(SHOP, observed).services if box.name == service]
    assert standing is not None
    assert (str(standing), standing.tone) == (told, tone)


def test_a_service_without_containers_by_nature_is_not_missed() -> None:
    text = "services: {none: {image: x, scale: 0}, cloud: {provider: {type: aws}}}"
    standings = {box.name: box.standing for box in drawn(text, running()).services}
    assert str(standings["none"]) == "scaled to 0"
    assert standings["cloud"] is None


def test_networks_and_volumes_are_there_or_missing() -> None:
    found = drawn(SHOP, running())
    assert {box.name: str(box.standing) for box in (*found.networks, *found.volumes)} == {
        "back": "exists", "front": "missing", "data": "exists", "dumps": "missing",
    }  # fmt: skip
