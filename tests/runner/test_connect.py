"""Where the daemon is found, and that every way to it works: Unix socket, TCP, TLS, ssh."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compose_lite.errors import DaemonUnavailable, UsageError
from compose_lite.runner.connect import (
    DEFAULT_ADDRESS,
    Endpoint,
    TlsFiles,
    connect_daemon,
    context_names,
    dialer,
    find_endpoint,
)
from compose_lite.runner.sign_of_life import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.runner.conftest import Containers

SOCKET = "/var/run/docker.sock"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with a home folder of its own."""
    return {"HOME": str(tmp_path)}


def make_context(home: dict[str, str], name: str, host: str, *, skip_verify: bool = False) -> Path:
    """Write a Docker context; return where its TLS files would be."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    folder = Path(home["HOME"], ".docker", "contexts")
    meta = {"Name": name, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": skip_verify}}}
    write(folder / "meta" / digest / "meta.json", json.dumps(meta))
    return folder / "tls" / digest / "docker"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_default(home: dict[str, str]) -> None:
    assert find_endpoint(environ=home) == Endpoint(address=DEFAULT_ADDRESS)


def test_flag_wins_over_the_environment(home: dict[str, str]) -> None:
    home["DOCKER_HOST"] = "tcp://a:1"

    assert find_endpoint(environ=home).address == "tcp://a:1"
    assert find_endpoint(host="tcp://b:2", environ=home) == Endpoint(address="tcp://b:2", origin="--host")


def test_context_flag_wins_over_docker_host(home: dict[str, str]) -> None:
    make_context(home, "far", "tcp://far:2375")
    home["DOCKER_HOST"] = "tcp://a:1"

    assert find_endpoint(context="far", environ=home) == Endpoint(
        address="tcp://far:2375", origin="context far"
    )
    assert find_endpoint(context="default", environ=home).address == DEFAULT_ADDRESS


def test_context_of_the_environment_wins_over_the_current_one(home: dict[str, str]) -> None:
    make_context(home, "far", "tcp://far:2375")
    make_context(home, "near", "unix:///near")
    write(Path(home["HOME"], ".docker", "config.json"), '{"currentContext": "far"}')

    assert find_endpoint(environ=home).address == "tcp://far:2375"
    assert find_endpoint(environ={**home, "DOCKER_CONTEXT": "near"}).address == "unix:///near"
    assert find_endpoint(environ={**home, "DOCKER_HOST": "unix:///x"}).address == "unix:///x"


def test_context_with_tls(home: dict[str, str]) -> None:
    folder = make_context(home, "far", "tcp://far:2376")
    for name in ("ca.pem", "key.pem"):
        write(folder / name, "")

    tls = find_endpoint(context="far", environ=home).tls

    assert tls == TlsFiles(ca=f"{folder}/ca.pem", key=f"{folder}/key.pem", verify=True)


def test_context_without_verification(home: dict[str, str]) -> None:
    make_context(home, "far", "tcp://far:2376", skip_verify=True)

    assert find_endpoint(context="far", environ=home).tls == TlsFiles(verify=False)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"host": "tcp://a", "context": "b"}, "can't be used together"),
        ({"context": "nowhere"}, "no Docker context 'nowhere'"),
        ({"host": "gopher://a"}, "unknown kind"),
        ({"host": "tcp://a:b"}, "no valid port"),
        ({"host": "tcp://a:99999"}, "no valid port"),
        ({"host": "ssh://-oProxyCommand=x"}, "no usable host"),
    ],
)
def test_addresses_that_make_no_sense(home: dict[str, str], kwargs: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        connect_daemon(**kwargs, environ=home).version()


def test_api_version_that_makes_no_sense(home: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="DOCKER_API_VERSION"):
        connect_daemon(environ={**home, "DOCKER_API_VERSION": "new"})


def test_contexts_are_listed_with_the_default(home: dict[str, str]) -> None:
    assert context_names(home) == ["default"]
    make_context(home, "build", "tcp://build:2376")
    assert context_names(home) == ["build", "default"]


def test_api_version_that_is_too_old(home: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"asks for API 1\.40, 1\.41 is the oldest"):
        connect_daemon(environ={**home, "DOCKER_API_VERSION": "1.40"})


def test_damaged_configuration_is_ignored(home: dict[str, str]) -> None:
    write(Path(home["HOME"], ".docker", "config.json"), "{")

    assert find_endpoint(environ=home) == Endpoint(address=DEFAULT_ADDRESS)


def test_nobody_listens(tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.close()

    with pytest.raises(DaemonUnavailable, match="nobody listens"):
        connect_daemon(host=f"unix://{path}", environ={}).version()
    with pytest.raises(DaemonUnavailable, match="no such socket"):
        connect_daemon(host=f"unix://{tmp_path}/none", environ={}).version()
    with pytest.raises(DaemonUnavailable):
        connect_daemon(host="tcp://127.0.0.1:1", environ={}).version()


class Relay:
    """Listens on a TCP port, with TLS if given a context, and passes everything on to the daemon's socket."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        try:
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            with client, socket.socket(socket.AF_UNIX) as daemon:
                daemon.connect(SOCKET)
                _pass_on(client, daemon)
        except OSError:
            return  # a test's client that is refused, or hangs up


def _pass_on(client: Any, daemon: socket.socket) -> None:
    open_ends = [client, daemon]
    while open_ends:
        pending = isinstance(client, ssl.SSLSocket) and client.pending()
        ready = [client] if pending else select.select(open_ends, [], [])[0]
        for end in ready:
            data = end.recv(65536)
            other = daemon if end is client else client
            if data:
                other.sendall(data)
                continue
            open_ends.remove(end)
            if end is daemon:
                return
            daemon.shutdown(socket.SHUT_WR)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with ca.pem, cert.pem and key.pem for 127.0.0.1, signed by themselves."""
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
        " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "ca.pem").write_bytes((tmp_path / "cert.pem").read_bytes())
    return tmp_path


@pytest.fixture
def secure_relay(certificates: Path) -> Iterator[Relay]:
    """A relay that talks TLS and wants to see a client's certificate."""
    settings = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
    settings.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    settings.verify_mode = ssl.CERT_REQUIRED
    relay = Relay(settings)
    yield relay
    relay.close()


@pytest.fixture
def fake_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `ssh` that notes its arguments and connects to this machine's daemon."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import os, select, socket, sys\n"
        f"open({str(tmp_path / 'arguments')!r}, 'w').write('\\n'.join(sys.argv[1:]))\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        f"s.connect({SOCKET!r})\n"
        "ends = [0, s.fileno()]\n"
        "while s.fileno() in ends:\n"
        "    for end in select.select(ends, [], [])[0]:\n"
        "        data = os.read(end, 65536)\n"
        "        if not data:\n"
        "            ends.remove(end)\n"
        "            end == 0 and s.shutdown(socket.SHUT_WR)\n"
        "        while data:\n"
        "            data = data[os.write(s.fileno() if end == 0 else 1, data):]\n"
    )
    install(program, monkeypatch)
    return tmp_path / "arguments"


def install(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it the program of that name."""
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def use(environ: dict[str, str], container: str) -> bytes:
    """Make small and large requests, attach to a container's input, half close, read the answer."""
    daemon = connect_daemon(environ=environ)
    assert daemon.version()["ApiVersion"]
    assert daemon.list_containers(filters={})
    stream = daemon.attach_container(container, stdin=True)
    daemon.start_container(container)
    stream.write(b"x" * 100_000 + b"\n")
    stream.close_write()
    got = b""
    while block := stream.read():
        got += block
    stream.close()
    daemon.close()
    return got


def echoing(containers: Containers) -> str:
    return containers.create(
        "sh", "-c", "cat | wc -c", OpenStdin=True, StdinOnce=True, AttachStdin=True, Tty=False
    )


@pytest.mark.daemon
def test_tcp(containers: Containers) -> None:
    relay = Relay()
    assert b"100001\n" in use({"DOCKER_HOST": f"tcp://127.0.0.1:{relay.port}"}, echoing(containers))
    relay.close()


@pytest.mark.daemon
def test_tls(containers: Containers, certificates: Path, secure_relay: Relay) -> None:
    environ = {
        "DOCKER_HOST": f"tcp://127.0.0.1:{secure_relay.port}",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(certificates),
    }

    assert b"100001\n" in use(environ, echoing(containers))


@pytest.mark.daemon
def test_closing_a_feed_over_tls_wakes_its_reader(certificates: Path, secure_relay: Relay) -> None:
    files = TlsFiles(**{name: str(certificates / f"{name}.pem") for name in ("ca", "cert", "key")})
    endpoint = Endpoint(address=f"tcp://127.0.0.1:{secure_relay.port}", tls=files)
    sock = dialer(endpoint)()
    threading.Timer(0.05, lambda: sock.shutdown(socket.SHUT_RDWR)).start()

    assert sock.recv(1) == b""
    sock.close()


@pytest.mark.daemon
def test_daemon_with_an_unknown_certificate_is_refused(certificates: Path, secure_relay: Relay) -> None:
    (certificates / "ca.pem").unlink()
    environ = {
        "DOCKER_HOST": f"tcp://127.0.0.1:{secure_relay.port}",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(certificates),
    }

    with pytest.raises(DaemonUnavailable, match="certificate"):
        connect_daemon(environ=environ).version()


@pytest.mark.daemon
def test_client_without_a_certificate_is_refused(secure_relay: Relay, tmp_path: Path) -> None:
    environ = {
        "DOCKER_HOST": f"tcp://127.0.0.1:{secure_relay.port}",
        "DOCKER_TLS": "1",
        "DOCKER_CERT_PATH": str(tmp_path / "none"),
    }

    with pytest.raises(DaemonUnavailable, match="certificate required") as refused:
        connect_daemon(environ=environ).version()
    assert "DOCKER_CERT_PATH" in str(refused.value.hint)


def test_why_the_other_side_hung_up_is_told_also_when_it_was_quicker(secure_relay: Relay) -> None:
    settings = ssl.create_default_context()
    settings.check_hostname, settings.verify_mode = False, ssl.CERT_NONE
    with settings.wrap_socket(socket.create_connection(("127.0.0.1", secure_relay.port))) as secure:
        with contextlib.suppress(OSError):
            while True:  # until what is sent no longer gets there
                secure.sendall(b"\n")
        with pytest.raises(ssl.SSLError, match="certificate required"):
            answers(secure)


@pytest.mark.daemon
def test_ssh(containers: Containers, fake_ssh: Path) -> None:
    assert b"100001\n" in use({"DOCKER_HOST": "ssh://me@host.example:2222"}, echoing(containers))
    arguments = fake_ssh.read_text().split("\n")
    assert arguments[-5:] == ["--", "host.example", "docker", "system", "dial-stdio"]
    assert "me" in arguments
    assert "2222" in arguments


def test_ssh_that_does_not_get_there_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "ssh", "#!/bin/sh\necho 'me@far: Permission denied (publickey).' >&2\nexit 255\n")
    install(tmp_path / "ssh", monkeypatch)

    with pytest.raises(DaemonUnavailable) as failed:
        connect_daemon(environ={"DOCKER_HOST": "ssh://me@far"}).version()
    assert str(failed.value) == (
        "no Docker daemon answers at ssh://me@far (from DOCKER_HOST): me@far: Permission denied (publickey)."
    )


def test_a_dropped_ssh_connection_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = tmp_path / "tries"
    answer = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nOK"
    dropped = "echo 'kex_exchange_identification: read: Connection reset by peer' >&2; exit 255"
    script = f"echo >> {tries}\n[ $(wc -l < {tries}) = 2 ] || {{ {dropped}; }}\nprintf '{answer}'\nexec cat"
    write(tmp_path / "ssh", f"#!/bin/sh\n{script}\n")
    install(tmp_path / "ssh", monkeypatch)

    sock = dialer(Endpoint(address="ssh://far"))()
    sock.sendall(b"hello")
    heard = b""
    while not heard.endswith(b"hello"):
        heard += sock.recv(100)
    sock.close()
    assert tries.read_text() == "\n\n"


def test_no_ssh_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(DaemonUnavailable, match="there is no ssh command here"):
        connect_daemon(environ={"DOCKER_HOST": "ssh://far"}).version()
