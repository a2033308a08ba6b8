"""An ssh server of a test's own on loopback, and an `ssh` command that knows it and nobody else."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

_FETCHED = Path(__file__).parents[2] / ".cache/tools/openssh-server"
_PATIENCE = 20

_SERVER = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/client.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
PidFile none
"""

_CLIENT = """\
Host *
  Port {port}
  IdentityFile {folder}/client
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
"""


class SshServer:
    """A context manager; `address` is the machine's daemon by way of it, `bin` the folder of its `ssh`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="sshd-"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port = listener.getsockname()[1]
        self.address = f"ssh://{getpass.getuser()}@127.0.0.1"
        self.bin = self._folder / "bin"
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self._write_keys()
        self._write_client()
        config = self._folder / "sshd_config"
        config.write_text(_SERVER.format(port=self._port, folder=self._folder))
        program, libraries = _program()
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(
                mode=0o755, exist_ok=True
            )  # it wants this folder, and can't be told of another
        self._process = subprocess.Popen(
            [program, "-D", "-e", "-f", config],
            env={"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": libraries},
            stderr=(self._folder / "log").open("wb"),
        )
        self._await()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE)
        shutil.rmtree(self._folder)

    def log(self) -> str:
        """What the server said."""
        return (self._folder / "log").read_text(errors="replace")

    def _write_keys(self) -> None:
        for name in ("host", "client"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._folder / name)]
            subprocess.run(command, check=True)
        kind, key, *_ = (self._folder / "host.pub").read_text().split()
        (self._folder / "known").write_text(f"[127.0.0.1]:{self._port} {kind} {key}\n")

    def _write_client(self) -> None:
        real = shutil.which("ssh")
        assert real, "no ssh here: run scripts/setup-test-tools, or install openssh-client"
        config = self._folder / "ssh_config"
        config.write_text(_CLIENT.format(port=self._port, folder=self._folder))
        self.bin.mkdir()
        command = self.bin / "ssh"
        command.write_text(f'#!/bin/sh\nexec {real} -F {config} "$@"\n')
        command.chmod(0o755)

    def _await(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            assert self._process.poll() is None, f"sshd ended: {self.log()}"
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, f"sshd does not answer: {self.log()}"
                time.sleep(0.05)
            else:
                return


def _program() -> tuple[Path, str]:
    """The server, which insists on being called by its whole path, and where the libraries fetched with it are."""
    installed = Path("/usr/sbin/sshd")
    program = installed if installed.is_file() else _FETCHED / "usr/sbin/sshd"
    assert program.is_file(), "no sshd here: run scripts/setup-test-tools, or install openssh-server"
    return program, ":".join(sorted({str(path.parent) for path in _FETCHED.glob("usr/lib/**/*.so*")}))
