"""Stands before a registry and keeps the second half of every layer back until it may go on; a program of its own.

    python halting_registry.py REGISTRY ADDRESS SIGNS

In the folder SIGNS it makes the file `halted` when it has sent the first half, and waits for the file `go on`.
"""

import sys
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_LAYER = 64 * 1024  # bytes; what is smaller is a manifest or a configuration


def serve(registry: str, address: str, signs: Path) -> None:
    """Answer pulls for ever."""

    class Front(BaseHTTPRequestHandler):
        # An engine tries TLS first, and has to see that this speaks plain HTTP.
        default_request_version = "HTTP/1.0"

        def do_GET(self) -> None:
            connection = HTTPConnection(registry, timeout=60)
            accepted = {"Accept": ", ".join(self.headers.get_all("Accept", []))}
            connection.request(self.command, self.path, headers=accepted)
            answer = connection.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            self.end_headers()
            half = len(body) // 2 if len(body) >= _LAYER else len(body)
            self.wfile.write(body[:half])
            if half < len(body):
                self._halt()
                self.wfile.write(body[half:])

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _halt(self) -> None:
            (signs / "halted").touch()
            while not (signs / "go on").exists():
                time.sleep(0.05)

    host, _, port = address.partition(":")
    ThreadingHTTPServer((host, int(port)), Front).serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
