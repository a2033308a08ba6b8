"""A scenario's ground: a folder with its files, a project of its own on the daemon, invocations of the program."""

import os
import shlex
import socket
import sys
import textwrap
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.e2e import peer, state
from tests.e2e.images import ensure_busybox
from tests.e2e.processes import Background, Result, Terminal, run
from tests.e2e.state import Container
from tests.e2e.subnets import give_back, lease
from tests.fakes.proxy import Call, Proxy

PORTS = 4
_VARIANTS = {
    "IMAGE": "1",
    "NEWER": "2",
    "IDLE": "1-idle",
    "USER_IMAGE": "1-user",
    "VOLUME_IMAGE": "1-volume",
    "HEALTHY": "1-healthy",
}

Who = Literal["program", "peer"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """What the daemon knew at a moment that a later check looks back to."""

    containers: tuple[Container, ...]
    volumes: Mapping[str, str]
    networks: Mapping[str, str]


class Stack:
    """One project, its folder, and what happened so far.

    The files of a scenario may use the variables of `env`: IMAGE, NEWER, IDLE … (test images), PORT1 … PORT4
    (free host ports), NET1 and NET2 (`10.1.2` of a free subnet), STACK (the project's name).
    """

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.name = f"e2e-{uuid.uuid4().hex[:10]}"
        self.folder = folder / "project"
        self.env = _environment(folder, self.name)
        self.last: Result | None = None
        self.changes: tuple[Call, ...] = ()
        self.before: Snapshot | None = None
        self._siblings: list[str] = []
        self.events = state.Events(self.name)
        self.background: dict[str, Background | Terminal] = {}
        self.folder.mkdir()
        for path, text in files.items():
            self.write(path, text)

    # files

    def write(self, path: str, text: str) -> None:
        """Write a file of the project, with the text's common indentation removed."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text).lstrip("\n"))

    def sibling(self, suffix: str) -> str:
        """The name of a further project, cleaned up like the stack's own."""
        name = f"{self.name}-{suffix}"
        self._siblings.append(name)
        return name

    # invocations

    def arguments(self, command: str, who: Who = "program") -> list[str]:
        """The whole command line of an invocation."""
        return [*(program() if who == "program" else _peer()), *shlex.split(self.expand(command))]

    def run(
        self,
        command: str,
        *,
        code: int | None = 0,
        stdin: str | None = None,
        timeout: float = 60,
        env: Mapping[str, str] | None = None,
        who: Who = "program",
    ) -> Result:
        """Invoke the program and wait; raises AssertionError on another exit code than `code` (None: any)."""
        self.last = run(
            self.arguments(command, who),
            folder=self.folder,
            env={**self.env, **(env or {})},
            stdin=stdin,
            timeout=timeout,
        )
        if code not in (None, self.last.code):
            raise AssertionError(f"expected exit {code}\n{self.last}")
        if "Traceback (most recent call last)" in self.last.text:
            raise AssertionError(f"a traceback reached the user\n{self.last}")
        return self.last

    def run_counted(
        self, command: str, *, code: int | None = 0, timeout: float = 60, who: Who = "program"
    ) -> tuple[Call, ...]:
        """As `run`, through a proxy; returns the calls that changed the daemon's state."""
        with Proxy() as proxy:
            self.run(command, code=code, timeout=timeout, env={"DOCKER_HOST": proxy.address}, who=who)
            self.changes = proxy.changes
        return self.changes

    def launch(
        self, key: str, command: str, *, env: Mapping[str, str] | None = None, who: Who = "program"
    ) -> Background:
        """Invoke the program and go on; `key` names it for later steps."""
        process = Background(
            self.arguments(command, who), folder=self.folder, env={**self.env, **(env or {})}
        )
        self.background[key] = process
        return process

    def terminal(
        self, command: str, *, key: str = "terminal", columns: int = 80, rows: int = 24, who: Who = "program"
    ) -> Terminal:
        """Invoke the program in a pseudo-terminal of that size."""
        process = Terminal(
            self.arguments(command, who), folder=self.folder, env=self.env, columns=columns, rows=rows
        )
        self.background[key] = process
        return process

    # the daemon's view

    def containers(self, service: str | None = None, *, oneoff: bool = False) -> list[Container]:
        """The project's containers: those of services, or the one-off ones; of one service if one is named."""
        return [
            container
            for container in state.containers(self.name)
            if container.oneoff == oneoff and service in (None, container.service)
        ]

    def container(self, service: str) -> Container:
        """A service's only container; `web:2` names one of several."""
        service, _, number = service.partition(":")
        found = [c for c in self.containers(service) if not number or c.number == int(number)]
        assert len(found) == 1, f"{service} has {len(found)} containers: {[c.name for c in found]}"
        return found[0]

    def remember(self) -> None:
        """Keep the present state for checks that compare with it."""
        self.before = Snapshot(
            containers=tuple(state.containers(self.name)),
            volumes={key: entry["CreatedAt"] for key, entry in state.volumes(self.name).items()},
            networks={key: entry["Id"] for key, entry in state.networks(self.name).items()},
        )

    def inside(self, service: str, command: str, *, user: str = "") -> tuple[int, str]:
        """Run a shell command in a service's container through the API; its exit code and output."""
        return execute(self.container(service).id, command, user=user)

    def expand(self, text: str) -> str:
        """Replace `{NAME}` by the stack's variable of that name; other braces stay."""
        for name, value in self.env.items():
            text = text.replace("{" + name + "}", value)
        return text

    def close(self) -> None:
        """End what still runs and remove everything of this project, and only of it, from the daemon."""
        for process in self.background.values():
            process.close()
        for project in (self.name, *self._siblings):
            state.remove_all(project)
        state.remove_volumes(self.events.anonymous_volumes())
        for name in ("NET1", "NET2"):
            give_back(self.env[name])
        self.events.close()


def execute(container: str, command: str, *, user: str = "") -> tuple[int, str]:
    """Run a shell command in a container through the API; its exit code and everything it printed."""
    api = state.api()
    started = api.exec_create(container, ["sh", "-c", command], user=user)["Id"]
    output = api.exec_start(started)
    return api.exec_inspect(started)["ExitCode"], output.decode(errors="replace")


def program() -> list[str]:
    """The program under test: COMPOSE_LITE_E2E_PROGRAM, else compose-lite as installed beside this Python."""
    given = os.environ.get("COMPOSE_LITE_E2E_PROGRAM")
    return shlex.split(given) if given else [str(Path(sys.executable).with_name("compose-lite"))]


def is_compose_lite() -> bool:
    """False if the suite runs against another program than ours."""
    return any(word in ("compose-lite", "compose_lite") for word in (Path(part).name for part in program()))


def _peer() -> list[str]:
    path = peer.compose()
    assert path is not None, "this step needs docker compose; mark its scenario needs_peer"
    return [str(path)]


def _environment(folder: Path, name: str) -> dict[str, str]:
    """A plain environment: nothing of the developer's own configuration reaches the program."""
    home = folder / "home"
    plugins = home / ".docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    if client := peer.buildx():
        (plugins / "docker-buildx").symlink_to(client)
    ports = {f"PORT{number}": str(port) for number, port in enumerate(_free_ports(PORTS), start=1)}
    images = {variable: ensure_busybox(variant) for variable, variant in _VARIANTS.items()}
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "COMPOSE_PROJECT_NAME": name,
        "STACK": name,
        **images,
        **ports,
        **subnets(),
    }


def subnets() -> dict[str, str]:
    """NET1 and NET2: the first three numbers of subnets that nobody else has."""
    return {name: lease() for name in ("NET1", "NET2")}


def _free_ports(count: int) -> list[int]:
    """Host ports that nobody listens on now, all different."""
    listeners = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
