"""A kill while a provider is at work: the provider ends too, and the next `up` asks it again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import state
from tests.e2e.stack import Stack, is_compose_lite

PATIENCE = 60
# Notes which process it is at each `up`, hangs while the file `hangs` is there, then says where its service is.
PROVIDER = """
    #!/bin/sh
    case "$*" in *" up "*) ;; *) exit 0;; esac
    echo $$ >>asked
    [ ! -e hangs ] || exec sleep 600
    echo '{"type": "setenv", "message": "URL=here"}'
"""
FILES = {
    "../home/.docker/cli-plugins/docker-demo": PROVIDER,
    "compose.yaml": """
        services:
          app: {image: "${IDLE}", depends_on: [db]}
          db: {provider: {type: demo}}
    """,
    "hangs": "",
}

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path, FILES)
    tmp_path.joinpath("home/.docker/cli-plugins/docker-demo").chmod(0o755)
    yield stack
    stack.close()


def test_kill(stack: Stack) -> None:
    """Nothing of the provider or the project is there after a kill; `up` completes, and once more changes nothing."""
    with stack.launch("killed", "up -d") as process:
        _await(lambda: len(_asked(stack)) == 1)
        process.kill()
    (provider,) = _asked(stack)
    _await(lambda: not _lives(provider))
    assert not state.containers(stack.name)
    (stack.folder / "hangs").unlink()
    stack.run("up -d")
    (app,) = state.containers(stack.name)
    assert app.environment["DB_URL"] == "here"
    assert not stack.run_counted("up -d")
    assert len(_asked(stack)) == 3


def _asked(stack: Stack) -> list[int]:
    """The process that each `up` of the provider was."""
    found = stack.folder / "asked"
    return [int(line) for line in found.read_text().splitlines()] if found.exists() else []


def _lives(process: int) -> bool:
    """Whether a process has not ended, even if nobody has collected it."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _await(arrived: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not arrived():
        assert time.monotonic() < deadline, "it did not come to this"
        time.sleep(0.05)
