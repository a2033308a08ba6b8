"""Updates under steady load: requests go through haproxy, which looks the replicas up in the engine's DNS."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.haproxy import ensure_haproxy
from tests.e2e.images import make_image
from tests.e2e.stack import Stack, is_compose_lite

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]

FILE = """
    services:
      proxy:
        image: ${PROXY}
        ports: ["127.0.0.1:${PORT1}:80"]
        configs: [{source: proxy, target: /etc/haproxy.cfg}]
        stop_signal: SIGKILL
        healthcheck: {disable: true}
      web:
        image: ${STACK}-web:latest
        stop_grace_period: 5s
        healthcheck: {test: "wget -q -O /dev/null http://127.0.0.1/", interval: 200ms}
        deploy:
          replicas: 2
          update_config: {order: start-first, failure_action: rollback}
    configs:
      proxy:
        content: |
          defaults
            mode http
            timeout connect 1s
            timeout client 10s
            timeout server 10s
            retries 3
            retry-on conn-failure empty-response
            option redispatch 1
            option http-server-close
          resolvers engine
            nameserver dns 127.0.0.11:53
            timeout resolve 500ms
            timeout retry 500ms
            hold valid 500ms
            hold obsolete 0s
          frontend in
            bind :80
            default_backend web
          backend web
            balance roundrobin
            server-template web 6 web:80 resolvers engine init-addr none check inter 500ms
"""

# On its stop signal it takes no more connections, and lives on for those that it has accepted. One that waits to be
# accepted at that moment is reset: the proxy has to ask another replica then (`empty-response`).
SERVER = (
    'CMD ["sh", "-c", '
    "\"httpd -f -p 80 -h /www & trap 'kill $!; sleep 1; exit 0' TERM; while :; do wait; done\"]"
)
BROKEN = 'CMD ["sh", "-c", "echo can not read settings; exit 7"]'
CLIENTS = 4
PAUSE = 0.04


@dataclass(slots=True)
class Load:
    """What came back so far: bodies (or failures) by number."""

    port: int
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> str:
        """One request on a connection of its own; raises OSError or HTTPException."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            body = answer.read().decode()
            if answer.status != 200:
                raise http.client.HTTPException(f"status {answer.status}")
            return body
        finally:
            connection.close()

    def go_on(self) -> None:
        """Ask until told to end."""
        while not self.ended.wait(PAUSE):
            try:
                self.answers[self.ask()] += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{time.time():.3f} {error!r}")

    def until(self, body: str, count: int) -> None:
        """Wait until an answer has come so often."""
        deadline = time.monotonic() + 20
        while self.answers[body] < count:
            assert time.monotonic() < deadline, f"{self.answers}, {self.failures[:5]}"
            time.sleep(0.05)


@contextmanager
def load(port: int) -> Iterator[Load]:
    """Steady requests to the proxy, about `CLIENTS / PAUSE` a second, from when it answers."""
    found = Load(port)
    deadline = time.monotonic() + 20
    while True:
        try:
            found.ask()
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < deadline, "the proxy does not answer"
            time.sleep(0.1)
        else:
            break
    clients = [threading.Thread(target=found.go_on) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield found
    finally:
        found.ended.set()
        for client in clients:
            client.join()


@contextmanager
def served(folder: Path) -> Iterator[Stack]:
    """The stack with version 1 of the server running."""
    stack = Stack(folder, {"compose.yaml": FILE})
    try:
        stack.env["PROXY"] = ensure_haproxy()
        image(stack, "1")
        stack.run("up -d --wait")
        yield stack
    finally:
        stack.close()


def image(stack: Stack, version: str, command: str = SERVER) -> None:
    """Give the server's image reference to a new image."""
    make_image(f"{stack.name}-web:latest", files={"www/index.html": version}, changes=[command])


def test_start_first_loses_no_request(tmp_path: Path) -> None:
    """Two replicas are updated under load: no request fails, and both versions have answered."""
    with served(tmp_path) as stack, load(int(stack.env["PORT1"])) as found:
        found.until("1", 50)
        image(stack, "2")
        stack.run("up -d")
        found.until("2", 50)
    print(f"answers: {dict(found.answers)}, failures: {len(found.failures)}")
    assert not found.failures, found.failures[:10]
    assert set(found.answers) == {"1", "2"}


def test_a_broken_image_leaves_the_old_version_serving(tmp_path: Path) -> None:
    """An update to an image that does not start ends with exit 1, and no request fails or is answered by it."""
    with served(tmp_path) as stack, load(int(stack.env["PORT1"])) as found:
        found.until("1", 50)
        before = {container.id for container in stack.containers("web")}
        image(stack, "broken", BROKEN)
        result = stack.run("up -d", code=1)
        found.until("1", found.answers["1"] + 50)
        assert {container.id for container in stack.containers("web")} == before
    print(f"answers: {dict(found.answers)}, failures: {len(found.failures)}")
    print(result.text)
    assert "can not read settings" in result.text
    assert "the update was undone: web" in result.text
    assert not found.failures, found.failures[:10]
    assert set(found.answers) == {"1"}
