"""A saved plan is carried out only if it would be made again from the same state."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from compose_lite.errors import PlanError
from compose_lite.planner.converge import plan_up
from compose_lite.planner.images import plan_images
from compose_lite.planner.requests import DownRequest, ImagesRequest, UpRequest
from compose_lite.planner.saved import check, moved, read, requests_of, save
from compose_lite.planner.teardown import plan_down
from compose_lite.spec.model import FileGrant, FileObject, FrozenMap
from tests.planner.stacks import project, running, service, up

BEFORE = project(service("web"), service("db", volumes={"/data": "data"}))
AFTER = project(
    service("web", environment=FrozenMap({"PASSWORD": "geheim"})),
    service("db", volumes={"/data": "data"}),
    compose_files=("/src/compose.yaml",),
)
ASKED = (
    UpRequest(services=("web",), recreate="force", recreate_volumes=frozenset({"data"}), timeout=3.0),
    ImagesRequest(services=("web",), pull="always", now=5),
)


def planned(stack, daemon, asked=ASKED):
    observed = daemon.observe()
    return observed, [plan_images(stack, observed, asked[1]), plan_up(stack, observed, asked[0])]


def saved(daemon):
    observed, plans = planned(AFTER, daemon)
    return read(json.dumps(save(AFTER, observed, ASKED, plans)))


def refused(document, daemon, stack=AFTER):
    with pytest.raises(PlanError) as caught:
        check(document, stack, *planned(stack, daemon))
    return [problem.message for problem in caught.value.problems]


def test_requests_come_back_as_they_were():
    assert requests_of(saved(running(BEFORE))) == ASKED


def test_it_holds_as_long_as_nothing_moves():
    daemon = running(BEFORE)
    check(saved(daemon), AFTER, *planned(AFTER, daemon))


def test_health_may_change():
    daemon = running(BEFORE)
    document = saved(daemon)
    daemon.by_name("p-db-1").health = "unhealthy"
    check(document, AFTER, *planned(AFTER, daemon))


def test_each_thing_that_moved_is_named():
    daemon = running(BEFORE)
    document = saved(daemon)
    web, db = daemon.by_name("p-web-1"), daemon.by_name("p-db-1")
    web.state, web.exit_code = "exited", 1
    db.endpoints.clear()
    daemon.add_image("db:1", generation=7)
    del daemon.volumes["p_data"]
    assert refused(document, daemon) == [
        f"container p-db-1 ({db.id[:12]}) changed",
        f"container p-web-1 ({web.id[:12]}) changed: running → exited (1)",
        "image db:1 changed",
        "volume p_data is gone",
    ]


def test_new_containers_are_named():
    daemon = running(BEFORE)
    document = saved(daemon)
    up(daemon, project(service("extra", image="web:1")))
    extra = daemon.by_name("p-extra-1").id[:12]
    assert refused(document, daemon) == [f"container p-extra-1 ({extra}) is new"]


def test_changed_files_are_refused_too():
    daemon = running(BEFORE)
    document = saved(daemon)
    other = AFTER.with_services([replace(AFTER.services["web"], labels=FrozenMap({"a": "1"}))])
    assert refused(document, daemon, other) == ["service web changed in the files"]


def test_so_are_changed_contents():
    daemon = running(BEFORE)
    grant = FileGrant(source="c", target="/c")
    origin = FrozenMap({"c": FileObject(key="c", name="c", content="x")})
    stack = replace(project(service("web", configs=(grant,)), service("db")), configs=origin)
    observed = daemon.observe()
    plan = plan_up(stack, observed, UpRequest(), {"configs.c": "1"})
    document = save(stack, observed, [UpRequest()], [plan], {"configs.c": "1"})
    with pytest.raises(PlanError, match="service web changed in the files"):
        check(document, stack, observed, [plan], {"configs.c": "2"})


def test_it_tells_where_the_files_are_and_no_secret():
    document = saved(running(BEFORE))
    assert document["source"]["compose_files"] == ["/src/compose.yaml"]
    assert "geheim" not in json.dumps(document)


def test_other_verbs_can_be_saved():
    daemon = running(BEFORE)
    asked = DownRequest(volumes=True, rmi="all")
    plan = plan_down(None, daemon.observe(), asked)
    document = read(json.dumps(save(None, daemon.observe(), [asked], [plan])))
    assert requests_of(document) == (asked,)
    check(document, None, daemon.observe(), [plan])


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": "compose-lite-plan", "version": 99}'])
def test_other_files_are_refused(text):
    with pytest.raises(PlanError):
        read(text)


def test_forged_requests_are_refused():
    document = saved(running(BEFORE))
    document["requests"][0]["shell"] = "rm"
    with pytest.raises(PlanError, match="unknown things: shell"):
        requests_of(document)
    document["requests"] = [{"kind": "Popen"}]
    with pytest.raises(PlanError, match="unknown request 'Popen'"):
        requests_of(document)


def test_moved_tells_nothing_of_equal_states():
    assert moved({"image a": "1"}, {"image a": "1"}) == ()
