"""Daemons elsewhere: up, ps, logs, exec and down over mutual TLS and over ssh, by address and by context."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.certificates import make_certificates
from tests.e2e.images import ensure_busybox
from tests.e2e.processes import run
from tests.e2e.ssh_server import SshServer
from tests.e2e.stack import Stack
from tests.faults.own_daemon import OwnDaemon

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]

FILE = """
    services:
      web:
        image: ${IDLE}
        network_mode: none
        command: sh -c 'echo begun; exec sleep 100000'
        volumes: ["./data:/data"]
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A project with a service that needs no network."""
    made = Stack(tmp_path, {"compose.yaml": FILE})
    yield made
    made.close()


def goes_round(stack: Stack, env: Mapping[str, str]) -> str:
    """Bring the project up, use it, and take it down by way of `env`; what `up` said."""

    up = stack.run("up -d", env=env)
    assert f"{stack.name}-web-1" in stack.run("ps", env=env).out
    assert "begun" in stack.run("logs web", env=env).out
    assert (
        stack.run("exec -T web sh -c 'cat; exit 7'", env=env, stdin="over there", code=7).out == "over there"
    )
    stack.run("down", env=env)
    assert f"{stack.name}-web-1" not in stack.run("ps -a", env=env).out
    return up.text


def test_mutual_tls(stack: Stack, tmp_path: Path) -> None:
    """A daemon on TCP that wants to know who asks, with certificates by variable and by context."""
    server, client = make_certificates(tmp_path)
    options = [
        "--tlsverify",
        f"--tlscacert={server}/ca.pem",
        f"--tlscert={server}/cert.pem",
        f"--tlskey={server}/key.pem",
    ]
    with socket.create_server(("127.0.0.1", 0)) as listener, OwnDaemon(options, listener=listener) as daemon:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        daemon.load(ensure_busybox("1-idle"))
        certificates = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(client)}
        goes_round(stack, {"DOCKER_HOST": address, **certificates})
        files = (f"ca={client}/ca.pem", f"cert={client}/cert.pem", f"key={client}/key.pem")
        _make_context(stack, "far", f"host={address}", *files)
        goes_round(stack, {"DOCKER_CONTEXT": "far"})
        stack.run("--context far ps")
        _docker(stack, "context", "use", "far")
        stack.run("up -d")
        assert [container["Names"] for container in daemon.api.containers()] == [[f"/{stack.name}-web-1"]]
        stack.run("down")
        stack.run("ps", env={"DOCKER_HOST": address}, code=1)
        refused = stack.run("ps", env={"DOCKER_HOST": address, "DOCKER_TLS": "1"}, code=1)
        assert "certificate" in refused.err


def test_ssh(stack: Stack) -> None:
    """The machine's own daemon, reached through an ssh server as one on another machine is."""
    with SshServer() as server:
        env = {"DOCKER_HOST": server.address, "PATH": f"{server.bin}:{stack.env['PATH']}"}
        up = goes_round(stack, env)
        for said in (up, stack.run("plan", env=env).text, stack.run("run --rm -T web true", env=env).text):
            assert f"mounts {stack.folder}/data" in said
            assert "on the daemon's machine" in said
        _make_context(stack, "over-ssh", f"host={server.address}")
        stack.run("--context over-ssh ps -a", env={"PATH": env["PATH"]})
        (server.bin.parent / "client").unlink()
        refused = stack.run("ps", env=env, code=1)
        assert "Permission denied" in refused.err


def _make_context(stack: Stack, name: str, *endpoint: str) -> None:
    _docker(stack, "context", "create", name, "--docker", ",".join(endpoint))


def _docker(stack: Stack, *arguments: str) -> None:
    done = run(["docker", *arguments], folder=stack.folder, env=stack.env)
    assert done.code == 0, str(done)
