"""A daemon, and containers of one test's own, for the tests that need real ones."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite import labels
from compose_lite.errors import NotFound
from compose_lite.runner.connect import connect_daemon
from tests.e2e.images import ensure_busybox
from tests.runner.ground import Ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compose_lite.runner.docker_daemon import DockerDaemon


class Containers:
    """Makes containers of a project that only this test has, and removes them all."""

    def __init__(self, daemon: DockerDaemon) -> None:
        self.daemon = daemon
        self.project = f"clt-{uuid.uuid4().hex[:10]}"

    def create(self, *command: str, service: str = "web", number: int = 1, **config: Any) -> str:
        """Create a container that runs `command`; `config` is merged into the API's body."""
        body = {
            "Image": ensure_busybox(),
            "Cmd": list(command),
            "Labels": {
                labels.PROJECT: self.project,
                labels.SERVICE: service,
                labels.NUMBER: str(number),
                labels.ONEOFF: "False",
            },
            **config,
        }
        name = f"{self.project}-{service}-{number}-{uuid.uuid4().hex[:6]}"
        return self.daemon.create_container(name=name, body=body)

    def start(self, *command: str, daemon: DockerDaemon | None = None, **config: Any) -> str:
        """Create one, and start it (by `daemon`, if given)."""
        container = self.create(*command, **config)
        (daemon or self.daemon).start_container(container)
        return container

    def shell(self, script: str, **config: Any) -> str:
        """Create and start one that runs a shell script."""
        return self.start("sh", "-c", script, **config)

    def remove_all(self) -> None:
        """Remove what is left of them."""
        for found in self.daemon.list_containers(filters={"label": [f"{labels.PROJECT}={self.project}"]}):
            with contextlib.suppress(NotFound):
                self.daemon.remove_container(found["Id"], volumes=True, force=True)


@pytest.fixture
def daemon() -> Iterator[DockerDaemon]:
    """The machine's daemon."""
    connected = connect_daemon()
    yield connected
    connected.close()


@pytest.fixture
def containers(daemon: DockerDaemon) -> Iterator[Containers]:
    """Containers of the test's own."""
    made = Containers(daemon)
    yield made
    made.remove_all()


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """A project in which the tests of one module try services."""
    daemon = connect_daemon()
    made = Ground(daemon)
    yield made
    made.remove()
    daemon.close()


@pytest.fixture
def make_reference(daemon: DockerDaemon) -> Iterator[Callable[[str], str]]:
    """Names for images of the test's own; those that it made are removed."""
    names: list[str] = []

    def make(repository: str = "clt") -> str:
        names.append(f"{repository}/{uuid.uuid4().hex[:10]}:1")
        return names[-1]

    yield make
    for name in names:
        with contextlib.suppress(NotFound):
            daemon.remove_image(name, force=True)
