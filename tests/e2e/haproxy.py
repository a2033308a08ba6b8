"""Makes an image of the machine's haproxy, for tests that need a proxy in front of replicas."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

import docker

REFERENCE = "compose-lite-test/haproxy:1"
_FETCHED = Path(__file__).parents[2] / ".cache/tools/haproxy"
_LIBRARIES = "lib64"


def ensure_haproxy() -> str:
    """The reference of an image that runs haproxy with `/etc/haproxy.cfg`, made on the first call on this machine.

    Raises:
        RuntimeError: there is no haproxy on the machine.
    """
    api = docker.APIClient(version="1.41")
    if not api.images(REFERENCE):
        name, _, tag = REFERENCE.rpartition(":")
        changes = [
            f"ENV LD_LIBRARY_PATH=/{_LIBRARIES}",
            'ENTRYPOINT ["/haproxy", "-db", "-f", "/etc/haproxy.cfg"]',
        ]
        api.import_image_from_data(_root(), repository=name, tag=tag, changes=changes)
    return REFERENCE


def _root() -> bytes:
    """A tar of haproxy and the shared libraries that it is linked with."""
    program, libraries = _program()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as archive:
        archive.add(program, "haproxy")
        for library in libraries:
            archive.add(library, f"{_LIBRARIES}/{library.name}")
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(folder)
    return buffer.getvalue()


def _program() -> tuple[Path, list[Path]]:
    installed = Path("/usr/sbin/haproxy")
    program = installed if installed.is_file() else _FETCHED / "usr/sbin/haproxy"
    if not program.is_file():
        raise RuntimeError("no haproxy here: run scripts/setup-test-tools, or install haproxy")
    folders = sorted({str(path.parent) for path in _FETCHED.glob("usr/lib/**/*.so*")})
    linked = subprocess.run(
        ["ldd", program],
        env={**os.environ, "LD_LIBRARY_PATH": ":".join(folders)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = (Path(word) for word in linked.split() if word.startswith("/"))
    return program, sorted(set(found))
