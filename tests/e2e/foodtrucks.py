"""examples/foodtrucks on its offline images, under a project name and on ports of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.stack import Stack

FOODTRUCKS = Path(__file__).parents[2] / "examples/foodtrucks"


def make_base() -> None:
    """Make the Python image that the offline images are built from, in about a minute, if it isn't there."""
    pip = f"{sys.executable} -m pip"
    subprocess.run([FOODTRUCKS / "offline-base"], env={**os.environ, "PIP": pip}, check=True)


@contextmanager
def foodtrucks(folder: Path) -> Iterator[Stack]:
    """A copy of the example; what it makes is removed at the end."""
    make_base()
    stack = Stack(folder, {})
    shutil.copytree(FOODTRUCKS, stack.folder, dirs_exist_ok=True)
    stack.env.update(
        COMPOSE_FILE="compose.yaml:compose.offline.yaml",
        WEB_PORT=stack.env["PORT1"],
        ES_PORT=stack.env["PORT2"],
    )
    try:
        yield stack
    finally:
        stack.close()  # whoever still runs may not bring up again what is taken down
        stack.run("down --volumes --rmi local", code=None)
