"""A Podman of a test's own, spoken to as a Docker daemon: own storage and sockets, own network, own processes."""

import functools
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import docker
import docker.errors
import requests

from tests.e2e import state

_PATIENCE = 60

# What a machine without systemd needs, so that it is the same everywhere.
_CONFIG = """\
[containers]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
"""

# The shell collects what ends in its process namespace. A fresh /run hides what other engines have there, but may
# not hide the machine's name servers.
_SERVE = """
servers=$(readlink --canonicalize /etc/resolv.conf)
cp "$servers" "$1/resolv.conf"
mount -t tmpfs tmpfs /run
[ -e "$servers" ] || install -D "$1/resolv.conf" "$servers"
ip link set lo up
podman --root "$1/root" --runroot "$1/run" --tmpdir "$1/tmp" --network-config-dir "$1/networks" \
  system service --time 0 "unix://$1/podman.sock" &
until [ -S "$1/podman.sock" ]; do kill -0 $!; sleep 0.05; done
chmod 666 "$1/podman.sock"
wait
"""


class Podman:
    """A context manager; `address` is what DOCKER_HOST takes."""

    def __init__(self) -> None:
        assert shutil.which("podman"), "no podman here: run scripts/setup-test-tools, or install podman"
        self._folder = Path(tempfile.mkdtemp(prefix="podman-"))
        self.socket = self._folder / "podman.sock"
        self.address = f"unix://{self.socket}"
        self._log = (self._folder / "log").open("wb")
        self._process: subprocess.Popen[bytes]
        self._root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]

    @functools.cached_property
    def api(self) -> Any:
        """A client of it."""
        return docker.APIClient(self.address, version="1.41", timeout=60)

    def load(self, image: str) -> None:
        """Give it an image of the machine's daemon."""
        self.api.load_image(b"".join(state.api().get_image(image)))

    def __enter__(self) -> Self:
        config = self._folder / "containers.conf"
        config.write_text(_CONFIG)
        environ = ["env", f"CONTAINERS_CONF={config}"]
        spaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
        self._process = subprocess.Popen(
            [*self._root, *environ, *spaces, "sh", "-euc", _SERVE, "sh", str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            assert self._process.poll() is None, f"podman ended: {self.log()}"
            assert time.monotonic() < deadline, f"podman does not answer: {self.log()}"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        # With the first process of a namespace all others end, and its mounts go.
        self._as_root(f"kill -KILL -{self._process.pid}")
        self._process.wait(_PATIENCE)
        self._log.close()
        self._as_root(f"rm -rf {self._folder}")

    def log(self) -> str:
        """What it said last."""
        return (self._folder / "log").read_text(errors="replace")[-2000:]

    def _answers(self) -> bool:
        try:
            return bool(self.api.ping())
        except (docker.errors.DockerException, requests.RequestException):
            return False

    def _as_root(self, script: str) -> None:
        subprocess.run([*self._root, "sh", "-c", script], check=False, stderr=subprocess.DEVNULL)
