"""A Docker daemon of a test's own, which may be killed: own folders, own socket, no network."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import docker
import docker.errors
import requests

from tests.e2e import state
from tests.e2e.images import busybox_path, make_image
from tests.faults import halting_registry

# On a busy machine a daemon that died takes a minute to be back.
_PATIENCE = 180
_REGISTRY = "127.0.0.1:5000"
_HALTING = "127.0.0.1:5001"
# A socket that listens is handed over as systemd does it; only the standard ones get through sudo.
_WITH_LISTENER = ("sh", "-c", 'exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"', "sh")


class OwnDaemon:
    """A daemon that is killed and started again at will; a context manager.

    It has a network namespace of its own, so that it touches nothing of the machine's daemon; its containers need
    `network_mode: none`.
    """

    def __init__(
        self, options: Sequence[str] = (), *, listener: socket.socket | None = None, room: int | None = None
    ) -> None:
        """Prepare it.

        Args:
            options: more of dockerd's own.
            listener: by which it is reached from the machine's network.
            room: bytes of a disk of its own for all that it keeps.
        """
        program = shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin:/sbin")
        assert program, "no dockerd here: the tests need the engine's own machine"
        self._folder = Path(tempfile.mkdtemp(prefix="daemon-"))
        self.socket = self._folder / "docker.sock"
        self.address = f"unix://{self.socket}"
        self._pid = self._folder / "pid"
        self._containerd = self._folder / "run/containerd/containerd.pid"
        self._log = (self._folder / "log").open("wb")
        self._process: subprocess.Popen[bytes]
        self._root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
        self._listener = listener
        self._data = self._folder / "data"
        if room is not None:
            self._data.mkdir()
            self._as_root(f"mount -t tmpfs -o size={room} tmpfs {self._data}")
        self._command = [
            *self._root,
            *(_WITH_LISTENER if listener else ()),
            # Where it shared the machine's network, a daemon without a bridge would remove that of the machine's.
            *("unshare", "--net"),
            program,
            f"--host={self.address}",
            f"--data-root={self._data}",
            f"--exec-root={self._folder}/run",
            f"--pidfile={self._pid}",
            f"--group={os.getgid()}",
            "--bridge=none",
            "--iptables=false",
            "--ip-forward=false",
            *(["--host=fd://"] if listener else []),
            *options,
        ]

    @property
    def api(self) -> Any:
        """A new client of it."""
        return docker.APIClient(self.address, version="1.41", timeout=30)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            self._command,
            stdin=self._listener.fileno() if self._listener else None,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            assert self._process.poll() is None, f"dockerd ended: {self._told()}"
            assert time.monotonic() < deadline, f"dockerd does not answer: {self._told()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it and its containerd with SIGKILL; its containers go on until it starts again."""
        for file in (self._pid, self._containerd):
            # The next daemon would take the process for alive where nobody collects orphans.
            self._as_root(f"kill -KILL $(cat {file}); rm -f {file}")
        self._process.wait()

    @contextlib.contextmanager
    def dead(self) -> Iterator[None]:
        """Kill it for as long as the block lasts, however that ends."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def load(self, image: str) -> None:
        """Give it an image of the machine's daemon."""
        self.api.load_image(b"".join(state.api().get_image(image)))

    def fill(self, *, but: int = 0) -> None:
        """Take up its disk, all `but` so many bytes."""
        free = f"$(df --output=avail --block-size=1 {self._data} | tail -n 1)"
        self._as_root(f"head -c $(({free} - {but})) /dev/zero > {self._data}/ballast")

    def make_room(self) -> None:
        """Give back what was taken up."""
        self._as_root(f"rm -f {self._data}/ballast")

    @contextlib.contextmanager
    def registry(self) -> Iterator[str]:
        """A registry that only this daemon reaches, until it dies; yields the address. What it has outlives it."""
        program = shutil.which("docker-registry") or shutil.which("registry")
        assert program, "no docker-registry here: run scripts/setup-test-tools, or install docker-registry"
        folder = self._folder / "registry"
        folder.mkdir(exist_ok=True)
        config = folder / "config.yml"
        config.write_text(
            "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\nhttp: {{addr: '{_REGISTRY}'}}\n"
        )
        with self._beside(busybox_path(), "ip", "link", "set", "lo", "up") as done:
            done.wait()
        with self._beside(program, "serve", config):
            yield _REGISTRY

    @contextlib.contextmanager
    def halting_registry(self, signs: Path) -> Iterator[str]:
        """The registry's front that halts within each layer, while the registry is there; yields the address.

        Args:
            signs: a folder where it notes that it has `halted`, and looks for leave to `go on`.
        """
        with self._beside(sys.executable, halting_registry.__file__, _REGISTRY, _HALTING, signs):
            yield _HALTING

    def offer(self, image: str, files: Mapping[str, str]) -> None:
        """Have an image in the registry, once that is there, and nowhere else."""
        make_image(image, files=files)
        self.load(image)
        state.api().remove_image(image)
        deadline = time.monotonic() + _PATIENCE
        while "errorDetail" in (told := str(self.api.push(image))):
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
        self.api.remove_image(image)

    @contextlib.contextmanager
    def _beside(self, *command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program in its network namespace for as long as the block lasts."""
        namespace = f"--net=/proc/{self._pid.read_text().strip()}/ns/net"
        process = subprocess.Popen(
            [*self._root, "nsenter", namespace, *command], stdout=self._log, stderr=self._log
        )
        try:
            yield process
        finally:
            # Where sudo stands between, the program itself is its child.
            self._as_root(f"kill -KILL $(cat /proc/{process.pid}/task/{process.pid}/children) {process.pid}")
            process.wait()

    def close(self) -> None:
        """Remove its containers, end it, and remove its folders."""
        if self._process.poll() is None:
            for container in self.api.containers(all=True):
                with contextlib.suppress(docker.errors.APIError):
                    self.api.remove_container(container["Id"], force=True, v=True)
            self._as_root(f"kill -TERM $(cat {self._pid})")
            self._process.wait(_PATIENCE)
        self._as_root(f"test ! -e {self._containerd} || kill -KILL $(cat {self._containerd})")
        self._log.close()
        # A daemon that is killed leaves mounts behind.
        self._as_root(f"grep -o ' {self._folder}/[^ ]*' /proc/mounts | sort -r | xargs -r umount --lazy")
        self._as_root(f"rm -rf {self._folder}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self) -> bool:
        try:
            return bool(self.api.ping())
        except (docker.errors.DockerException, requests.RequestException):
            return False

    def _as_root(self, script: str) -> None:
        subprocess.run([*self._root, "sh", "-c", script], check=False, stderr=subprocess.DEVNULL)

    def _told(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-2000:]
