"""Every field of a service reaches a real container, and is read back as what was asked for."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite.planner import effective_container
from compose_lite.planner.differences import differences
from compose_lite.planner.files import NONE
from compose_lite.planner.refs import ContainerRef
from compose_lite.runner.effective import of_container, of_image
from compose_lite.spec.model import Mount, Service
from tests.e2e.images import ensure_busybox
from tests.runner.fields import ELSEWHERE, ROWS, Row, at

if TYPE_CHECKING:
    from tests.runner.ground import Ground

pytestmark = pytest.mark.daemon


def test_every_field_is_in_the_table() -> None:
    fields = {field.name for field in dataclasses.fields(Service)}
    tried = {"image", "networks", *(name for row in ROWS.values() for name in row.given)}

    assert tried <= fields
    assert set(ELSEWHERE) <= fields
    assert not tried & set(ELSEWHERE)
    assert fields - tried - set(ELSEWHERE) == set()


@pytest.mark.parametrize("name", ROWS)
def test_field_reaches_the_container(ground: Ground, name: str) -> None:
    row: Row = ROWS[name]
    service = ground.service(**ground.filled(dict(row.given)))

    inspected = ground.create(service)

    if row.engine and row.engine.lower() in ground.warnings.lower():
        return  # the engine can't, and says so
    shown = {path: at(inspected, path) for path in map(ground.filled, row.shown)}
    assert shown == ground.filled(dict(row.shown))
    if row.check is not None:
        row.check(_named_back(inspected, ground))


@pytest.mark.parametrize("name", ROWS)
def test_container_differs_in_nothing_from_its_service(ground: Ground, name: str) -> None:
    """What the planner expects of a service and what the runner reads off its container are the same."""
    service = ground.service(**ground.filled(dict(ROWS[name].given)))
    image = of_image(ground.daemon.inspect_image(ensure_busybox()))

    actual = of_container(ground.create(service))

    if ROWS[name].engine and ROWS[name].engine.lower() in ground.warnings.lower():
        return  # the engine can't, and says so
    expected = effective_container.expected(ground.project, service, files=NONE, image=image)
    assert differences(expected, actual) == ()


def test_links(ground: Ground) -> None:
    other = ground.service(name="db")
    there = ground.create(other)["Name"].removeprefix("/")

    links = ground.create(other, ground.service(links=("db:base",)))["NetworkSettings"]["Networks"]

    found = links[f"{ground.project.name}_default"]["Links"]
    assert {f"{there}:base", f"{there}:db-1", f"{there}:{there}"} <= set(found)


def test_shared_volumes_and_namespaces(ground: Ground) -> None:
    peer = ground.service(name="db", volumes=(Mount(type="volume", target="/v"),))
    there = ground.create(peer)
    ref = ContainerRef(name=there["Name"].removeprefix("/"), service="db", number=1, id=there["Id"])
    service = ground.service(
        network_mode="service:db", pid="service:db", ipc="service:db", volumes_from=("db:ro",)
    )

    host = ground.create(peer, service, peers=(ref,))["HostConfig"]

    shared = f"container:{there['Id']}"
    assert (host["NetworkMode"], host["PidMode"], host["IpcMode"]) == (shared, shared, shared)
    assert host["VolumesFrom"] == [f"{there['Id']}:ro"]


def _named_back(inspected: dict[str, Any], ground: Ground) -> dict[str, Any]:
    """The inspection with this run's names replaced by the table's placeholders."""
    text = json.dumps(inspected).replace(ground.project.name, "{project}").replace(ground.subnet, "{subnet}")
    found: dict[str, Any] = json.loads(text)
    return found
