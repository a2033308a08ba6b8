"""A `watch` that is struck while it brings files up to date goes on, or is made good by the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import docker.errors
import pytest

from tests.e2e.stack import Stack, is_compose_lite
from tests.e2e.steps import do, eventually
from tests.fakes.proxy import Proxy
from tests.faults import form
from tests.faults.modes import modes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.processes import Background
    from tests.fakes.proxy import Call, Strike
    from tests.faults.modes import Mode

PATIENCE = 60
FILES = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            develop:
              watch:
                - {action: sync, path: src, target: /srv, initial_sync: true}
        networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
    """,
    "src/index.html": "first\n",
}
MODES = modes(3)
TRIED = [*MODES] if form.WHOLE else ["killed-after", "500", "cut-before"]

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path, FILES)
    yield stack
    stack.close()


class _Striker:
    """Strikes the first changing call after it was told to."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self.process: Background | None = None
        self.struck: Call | None = None

    def __call__(self, call: Call) -> Strike | None:
        if self.process is None or self.struck is not None or call.change is None:
            return None
        self.struck = call
        return self._mode.strike(self.process)


@pytest.mark.parametrize("name", TRIED)
def test_sync(name: str, stack: Stack) -> None:
    """A save whose call was struck is told to be missing, or is there; with the next save, both are."""
    mode = MODES[name]
    striker = _Striker(mode)
    stack.run("up -d")
    with Proxy(on_call=striker) as proxy:
        watch = stack.launch("watch", "watch --no-up", env={"DOCKER_HOST": proxy.address})
        watch.await_text("Watch enabled", timeout=PATIENCE)
        _arrives(stack, "index.html", "first")
        striker.process = watch
        stack.write("src/index.html", "second\n")
        eventually(do("a call is struck", lambda _: _was(striker)), timeout=PATIENCE).act(stack)
        if mode.kills:
            watch.ended(PATIENCE)
            watch = stack.launch("watch", "watch --no-up", env={"DOCKER_HOST": proxy.address})
        elif name != "409":  # which says that the container is about to go: the watch waits for its successor
            _brings_or_tells(stack, watch)
        stack.write("src/later.html", "later\n")
        _arrives(stack, "later.html", "later")
        _arrives(stack, "index.html", "second")
        assert "Traceback" not in watch.seen(), watch.seen()
        assert watch.running(), watch.seen()


def _brings_or_tells(stack: Stack, watch: Background) -> None:
    def look(stack: Stack) -> None:
        _, found = stack.inside("web", "cat /srv/index.html")
        assert found == "second\n" or "is not synced" in watch.seen(), f"{found}\n{watch.seen()}"

    eventually(do("it is there, or told to be missing", look), timeout=PATIENCE).act(stack)


def _was(striker: _Striker) -> None:
    assert striker.struck is not None, "no call was struck"


def _arrives(stack: Stack, file: str, text: str) -> None:
    def look(stack: Stack) -> None:
        try:
            _, found = stack.inside("web", f"cat /srv/{file}")
        except docker.errors.APIError as error:
            raise AssertionError(str(error)) from error
        assert found == f"{text}\n", f"{found}\n{stack.background['watch'].seen()}"

    eventually(do(f"{file} is {text}", look), timeout=PATIENCE).act(stack)
