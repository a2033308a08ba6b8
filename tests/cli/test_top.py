"""`top` while containers come and go."""

import io
from pathlib import Path
from typing import Any

import pytest

from compose_lite import labels
from compose_lite.cli.commands.inspect import TopOptions, run_top
from compose_lite.cli.invocation import CommonOptions, Invocation
from compose_lite.cli.terminal import Terminal
from compose_lite.errors import Conflict, NotFound


class EndingDaemon:
    """Of three containers that it lists, one has stopped and one is gone when it is asked for their processes."""

    address = "unix:///nowhere"
    api_version = "1.41"

    def list_containers(self, **_: Any) -> list[dict[str, Any]]:
        return [
            {
                "Id": service,
                "Names": [f"/shop-{service}-1"],
                "Image": "busybox",
                "ImageID": "sha256:ab",
                "State": "running",
                "Labels": {labels.PROJECT: "shop", labels.SERVICE: service, labels.NUMBER: "1"},
            }
            for service in ("db", "gone", "stopped")
        ]

    def top_container(self, container: str, **_: Any) -> dict[str, Any]:
        if container == "stopped":
            raise Conflict("Container stopped is not running", status=409)
        if container == "gone":
            raise NotFound("No such container: gone", status=404)
        return {"Titles": ["PID", "CMD"], "Processes": [["1", "sleep"]]}


def test_a_container_that_ends_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out = io.BytesIO()
    invocation = Invocation(
        common=CommonOptions(project_name="shop"),
        terminal=Terminal(stdin=io.BytesIO(), stdout=out, stderr=io.BytesIO()),
        environ={},
        connect=EndingDaemon,  # type: ignore[arg-type]
    )
    assert run_top(invocation, TopOptions()) == 0
    assert out.getvalue().decode().split() == ["SERVICE", "#", "PID", "CMD", "db", "1", "1", "sleep"]
