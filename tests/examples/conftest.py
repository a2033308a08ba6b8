"""The foodtrucks' search server on a free port, and the official client that the page talks to it with."""

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from elasticsearch import Elasticsearch

FOODTRUCKS = Path(__file__).parents[2] / "examples/foodtrucks"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Import a module of the example, whose folders are no packages, without leaving it to other tests."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(FOODTRUCKS / "search")
    monkeypatch.syspath_prepend(FOODTRUCKS / "web")
    yield importlib.import_module
    for name in {"app", "engine", "query", "server"} - known:
        sys.modules.pop(name, None)


@pytest.fixture
def serve(load: Callable[[str], ModuleType], tmp_path: Path) -> Iterator[Callable[[], Elasticsearch]]:
    """Start the search server on the test's data, in place of the one that runs; return a client of it."""
    server, engine = load("server"), load("engine")
    running: list[Callable[[], None]] = []

    def stop() -> None:
        while running:
            running.pop()()

    def start() -> Elasticsearch:
        stop()
        store = engine.Engine(tmp_path / "stand-in.sqlite")
        http = server.make_server(store, ("127.0.0.1", 0))
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        client = Elasticsearch(f"http://127.0.0.1:{http.server_port}")
        running.extend([store.close, http.server_close, thread.join, http.shutdown, client.close])
        return client

    yield start
    stop()


@pytest.fixture
def search(serve: Callable[[], Elasticsearch]) -> Elasticsearch:
    """A client of a running search server without any index."""
    return serve()
