"""A tree of files in a folder, and in a container, as data that can be compared."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from compose_lite.errors import NotFound
from compose_lite.runner.feed_file import open_tar

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from compose_lite.runner.daemon import Daemon

# What is at a path: kind and mode (of files), and the link's target or a checksum of the content.
Picture = dict[str, tuple[str, int, str]]


def picture_of_host(root: Path) -> Picture:
    """Everything below a folder."""
    found: Picture = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118  # names may be any bytes
            relative = path[len(str(root)) + 1 :]
            seen = os.lstat(path)
            if stat.S_ISLNK(seen.st_mode):
                found[relative] = ("link", 0, os.readlink(path))  # noqa: PTH115
            elif stat.S_ISDIR(seen.st_mode):
                found[relative] = ("folder", 0, "")
            else:
                with open(path, "rb") as file:
                    found[relative] = ("file", stat.S_IMODE(seen.st_mode), _checksum(file.read()))
    return found


def picture_of_container(daemon: Daemon, container: str, target: str) -> Picture:
    """Everything below a folder of a container; nothing if there is no such folder."""
    try:
        _, feed = daemon.get_archive(container, path=f"{target}/")
    except NotFound:
        return {}
    found: Picture = {}
    with open_tar(feed) as tar:
        for member in tar:
            relative = member.name.partition("/")[2]
            if member.issym():
                found[relative] = ("link", 0, member.linkname)
            elif member.isdir():
                found[relative] = ("folder", 0, "")
            elif file := tar.extractfile(member):
                found[relative] = ("file", stat.S_IMODE(member.mode), _checksum(file.read()))
    found.pop("", None)
    return found


def fill(root: Path, files: int, chance: random.Random) -> None:
    """Make a tree of about so many files."""
    for number in range(files):
        folder = root.joinpath(*(f"d{chance.randrange(4)}" for _ in range(chance.randrange(4))))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file {number} é.txt").write_bytes(chance.randbytes(chance.randrange(200)))


def edit_at_random(root: Path, chance: random.Random) -> None:
    """Do one of the things that happen to trees: saves of all kinds, renames, removals, links, modes."""
    folders = [root, *(path for path in sorted(root.rglob("*")) if path.is_dir() and not path.is_symlink())]
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    folder = chance.choice(folders)
    fresh = folder / f"new{chance.randrange(10**6)}"
    acts = {
        "write": lambda: chance.choice(files).write_bytes(chance.randbytes(chance.randrange(500))),
        "replace": lambda: _replace(chance.choice(files), chance.randbytes(50)),
        "make": lambda: fresh.write_bytes(chance.randbytes(20)),
        "nest": lambda: _nest(fresh, chance),
        "unlink": lambda: chance.choice(files).unlink() if len(files) > 50 else None,
        "rename": lambda: chance.choice(files).rename(fresh),
        "move folder": lambda: chance.choice(folders[1:]).rename(fresh),
        "remove folder": lambda: shutil.rmtree(chance.choice(folders[1:])) if len(files) > 120 else None,
        "link": lambda: fresh.symlink_to(chance.choice(["nowhere", "/etc", "..", "."])),
        "mode": lambda: chance.choice(files).chmod(chance.choice([0o644, 0o755, 0o600])),
        "swap": lambda: _swap(chance.choice(files)),
    }
    name = chance.choice([*acts, "write", "replace", "make", "unlink"])
    with suppress(OSError, IndexError):  # a folder into itself, or nothing to choose from
        acts[name]()


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def _nest(top: Path, chance: random.Random) -> None:
    deep = top / "a" / "b"
    deep.mkdir(parents=True)
    for number in range(chance.randrange(5)):
        (deep / str(number)).write_bytes(chance.randbytes(10))


def _swap(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("1")


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
