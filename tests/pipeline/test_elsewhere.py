"""Paths that a daemon on another machine looks up over there are warned of."""

from __future__ import annotations

import pytest

import compose_lite
from compose_lite.pipeline.elsewhere import is_elsewhere, with_warnings
from compose_lite.planner.converge import plan_up
from compose_lite.planner.observed import Observed
from compose_lite.planner.requests import UpRequest

FILE = """
services:
  web: {image: a, volumes: ["/srv/html:/html", "data:/data", "/srv/conf:/conf:ro"]}
  db: {image: b, volumes: ["data:/data"]}
volumes: {data: {}}
"""


@pytest.mark.parametrize("address", ["ssh://me@far", "ssh://localhost", "tcp://10.0.0.1:2376", "far:2375"])
def test_elsewhere(address: str) -> None:
    assert is_elsewhere(address)


@pytest.mark.parametrize("address", ["unix:///x", "tcp://127.0.0.1:2375", "localhost:2375", "tcp://[::1]:1"])
def test_here(address: str) -> None:
    assert not is_elsewhere(address)


def test_each_service_that_mounts_paths_is_warned_of() -> None:
    project = compose_lite.load(text=FILE, project_name="demo", environ={})
    plan = plan_up(project, Observed(project="demo"), UpRequest(), {})

    [warning] = with_warnings(plan, project, "ssh://me@far").warnings

    assert warning.message == (
        "service 'web' mounts /srv/conf, /srv/html: that is on the daemon's machine (ssh://me@far), not on this one"
    )
    assert (warning.code, warning.path) == ("path-elsewhere", "services.web.volumes")
    assert with_warnings(plan, project, "unix:///x") == plan
