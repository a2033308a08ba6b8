"""Canary values wherever a secret can enter: none comes out in an output, label, plan, file or process title."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e import state
from tests.e2e.registry import registry
from tests.e2e.stack import Stack, is_compose_lite
from tests.e2e.strikes import refused, run_struck

# The word is in every value; in the second generation so is NEXT.
CANARY = "canary"
ENCODED = base64.b64encode(b"user:canary-registry").decode()

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]

FILES = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            command: sleep 100000
            environment: {PASSWORD: canary-environment, TOKEN: "${TOKEN_VALUE}"}
            env_file: [web.env]
            secrets:
              - from-file
              - {source: from-environment, uid: "1000", mode: 0400}
              - {source: owned, uid: "1000"}
            configs: [{source: settings, target: /settings}]
          built:
            image: ${STACK}-built:1
            pull_policy: build
            command: sleep 100000
            stop_signal: SIGKILL
            build:
              context: .
              args: {ARGUMENT: canary-argument}
              secrets: [from-file, from-environment]
              dockerfile_inline: |
                FROM ${IDLE}
                ARG ARGUMENT
                RUN --mount=type=secret,id=from-file --mount=type=secret,id=from-environment test -s /run/secrets/from-file
        secrets:
          from-file: {file: ./secret.txt}
          owned: {file: ./secret.txt}
          from-environment: {environment: SECRET_VALUE}
        configs:
          settings: {content: "password=canary-content"}
    """,
    "web.env": "FILED_TOKEN=canary-env-file\n",
    "secret.txt": "canary-file\n",
}
ENVIRONMENT = {"TOKEN_VALUE": "canary-interpolated", "SECRET_VALUE": "canary-secret-environment"}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path, FILES)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    stack.env.update(ENVIRONMENT, TMPDIR=str(temporary))
    yield stack
    stack.close()


def test_what_is_told_of_a_stack(stack: Stack, tmp_path: Path) -> None:
    """Neither first `up`, update, failure, plans nor what tells about the stack shows a value; nothing stays on disk."""
    with _process_titles() as titles:
        told = [_run(stack, command) for command in ("up -d", "--progress json build", "up -d")]
        for name in ("compose.yaml", "web.env", "secret.txt"):
            file = stack.folder / name
            file.write_text(file.read_text().replace(CANARY, "next-canary"))
        stack.env.update({name: f"next-{value}" for name, value in ENVIRONMENT.items()})
        told += [_run(stack, command) for command in ("plan", "plan --format json", "--dry-run up -d")]
        told.append(_run(stack, "plan --out kept.plan"))
        told.append(stack.run("check", code=1).text)
        told.append((stack.folder / "kept.plan").read_text())
        told.append(run_struck(stack, "up -d", at=2, strike=refused).result.text)
        told += [
            _run(stack, command)
            for command in (
                "--progress json up -d --force-recreate",
                "--progress plain up -d --build --force-recreate",
                "ps -a",
                "ps -a --format json",
                "images --format json",
                "logs",
                "graph",
                "ls --format json",
                "run --rm -T web true",
                "down",
                "up -d",
                "restart",
            )
        ]
    assert CANARY in stack.container("web").environment["FILED_TOKEN"]
    assert stack.inside("web", "cat /run/secrets/* /settings")[1].count(CANARY) == 4
    for text in (*told, *titles, *_labels(stack)):
        assert CANARY not in text, text
    assert _files_with_a_canary(tmp_path) == {"compose.yaml", "web.env", "secret.txt"}
    assert not [*(tmp_path / "temporary").rglob("*")], "temporary files stay"


def test_errors(stack: Stack) -> None:
    """A mistake beside a secret is shown without the secret."""
    stack.write(
        "broken.yaml",
        """
        services:
          web:
            environment: {PASSWORD: canary-broken}
            ports: [no-port]
        """,
    )
    text = stack.run("-f broken.yaml config", code=1).text
    assert "canary-broken" not in text, text
    stack.env.pop("SECRET_VALUE")
    text = stack.run("up -d", code=1).text
    assert "SECRET_VALUE" in text, text
    assert CANARY not in text, text


def test_registry_password(stack: Stack) -> None:
    """A stored password is told neither in a failing pull nor in a process title."""
    with registry() as address:
        config = {"auths": {address: {"auth": ENCODED}}}
        Path(stack.env["HOME"], ".docker", "config.json").write_text(json.dumps(config))
        stack.write("pull.yaml", f"services: {{web: {{image: '{address}/missing:1'}}}}")
        with _process_titles() as titles:
            told = [
                stack.run(command, code=1).text
                for command in ("-f pull.yaml pull", "-f pull.yaml --progress json up -d")
            ]
    for text in (*told, *titles):
        assert CANARY not in text, text
        assert ENCODED not in text, text


def _run(stack: Stack, command: str) -> str:
    return stack.run(command, timeout=100).text


def _labels(stack: Stack) -> Iterator[str]:
    """What the daemon tells beside the environment of containers, which is theirs to know."""
    for container in state.containers(stack.name):
        attributes = json.loads(json.dumps(container.attributes))
        del attributes["Config"]["Env"]
        yield json.dumps(attributes)
    yield json.dumps(state.networks(stack.name))
    yield json.dumps([image["Labels"] for image in state.api().images()])


def _files_with_a_canary(folder: Path) -> set[str]:
    files = (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return {file.name for file in files if CANARY.encode() in file.read_bytes()}


@contextmanager
def _process_titles() -> Iterator[set[str]]:
    """The command lines of all processes that were seen meanwhile."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            for process in Path("/proc").iterdir():
                if not process.name.isdigit():
                    continue
                try:
                    title = (process / "cmdline").read_bytes()
                    seen.add(title.replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue  # it has ended

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
