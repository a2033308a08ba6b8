"""Waiting for a removal ends with it, whatever the daemon says."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from compose_lite.errors import DaemonError, NotFound
from compose_lite.runner.removal import await_removal


class _Removing:
    """Answers the wait as given, or never; the container is gone at the second look."""

    def __init__(self, failure: DaemonError | None = None, *, answers: bool = True) -> None:
        self._failure, self._answers, self._looks = failure, answers, 0

    def wait_container(self, _container: str, *, condition: str) -> int:
        assert condition == "removed"
        if not self._answers:
            threading.Event().wait()
        if self._failure is not None:
            raise self._failure
        return 0

    def inspect_container(self, _container: str) -> Any:
        self._looks += 1
        if self._looks > 1:
            raise NotFound("no such container")
        return {}


def wait(daemon: Any) -> None:
    await_removal(daemon, "web")


@pytest.mark.parametrize(
    "daemon",
    [_Removing(), _Removing(NotFound("no such container")), _Removing(answers=False)],
    ids=["answered", "gone already", "never answered"],
)
def test_it_ends(daemon: _Removing) -> None:
    wait(daemon)


def test_what_prevents_the_removal_is_told() -> None:
    with pytest.raises(DaemonError, match="device or resource busy"):
        wait(_Removing(DaemonError("device or resource busy")))
