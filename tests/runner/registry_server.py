"""A real registry on loopback, with or without a password, for one test."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

USER, PASSWORD = "ali", "sesame"
# bcrypt of the password, the only kind that the registry reads.
_HTPASSWD = f"{USER}:$2b$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O\n"


class Registry:
    """Debian's `docker-registry`, its data and configuration in `folder`."""

    def __init__(self, folder: Path, *, password: bool = False) -> None:
        self._folder = folder
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{probe.getsockname()[1]}"

    def start(self) -> Self:
        """Start it; raises RuntimeError if it isn't installed, AssertionError if it doesn't answer."""
        program = shutil.which("docker-registry")
        if program is None:
            raise RuntimeError(
                "no docker-registry here: run scripts/setup-test-tools, or install the package"
            )
        configuration = self._folder / "registry.json"  # JSON is YAML
        configuration.write_text(json.dumps(self._configuration()))
        self._process = subprocess.Popen(
            [program, "serve", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        host, _, port = self.host.partition(":")
        for _ in range(200):
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise AssertionError(f"the registry does not answer at {self.host}")

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def docker_config(self, folder: Path) -> dict[str, str]:
        """Write a docker configuration with the password; return the variables that lead to it."""
        folder.mkdir(exist_ok=True)
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (folder / "config.json").write_text(json.dumps({"auths": {self.host: {"auth": login}}}))
        return {"DOCKER_CONFIG": str(folder)}

    def _configuration(self) -> dict[str, object]:
        configuration: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "data")}},
            "http": {"addr": self.host},
        }
        if self._password:
            users = self._folder / "users"
            users.write_text(_HTPASSWD)
            configuration["auth"] = {"htpasswd": {"realm": "test", "path": str(users)}}
        return configuration
