"""The best shell is found with few calls, in images that have little too."""

from __future__ import annotations

import pytest

from compose_lite.errors import NotFound
from compose_lite.runner.exec import ExecOptions
from compose_lite.runner.shell import find_shell

MISSING = b"OCI runtime exec failed: executable file not found\r\n"


class Pipe:
    def __init__(self, data: bytes) -> None:
        self._pieces = [data] if data else []

    def read(self, size: int = 65536) -> bytes:
        return self._pieces.pop() if self._pieces else b""

    def close(self) -> None: ...


class Container:
    """A container in which `runnable` programs can be started; `found` is what the search by `sh` prints."""

    api_version = "1.41"

    def __init__(self, *runnable: str, found: str = "") -> None:
        self.runnable = runnable
        self.found = found
        self.asked: list[list[str]] = []
        self.bodies: list[dict[str, object]] = []

    def create_exec(self, container: str, body: dict[str, object]) -> str:
        command = body["Cmd"]
        assert isinstance(command, list)
        self.bodies.append(body)
        self.asked.append(command)
        return str(len(self.asked) - 1)

    def start_exec(self, exec_id: str, *, tty: bool) -> Pipe:
        if self.asked[int(exec_id)][0] not in self.runnable:
            return Pipe(b"\x01\0\0\0" + len(MISSING).to_bytes(4, "big") + MISSING)
        data = self.found.encode()
        return Pipe(b"\x01\0\0\0" + len(data).to_bytes(4, "big") + data if data else b"")

    def inspect_exec(self, exec_id: str) -> dict[str, object]:
        there = self.asked[int(exec_id)][0] in self.runnable
        return {"Running": False, "ExitCode": 0 if there else 127}


def shell_of(container: Container) -> tuple[str, ...]:
    return find_shell(container, "id", "demo-web-1", ExecOptions(command=(), user="app"))  # type: ignore[arg-type]  # a fake


def test_one_question_is_enough_where_there_is_sh() -> None:
    container = Container("sh", "bash", found="/usr/bin/bash\n")
    assert shell_of(container) == ("/usr/bin/bash",)
    assert len(container.asked) == 1


def test_the_question_is_asked_as_the_user_who_will_use_it_without_input() -> None:
    container = Container("sh", found="/bin/sh\n")
    shell_of(container)
    assert container.bodies[0]["User"] == "app"
    assert container.bodies[0]["AttachStdin"] is False


def test_a_shell_without_a_name_of_its_own_is_found() -> None:
    assert shell_of(Container("busybox")) == ("busybox", "sh")


def test_without_a_shell_it_is_said_what_else_can_be_done() -> None:
    with pytest.raises(NotFound, match="there is no shell in demo-web-1") as caught:
        shell_of(Container("server"))
    assert "compose-lite cp" in str(caught.value.hint)
