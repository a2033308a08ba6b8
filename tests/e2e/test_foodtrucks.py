"""examples/foodtrucks on its offline images: it comes up, is used, keeps its data, and comes down."""

import contextlib
import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.foodtrucks import foodtrucks
from tests.e2e.stack import Stack
from tests.e2e.state import containers, networks, volumes

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(600)]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with foodtrucks(tmp_path) as stack:
        yield stack


def ask(port: str, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """GET a path as JSON, or PUT a document there."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if document is not None:
        request = urllib.request.Request(
            request.full_url,
            method="PUT",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found = json.load(answer)
    assert isinstance(found, dict)
    return found


def search(stack: Stack, words: str) -> list[str]:
    """The names of the trucks that the page finds."""
    found = ask(stack.env["WEB_PORT"], f"/api/search?{urllib.parse.urlencode({'q': words})}")
    return [truck["name"] for truck in found["trucks"]]


def test_the_stack_is_used_as_the_tutorials_do(stack: Stack) -> None:
    stack.run("up --build --wait", timeout=300)
    assert len(search(stack, "")) == 200
    assert "Mariposa Loncheria" in search(stack, "fish tacos")
    assert [container.state for container in stack.containers()] == ["healthy", "healthy"]
    assert stack.events.became_healthy(stack.container("es")) <= stack.container("web").started

    assert stack.run_counted("up --detach") == ()

    lookup = "import socket; print(socket.gethostbyname('es'))"
    assert stack.run(f'exec -T web python3 -c "{lookup}"').out.count(".") == 3
    assert "the trucks are indexed" in stack.run("logs --no-color web").text

    truck = {
        "name": "Zeppelin Würstchen",
        "food": "currywurst",
        "address": "Pier 39",
        "location": {"lat": 37.8, "lon": -122.4},
    }
    ask(stack.env["ES_PORT"], "/trucks/_doc/9999", truck)
    assert search(stack, "currywurst") == ["Zeppelin Würstchen"]

    stack.run("down")
    assert not containers(stack.name)
    stack.run("up --wait", timeout=120)
    assert search(stack, "currywurst") == ["Zeppelin Würstchen"]

    stack.run("down --volumes")
    for left in (containers, networks, volumes):
        assert not left(stack.name)


def test_an_edit_of_the_page_reaches_a_running_container(stack: Stack) -> None:
    """What live reload builds on: the web server takes up a changed file without a restart."""
    stack.run("up --build --wait", timeout=300)
    app = stack.folder / "web/app.py"
    app.write_text(app.read_text().replace('status="ok"', 'status="edited"'))
    subprocess.run(["docker", "cp", app, f"{stack.container('web').id}:/app/app.py"], check=True)
    assert status_becomes(stack, "edited", seconds=30)


def status_becomes(stack: Stack, status: str, *, seconds: float) -> bool:
    """Wait for the page's own word for its health; a reloading server may hang up meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if ask(stack.env["WEB_PORT"], "/health")["status"] == status:
                return True
        time.sleep(0.2)
    return False
