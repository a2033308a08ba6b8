"""Makes the images that the daemon tests run, from the machine's static busybox: no registry is needed."""

import fcntl
import functools
import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = "compose-lite-test/busybox"

_PATH = "/usr/local/bin:/usr/bin:/bin"
_ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:1000:\n",
}
_BASE_CHANGES = (f"ENV PATH={_PATH}", 'CMD ["sh"]')
# Tags of the shared images. They are never retagged, so tests may compare image ids between runs.
_VARIANTS: Mapping[str, tuple[str, ...]] = {
    "1": (),
    "2": ("ENV GENERATION=2",),
    "1-user": ("USER 1000:1000", "WORKDIR /home/app"),
    "1-volume": ("VOLUME /data",),
    "1-healthy": ("HEALTHCHECK --interval=1s --timeout=5s --retries=3 CMD test ! -e /tmp/sick",),
}

# An import takes no STOPSIGNAL (seen on 20.10): these are built on top of variant 1.
_BUILT_VARIANTS: Mapping[str, str] = {"1-idle": 'STOPSIGNAL SIGKILL\nCMD ["sleep", "100000"]\n'}


def ensure_busybox(variant: str = "1") -> str:
    """Return the reference of a busybox image, made on the first call on this machine.

    `1` is the plain one (sh, sleep, httpd, nc, wget … in /bin, command `sh`), `2` a newer version of it,
    `1-user` runs as 1000:1000, `1-volume` declares the volume /data, `1-healthy` has a health check that passes
    until /tmp/sick exists, `1-idle` sleeps unless told otherwise and stops at once.
    """
    reference = f"{REPOSITORY}:{variant}"
    if variant in _BUILT_VARIANTS:
        ensure_busybox("1")
    with _one_at_a_time():
        if not _exists(reference):
            if variant in _BUILT_VARIANTS:
                _build(reference, f"FROM {REPOSITORY}:1\n{_BUILT_VARIANTS[variant]}")
            else:
                make_image(reference, changes=_VARIANTS[variant])
    return reference


def make_image(reference: str, *, changes: Sequence[str] = (), files: Mapping[str, str] | None = None) -> str:
    """Import a busybox root with extra `files` (path to text) and Dockerfile `changes`; return the image's id.

    The caller removes the image: only the shared variants of `ensure_busybox` stay on the machine.
    """
    repository, _, tag = reference.rpartition(":")
    _client().api.import_image_from_data(
        _root_archive({**_ACCOUNTS, **(files or {})}),
        repository=repository,
        tag=tag,
        changes=[*_BASE_CHANGES, *changes],
    )
    image_id = _client().images.get(reference).id
    assert isinstance(image_id, str)
    return image_id


def _build(reference: str, dockerfile: str) -> None:
    _client().images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=reference, rm=True, forcerm=True)


def busybox_path() -> Path:
    """Return the machine's static busybox; raises RuntimeError that names the package if there is none."""
    fetched = Path(__file__).parents[2] / ".cache/tools/bin/busybox"
    for candidate in (Path("/bin/busybox"), fetched):
        if candidate.is_file() and b"/ld-linux" not in candidate.read_bytes():
            return candidate
    raise RuntimeError("no static busybox here: run scripts/setup-test-tools, or install busybox-static")


def _root_archive(files: Mapping[str, str]) -> bytes:
    """Return a tar of a minimal root: busybox with a link per applet, a writable /tmp, and `files`."""
    busybox = busybox_path()
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, mode, owner in (
            ("bin", 0o755, 0),
            ("etc", 0o755, 0),
            ("root", 0o700, 0),
            ("home", 0o755, 0),
            ("home/app", 0o755, 1000),
            ("tmp", 0o1777, 0),
        ):
            archive.addfile(_member(name, kind=tarfile.DIRTYPE, mode=mode, owner=owner))
        _add_file(archive, "bin/busybox", busybox.read_bytes(), mode=0o755)
        for applet in sorted(set(applets) - {"busybox"}):
            archive.addfile(_member(f"bin/{applet}", kind=tarfile.SYMTYPE, mode=0o777, target="busybox"))
        for name, text in sorted(files.items()):
            _add_file(archive, name.lstrip("/"), text.encode(), mode=0o644)
    return buffer.getvalue()


def _add_file(archive: tarfile.TarFile, name: str, content: bytes, *, mode: int) -> None:
    member = _member(name, kind=tarfile.REGTYPE, mode=mode)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _member(name: str, *, kind: bytes, mode: int, owner: int = 0, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.linkname = kind, mode, target
    member.uid = member.gid = owner
    return member


@functools.cache
def _client() -> Any:
    import docker

    client = docker.from_env()
    # Proxies would be looked for in the environment at each request, which breaks while pytest changes it in a
    # thread beside.
    client.api.trust_env = False
    return client


def _exists(reference: str) -> bool:
    import docker.errors

    try:
        _client().images.get(reference)
    except docker.errors.ImageNotFound:
        return False
    return True


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold a machine-wide lock: parallel test workers must not import the same tag twice (the id would change)."""
    with (Path(tempfile.gettempdir()) / f"compose-lite-test-images-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
