"""Handlers that meet what the daemon is still doing for an invocation that was killed."""

from __future__ import annotations

from typing import Any

import pytest

from compose_lite.errors import Conflict, DaemonError, NotFound
from compose_lite.lazy_dataclasses import replace
from compose_lite.planner.actions import CreateNetwork, RemoveContainer
from compose_lite.planner.refs import ContainerRef
from compose_lite.runner.handlers import remove_container
from compose_lite.runner.handlers_surroundings import create_network
from compose_lite.runner.progress import silent
from compose_lite.runner.site import Containers, Site
from compose_lite.spec.model import FrozenMap, Network, Project

PROJECT = Project(
    name="p", working_dir="/", networks=FrozenMap({"default": Network(key="default", name="p_default")})
)
REMOVAL = RemoveContainer(container=ContainerRef(name="p-web-1", service="web", number=1, id="web"))
CREATION = CreateNetwork(key="default", name="p_default", config_hash="1")


class _Late:
    """The network comes to be seen at the second look; the container began to run after it was looked at."""

    def __init__(self, *, running: bool = True, appears: bool = True) -> None:
        self._running, self._appears, self._looks = running, appears, 0
        self._labels: Any = None
        self.done: list[str] = []

    def create_network(self, body: Any) -> str:
        self._labels = body["Labels"]
        raise DaemonError("Pool overlaps with other one on this address space", status=403)

    def inspect_network(self, _name: str) -> Any:
        self._looks += 1
        if self._looks < 2 or not self._appears:
            raise NotFound("no such network")
        return {"Labels": self._labels}

    def remove_container(self, _container: str, **_options: Any) -> None:
        if "stop" not in self.done:
            raise Conflict("You cannot remove a running container")
        self.done.append("remove")

    def inspect_container(self, _container: str) -> Any:
        return {"State": {"Running": self._running}}

    def stop_container(self, _container: str, **_options: Any) -> bool:
        self.done.append("stop")
        return True


def site(daemon: Any) -> Site:
    return Site(daemon=daemon, project=PROJECT, containers=Containers(daemon))


def test_a_network_that_is_being_made_is_waited_for() -> None:
    assert not create_network(site(_Late()), CREATION, silent).changed


def test_a_subnet_that_somebody_else_has_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compose_lite.runner.handlers_surroundings._PAUSE", 0)
    with pytest.raises(DaemonError, match="overlaps"):
        create_network(site(_Late(appears=False)), CREATION, silent)


def test_a_container_that_has_begun_to_run_meanwhile_is_stopped_first() -> None:
    daemon = _Late()
    assert remove_container(site(daemon), REMOVAL, silent).changed
    assert daemon.done == ["stop", "remove"]


def test_a_container_that_somebody_has_started_is_not_removed_by_what_takes_stopped_ones_only() -> None:
    daemon = _Late()
    assert not remove_container(site(daemon), replace(REMOVAL, spare=True), silent).changed
    assert not daemon.done


def test_another_refusal_stays_one() -> None:
    with pytest.raises(Conflict):
        remove_container(site(_Late(running=False)), REMOVAL, silent)
