"""Being a plugin of the `docker` command: what it asks of a plugin, and how it passes its own options on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from compose_lite.cli.completion import ASKED, ASKED_PLAIN
from compose_lite.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

NAME = "composelite"
FILE = f"docker-{NAME}"
METADATA = "docker-cli-plugin-metadata"

# The `docker` command's options before our name, by what they mean to us. It has checked them already.
_WITH_VALUE = {"--config", "--context", "-c", "--host", "-H", "--log-level", "-l"}
_FLAGS = {"--debug", "-D", "--tls", "--tlsverify"}
_CERTIFICATES = {"--tlscacert", "--tlscert", "--tlskey"}
_OURS = {"--context": "--context", "-c": "--context", "--host": "--host", "-H": "--host"}
_VARIABLES = {"--config": "DOCKER_CONFIG", "--tls": "DOCKER_TLS", "--tlsverify": "DOCKER_TLS_VERIFY"}
# An address at which the `docker` command listens; it ends the connection when it is asked to end itself.
_SOCKET = "DOCKER_CLI_PLUGIN_SOCKET"


def metadata() -> str:
    """What the `docker` command wants to know of a plugin, as JSON."""
    import json

    from compose_lite import __version__

    facts = {
        "SchemaVersion": "0.1.0",
        "Vendor": "compose-lite",
        "Version": f"v{__version__}",
        "ShortDescription": "Run stacks from Compose files, saying why before acting",
    }
    return json.dumps(facts)


def translated(argv: Sequence[str], environ: MutableMapping[str, str]) -> list[str]:
    """The command line as we take it, from one that begins with the `docker` command's options and our name.

    Options that are said by variables otherwise are put into `environ`. Raises `UsageError` for an option
    that can't be obeyed.
    """
    rest = list(argv)
    if rest and rest[0] in (ASKED, ASKED_PLAIN):
        return [rest[0], *translated(rest[1:], environ)]
    if rest[:2] == ["help", NAME]:
        return [*rest[2:], "--help"]
    ours: list[str] = []
    while rest:
        word = rest.pop(0)
        if word == NAME:
            return [*ours, *rest]
        name, equals, value = word.partition("=")
        if name in _CERTIFICATES:
            raise UsageError(
                f"{name} of the docker command can't be passed on to a plugin",
                hint="name the folder of the certificates by DOCKER_CERT_PATH, or use a context",
            )
        if name in _FLAGS:
            value = "1" if value != "false" else ""
        elif name in _WITH_VALUE:
            value = value if equals else (rest.pop(0) if rest else "")
        else:
            return [word, *rest]  # no option of the docker command: started by hand
        if name in _OURS:
            ours += [_OURS[name], value]
        elif name in _VARIABLES:
            environ[_VARIABLES[name]] = value
    return ours


def end_with_caller(environ: MutableMapping[str, str]) -> None:
    """Take the end of the `docker` command as a SIGTERM: a signal to it alone does not reach its plugin."""
    address = environ.pop(_SOCKET, None)
    if not address:
        return
    import socket
    import threading

    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(f"\0{address[1:]}" if address.startswith("@") else address)
    except OSError:
        connection.close()
        return
    threading.Thread(target=_watch, args=(connection,), name="docker command", daemon=True).start()


def _watch(connection: object) -> None:
    import signal
    import socket

    assert isinstance(connection, socket.socket)
    try:
        while connection.recv(64):
            pass  # it says nothing of interest as long as it lives
    except OSError:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
