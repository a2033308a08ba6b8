"""Before `down --volumes` takes data away, a person is asked, and told what would be lost; a script is not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite import labels
from compose_lite.cli import commands
from compose_lite.cli.invocation import CommonOptions, Invocation
from compose_lite.cli.losses import volumes_lost
from compose_lite.cli.terminal import Terminal
from compose_lite.planner.observed import Observed, ObservedContainer, ObservedMount, ObservedVolume
from compose_lite.planner.requests import DownRequest
from compose_lite.planner.teardown import plan_down
from compose_lite.spec.model import FrozenMap

if TYPE_CHECKING:
    from pathlib import Path

OURS = {labels.PROJECT: "shop"}
ANONYMOUS = "a" * 64


class Daemon:
    """Has two volumes of the project, one of them protected, and takes note of what it removes."""

    address = "unix:///nowhere"
    api_version = "1.41"

    def __init__(self) -> None:
        self.removed: list[str] = []

    def list_containers(self, **_: Any) -> list[dict[str, Any]]:
        return []

    def list_networks(self, **_: Any) -> list[dict[str, Any]]:
        return []

    def list_volumes(self, **_: Any) -> list[dict[str, Any]]:
        marks = {"shop_data": OURS, "shop_dear": {**OURS, labels.PROTECTED: "true"}}
        return [{"Name": name, "Labels": found, "Driver": "local"} for name, found in marks.items()]

    def remove_volume(self, volume: str, **_: Any) -> None:
        self.removed.append(volume)

    def events(self, **_: Any) -> Any:
        return iter([])


def down(
    daemon: Daemon, answer: str = "", *, person: bool = True, dry_run: bool = False, **options: Any
) -> tuple[int, str]:
    """Run `down`; returns its exit code and what was written to the error stream."""
    shown = io.BytesIO()
    terminal = Terminal(
        stdin=io.BytesIO(answer.encode()), stdout=io.BytesIO(), stderr=shown, in_tty=person, err_tty=person
    )
    invocation = Invocation(
        common=CommonOptions(project_name="shop", dry_run=dry_run),
        terminal=terminal,
        environ={},
        connect=lambda: daemon,  # type: ignore[arg-type, return-value]
    )
    command = commands.load("down")
    return command.run(invocation, command.options(**options)), shown.getvalue().decode()


@pytest.fixture(autouse=True)
def without_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yess\n", "x\ny\n"])
def test_without_a_clear_yes_nothing_is_done(answer: str) -> None:
    daemon = Daemon()
    code, shown = down(daemon, answer, volumes=True)
    assert code == 1
    assert daemon.removed == []
    assert "these volumes, and the data in them:\n  shop_data\nAre you sure? [y/N] " in shown


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_with_a_yes_it_is_done(answer: str) -> None:
    daemon = Daemon()
    assert down(daemon, answer, volumes=True)[0] == 0
    assert daemon.removed == ["shop_data"]


@pytest.mark.parametrize("how", [{"yes": True}, {"person": False}])
def test_who_has_said_yes_already_and_a_script_are_not_asked(how: dict[str, Any]) -> None:
    daemon = Daemon()
    code, shown = down(daemon, volumes=True, **how)
    assert code == 0
    assert daemon.removed == ["shop_data"]
    assert "sure" not in shown


def test_a_dry_run_does_not_ask() -> None:
    daemon = Daemon()
    code, shown = down(daemon, volumes=True, dry_run=True)
    assert code == 0
    assert daemon.removed == []
    assert "sure" not in shown


def test_without_volumes_there_is_nothing_to_ask() -> None:
    daemon = Daemon()
    code, shown = down(daemon)
    assert code == 0
    assert daemon.removed == []
    assert "sure" not in shown


def test_anonymous_volumes_are_told_by_whose_they_are() -> None:
    container = ObservedContainer(
        id="c",
        name="shop-db-1",
        service="db",
        number=1,
        state="exited",
        labels=FrozenMap(OURS),
        mounts=(
            ObservedMount(type="volume", target="/var/lib", name=ANONYMOUS),
            ObservedMount(type="volume", target="/data", name="shop_data"),
            ObservedMount(type="bind", target="/etc", source="/etc"),
        ),
    )
    volume = ObservedVolume(name="shop_data", labels=FrozenMap(OURS))
    observed = Observed(project="shop", containers=(container,), volumes=FrozenMap({"shop_data": volume}))
    lost = volumes_lost(plan_down(None, observed, DownRequest(volumes=True)), observed.containers)
    assert lost == ["shop_data", "the anonymous volume of shop-db-1 at /var/lib"]
    assert volumes_lost(plan_down(None, observed, DownRequest()), observed.containers) == []
