"""A created container is started once, whatever becomes of the daemon's answers."""

from __future__ import annotations

from typing import Any

import pytest

from compose_lite.errors import AnswerLost, NotFound
from compose_lite.runner.start import start_once


class _Daemon:
    """Starts one container; the answers to the first starts are lost, before or after the daemon has acted."""

    def __init__(self, *lost: str, then: str = "exited") -> None:
        self._lost, self._then = list(lost), then
        self._status = "created"
        self.starts = 0

    def start_container(self, _container: str) -> bool:
        lost = self._lost.pop(0) if self._lost else None
        if lost != "before":
            self.starts += 1
            self._status = self._then
        if lost:
            raise AnswerLost("the connection broke")
        return True

    def inspect_container(self, _container: str) -> dict[str, Any]:
        if self._status == "gone":
            raise NotFound("no such container")
        return {"State": {"Status": self._status}}


@pytest.mark.parametrize(
    "daemon",
    [
        pytest.param(_Daemon(), id="answered"),
        pytest.param(_Daemon("before"), id="never-arrived"),
        pytest.param(_Daemon("after"), id="ran-and-ended"),
        pytest.param(_Daemon("after", then="running"), id="runs"),
        pytest.param(_Daemon("after", then="gone"), id="ran-and-removed-itself"),
        pytest.param(_Daemon("before", "after"), id="twice"),
    ],
)
def test_it_runs_once(daemon: Any) -> None:
    start_once(daemon, "job")
    assert daemon.starts == 1


def test_it_is_given_up_in_the_end() -> None:
    with pytest.raises(AnswerLost):
        start_once(_Daemon("before", "before", "before"), "job")  # type: ignore[arg-type]  # the two calls it makes
